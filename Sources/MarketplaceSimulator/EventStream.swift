import IntegrityCore

/// The events of a marketplace in the order of time; at equal times, by order.
public struct EventStream: IteratorProtocol {
  private let marketplace: MarketplaceSimulator
  /// The next step of every order under way.
  private var pending = PendingSteps()
  /// The first order not yet under way, from 1.
  private var nextOrder: UInt64 = 1
  private var nextPlacedAt: UnixSeconds

  /// Orders under way: what the stream keeps in memory.
  package var pendingCount: Int { pending.count }

  init(_ marketplace: MarketplaceSimulator) {
    self.marketplace = marketplace
    nextPlacedAt = marketplace.placing(1).at
  }

  /// The next event; nil after the last of the last order. About 0.5 µs.
  public mutating func next() -> Event? {
    admitOrders()
    guard let first = pending.first else { return nil }
    let story = marketplace.story(first.order)
    let step = Int(first.step)
    if step + 1 < story.stepCount {
      let following = PendingStep(
        at: story.time(step + 1), step: first.step + 1, order: first.order)
      pending.replaceFirst(with: following)
    } else {
      pending.removeFirst()
    }
    return story.event(step)
  }

  /// Takes up every order placed before the next event: its own first event is
  /// later than its placing, but may be earlier than that.
  private mutating func admitOrders() {
    while nextOrder <= marketplace.orderCount {
      if let first = pending.first, first.at < nextPlacedAt { return }
      let firstAt = marketplace.story(nextOrder).time(0)
      pending.insert(PendingStep(at: firstAt, step: 0, order: nextOrder))
      nextOrder += 1
      nextPlacedAt = marketplace.placing(nextOrder).at
    }
  }
}

extension MarketplaceSimulator {
  private static let storyStream: UInt64 = 16

  /// When an order is placed, and the generator for the rest of its story.
  ///
  /// Every order has a slot of its own in the days, so that later orders are
  /// placed later.
  package func placing(_ order: UInt64) -> (at: UnixSeconds, generator: SplitMix64) {
    var generator = SplitMix64(seed: seed, stream: Self.storyStream, index: order)
    let slot = Double(order - 1) + generator.unit()
    let offset = slot * (Double(days) * 86_400 / Double(Swift.max(1, orderCount)))
    let offsetMax = UInt32(days) * 86_400
    return (UnixSeconds(start.rawValue + Swift.min(UInt32(offset), offsetMax)), generator)
  }

  func story(_ order: UInt64) -> OrderStory {
    var (placedAt, generator) = placing(order)
    return OrderStory(order: order, placedAt: placedAt, population: population, &generator)
  }
}
