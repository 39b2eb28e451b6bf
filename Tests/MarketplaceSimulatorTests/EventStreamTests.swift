import IntegrityCore
import MarketplaceSimulator
import Testing

private let start = UnixSeconds(1_600_000_000)

private func marketplace(
  accounts: Int = 400, orders: Int = 5_000, seed: UInt64, days: Int = 200
) -> MarketplaceSimulator {
  MarketplaceSimulator(accounts: accounts, orders: orders, seed: seed, start: start, days: days)
}

/// FNV-1a over every field of every event.
private func fingerprint(_ events: some Sequence<Event>) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  func fold(_ value: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) {
      hash = (hash ^ (value >> UInt64(shift) & 0xff)) &* 0x100_0000_01b3
    }
  }
  for event in events {
    fold(UInt64(event.at.rawValue))
    fold(event.buyer.rawValue)
    fold(event.merchant.rawValue)
    fold(event.order)
    fold(event.claim)
    fold(UInt64(event.amount.rawValue))
    for number in numbers(event.detail) { fold(number) }
  }
  return hash
}

private func numbers(_ detail: EventDetail) -> [UInt64] {
  switch detail {
  case .settled(let orderedAt): [1, UInt64(orderedAt.rawValue)]
  case .pickedUp(let late): [2, late ? 1 : 0]
  case .cancelled(let by, let cause): [3, UInt64(by.rawValue), UInt64(cause.rawValue)]
  case .carrierProof(let proof): [4, UInt64(proof.rawValue)]
  case .claimOpened(let kind, let allegation):
    [5, UInt64(kind.rawValue), UInt64(allegation.rawValue)]
  case .claimDecided(let kind, let verdict): [6, UInt64(kind.rawValue), UInt64(verdict.rawValue)]
  case .claimWithdrawn(let openedAt, let allegation):
    [7, UInt64(openedAt.rawValue), UInt64(allegation.rawValue)]
  case .returnInspected(let condition): [8, UInt64(condition.rawValue)]
  case .compensated: [9]
  }
}

struct EventStreamTests {
  /// These numbers change only with the simulator's rules, never with machine,
  /// compiler or optimisation: whoever changes the rules writes the new ones.
  private static let goldenRows: [(seed: UInt64, eventCount: Int, fingerprint: UInt64)] = [
    (0, 10_380, 7_056_087_473_588_988_935),
    (1, 10_534, 15_657_018_436_374_794_533),
    (.max, 10_214, 16_953_777_768_514_311_239),
  ]

  @Test("The same seed gives the same events everywhere", arguments: goldenRows)
  func golden(seed: UInt64, eventCount: Int, fingerprint expected: UInt64) {
    let events = Array(marketplace(seed: seed))
    #expect(events.count == eventCount)
    #expect(fingerprint(events) == expected)
  }

  @Test("Iterating again starts again, and seeds differ")
  func seeds() {
    let one = marketplace(seed: 1)
    #expect(Array(one) == Array(one))
    let prints = Set((0..<20).map { fingerprint(marketplace(orders: 100, seed: $0)) })
    #expect(prints.count == 20)
  }

  @Test(
    "Events come in the order of time, without fault, within the days",
    arguments: [
      (3, 0, 1), (3, 1, 1), (3, 500, 1), (40, 5_000, 2), (1_000, 20_000, 3_650),
      (100_000, 20_000, 30),
    ] as [(Int, Int, Int)])
  func order(accounts: Int, orders: Int, days: Int) throws {
    let marketplace = marketplace(accounts: accounts, orders: orders, seed: 5, days: days)
    let end = start.rawValue + UInt32(days + MarketplaceSimulator.followUpDaysMax) * 86_400
    var last = start
    var orderNumbers: Set<UInt64> = []
    for event in marketplace {
      try #require(event.fault(latest: UnixSeconds(end)) == nil, "\(event)")
      try #require(event.at >= last, "\(event)")
      try #require((1...UInt64(marketplace.buyerCount)).contains(event.buyer.rawValue))
      try #require((1...UInt64(marketplace.merchantCount)).contains(event.merchant.rawValue))
      last = event.at
      orderNumbers.insert(event.order)
    }
    #expect(orderNumbers.count == orders)
    #expect(orders == 0 || orderNumbers.max() == UInt64(orders))
  }

  @Test("Orders are placed in their order, evenly, within the days")
  func placing() throws {
    let marketplace = marketplace(orders: 10_000, seed: 6, days: 100)
    var last = start
    for order in 1...UInt64(10_000) {
      let at = marketplace.placing(order).at
      try #require(at >= last)
      let expected = Double(start.rawValue) + (Double(order) - 0.5) * 864
      try #require(abs(Double(at.rawValue) - expected) <= 433)
      last = at
    }
    #expect(last.rawValue <= start.rawValue + 100 * 86_400)
  }

  @Test("Memory follows the orders under way, not all orders")
  func bounded() {
    // Ten orders a day, each under way for at most 45 days.
    var stream = marketplace(orders: 36_500, seed: 7, days: 3_650).makeIterator()
    var pendingMax = 0
    while stream.next() != nil { pendingMax = max(pendingMax, stream.pendingCount) }
    #expect((50...450).contains(pendingMax))
  }

  @Test("Pending steps come out in the order of time, then of orders", arguments: 0..<20)
  func pendingSteps(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var pending = PendingSteps()
    var model: [PendingStep] = []
    for order in 0..<UInt64(500) {
      let step = PendingStep(
        at: UnixSeconds(UInt32(generator.below(50))), step: 0, order: order)
      if model.isEmpty || generator.below(3) > 0 {
        pending.insert(step)
        model.append(step)
      } else {
        if generator.below(2) == 0 {
          pending.removeFirst()
          model.removeFirst()
        } else {
          pending.replaceFirst(with: step)
          model[0] = step
        }
      }
      model.sort()
      #expect(pending.first == model.first, "seed \(seed)")
    }
  }

  /// Source: the reference implementation, https://prng.di.unimi.it/splitmix64.c,
  /// from state 1234567.
  @Test("The generator is SplitMix64")
  func splitMix64() {
    var generator = SplitMix64(seed: 1_234_567)
    let numbers = (0..<5).map { _ in generator.next() }
    #expect(
      numbers == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }
}
