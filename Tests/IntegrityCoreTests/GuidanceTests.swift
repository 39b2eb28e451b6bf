import IntegrityCore
import Testing

struct GuidanceTests {
  private static let clock = DecayClock(.standard, now: .today)

  private static func stored(_ tier: Tier, heldDaysAgo: UInt16, _ record: AccountRecord)
    -> AccountRecord
  {
    var record = record
    record.tierCode = tier.rawValue
    record.tierHeldDay = UnixSeconds.today.day - heldDaysAgo
    return record
  }

  @Test func tierANeedsNothing() {
    let record = AccountRecord.buyer([.ordersSettled: 300, .valueOrdered: 30_000])
    #expect(Policy.plain.changes(for: record, at: Self.clock) == [])
  }

  /// The count that is named is enough, and one less is not; likewise the days.
  @Test(arguments: AccountKind.allCases)
  func whatIsNamedIsEnoughAndLeast(kind: AccountKind) {
    var generator = Generator.forTest(61)
    var seen: Set<String> = []
    for _ in 1...30 {
      let record = AccountRecord.random(kind, &generator)
      let inForce = Policy.plain.judge(record, at: Self.clock).tier
      for change in Policy.plain.changes(for: record, at: Self.clock) {
        #expect(change.tier < inForce, "seed \(generator.seed)")
        switch change {
        case .cleanOrders(let count, let tier):
          seen.insert("orders")
          #expect(count >= 1 && count <= TierChange.cleanOrdersMax)
          #expect(Self.tier(record, afterOrders: count) <= tier, "seed \(generator.seed)")
          #expect(Self.tier(record, afterOrders: count - 1) > tier, "seed \(generator.seed)")
        case .wait(let days, let tier), .fade(let days, let tier):
          seen.insert("days")
          #expect(days >= 1 && days <= TierChange.daysMax)
          #expect(Self.tierInForce(record, afterDays: days) == tier, "seed \(generator.seed)")
          #expect(
            Self.tierInForce(record, afterDays: days - 1) >= inForce, "seed \(generator.seed)")
        }
      }
    }
    #expect(seen == ["orders", "days"], "the cases cover both, seed \(generator.seed)")
  }

  /// An independent way to add orders: to the record.
  private static func tier(_ record: AccountRecord, afterOrders count: Int) -> Tier {
    let evidence = record.evidence(at: clock)
    let n = Double(count)
    let after: AccountRecord
    switch record.kind {
    case .buyer:
      let orders = Double(evidence[BuyerCounter.ordersSettled])
      let mean = orders > 0 ? Double(evidence[BuyerCounter.valueOrdered]) / orders : 0
      after = record.adding([.ordersSettled: n, .valueOrdered: n * mean] as [BuyerCounter: Double])
    case .merchant:
      let orders = Double(evidence[MerchantCounter.ordersSettled])
      let mean = orders > 0 ? Double(evidence[MerchantCounter.valueSold]) / orders : 0
      after = record.adding([.ordersSettled: n, .valueSold: n * mean] as [MerchantCounter: Double])
    }
    return Policy.plain.tiers.tier(ofScore: Policy.plain.score(after, at: clock))
  }

  private static func tierInForce(_ record: AccountRecord, afterDays days: Int) -> Tier {
    let later = DecayClock(.standard, now: .today.plus(days: Double(days)))
    return Policy.plain.judge(record, at: later).tier
  }

  /// The cooldown alone stands in the way: the days that are left of it.
  @Test(arguments: [(UInt16(0), 14), (4, 10), (13, 1)])
  func waitingOutTheCooldown(heldDaysAgo: UInt16, days: Int) {
    let strong = AccountRecord.buyer([.ordersSettled: 60, .valueOrdered: 6000])
    let record = Self.stored(.c, heldDaysAgo: heldDaysAgo, strong)
    #expect(Policy.plain.judge(record, at: Self.clock).tier == .c)
    #expect(
      Policy.plain.changes(for: record, at: Self.clock) == [.wait(days: days, tier: .a)])
  }

  /// Bad enough that no number of orders within the limit helps; time does.
  @Test func whatOrdersCannotMendMayFade() throws {
    let record = AccountRecord.merchant([
      .ordersSettled: 50, .parcelsEmpty: 20_000, .shipmentsFalse: 20_000,
      .qualityClaimsUpheld: 20_000,
    ])
    let changes = Policy.plain.changes(for: record, at: Self.clock)
    #expect(changes.count == 1)
    let change = try #require(changes.first)
    #expect(change.cleanOrders == 0)
    #expect(change.days > 180)
    #expect(change.tier == .d)
  }

  /// A new account does not rise by being left alone.
  @Test func aNewAccountOnlyRisesByOrders() {
    let record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    let changes = Policy.plain.changes(for: record, at: Self.clock)
    #expect(changes.map(\.days) == [0])
    #expect(changes.map(\.tier) == [.b])
  }

  @Test func theEndOfTimeEndsTheSearch() {
    let record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    let clock = DecayClock(.standard, now: UnixSeconds(.max))
    #expect(Policy.plain.changes(for: record, at: clock).count == 1)
  }

  @Test(arguments: [
    (
      TierChange.cleanOrders(1, tier: .b),
      "1 more settled order without an incident reaches the score of tier B."
    ),
    (
      .cleanOrders(12, tier: .a),
      "12 more settled orders without an incident reach the score of tier A."
    ),
    (
      .wait(days: 1, tier: .c),
      "The score is high enough: tier C is in force in 1 day unless something happens."
    ),
    (
      .wait(days: 9, tier: .c),
      "The score is high enough: tier C is in force in 9 days unless something happens."
    ),
    (
      .fade(days: 200, tier: .d),
      "Without new events the past fades: tier D is in force in 200 days."
    ),
  ])
  func sentences(change: TierChange, sentence: String) {
    #expect(change.sentence == sentence)
  }
}
