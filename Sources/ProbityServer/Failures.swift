import IntegrityCore
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
