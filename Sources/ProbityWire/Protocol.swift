/// Constants of the protocol: part of what two peers agree on.
public enum ProtocolLimits {
  public static let version: UInt16 = 1
  /// "PRBY", the first bytes of a HELLO payload.
  public static let magic: [UInt8] = [0x50, 0x52, 0x42, 0x59]
  /// Magic, version and two zero bytes: what comes before the `Hello` message.
  public static let helloPrefixBytes = 8
  public static let payloadBytesMax: UInt32 = 4 << 20
  public static let payloadBytesMaxBeforeHello: UInt32 = 4 << 10
  public static let batchAccountsMax = 65_536
  public static let recordCommandsMax = 10_000
  /// Memory that decoding one message may take: what the largest honest
  /// message of 4 MiB needs four times over.
  public static let decodeBytesMax = 16 << 20
  public static let tokenBytesMax = 1_024
  /// A policy's document.
  public static let policyBytesMax = 65_536
  /// Of all documents in one GetPolicies.
  public static let policyTextsBytesMax = 1 << 20
  /// Differences in one GetShadow, and what is given where nothing is said.
  public static let shadowCountMax: UInt32 = 1_000
  public static let shadowCountStandard: UInt32 = 100
  /// Accounts of one Watch.
  public static let watchAccountsMax = 65_536
  /// Bytes of parts that a server sends on a stream, and on all streams of a connection, before
  /// the client grants more; and the most that can be granted.
  public static let streamCreditBytes = 256 << 10
  public static let connectionCreditBytes = 1 << 20
  public static let creditBytesMax = 64 << 20
}

/// Methods of `probity.v1.Integrity` by their number on the wire.
public enum Method: UInt16, Sendable, CaseIterable {
  case score = 1
  case scoreBatch = 2
  case explain = 3
  case record = 4
  case status = 5
  case health = 6
  case snapshot = 7
  case openClaim = 8
  case decideClaim = 9
  case withdrawClaim = 10
  case getClaim = 11
  case settleSubsidy = 12
  case openAppeal = 13
  case decideAppeal = 14
  case affectedDecisions = 15
  case setBudget = 16
  case getBudgets = 17
  case setOverride = 18
  case clearOverride = 19
  case getOverrides = 20
  case linkAccounts = 21
  case unlinkAccounts = 22
  case putPolicy = 23
  case activatePolicy = 24
  case shadowPolicy = 25
  case getPolicies = 26
  case getShadow = 27
  case assess = 28
  case decideStanding = 29
  case appealStanding = 30
  case decideStandingAppeal = 31
  case certify = 32
  case revokeCertification = 33
  case getStanding = 34
  case getStandings = 35
  case sweep = 36
  case rescore = 37
  case watch = 38
  case kpi = 39

  /// As in the documentation and in logs.
  public var name: String {
    switch self {
    case .score: "Score"
    case .scoreBatch: "ScoreBatch"
    case .explain: "Explain"
    case .record: "Record"
    case .status: "Status"
    case .health: "Health"
    case .snapshot: "Snapshot"
    case .openClaim: "OpenClaim"
    case .decideClaim: "DecideClaim"
    case .withdrawClaim: "WithdrawClaim"
    case .getClaim: "GetClaim"
    case .settleSubsidy: "SettleSubsidy"
    case .openAppeal: "OpenAppeal"
    case .decideAppeal: "DecideAppeal"
    case .affectedDecisions: "AffectedDecisions"
    case .setBudget: "SetBudget"
    case .getBudgets: "GetBudgets"
    case .setOverride: "SetOverride"
    case .clearOverride: "ClearOverride"
    case .getOverrides: "GetOverrides"
    case .linkAccounts: "LinkAccounts"
    case .unlinkAccounts: "UnlinkAccounts"
    case .putPolicy: "PutPolicy"
    case .activatePolicy: "ActivatePolicy"
    case .shadowPolicy: "ShadowPolicy"
    case .getPolicies: "GetPolicies"
    case .getShadow: "GetShadow"
    case .assess: "Assess"
    case .decideStanding: "DecideStanding"
    case .appealStanding: "AppealStanding"
    case .decideStandingAppeal: "DecideStandingAppeal"
    case .certify: "Certify"
    case .revokeCertification: "RevokeCertification"
    case .getStanding: "GetStanding"
    case .getStandings: "GetStandings"
    case .sweep: "Sweep"
    case .rescore: "Rescore"
    case .watch: "Watch"
    case .kpi: "Kpi"
    }
  }

  /// Whether the sequencer answers it, as one of the dispute desk.
  @inlinable public var isOfDesk: Bool {
    rawValue >= Method.openClaim.rawValue && !isStreamed
  }

  /// Whether it is answered with parts, and a RESPONSE behind them.
  @inlinable public var isStreamed: Bool { rawValue >= Method.sweep.rawValue }
}

/// gRPC's canonical status codes, by their numbers.
public enum StatusCode: UInt16, Sendable, CaseIterable {
  case ok = 0
  case cancelled = 1
  case unknown = 2
  case invalidArgument = 3
  case deadlineExceeded = 4
  case notFound = 5
  case alreadyExists = 6
  case permissionDenied = 7
  case resourceExhausted = 8
  case failedPrecondition = 9
  case aborted = 10
  case outOfRange = 11
  case unimplemented = 12
  case `internal` = 13
  case unavailable = 14
  case dataLoss = 15
  case unauthenticated = 16

  /// "INVALID_ARGUMENT": as gRPC spells it.
  public var name: String {
    [
      "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
      "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
      "UNAUTHENTICATED",
    ][Int(rawValue)]
  }
}

/// A call's failure as it crosses the wire.
public struct CallFailure: Error, Equatable, Sendable {
  public var status: StatusCode
  /// What is wrong and what would be right.
  public var message: String
  /// Path of the offending field, or "".
  public var field: String
  /// Record: index of the offending command in the request.
  public var commandIndex: Int?
  /// True: the call had no effect.
  public var notExecuted: Bool
  /// 0 = not said.
  public var retryAfterMilliseconds: UInt32
  /// INTERNAL: the number under which the server's log holds the cause; 0 = none.
  public var incident: UInt64

  public init(
    _ status: StatusCode, _ message: String, field: String = "", commandIndex: Int? = nil,
    notExecuted: Bool = true, retryAfterMilliseconds: UInt32 = 0, incident: UInt64 = 0
  ) {
    self.status = status
    self.message = message
    self.field = field
    self.commandIndex = commandIndex
    self.notExecuted = notExecuted
    self.retryAfterMilliseconds = retryAfterMilliseconds
    self.incident = incident
  }
}
