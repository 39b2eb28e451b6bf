import IntegrityCore
import Testing

struct ExplanationTests {
  private static let clock = DecayClock(.standard, now: .today)

  /// Base and points are the score and the floor, for whatever evidence.
  @Test(arguments: AccountKind.allCases)
  func pointsAddUpToTheScore(kind: AccountKind) {
    var generator = Generator.forTest(51)
    for _ in 1...50 {
      let policy = Policy.random(&generator)
      let record = AccountRecord.random(kind, &generator)
      let explanation = policy.explanation(of: record, at: Self.clock)
      let base = Double(explanation.pointsBase)
      let sum = explanation.dimensions.reduce(base) { $0 + Double($1.points) }
      let floor = explanation.dimensions.reduce(base) { $0 + Double($1.pointsFloor) }
      let judgement = explanation.judgement
      #expect(judgement == policy.judge(record, at: Self.clock))
      // Half a point of rounding, and the last digits of Float32.
      #expect(
        abs(min(max(sum, 0), 1000) - Double(judgement.score)) < 0.501, "seed \(generator.seed)")
      #expect(
        abs(min(max(floor, 0), 1000) - Double(judgement.scoreFloor)) < 0.501,
        "seed \(generator.seed)")
    }
  }

  /// Points follow from the rates that are shown beside them.
  @Test func pointsFollowFromTheRates() {
    var generator = Generator.forTest(52)
    for _ in 1...50 {
      let record = AccountRecord.random(.merchant, &generator)
      let dimensions = Policy.plain.explanation(of: record, at: Self.clock).dimensions.dropLast(2)
      for dimension in dimensions {
        let odds = { (rate: Float) in Double(rate) / (1 - Double(rate)) }
        let doublings = odds(dimension.rate) / odds(dimension.ratePrior)
        let points = min(max(-40 * Self.log2(doublings), -200), 60)
        #expect(abs(points - Double(dimension.points)) < 0.1, "seed \(generator.seed)")
        #expect(dimension.rateUpper >= dimension.rate && dimension.rateUpper <= 1)
        #expect(dimension.pointsFloor <= dimension.points)
      }
    }
  }

  private static func log2(_ x: Double) -> Double {
    Double(DeterministicMath.log2(SIMD8(repeating: Float(x)))[0])
  }

  @Test func aBuyerExplained() throws {
    var record = AccountRecord.buyer([
      .ordersSettled: 20, .valueOrdered: 2000, .claimsOpened: 2, .valueClaimed: 400,
      .claimsUpheld: 2,
    ])
    record.sketch.insert(AccountID(5))
    let explanation = Policy.plain.explanation(of: record, at: Self.clock)
    let rows = explanation.dimensions.map { dimension in
      let numbers = [dimension.events, dimension.exposure, dimension.points]
      let texts = numbers.map { "\(Int(($0 * 10).rounded()))" }.joined(separator: " ")
      return "\(dimension.name) \(dimension.reason.label) \(texts)"
    }
    // Name, reason, then events, exposure and points in tenths.
    #expect(
      rows == [
        "claims B03 10 200 0", "notReceived B04 0 200 415", "returnMismatch B05 0 0 0",
        "abuse B07 0 200 415", "claimedValue B03 40 200 -576", "history B01 0 200 464",
        "tenure B01 0 0 0",
      ])
    #expect(
      explanation.evidence.map(\.name) == [
        "ordersSettled", "valueOrdered", "claimsOpened", "valueClaimed", "claimsUpheld",
        "claimsAbusive", "claimsNotReceived", "returnsAsSold", "returnsMismatched",
        "valueCompensated",
      ])
    #expect(explanation.evidence[1].value.rounded() == 2000)
    #expect(explanation.tierByScore == .c)
    #expect(explanation.pointsBase == 600)
    #expect(explanation.lastEventAt == .today)
    #expect(explanation.firstEventDay == UnixSeconds.today.day)
    #expect(explanation.distinctCounterparties == 1)
  }

  @Test func nothingKnownIsExplainedToo() {
    let merchant = AccountRecord(AccountKey(.merchant, AccountID(1)))
    let explanation = Policy.plain.explanation(of: merchant, at: Self.clock)
    #expect(explanation.judgement.score == 600)
    #expect(explanation.dimensions.map(\.points) == Array(repeating: 0, count: 8))
    #expect(explanation.dimensions.last?.reason == .m06ThinHistory)
    #expect(explanation.evidence.allSatisfy { $0.value == 0 })
    #expect(explanation.evidence.count == 10)
    #expect(explanation.lastEventAt == .zero)
    #expect(explanation.firstEventDay == nil)
  }
}

/// What scores mean as chances.
@Suite struct ScoreScaleTests {
  @Test(
    arguments: [
      // 600 points are one in twenty; odds of 1 to 19 halve, double, are 1 to 19 · 2^10.
      (600, 0.05), (640, 1.0 / 39), (560, 2.0 / 21), (1_000, 1.0 / 19_457), (0, 32_768.0 / 32_787),
    ] as [(Int, Double)])
  func oddsHalve(_ score: Int, _ probability: Double) {
    // The policy holds 0.05 as a Float32.
    #expect(abs(ScoreScale.plain.probability(ofScore: score) - probability) < 1e-8)
  }

  /// Steep to the limit: chances stay numbers between 0 and 1.
  @Test func theSteepestScaleStaysInRange() {
    let scale = ScoreScale(score: 500, probability: 0.0001, pointsPerHalving: 1)
    #expect(scale.probability(ofScore: 1_000) >= 0 && scale.probability(ofScore: 1_000) < 1e-100)
    #expect(scale.probability(ofScore: 0) == 1)
    let mirrored = ScoreScale(score: 0, probability: 0.9999, pointsPerHalving: 10_000)
    #expect(mirrored.probability(ofScore: 1_000) < mirrored.probability(ofScore: 0))
  }

  /// The floor is what is to be feared: never a smaller chance than the score's.
  @Test func anExplanationHasBoth() {
    var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    let at = EvidenceSchema.landmark
    record.touch(at: at, schema: .standard)
    record.add(10, to: BuyerCounter.ordersSettled.rawValue, at: at, schema: .standard)
    record.add(3, to: BuyerCounter.claimsOpened.rawValue, at: at, schema: .standard)
    let explanation = Policy.plain.explanation(of: record, at: DecayClock(.standard, now: at))
    let scale = ScoreScale.plain
    #expect(explanation.probability == scale.probability(ofScore: explanation.judgement.score))
    #expect(
      explanation.probabilityAtFloor
        == scale.probability(ofScore: explanation.judgement.scoreFloor))
    #expect(explanation.probabilityAtFloor > explanation.probability)
  }
}

/// What it is worth to have been heard of long ago.
@Suite struct TenureTests {
  private static let policy = Policy.make(
    tenure: TenureRules(pointsPerDoubling: 20, daysScale: 30, gainMax: 70))

  /// An account whose oldest event was so many days ago and left nothing to count.
  private func judged(daysAgo: UInt32) -> (score: Int, points: Float, days: Float) {
    var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    let first = UnixSeconds(UnixSeconds.today.rawValue - daysAgo * 86_400)
    record.touch(at: first, schema: .standard)
    record.touch(at: .today, schema: .standard)
    let clock = DecayClock(.standard, now: .today)
    let explanation = Self.policy.explanation(of: record, at: clock)
    return (
      explanation.judgement.score, explanation.dimensions.last?.points ?? -1,
      explanation.dimensions.last?.exposure ?? -1
    )
  }

  /// Doublings of 1 + days / 30: none, one, two, three, and the most that there is.
  @Test(arguments: [(0, 0), (30, 20), (90, 40), (210, 60), (330, 70), (3_000, 70)])
  func pointsDoubleWithAge(_ days: UInt32, _ points: Int) {
    let judged = judged(daysAgo: days)
    #expect(judged.score == 600 + points && judged.days == Float(days))
    #expect(abs(judged.points - Float(points)) < 4)
  }

  @Test func whoWasNeverHeardOfIsAsNewAsCanBe() {
    let stranger = AccountRecord(AccountKey(.merchant, AccountID(1)))
    let clock = DecayClock(.standard, now: .today)
    #expect(stranger.evidence(at: clock).days == 0)
    #expect(Self.policy.score(stranger, at: clock) == 600)
  }

  /// Asked about before its first event, an account is no older than new.
  @Test func ageIsNeverNegative() {
    var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    record.touch(at: .today, schema: .standard)
    let before = UnixSeconds(UnixSeconds.today.rawValue - 400 * 86_400)
    #expect(record.evidence(at: DecayClock(.standard, now: before)).days == 0)
  }
}
