import IntegrityCore
import ProbityEngine
import ProbityWire

// The one table from what can go wrong to the status that says so.

extension FrameFault {
  var status: StatusCode {
    switch self {
    case .oversized: .resourceExhausted
    case .checksum: .dataLoss
    case .unknownType: .unimplemented
    }
  }
}

extension HelloFault {
  var status: StatusCode {
    switch self {
    case .wrongMagic, .malformed: .invalidArgument
    case .wrongVersion: .failedPrecondition
    }
  }
}

extension CallFailure {
  static let deadlinePassed = CallFailure(
    .deadlineExceeded, "the deadline passed before the call was begun")

  static func overloaded(_ limits: ServerLimits) -> CallFailure {
    CallFailure(
      .unavailable, "too many commands are waiting: come back later",
      retryAfterMilliseconds: limits.retryAfterMilliseconds)
  }

  static func draining(retryAfter limits: ServerLimits) -> CallFailure {
    CallFailure(
      .unavailable, "the server is shutting down: use another connection",
      retryAfterMilliseconds: limits.retryAfterMilliseconds)
  }

  /// - Parameter incident: logs a fault of ours and gives it a number.
  static func noSnapshot(
    _ failure: SnapshotFailure, _ limits: ServerLimits, incident: (String) -> UInt64
  ) -> CallFailure {
    switch failure {
    case .notDurable:
      CallFailure(
        .failedPrecondition,
        "this daemon keeps its state in memory only: there is nowhere to put a snapshot")
    case .underWay: .snapshotUnderWay(limits)
    case .noSpace(let reason):
      CallFailure(.resourceExhausted, "no room on the disk for a snapshot: \(reason)")
    case .failed(let reason):
      CallFailure(
        .internal, "the snapshot failed, and the one before stays: \(reason)", notExecuted: false,
        incident: incident("snapshot: \(reason)"))
    case .closed: .draining(retryAfter: limits)
    }
  }

  static func snapshotUnderWay(_ limits: ServerLimits) -> CallFailure {
    CallFailure(
      .unavailable, "a snapshot is under way already: wait for it, or come back later",
      retryAfterMilliseconds: limits.snapshotRetryAfterMilliseconds)
  }

  static let snapshotLate = CallFailure(
    .deadlineExceeded,
    "the deadline passed while the snapshot was made; it goes on, and Status will tell of it",
    notExecuted: false)
}

extension EventFault {
  /// The field's name on the wire; Docs/EVENTS.md has those of the feed.
  var wireField: String {
    switch field {
    case "orderedAt", "openedAt": "refers_to_at"
    default: field
    }
  }
}
