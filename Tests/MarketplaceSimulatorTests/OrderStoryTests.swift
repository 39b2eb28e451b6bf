import IntegrityCore
import MarketplaceSimulator
import Testing

/// What may follow what about one order.
struct OrderStoryTests {
  private let marketplace = MarketplaceSimulator(
    accounts: 2_000, orders: 30_000, seed: 3, start: UnixSeconds(1_600_000_000), days: 300)

  /// Which types of events there are, in a word each.
  private func word(_ detail: EventDetail) -> String {
    switch detail {
    case .settled: "settled"
    case .pickedUp: "pickedUp"
    case .cancelled: "cancelled"
    case .carrierProof: "proof"
    case .claimOpened: "opened"
    case .claimDecided(_, .upheld): "upheld"
    case .claimDecided: "refused"
    case .claimWithdrawn: "withdrawn"
    case .returnInspected: "inspected"
    case .compensated: "compensated"
    }
  }

  @Test("Every order's story is one of these, and each of these is told")
  func stories() {
    var byOrder: [UInt64: [String]] = [:]
    for event in marketplace { byOrder[event.order, default: []].append(word(event.detail)) }
    let told = Set(byOrder.values.map { $0.joined(separator: " ") })
    #expect(
      told == [
        "cancelled",
        "pickedUp settled",
        "pickedUp settled opened withdrawn",
        "pickedUp settled opened refused",
        "pickedUp settled opened upheld compensated",
        "pickedUp settled opened upheld inspected",
        "pickedUp proof settled",
        "pickedUp proof settled opened upheld compensated",
      ])
  }

  @Test("A story's events name the same accounts, order, claim and amount")
  func consistency() throws {
    var first: [UInt64: Event] = [:]
    var opened: [UInt64: Event] = [:]
    var amounts: [UInt64: Minor] = [:]
    for event in marketplace {
      let start = first[event.order, default: event]
      first[event.order] = start
      try #require(event.buyer == start.buyer && event.merchant == start.merchant)
      switch event.detail {
      case .settled(let orderedAt):
        try #require(orderedAt < start.at && orderedAt.rawValue > 0)
        amounts[event.order] = event.amount
        try #require(event.amount.rawValue > 0)
      case .claimOpened:
        opened[event.order] = event
        try #require(event.claim == event.order && event.amount == amounts[event.order])
      case .claimWithdrawn(let openedAt, let allegation):
        let opening = try #require(opened[event.order])
        guard case .claimOpened(_, let alleged) = opening.detail else { continue }
        try #require(openedAt == opening.at && allegation == alleged)
        try #require(event.amount == opening.amount && event.claim == opening.claim)
      case .claimDecided(let kind, _):
        let opening = try #require(opened[event.order])
        guard case .claimOpened(let openedKind, _) = opening.detail else { continue }
        try #require(kind == openedKind && event.amount == opening.amount)
      case .compensated, .returnInspected:
        try #require(event.claim == event.order)
      case .pickedUp, .cancelled, .carrierProof:
        try #require(event.claim == 0 && event.amount == Minor(0))
      }
    }
  }

  @Test("Nothing can be returned that is said not to have come")
  func returns() throws {
    var nothingCame: Set<UInt64> = []
    for event in marketplace {
      switch event.detail {
      case .claimOpened(_, .notReceived), .claimOpened(_, .parcelEmpty):
        nothingCame.insert(event.order)
      case .returnInspected:
        try #require(!nothingCame.contains(event.order))
      default: break
      }
    }
    #expect(nothingCame.count > 20)
  }

  @Test("Amounts are log-normal: median 8,192, two thirds within a factor of 2.8")
  func amounts() {
    var amounts: [Int64] = []
    for event in marketplace {
      if case .settled = event.detail { amounts.append(event.amount.rawValue) }
    }
    amounts.sort()
    func quantile(_ part: Double) -> Double { Double(amounts[Int(Double(amounts.count) * part)]) }
    #expect((7_900...8_500).contains(quantile(0.5)))
    // One and two standard deviations: 2^1.5 and 2^3.
    #expect((2.7...3.0).contains(quantile(0.8413) / quantile(0.5)))
    #expect((2.7...3.0).contains(quantile(0.5) / quantile(0.1587)))
    #expect((7.2...8.8).contains(quantile(0.9772) / quantile(0.5)))
  }
}
