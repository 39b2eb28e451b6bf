import IntegrityCore
import ProbityWire

/// Values that several tests encode.
enum Sample {
  /// 2026-01-01T00:00:00Z.
  static let newYear = UnixSeconds(1_767_225_600)

  static let basis = JudgementBasis(
    asOf: newYear, logPosition: LogPosition(1_234), policyVersion: 1,
    policyHash: 0x1122_3344_5566_7788, isDegraded: false)

  static let basisOfExtremes = JudgementBasis(
    asOf: UnixSeconds(.max), logPosition: LogPosition(.max), policyVersion: .max,
    policyHash: .max, isDegraded: true)

  static let score = ScoreReply(
    isKnown: true, score: 871, scoreFloor: 803, tier: .b, confidence: 41.5,
    reasons: [
      Reason(code: .m05StrongMerchant, points: 62), Reason(code: .m02LatePickup, points: -11),
    ],
    basis: basis)

  static let scoreOfExtremes = ScoreReply(
    isKnown: true, score: 1_000, scoreFloor: 1_000, tier: .e,
    confidence: .greatestFiniteMagnitude,
    reasons: ReasonCode.allCases.map { Reason(code: $0, points: Int(Int32.min)) }
      + [Reason(code: .s01StaleState, points: Int(Int32.max))],
    basis: basisOfExtremes)

  static let scoreOfZeros = ScoreReply(
    isKnown: false, score: 0, scoreFloor: 0, tier: .a, confidence: 0, reasons: [],
    basis: JudgementBasis(
      asOf: .zero, logPosition: .zero, policyVersion: 0, policyHash: 0, isDegraded: false))

  static let explain = ExplainReply(
    verdict: score, probability: 0.03125, probabilityAtFloor: 1, pointsBase: 600,
    dimensions: [
      ExplainReply.Dimension(
        name: "latePickup", reasonCode: 202, events: 3.5, exposure: 41.5, rate: 0.0625,
        rateUpper: 0.125, ratePrior: 0.03125, points: -11.25, pointsFloor: -40.5),
      ExplainReply.Dimension(
        name: "", reasonCode: .max, events: -.infinity, exposure: .leastNonzeroMagnitude,
        rate: -0.0, rateUpper: .greatestFiniteMagnitude, ratePrior: 0, points: .infinity,
        pointsFloor: 1),
    ],
    evidence: [
      ExplainReply.Entry(name: "ordersSettled", value: 41.5),
      ExplainReply.Entry(name: "揽收不及时", value: -1e300),
    ],
    changes: [
      ExplainReply.Change(
        text: "30 clean orders", textChinese: "30笔", cleanOrders: 30, days: 0, tier: .a),
      ExplainReply.Change(text: "", textChinese: "", cleanOrders: .max, days: .max, tier: .e),
    ],
    lastEventAt: newYear, firstEventDayAt: UnixSeconds(.max), distinctCounterparties: .max,
    tierByScore: .c)

  static var status: StatusReply {
    var status = StatusReply()
    status.version = "0.1.0"
    status.uptimeSeconds = 1
    status.logPosition = LogPosition(2)
    status.stateHash = 3
    status.buyers = 4
    status.merchants = 5
    status.memoryBytes = 6
    status.policyVersion = 7
    status.policyHash = 8
    status.policyName = "默认"
    status.durability = "memory"
    status.connections = 9
    status.commandsQueued = 10
    status.commandsApplied = 11
    status.commandsDuplicate = 12
    status.lookups = 13
    status.callsRefused = 14
    status.isDraining = true
    status.eventLoops = 15
    status.halfLifeSeconds = .max
    status.durablePosition = LogPosition(16)
    status.snapshotPosition = LogPosition(17)
    status.snapshotAt = newYear
    status.snapshotBytes = 18
    status.snapshotDurationMicroseconds = 19
    status.snapshotPauseMicroseconds = 20
    status.logBytes = 21
    status.logSegments = .max
    status.diskFreeBytes = 22
    status.sources = 23
    status.recoveredCommands = 24
    status.recoveryMicroseconds = 25
    status.tornTails = 26
    status.recordingRefused = "磁盘已满"
    return status
  }

  static let snapshot = SnapshotReply(
    logPosition: LogPosition(1_235), stateHash: 0x1122_3344_5566_7788, accounts: 2, bytes: 4_096,
    durationMicroseconds: 15_000, pauseMicroseconds: 300)

  static func command(
    _ detail: EventDetail, sequence: UInt64 = 1, amount: Int64 = 12_900
  ) -> Command {
    let event = Event(
      at: newYear, buyer: AccountID(7), merchant: AccountID(42), order: 1_001, claim: 77,
      amount: Minor(amount), detail: detail)
    return Command(source: 9, sequence: sequence, event: event)
  }

  /// Every event there can be, but for times.
  static var everyDetail: [EventDetail] {
    var details: [EventDetail] = [
      .settled(orderedAt: .zero), .settled(orderedAt: UnixSeconds(1)),
      .settled(orderedAt: UnixSeconds(.max)), .pickedUp(late: false), .pickedUp(late: true),
      .compensated,
    ]
    for by in CancelledBy.allCases {
      for cause in CancelCause.allCases { details.append(.cancelled(by: by, cause: cause)) }
    }
    details += CarrierProof.allCases.map { .carrierProof($0) }
    for kind in ClaimKind.allCases {
      details += Allegation.allCases.map { .claimOpened(kind, $0) }
      details += Verdict.allCases.map { .claimDecided(kind, $0) }
    }
    details += Allegation.allCases.map { .claimWithdrawn(openedAt: newYear, $0) }
    details += ReturnCondition.allCases.map { .returnInspected($0) }
    return details
  }
}
