import IntegrityCore

/// Policies with round numbers, made in code: what a test says does not depend
/// on the policy that is shipped.
extension Policy {
  /// 600 to start with, 40 points a doubling, priors of one in twenty.
  static let plain = Policy.make()

  static func make(
    version: UInt32 = 1, base: Float = 600, dimension: DimensionRules = .plain,
    history: HistoryRules = .plain, tenure: TenureRules = .plain, boundDeviations: Float = 1.5,
    upheldCredit: Float = 0.5,
    tiers: TierRules = .plain, credibility: CredibilityRules = .plain,
    claims: ClaimRules = .plain, subsidy: SubsidyRules = .plain,
    governance: GovernanceRules = .plain
  ) -> Policy {
    func card(_ count: Int) -> CardRules {
      CardRules(
        base: base, dimensions: Array(repeating: dimension, count: count), history: history,
        tenure: tenure, scale: .plain, boundDeviations: boundDeviations, upheldCredit: upheldCredit)
    }
    return Policy(
      version: version, buyer: card(BuyerDimension.allCases.count),
      merchant: card(MerchantDimension.allCases.count), tiers: tiers, credibility: credibility,
      claims: claims, subsidy: subsidy, governance: governance)
  }
}

extension DimensionRules {
  static let plain = DimensionRules(
    priorMean: 0.05, priorStrength: 20, pointsPerDoubling: 40, lossMax: 200, gainMax: 60)
}

extension TenureRules {
  /// Nothing: what tests count by hand is of today.
  static let plain = TenureRules(pointsPerDoubling: 0, daysScale: 30, gainMax: 120)
}

extension ScoreScale {
  static let plain = ScoreScale(score: 600, probability: 0.05, pointsPerHalving: 40)
}

extension HistoryRules {
  static let plain = HistoryRules(
    pointsPerDoubling: 20, ordersScale: 5, gainMax: 120, thinOrders: 5)
}

extension TierRules {
  static let plain = TierRules(lowestScores: [800, 700, 550, 400], cooldownDays: 14, fallMargin: 0)
}

extension CredibilityRules {
  static let plain = CredibilityRules(scoreZero: 400, scoreFull: 700, weightMin: 0.1)
}

extension GovernanceRules {
  /// Every sort of incident is watched from 2 % on, restricted from 5 % and cleared out from 10 %.
  static let plain = GovernanceRules(
    maturityDays: 30, ordersMin: 20, buyersMin: 5, deviations: 2, stepDays: 7, easeDays: 30,
    noticeDays: 30, holdDays: 90, shadowDays: 30, appealDays: 30, answerDays: 14,
    limits: Array(
      repeating: StandingLimits(countMin: 5, watch: 0.02, restricted: 0.05, clearOut: 0.1),
      count: GovernedDimension.allCases.count),
    support: [
      SupportRules(rankingFactor: 1.2, standingMax: .watch),
      SupportRules(rankingFactor: 1.1, standingMax: .restricted),
    ], rankingFactors: [1, 0.9, 0.5, 0.1, 0])
}

extension ClaimRules {
  static let plain = ClaimRules(
    manualAmount: Minor(200_000), floorMin: 620, evidenceAmount: Minor(30_000),
    strongFloor: 720, staleHours: 72,
    coldStart: ColdStartRules(floorMin: 480, amountMax: Minor(5_000), yearMax: Minor(10_000)),
    concentration: ConcentrationRules(claimsMin: 3, shareMin: 0.6),
    abuse: AbuseRules(
      claimRate: 0.3, notReceivedRate: 0.1, mismatchRate: 0.25, countMin: 3, merchantsMin: 3,
      confirmedMin: 0.5),
    spotCheckShare: 0, counterpartyWeightMax: 1.5, appealDays: 30, answerDays: 14)
}

extension SubsidyRules {
  static let plain = SubsidyRules(
    caps: SubsidyAmounts { _ in Minor(100_000) }, turnover: .none, reserveDays: 30)
}

extension TurnoverRules {
  /// Trade is no matter.
  static let none = TurnoverRules(
    buyerBase: SubsidyAmounts.capMax, buyerShare: 0, merchantBase: SubsidyAmounts.capMax,
    merchantShare: 0)
}

extension UnixSeconds {
  /// 2026-01-01T00:00:00Z: "today" of the tests.
  static let today = UnixSeconds(1_767_225_600)

  func plus(days: Double) -> UnixSeconds {
    UnixSeconds(UInt32(Double(rawValue) + days * 86_400))
  }
}

/// A buyer and a merchant, and what happens between them.
struct Pair {
  var buyer = AccountRecord(AccountKey(.buyer, AccountID(7)))
  var merchant = AccountRecord(AccountKey(.merchant, AccountID(9)))
  let rules: EvidenceRules

  init(policy: Policy = .plain, schema: EvidenceSchema = .standard) {
    rules = EvidenceRules(schema: schema, policy: policy)
  }

  mutating func apply(_ detail: EventDetail, at time: UnixSeconds = .today, amount: Int64 = 0) {
    let event = Event(
      at: time, buyer: buyer.id, merchant: merchant.id, amount: Minor(amount), detail: detail)
    rules.apply(event, buyer: &buyer, merchant: &merchant)
  }
}

extension EventDetail {
  static let settled = EventDetail.settled(orderedAt: .zero)
}
