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
    }
  }
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
