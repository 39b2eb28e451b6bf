import IntegrityCore
import ProbityWire
import Testing

/// The server's way of answering Score, which takes a judgement and does not allocate.
@Suite("Judgements on the wire")
struct JudgementCodingTests {
  static let policy: Policy = {
    let dimension = DimensionRules(
      priorMean: 0.02, priorStrength: 20, pointsPerDoubling: 60, lossMax: 400, gainMax: 40)
    func card(_ count: Int) -> CardRules {
      CardRules(
        base: 600, dimensions: Array(repeating: dimension, count: count),
        history: HistoryRules(pointsPerDoubling: 30, ordersScale: 5, gainMax: 200, thinOrders: 10),
        tenure: TenureRules(pointsPerDoubling: 10, daysScale: 30, gainMax: 100),
        scale: ScoreScale(score: 600, probability: 0.1, pointsPerHalving: 60),
        boundDeviations: 1.6, upheldCredit: 0.5)
    }
    return Policy(
      version: 3, buyer: card(BuyerDimension.allCases.count),
      merchant: card(MerchantDimension.allCases.count),
      tiers: TierRules(lowestScores: SIMD4(850, 700, 550, 400), cooldownDays: 30, fallMargin: 0),
      credibility: CredibilityRules(scoreZero: 300, scoreFull: 700, weightMin: 0.1),
      claims: ClaimRules(
        manualAmount: Minor(200_000), floorMin: 620, evidenceAmount: Minor(30_000),
        strongFloor: 720, staleHours: 72,
        coldStart: ColdStartRules(floorMin: 480, amountMax: Minor(5_000), yearMax: Minor(10_000)),
        concentration: ConcentrationRules(claimsMin: 3, shareMin: 0.6),
        abuse: AbuseRules(
          claimRate: 0.3, notReceivedRate: 0.1, mismatchRate: 0.25, countMin: 3, merchantsMin: 3,
          confirmedMin: 0.5),
        spotCheckShare: 0, counterpartyWeightMax: 1.5, appealDays: 30, answerDays: 14),
      subsidy: SubsidyRules(
        caps: SubsidyAmounts { _ in Minor(100_000) },
        turnover: TurnoverRules(
          buyerBase: Minor(0), buyerShare: 0, merchantBase: Minor(0), merchantShare: 0),
        reserveDays: 30),
      governance: GovernanceRules(
        maturityDays: 30, ordersMin: 20, buyersMin: 5, deviations: 2, stepDays: 7, easeDays: 30,
        noticeDays: 30, holdDays: 90, shadowDays: 30, appealDays: 30, answerDays: 14,
        limits: Array(
          repeating: StandingLimits(countMin: 5, watch: 0.02, restricted: 0.05, clearOut: 0.1),
          count: GovernedDimension.allCases.count),
        support: Array(
          repeating: SupportRules(rankingFactor: 1, standingMax: .clearOutNotice), count: 2),
        rankingFactors: [1, 1, 1, 1, 0]))
  }()

  @Test("a judgement is sent as the reply that says the same", arguments: 0..<5)
  func judgement(reasonsWanted: Int) throws {
    var merchant = AccountRecord(AccountKey(.merchant, AccountID(42)))
    let rules = EvidenceRules(schema: .standard, policy: Self.policy)
    let details: [EventDetail] = [
      .settled(orderedAt: .zero), .pickedUp(late: true), .carrierProof(.emptyParcel),
      .cancelled(by: .merchant, cause: .outOfStock), .claimDecided(.quality, .upheld),
    ]
    for detail in details[...reasonsWanted] {
      for number in 1...20 as ClosedRange<UInt64> {
        var event = Sample.command(detail).event
        event.buyer = AccountID(number)
        var buyer = AccountRecord(AccountKey(.buyer, event.buyer))
        rules.apply(event, buyer: &buyer, merchant: &merchant)
      }
    }
    let judgement = Self.policy.judge(merchant, at: DecayClock(.standard, now: Sample.newYear))
    #expect(!judgement.reasons.isEmpty)
    let reply = ScoreReply(
      isKnown: true, score: judgement.score, scoreFloor: judgement.scoreFloor,
      tier: judgement.tier, confidence: judgement.confidence,
      reasons: Array(judgement.reasons), basis: Sample.basis)
    let codec = Codec()
    let sent = codec.frames {
      $0.encodeScore(judgement, isKnown: true, Sample.basis, stream: 1, to: &$1)
    }
    #expect(sent == codec.frames { $0.encodeScore(reply, stream: 1, to: &$1) })
    #expect(try codec.decodeScoreReply(payload(of: sent)) == reply)
  }
}
