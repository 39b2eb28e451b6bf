import IntegrityCore
import Rescoring

// The messages of streamed calls as Swift values. What each field means is documented in
// Protos/probity/v1/integrity.proto.

/// What a client asks for that is answered in parts.
public enum StreamRequest: Equatable, Sendable {
  /// Zero = now.
  case sweep(at: UnixSeconds, actor: String, reason: String)
  case rescore(RescoreOrder)
  case watch(WatchOrder)
  /// Zero = as the daemon has it: until now, 90 days.
  case kpi(from: UnixSeconds, to: UnixSeconds)

  public var method: Method {
    switch self {
    case .sweep: .sweep
    case .rescore: .rescore
    case .watch: .watch
    case .kpi: .kpi
    }
  }
}

/// A part of an answer.
public enum StreamPart: Equatable, Sendable {
  case sweep(SweepPart)
  case rescore(RescorePart)
  case watch(WatchPart)
  case kpi(KeyFiguresPart)
}

/// The end of an answer.
public enum StreamEnd: Equatable, Sendable {
  case sweep(SweepEnd)
  case rescore(RescoreEnd)
  /// All changes up to there were told.
  case watch(LogPosition)
  case kpi(KeyFigures)
}
