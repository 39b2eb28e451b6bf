import IntegrityCore
import Testing

/// Properties that hold for every policy and all evidence.
struct ScorecardTests {
  private static let clock = DecayClock(.standard, now: .today)

  private static func judge(_ record: AccountRecord, _ policy: Policy = .plain) -> Judgement {
    policy.judge(record, at: clock)
  }

  @Test(arguments: AccountKind.allCases)
  func noHistoryIsTheBase(kind: AccountKind) {
    for base: Float in [0, 1, 333, 600, 1000] {
      let judgement = Self.judge(
        AccountRecord(AccountKey(kind, AccountID(1))), Policy.make(base: base))
      #expect(judgement.score == Int(base))
      #expect(judgement.confidence == 0)
    }
  }

  @Test(arguments: AccountKind.allCases)
  func floorIsBelowTheScoreAndBothAreInRange(kind: AccountKind) {
    var generator = Generator.forTest(31)
    for _ in 1...5000 {
      let policy = Policy.random(&generator)
      let judgement = Self.judge(.random(kind, &generator), policy)
      #expect(judgement.scoreFloor <= judgement.score, "seed \(generator.seed)")
      #expect((0...1000).contains(judgement.score), "seed \(generator.seed)")
      #expect((0...1000).contains(judgement.scoreFloor), "seed \(generator.seed)")
    }
  }

  /// Everything that counts against a buyer, alone or together as it happens.
  static let buyerIncidents: [[BuyerCounter: Double]] = [
    [.claimsOpened: 1], [.claimsOpened: 1, .valueClaimed: 500],
    [.claimsOpened: 1, .valueClaimed: 500, .claimsNotReceived: 1], [.claimsAbusive: 1],
    [.returnsMismatched: 1],
  ]
  static let merchantIncidents: [[MerchantCounter: Double]] = [
    [.qualityClaimsUpheld: 1], [.qualityClaimsUpheld: 0.1, .valueRefundedForQuality: 50],
    [.pickupsLate: 1], [.cancelledNoStock: 1], [.shipmentsFalse: 1], [.parcelsEmpty: 1],
  ]

  @Test(arguments: buyerIncidents)
  func oneMoreIncidentNeverRaisesABuyer(incident: [BuyerCounter: Double]) {
    var generator = Generator.forTest(32)
    for _ in 1...2000 {
      let policy = Policy.random(&generator)
      let before = AccountRecord.random(.buyer, &generator)
      let after = before.adding(incident)
      #expect(
        Self.judge(after, policy).score <= Self.judge(before, policy).score,
        "seed \(generator.seed)")
    }
  }

  @Test(arguments: merchantIncidents)
  func oneMoreIncidentNeverRaisesAMerchant(incident: [MerchantCounter: Double]) {
    var generator = Generator.forTest(33)
    for _ in 1...2000 {
      let policy = Policy.random(&generator)
      let before = AccountRecord.random(.merchant, &generator)
      let after = before.adding(incident)
      #expect(
        Self.judge(after, policy).score <= Self.judge(before, policy).score,
        "seed \(generator.seed)")
    }
  }

  /// An order of at least the account's mean value. (A cheaper one makes the
  /// share of the value that was disputed more certain, which may cost a little.)
  @Test func oneMoreCleanOrderNeverLowers() {
    var generator = Generator.forTest(34)
    for _ in 1...5000 {
      let policy = Policy.random(&generator)
      let dearer = Double.random(in: 1.001...20, using: &generator)
      let buyer = AccountRecord.random(.buyer, &generator)
      let evidence = buyer.evidence(at: Self.clock)
      let orders = evidence[BuyerCounter.ordersSettled]
      if orders > 0 {
        let mean = Double(evidence[BuyerCounter.valueOrdered] / orders)
        let after = buyer.adding([.ordersSettled: 1, .valueOrdered: mean * dearer])
        #expect(
          Self.judge(after, policy).score >= Self.judge(buyer, policy).score,
          "seed \(generator.seed)")
      }
      let merchant = AccountRecord.random(.merchant, &generator)
      let sold = merchant.evidence(at: Self.clock)
      let sales = sold[MerchantCounter.ordersSettled]
      if sales > 0 {
        let mean = Double(sold[MerchantCounter.valueSold] / sales)
        let after = merchant.adding([.ordersSettled: 1, .valueSold: mean * dearer])
        #expect(
          Self.judge(after, policy).score >= Self.judge(merchant, policy).score,
          "seed \(generator.seed)")
      }
    }
  }

  /// A rate lies between the prior and what was seen; more evidence brings it
  /// nearer to what was seen.
  @Test func ratesShrinkToThePrior() throws {
    let prior: Float = 0.05
    for rate in [0.0, 0.01, 0.05, 0.2, 1.0] {
      var distance = Float.infinity
      for orders in [1.0, 5, 25, 125, 625, 3125] {
        let record = AccountRecord.buyer([
          .ordersSettled: orders, .valueOrdered: orders * 100, .claimsOpened: orders * rate,
        ])
        let lane = try #require(
          Policy.plain.explanation(of: record, at: Self.clock).dimensions.first)
        let seen = Float(rate)
        #expect(lane.rate >= min(prior, seen) - 1e-6 && lane.rate <= max(prior, seen) + 1e-6)
        #expect(abs(lane.rate - seen) <= distance + 1e-6)
        #expect(lane.rate <= lane.rateUpper)
        distance = abs(lane.rate - seen)
      }
      #expect(distance < 0.01)
    }
  }

  /// Orders, claims → points of the dimension "claims": 40 a doubling of the odds
  /// a / b against 1 / 19, with a = 1 + claims and b = 19 + orders − claims.
  @Test(arguments: [
    (0.0, 0.0, 0.0), (19, 0, 40), (57, 0, 60), (1000, 0, 60), (2, 1, -37.04), (20, 1, 0),
    (20, 3, -43.12), (20, 20, -175.69), (1000, 900, -200),
  ])
  func pointsOfADimension(orders: Double, claims: Double, points: Double) {
    let record = AccountRecord.buyer([.ordersSettled: orders, .claimsOpened: claims])
    let judged = Policy.plain.buyer.judge(record.evidence(at: Self.clock), kind: .buyer)
    #expect(abs(Double(judged[BuyerDimension.claims]) - points) < 0.05)
  }

  /// Orders → points: 20 for each doubling of 1 + orders / 5, at most 120.
  @Test(arguments: [
    (0.0, 600), (5, 620), (15, 640), (35, 660), (155, 700), (315, 720), (9999, 720),
  ])
  func pointsOfHistory(orders: Double, score: Int) {
    let silent = DimensionRules(
      priorMean: 0.05, priorStrength: 20, pointsPerDoubling: 0, lossMax: 0, gainMax: 0)
    let policy = Policy.make(dimension: silent)
    #expect(Self.judge(.buyer([.ordersSettled: orders]), policy).score == score)
    #expect(Self.judge(.merchant([.ordersSettled: orders]), policy).score == score)
  }

  /// The floor of a new account: each dimension at 1.5 · √(1/1 + 1/19) / ln 2 =
  /// 2.22 doublings above the prior, which is 88.8 points each.
  @Test(arguments: [(AccountKind.buyer, 156), (.merchant, 67)])
  func floorOfANewAccount(kind: AccountKind, floor: Int) {
    #expect(Self.judge(AccountRecord(AccountKey(kind, AccountID(1)))).scoreFloor == floor)
  }

  /// Half of an upheld claim is forgiven.
  @Test func upheldClaimsCountForLess() {
    let orders: [BuyerCounter: Double] = [.ordersSettled: 50, .claimsOpened: 4]
    let card = Policy.plain.buyer
    let points = { (more: [BuyerCounter: Double]) in
      let record = AccountRecord.buyer(orders).adding(more)
      return card.judge(record.evidence(at: Self.clock), kind: .buyer)[BuyerDimension.claims]
    }
    let alleged = points([:])
    let upheld = points([.claimsUpheld: 4])
    let halfAsMany = card.judge(
      AccountRecord.buyer([.ordersSettled: 50, .claimsOpened: 2]).evidence(at: Self.clock),
      kind: .buyer)[BuyerDimension.claims]
    #expect(alleged < upheld)
    #expect(abs(upheld - halfAsMany) < 0.01)
  }

  /// The hash names the policy: every number is in it.
  @Test func hashDependsOnEveryNumber() {
    var dimension = DimensionRules.plain
    dimension.lossMax += 1
    var history = HistoryRules.plain
    history.thinOrders += 1
    var tenure = TenureRules.plain
    tenure.daysScale += 1
    let policies: [Policy] = [
      .plain, .make(version: 2), .make(base: 601), .make(dimension: dimension),
      .make(history: history), .make(tenure: tenure), .make(boundDeviations: 1.6),
      .make(upheldCredit: 0.6),
      .make(tiers: TierRules(lowestScores: [800, 700, 550, 401], cooldownDays: 14, fallMargin: 0)),
      .make(tiers: TierRules(lowestScores: [800, 700, 550, 400], cooldownDays: 15, fallMargin: 0)),
      .make(tiers: TierRules(lowestScores: [800, 700, 550, 400], cooldownDays: 14, fallMargin: 1)),
      .make(credibility: CredibilityRules(scoreZero: 401, scoreFull: 700, weightMin: 0.1)),
      .make(credibility: CredibilityRules(scoreZero: 400, scoreFull: 701, weightMin: 0.1)),
      .make(credibility: CredibilityRules(scoreZero: 400, scoreFull: 700, weightMin: 0.2)),
    ]
    #expect(Set(policies.map(\.hash)).count == policies.count)
    #expect(Policy.make().hash == Policy.plain.hash)
  }
}
