// Fitting a policy to an event history, and judging how well scores foresee what comes.
//
// For: which order went wrong and when that was known, replaying evidence through the
// decision core up to the moment before an order, fitting priors, weights and the scale
// of a scorecard to what followed, and measuring how good forecasts were.
// Not for: reading files, what a policy document looks like (`IntegrityPolicy`), or what
// evidence and scores are (`IntegrityCore`).

import IntegrityCore

/// In which way an order can go wrong through an account's own fault.
public enum OrderFault: String, CaseIterable, Sendable {
  /// The merchant handed the parcel over late; known when the carrier has it.
  case latePickup
  /// A claim about quality against the merchant was upheld.
  case qualityRefund
  /// The merchant cancelled for want of stock; known when it does, or when it settles.
  case noStock
  /// The buyer claimed something back.
  case claim
  /// A human found the buyer's claim abusive.
  case abuse

  /// Whose fault it is.
  public var kind: AccountKind {
    switch self {
    case .latePickup, .qualityRefund, .noStock: .merchant
    case .claim, .abuse: .buyer
    }
  }
}

/// One order of one account: asked about before anything of it is known.
public struct OrderOutcome: Sendable, Equatable {
  public var account: AccountKey
  public var order: UInt64
  /// When it was placed, or, where nobody says, when it was first heard of.
  public var askedAt: UnixSeconds
  /// When it is known how it went.
  public var knownAt: UnixSeconds
  public var wentWrong: Bool

  public init(
    account: AccountKey, order: UInt64, askedAt: UnixSeconds, knownAt: UnixSeconds, wentWrong: Bool
  ) {
    self.account = account
    self.order = order
    self.askedAt = askedAt
    self.knownAt = knownAt
    self.wentWrong = wentWrong
  }
}

/// The orders of a history.
public struct OrderOutcomes: Sendable {
  /// In the order in which they were asked about.
  public private(set) var orders: [OrderOutcome] = []
  /// Events that would say how an order went, but name none.
  public private(set) var withoutOrder = 0

  /// - Parameters:
  ///   - events: in order of time.
  ///   - within: seconds after an order was placed in which a claim counts against it, and
  ///     after which it is known that there was none. What the carrier or a cancellation
  ///     tells is known when it happens.
  public init(_ events: [Event], _ fault: OrderFault, within: UInt32) {
    var stories: [Place: Story] = [:]
    for event in events {
      guard let word = Word(event, fault) else { continue }
      if event.order == 0 {
        withoutOrder += 1
        continue
      }
      let account = fault.kind == .buyer ? event.buyer : event.merchant
      stories[Place(account: account, order: event.order), default: Story()].add(word, event)
    }
    orders = stories.compactMap { $1.outcome($0, fault, within: within) }
    // The dictionary's order changes from run to run.
    orders.sort {
      ($0.askedAt, $0.account.id.rawValue, $0.order)
        < ($1.askedAt, $1.account.id.rawValue, $1.order)
    }
  }
}

/// An order of an account.
private struct Place: Hashable {
  let account: AccountID
  let order: UInt64
}

/// What an event says about an order, as far as a fault is concerned.
private enum Word {
  case sale
  /// How it went, for good.
  case end(wentWrong: Bool)
  /// Something against it, which counts if it comes in time.
  case complaint

  init?(_ event: Event, _ fault: OrderFault) {
    switch (event.detail, fault) {
    case (.pickedUp(let late), .latePickup): self = .end(wentWrong: late)
    case (.cancelled(by: .merchant, cause: .outOfStock), .noStock): self = .end(wentWrong: true)
    case (.settled, .noStock): self = .end(wentWrong: false)
    case (.claimDecided(.quality, .upheld), .qualityRefund): self = .complaint
    case (.claimOpened, .claim): self = .complaint
    case (.claimDecided(_, .abuse), .abuse): self = .complaint
    case (.settled, _): self = .sale
    default: return nil
    }
  }
}

/// What is known of one order.
private struct Story {
  private var placedAt = UnixSeconds(.max)
  private var end: (at: UnixSeconds, wentWrong: Bool)?
  private var complainedAt: UnixSeconds?

  mutating func add(_ word: Word, _ event: Event) {
    placedAt = Swift.min(placedAt, event.at)
    if case .settled(let orderedAt) = event.detail, orderedAt != .zero {
      placedAt = Swift.min(placedAt, orderedAt)
    }
    switch word {
    case .sale: break
    case .end(let wentWrong): if end == nil { end = (event.at, wentWrong) }
    case .complaint: if complainedAt == nil { complainedAt = event.at }
    }
  }

  /// Nil where it came to no end.
  func outcome(_ place: Place, _ fault: OrderFault, within: UInt32) -> OrderOutcome? {
    let account = AccountKey(fault.kind, place.account)
    switch fault {
    case .latePickup, .noStock:
      return end.map {
        OrderOutcome(
          account: account, order: place.order, askedAt: placedAt, knownAt: $0.at,
          wentWrong: $0.wentWrong)
      }
    case .qualityRefund, .claim, .abuse:
      let ends = UnixSeconds(UInt32(clamping: UInt64(placedAt.rawValue) + UInt64(within)))
      return OrderOutcome(
        account: account, order: place.order, askedAt: placedAt, knownAt: ends,
        wentWrong: complainedAt.map { $0 <= ends } ?? false)
    }
  }
}
