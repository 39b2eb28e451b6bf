import IntegrityCore
import ProbityWire
import Rescoring

/// Messages of streamed calls that several tests encode.
enum SampleStreams {
  static let requests: [StreamRequest] = [
    .sweep(at: .zero, actor: "", reason: ""),
    .sweep(at: UnixSeconds(.max), actor: "night", reason: String(repeating: "诚", count: 34)),
    .rescore(RescoreOrder()),
    .rescore(
      RescoreOrder(
        .put(.max), asOf: Sample.newYear, claimDays: RescoreOrder.claimDaysMax, rows: .scores,
        firstShard: .max)),
    .rescore(RescoreOrder(.document("version: 3\nname: 严格\n"), rows: .tiers)),
    .watch(WatchOrder()),
    .watch(
      WatchOrder(
        [
          AccountKey(.buyer, AccountID(.max)), AccountKey(.merchant, AccountID(1)),
          AccountKey(.merchant, AccountID(2)),
        ], kinds: [ChangeKinds(.tier), ChangeKinds(.override)], cursor: LogPosition(.max))),
    .kpi(from: .zero, to: .zero), .kpi(from: Sample.newYear, to: UnixSeconds(.max)),
  ]

  static let finding = ConductFinding(
    dimension: .falseShipment, conduct: Conduct(incidents: 9.5, orders: 100), certainRate: 0.04,
    standing: .clearOutNotice)

  static var sums: PopulationSums {
    var sums = PopulationSums()
    for score in stride(from: 0, through: 1_000, by: 7) {
      sums.before.add(score: score)
      sums.after.add(score: 1_000 - score)
      sums.tiers.add(Tier.allCases[score % 5], Tier.allCases[score % 3])
    }
    return sums
  }

  static let row = RescoreRow(
    account: AccountKey(.merchant, AccountID(.max)),
    before: RescoreRow.Verdict(
      score: 1_000, scoreFloor: 999, tier: .a, reasons: [.m01QualityRefundsHigh, .m02LatePickup]),
    after: RescoreRow.Verdict(score: 0, scoreFloor: 0, tier: .e))

  static var rescorePart: RescorePart {
    var part = RescorePart(
      shard: 3, shardCount: 16, walkedCount: .max, accountCount: 7, asOf: Sample.newYear)
    part.isComplete = true
    part.policyHash = .max
    part.candidateHash = 1
    part.buyers = sums
    part.merchants.tiers.add(.b, .c)
    part.movers = [row, row]
    var claims = ClaimComparison()
    claims.claimCount = 9
    claims.unreadableCount = 2
    claims.outcomes.note(.manualReview, .platformCompensates)
    claims.subsidyBefore = Minor(.max)
    claims.subsidyAfter = Minor(-5)
    claims.reviewedBefore = Minor(7)
    claims.reviewedAfter = Minor(.max)
    part.claims = claims
    part.claimTotal = 11
    return part
  }

  static var rowsPart: RescorePart {
    var part = RescorePart(
      shard: 0, shardCount: 1, walkedCount: 0, accountCount: 0, asOf: .zero)
    part.rows = Array(repeating: row, count: 1_000)
    return part
  }

  static let change = AccountChange(
    account: AccountKey(.buyer, AccountID(5)), what: .certification, before: 0, after: 255,
    at: Sample.newYear, position: LogPosition(.max))

  static var parts: [(Method, StreamPart)] {
    [
      (
        .sweep,
        .sweep(
          SweepPart(
            steps: [
              SweepStep(
                merchant: AccountID(.max), before: .restricted, after: .clearOutNotice,
                finding: finding, callsFor: .clearOutNotice, shadowCallsFor: .clearOutNotice,
                isWaiting: true),
              SweepStep(
                merchant: AccountID(1), before: .normal, after: .normal, callsFor: .normal,
                shadowCallsFor: .watch, isWaiting: false),
            ], walkedCount: 5, accountCount: 6))
      ),
      (.sweep, .sweep(SweepPart(steps: [], walkedCount: 0, accountCount: 0))),
      (.rescore, .rescore(rescorePart)), (.rescore, .rescore(rowsPart)),
      (.watch, .watch(WatchPart(changes: [change, change], cursor: LogPosition(9)))),
      (.watch, .watch(WatchPart(changes: [], cursor: .zero))),
      (.kpi, .kpi(KeyFiguresPart(walkedCount: 1, totalCount: .max))),
    ]
  }

  static var sweepEnd: SweepEnd {
    var end = SweepEnd(policyVersion: 5, policyHash: .max, asOf: Sample.newYear)
    end.merchantCount = 10
    end.standings = [1, 2, 3, 4, 5]
    (end.worseCount, end.betterCount, end.waitingCount, end.refusedCount) = (6, 7, 8, 9)
    (end.shadowHash, end.shadowWorseCount) = (77, 3)
    end.position = LogPosition(12)
    return end
  }

  static let rescoreEnd = RescoreEnd(
    asOf: Sample.newYear, policyVersion: 5, policyHash: 6, candidateVersion: 7, candidateHash: 8,
    candidateName: "strict", position: LogPosition(9), scanMicroseconds: 10)

  static var keyFigures: KeyFigures {
    var figures = KeyFigures(
      from: Sample.newYear, to: UnixSeconds(.max), policyVersion: 5, policyHash: 6)
    for index in 0..<40 as Range<UInt32> {
      figures.claims.add(
        ClaimFacts(
          openedAt: UnixSeconds(Sample.newYear.rawValue + index * 50_000),
          verdictAt: UnixSeconds(Sample.newYear.rawValue + index * 90_000), amount: Minor(100),
          outcome: Outcome.allCases[Int(index) % 5], firstOutcome: .manualReview,
          shadowOutcome: index % 3 == 0 ? .decline : nil,
          verdict: index % 2 == 0 ? .abuse : nil,
          subsidy: index % 4 == 0 ? .committed : .none, appeal: .none, isWithdrawn: index % 7 == 0))
    }
    figures.market.orders = 1e9
    figures.market.falseShipments = 0.5
    (figures.market.latePickups, figures.market.noStock) = (1.5, 2.5)
    figures.market.qualityRefunds = 3.5
    figures.market.standings = [9, 8, 7, 6, 5]
    figures.market.steps = [1, 2, 3, 4, 5]
    figures.market.stepAppealsUpheld = 6
    figures.buyers = sums
    figures.shadowHash = 99
    figures.position = LogPosition(.max)
    return figures
  }

  static var ends: [(Method, StreamEnd)] {
    [
      (.sweep, .sweep(sweepEnd)), (.rescore, .rescore(rescoreEnd)),
      (.watch, .watch(LogPosition(.max))), (.kpi, .kpi(keyFigures)),
      (.kpi, .kpi(KeyFigures(from: .zero, to: .zero, policyVersion: 0, policyHash: 0))),
    ]
  }
}
