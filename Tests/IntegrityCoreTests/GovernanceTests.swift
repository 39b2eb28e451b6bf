import IntegrityCore
import Testing

/// What a merchant's evidence calls for, and the steps that follow from it: by `plain` rules,
/// 2 %, 5 % and 10 %, five buyers, five incidents, twenty orders, thirty days.
struct GovernanceTests {
  private static let schema = EvidenceSchema.standard
  private static let start = UnixSeconds(1_700_000_000)
  private static let rules = GovernanceRules.plain
  private static let day: UInt32 = 86_400

  private static func time(_ days: Int) -> UnixSeconds {
    UnixSeconds(start.rawValue + UInt32(days) * day)
  }

  /// A merchant with so many orders, settled at once, of which so many were handed over late
  /// to so many buyers.
  private static func merchant(_ orders: Int, late: Int, buyers: Int) -> AccountRecord {
    let rules = EvidenceRules(schema: schema, policy: .plain)
    var merchant = AccountRecord(AccountKey(.merchant, AccountID(1)))
    for index in 0..<orders {
      var buyer = AccountRecord(AccountKey(.buyer, AccountID(UInt64(index % buyers + 1))))
      var event = Event(
        at: start, buyer: buyer.id, merchant: merchant.id, order: UInt64(index + 1),
        amount: Minor(100), detail: .settled(orderedAt: start))
      rules.apply(event, buyer: &buyer, merchant: &merchant)
      if index >= late { continue }
      event.detail = .pickedUp(late: true)
      event.amount = Minor(0)
      rules.apply(event, buyer: &buyer, merchant: &merchant)
    }
    return merchant
  }

  struct Row: Sendable, CustomTestStringConvertible {
    let orders: Int
    let late: Int
    let buyers: Int
    let days: Int
    let standing: Standing
    let testDescription: String

    init(
      _ orders: Int, late: Int, buyers: Int, days: Int = 30, _ standing: Standing, _ why: String
    ) {
      self.orders = orders
      self.late = late
      self.buyers = buyers
      self.days = days
      self.standing = standing
      testDescription = why
    }
  }

  static let rows: [Row] = [
    Row(1_000, late: 5, buyers: 100, .normal, "half a percent"),
    Row(1_000, late: 25, buyers: 100, .normal, "above the limit, but not for certain"),
    Row(1_000, late: 40, buyers: 100, .watch, "4 %: certainly above 2 %"),
    Row(1_000, late: 80, buyers: 100, .restricted, "8 %: certainly above 5 %"),
    Row(1_000, late: 150, buyers: 100, .clearOutNotice, "15 %: certainly above 10 %"),
    Row(1_000, late: 150, buyers: 100, days: 29, .normal, "too new"),
    Row(15, late: 15, buyers: 15, .normal, "too few orders"),
    Row(1_000, late: 150, buyers: 2, .normal, "two buyers alone"),
    Row(40, late: 4, buyers: 40, .normal, "a tenth, but four incidents are no pattern"),
    Row(40, late: 40, buyers: 40, .clearOutNotice, "every order"),
  ]

  @Test(arguments: rows)
  func evidenceCallsFor(row: Row) {
    let record = Self.merchant(row.orders, late: row.late, buyers: row.buyers)
    let clock = DecayClock(Self.schema, now: Self.time(row.days))
    let assessment = Self.rules.assess(record, at: clock)
    #expect(assessment.standing == row.standing)
    #expect(assessment.worst?.dimension == (row.standing == .normal ? nil : .latePickup))
    // What a scan passes over calls for nothing.
    #expect(Self.rules.mayConcern(record) || assessment.standing == .normal)
  }

  @Test func certainRateIsBelowTheRateAndNearsIt() {
    for (incidents, orders) in [
      (0, 10), (1, 10), (10, 10), (5, 100), (50, 1_000), (5_000, 100_000),
    ] {
      let conduct = Conduct(incidents: Float(incidents), orders: Float(orders))
      let certain = conduct.certainRate(deviations: 2)
      #expect(certain >= 0 && certain <= conduct.rate)
    }
    let few = Conduct(incidents: 5, orders: 100).certainRate(deviations: 2)
    let many = Conduct(incidents: 5_000, orders: 100_000).certainRate(deviations: 2)
    // 5 % of 100: Jeffreys' interval of 95.4 % is 1.8 % to 10.6 %.
    #expect(abs(few - 0.0225) < 0.003)
    #expect(abs(many - 0.0486) < 0.0003)
    #expect(Conduct(incidents: 5, orders: 100).certainRate(deviations: 0) == 0.05)
  }

  // MARK: Steps

  private static let bad = merchant(1_000, late: 150, buyers: 100)
  private static let good = merchant(1_000, late: 2, buyers: 100)

  private static func step(
    _ state: StandingCase, _ record: AccountRecord, day: Int,
    _ certification: Certification? = nil
  ) -> Standing? {
    let clock = DecayClock(schema, now: time(day))
    return rules.step(
      state, rules.assess(record, at: clock), certification: certification, schema: schema,
      now: clock.now)?.standing
  }

  @Test func oneStepAtATimeAndNeverOut() {
    var state = StandingCase.none
    var seen: [(Int, Standing)] = []
    for day in 30..<120 {
      guard let next = Self.step(state, Self.bad, day: day) else { continue }
      seen.append((day, next))
      state = StandingCase(
        standing: next, since: Self.time(day), dimension: .latePickup,
        conduct: Conduct(incidents: 150, orders: 1_000))
    }
    #expect(seen.map(\.0) == [30, 37, 44])
    #expect(seen.map(\.1) == [.watch, .restricted, .clearOutNotice])
    state.standing = .clearedOut
    #expect(Self.step(state, Self.bad, day: 500) == nil)
    #expect(Self.step(state, Self.good, day: 500) == nil)
  }

  @Test func whatIsHeldOrAppealedDoesNotGetWorse() {
    var state = StandingCase(standing: .watch, since: Self.time(30))
    #expect(Self.step(state, Self.bad, day: 36) == nil)
    #expect(Self.step(state, Self.bad, day: 37) == .restricted)
    state.isAppealOpen = true
    #expect(Self.step(state, Self.bad, day: 37) == nil)
    state.isAppealOpen = false
    state.heldUntil = Self.time(90)
    #expect(Self.step(state, Self.bad, day: 89) == nil)
    #expect(Self.step(state, Self.bad, day: 90) == .restricted)
  }

  @Test func standingEasesStepByStep() {
    let state = StandingCase(standing: .restricted, since: Self.time(40))
    #expect(Self.step(state, Self.good, day: 69) == nil)
    #expect(Self.step(state, Self.good, day: 70) == .watch)
  }

  @Test func easingKeepsWhatIsHeldAndWaitsForAppeals() {
    var state = StandingCase(
      standing: .restricted, since: Self.time(40), heldUntil: Self.time(130))
    let clock = DecayClock(Self.schema, now: Self.time(70))
    func step() -> StandingStep? {
      Self.rules.step(
        state, Self.rules.assess(Self.good, at: clock), certification: nil, schema: Self.schema,
        now: clock.now)
    }
    #expect(step() == StandingStep(standing: .watch, heldUntil: Self.time(130)))
    state.isAppealOpen = true
    #expect(step() == nil)
  }

  @Test func supportCapsWhatASweepDoes() {
    #expect(Self.step(.none, Self.bad, day: 30, .factory) == .watch)
    let watched = StandingCase(standing: .watch, since: Self.time(30))
    #expect(Self.step(watched, Self.bad, day: 60, .srdiFactory) == nil)
    #expect(Self.step(watched, Self.bad, day: 60, .originAggregator) == .restricted)
    let restricted = StandingCase(standing: .restricted, since: Self.time(30))
    // What support keeps from worse has not become better.
    #expect(Self.step(restricted, Self.bad, day: 90, .factory) == nil)
    #expect(Self.step(restricted, Self.good, day: 90, .factory) == .watch)
  }

  // MARK: Notice

  private static func notice(sold: Int, late: Int, day: Int, appealed: Bool = false) -> NoticeResult
  {
    let rules = EvidenceRules(schema: schema, policy: .plain)
    var record = bad
    for index in 0..<sold {
      var buyer = AccountRecord(AccountKey(.buyer, AccountID(UInt64(index + 1))))
      var event = Event(
        at: time(50), buyer: buyer.id, merchant: record.id, order: 1, amount: Minor(100),
        detail: .settled(orderedAt: start))
      rules.apply(event, buyer: &buyer, merchant: &record)
      event.detail = .pickedUp(late: true)
      if index < late { rules.apply(event, buyer: &buyer, merchant: &record) }
    }
    let then = GovernanceTests.rules.assess(bad, at: DecayClock(schema, now: time(44)))
    let state = StandingCase(
      standing: .clearOutNotice, since: time(44), dimension: .latePickup,
      conduct: then.findings[GovernedDimension.latePickup.rawValue].conduct,
      isAppealOpen: appealed)
    let clock = DecayClock(schema, now: time(day))
    return GovernanceTests.rules.noticeResult(
      state, GovernanceTests.rules.assess(record, at: clock), schema: schema, now: time(day))
  }

  @Test func noticeIsMetByWhatWasSoldSince() {
    #expect(Self.notice(sold: 100, late: 0, day: 73) == .pending)
    #expect(Self.notice(sold: 100, late: 0, day: 74) == .met)
    #expect(Self.notice(sold: 100, late: 1, day: 74) == .met)
    #expect(Self.notice(sold: 100, late: 3, day: 74) == .unmet)
    #expect(Self.notice(sold: 10, late: 0, day: 74) == .unmet)
    #expect(Self.notice(sold: 0, late: 0, day: 74) == .unmet)
    #expect(Self.notice(sold: 100, late: 0, day: 74, appealed: true) == .pending)
  }

  @Test func noticeIsMetWhereWhatItWasForWasTakenBack() {
    func result(_ record: AccountRecord, day: Int, was incidents: Float) -> NoticeResult {
      let state = StandingCase(
        standing: .clearOutNotice, since: Self.time(44), dimension: .latePickup,
        conduct: Conduct(incidents: incidents, orders: 1_000))
      let clock = DecayClock(Self.schema, now: Self.time(day))
      return Self.rules.noticeResult(
        state, Self.rules.assess(record, at: clock), schema: Self.schema, now: clock.now)
    }
    #expect(result(Self.bad, day: 74, was: 150) == .unmet, "nothing was sold since")
    #expect(result(Self.good, day: 73, was: 150) == .pending)
    #expect(result(Self.good, day: 74, was: 150) == .met, "most was taken back")
    // Five incidents fade below five by selling nothing: that does not meet a notice.
    let few = Self.merchant(40, late: 5, buyers: 40)
    let conduct = Self.rules.assess(few, at: DecayClock(Self.schema, now: Self.time(44)))
      .findings[GovernedDimension.latePickup.rawValue].conduct
    #expect(conduct.incidents < 5)
    #expect(result(few, day: 74, was: conduct.incidents) == .unmet)
  }

  // MARK: Rules

  @Test func stricterIsWhatCanHitSooner() {
    let plain = GovernanceRules.plain
    #expect(!plain.isStricter(than: plain))
    let stricter: [(inout GovernanceRules) -> Void] = [
      { $0.limits[1].watch = 0.01 }, { $0.limits[3].restricted = 0.04 },
      { $0.limits[0].clearOut = 0.09 }, { $0.limits[2].countMin = 4 }, { $0.buyersMin = 4 },
      { $0.shadowDays = 29 }, { $0.support[1].rankingFactor = 1 },
      { $0.rankingFactors[1] = 0.5 }, { $0.maturityDays = 29 }, { $0.deviations = 1 },
      { $0.stepDays = 6 },
      { $0.noticeDays = 29 }, { $0.holdDays = 0 }, { $0.appealDays = 29 }, { $0.easeDays = 31 },
      { $0.support[0].standingMax = .restricted },
    ]
    for change in stricter {
      var other = plain
      change(&other)
      #expect(other.isStricter(than: plain))
      #expect(!plain.isStricter(than: other))
    }
    for orders in [10, 30] as [Float] {
      var other = plain
      other.ordersMin = orders
      #expect(other.isStricter(than: plain), "assessed sooner, or the notice harder to meet")
    }
  }

  @Test func rankingWeighsFloorStandingAndSupport() {
    let rules = GovernanceRules.plain
    #expect(rules.rankingWeight(scoreFloor: 700, .normal, nil) == 700)
    #expect(rules.rankingWeight(scoreFloor: 700, .normal, .brandOEM) == 840)
    #expect(rules.rankingWeight(scoreFloor: 700, .watch, .originAggregator) == 693)
    #expect(rules.rankingWeight(scoreFloor: 700, .clearOutNotice, nil) == 70)
    #expect(rules.rankingWeight(scoreFloor: 1_000, .clearedOut, .factory) == 0)
    #expect(rules.rankingWeight(scoreFloor: 0, .normal, .factory) == 0)
  }

  @Test func recordHoldsStandingAndCertification() {
    var record = AccountRecord(AccountKey(.merchant, AccountID(1)))
    for standing in Standing.allCases {
      for certification in [nil] + Certification.allCases {
        record.merchantStanding = standing
        record.certification = certification
        #expect(record.merchantStanding == standing)
        #expect(record.certification == certification)
        #expect(record.isWellFormed)
      }
    }
    record.standing = 5
    #expect(!record.isWellFormed)
    record.standing = 5 << 3
    #expect(!record.isWellFormed)
    record.standing = 0x40
    #expect(!record.isWellFormed)
  }
}
