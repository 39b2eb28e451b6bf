import IntegrityCore

// The messages of Protos/probity/v1/integrity.proto as Swift values. What each
// field means is documented there.

public struct Hello: Equatable, Sendable {
  public var schemaHash: UInt64
  public var payloadBytesMax: UInt32
  public var inFlightMax: UInt32
  public var token: [UInt8]
  public var agent: String

  public init(
    schemaHash: UInt64, payloadBytesMax: UInt32, inFlightMax: UInt32, token: [UInt8], agent: String
  ) {
    self.schemaHash = schemaHash
    self.payloadBytesMax = payloadBytesMax
    self.inFlightMax = inFlightMax
    self.token = token
    self.agent = agent
  }
}

public struct GoAway: Equatable, Sendable {
  public var lastStream: UInt32
  public var status: StatusCode
  public var message: String

  public init(lastStream: UInt32, status: StatusCode, message: String) {
    self.lastStream = lastStream
    self.status = status
    self.message = message
  }
}

/// Score and Explain: one account, at the server's clock where `asOf` is nil.
public struct AccountRequest: Equatable, Sendable {
  public var account: AccountKey
  public var asOf: UnixSeconds?

  @inlinable
  public init(account: AccountKey, asOf: UnixSeconds?) {
    self.account = account
    self.asOf = asOf
  }
}

/// What every answer that judges says about what it was judged by.
public struct JudgementBasis: Equatable, Sendable {
  public var asOf: UnixSeconds
  public var logPosition: LogPosition
  public var policyVersion: UInt32
  public var policyHash: UInt64
  public var isDegraded: Bool

  @inlinable
  public init(
    asOf: UnixSeconds, logPosition: LogPosition, policyVersion: UInt32, policyHash: UInt64,
    isDegraded: Bool
  ) {
    self.asOf = asOf
    self.logPosition = logPosition
    self.policyVersion = policyVersion
    self.policyHash = policyHash
    self.isDegraded = isDegraded
  }
}

public struct ScoreReply: Equatable, Sendable {
  public var isKnown: Bool
  public var score: Int
  public var scoreFloor: Int
  public var tier: Tier
  public var confidence: Float
  public var reasons: [Reason]
  public var basis: JudgementBasis

  public init(
    isKnown: Bool, score: Int, scoreFloor: Int, tier: Tier, confidence: Float, reasons: [Reason],
    basis: JudgementBasis
  ) {
    self.isKnown = isKnown
    self.score = score
    self.scoreFloor = scoreFloor
    self.tier = tier
    self.confidence = confidence
    self.reasons = reasons
    self.basis = basis
  }
}

/// One account of a batch: bits 0–9 score, 10–19 floor, 20–22 tier, 23 known, 24 tier set
/// by an operator.
public struct PackedVerdict: Equatable, Sendable {
  public let rawValue: UInt32

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  @inlinable
  public init(score: Int, scoreFloor: Int, tier: Tier, isKnown: Bool) {
    rawValue =
      UInt32(truncatingIfNeeded: score) | UInt32(truncatingIfNeeded: scoreFloor) << 10
      | UInt32(tier.rawValue) << 20 | (isKnown ? 1 << 23 : 0)
  }

  @inlinable public var score: Int { Int(rawValue & 0x3ff) }
  @inlinable public var scoreFloor: Int { Int(rawValue >> 10 & 0x3ff) }
  @inlinable public var tier: Tier { Tier(rawValue: UInt8(rawValue >> 20 & 7)) ?? .e }
  @inlinable public var isKnown: Bool { rawValue >> 23 & 1 == 1 }
  /// The tier is not the score's, but one that an operator has set.
  @inlinable public var isOverridden: Bool { rawValue >> 24 & 1 == 1 }

  /// With the tier that an operator has set.
  public func overridden(by tier: Tier) -> PackedVerdict {
    PackedVerdict(rawValue: rawValue & ~(7 << 20) | UInt32(tier.rawValue) << 20 | 1 << 24)
  }
}

/// What sourcing tools sort a merchant by: bits 0–2 standing, 3–5 certification, 6–16 weight.
public struct PackedSourcing: Equatable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  @inlinable
  public init(_ standing: Standing, _ certification: Certification?, weight: Int) {
    rawValue =
      UInt32(standing.rawValue) | UInt32(certification?.rawValue ?? 0) << 3
      | UInt32(truncatingIfNeeded: weight) << 6
  }

  public var standing: Standing { Standing(rawValue: UInt8(rawValue & 7)) ?? .clearedOut }
  public var certification: Certification? { Certification(rawValue: UInt8(rawValue >> 3 & 7)) }
  /// In thousandths: 0 … 2,000.
  public var weight: Int { Int(rawValue >> 6 & 0x7ff) }
}

public struct ScoreBatchReply: Equatable, Sendable {
  public var verdicts: [PackedVerdict]
  public var confidences: [Float]
  /// Empty unless it was asked for.
  public var sourcing: [PackedSourcing]
  public var basis: JudgementBasis

  public init(
    verdicts: [PackedVerdict], confidences: [Float], sourcing: [PackedSourcing] = [],
    basis: JudgementBasis
  ) {
    self.verdicts = verdicts
    self.confidences = confidences
    self.sourcing = sourcing
    self.basis = basis
  }
}

public struct ExplainReply: Equatable, Sendable {
  public struct Dimension: Equatable, Sendable {
    public var name: String
    public var reasonCode: UInt16
    public var events: Double
    public var exposure: Double
    public var rate: Double
    public var rateUpper: Double
    public var ratePrior: Double
    public var points: Double
    public var pointsFloor: Double

    public init(
      name: String, reasonCode: UInt16, events: Double, exposure: Double, rate: Double,
      rateUpper: Double, ratePrior: Double, points: Double, pointsFloor: Double
    ) {
      self.name = name
      self.reasonCode = reasonCode
      self.events = events
      self.exposure = exposure
      self.rate = rate
      self.rateUpper = rateUpper
      self.ratePrior = ratePrior
      self.points = points
      self.pointsFloor = pointsFloor
    }
  }

  public struct Entry: Equatable, Sendable {
    public var name: String
    public var value: Double

    public init(name: String, value: Double) {
      self.name = name
      self.value = value
    }
  }

  public struct Change: Equatable, Sendable {
    public var text: String
    public var textChinese: String
    public var cleanOrders: UInt32
    public var days: UInt32
    public var tier: Tier

    public init(
      text: String, textChinese: String, cleanOrders: UInt32, days: UInt32, tier: Tier
    ) {
      self.text = text
      self.textChinese = textChinese
      self.cleanOrders = cleanOrders
      self.days = days
      self.tier = tier
    }
  }

  public var verdict: ScoreReply
  /// Chance that the next order goes wrong through the account's fault, 0…1: by the
  /// score, and by its floor.
  public var probability: Double
  public var probabilityAtFloor: Double
  public var pointsBase: Double
  public var dimensions: [Dimension]
  public var evidence: [Entry]
  public var changes: [Change]
  public var lastEventAt: UnixSeconds
  public var firstEventDayAt: UnixSeconds
  public var distinctCounterparties: UInt32
  public var tierByScore: Tier

  public init(
    verdict: ScoreReply, probability: Double, probabilityAtFloor: Double, pointsBase: Double,
    dimensions: [Dimension], evidence: [Entry], changes: [Change], lastEventAt: UnixSeconds,
    firstEventDayAt: UnixSeconds,
    distinctCounterparties: UInt32, tierByScore: Tier
  ) {
    self.verdict = verdict
    self.probability = probability
    self.probabilityAtFloor = probabilityAtFloor
    self.pointsBase = pointsBase
    self.dimensions = dimensions
    self.evidence = evidence
    self.changes = changes
    self.lastEventAt = lastEventAt
    self.firstEventDayAt = firstEventDayAt
    self.distinctCounterparties = distinctCounterparties
    self.tierByScore = tierByScore
  }
}

public struct RecordReply: Equatable, Sendable {
  public var applied: UInt32
  public var duplicates: UInt32
  public var highestSequence: UInt64
  public var logPosition: LogPosition

  public init(
    applied: UInt32, duplicates: UInt32, highestSequence: UInt64, logPosition: LogPosition
  ) {
    self.applied = applied
    self.duplicates = duplicates
    self.highestSequence = highestSequence
    self.logPosition = logPosition
  }
}

public struct StatusReply: Equatable, Sendable {
  public var version = ""
  public var uptimeSeconds: UInt64 = 0
  public var logPosition = LogPosition.zero
  public var stateHash: UInt64 = 0
  public var buyers: UInt64 = 0
  public var merchants: UInt64 = 0
  public var memoryBytes: UInt64 = 0
  public var policyVersion: UInt32 = 0
  public var policyHash: UInt64 = 0
  public var policyName = ""
  public var durability = ""
  public var connections: UInt32 = 0
  public var commandsQueued: UInt64 = 0
  public var commandsApplied: UInt64 = 0
  public var commandsDuplicate: UInt64 = 0
  public var lookups: UInt64 = 0
  public var callsRefused: UInt64 = 0
  public var isDraining = false
  public var eventLoops: UInt32 = 0
  public var halfLifeSeconds: UInt64 = 0
  public var durablePosition = LogPosition.zero
  public var snapshotPosition = LogPosition.zero
  /// `.zero` = there is no snapshot.
  public var snapshotAt = UnixSeconds.zero
  public var snapshotBytes: UInt64 = 0
  public var snapshotDurationMicroseconds: UInt64 = 0
  public var snapshotPauseMicroseconds: UInt64 = 0
  public var logBytes: UInt64 = 0
  public var logSegments: UInt32 = 0
  public var diskFreeBytes: UInt64 = 0
  public var sources: UInt64 = 0
  public var recoveredCommands: UInt64 = 0
  public var recoveryMicroseconds: UInt64 = 0
  public var tornTails: UInt32 = 0
  /// Empty = commands are recorded.
  public var recordingRefused = ""
  /// Claims remembered.
  public var claims: UInt64 = 0

  public init() {}
}

/// The snapshot that a call made.
public struct SnapshotReply: Equatable, Sendable {
  public var logPosition: LogPosition
  public var stateHash: UInt64
  public var accounts: UInt64
  public var bytes: UInt64
  public var durationMicroseconds: UInt64
  public var pauseMicroseconds: UInt64

  public init(
    logPosition: LogPosition, stateHash: UInt64, accounts: UInt64, bytes: UInt64,
    durationMicroseconds: UInt64, pauseMicroseconds: UInt64
  ) {
    self.logPosition = logPosition
    self.stateHash = stateHash
    self.accounts = accounts
    self.bytes = bytes
    self.durationMicroseconds = durationMicroseconds
    self.pauseMicroseconds = pauseMicroseconds
  }
}

public enum ServingStatus: UInt8, Sendable {
  case unknown = 0
  case serving = 1
  case notServing = 2
}
