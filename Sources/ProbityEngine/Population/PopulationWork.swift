import IntegrityCore
import Rescoring

/// Long work on the whole population: one at a time, on threads of its own that give way to
/// all others.
public enum PopulationWork: Sendable {
  case rescore(RescoreOrder)
  /// By whom and why; zero = now.
  case sweep(at: UnixSeconds, actor: String, reason: String)
  /// Of claims opened from one time on and before another, and of the merchants as of then.
  case figures(from: UnixSeconds, to: UnixSeconds)
}

/// What is told while it goes on.
public enum PopulationPart: Sendable {
  case rescore(RescorePart)
  case sweep(SweepPart)
  case figures(KeyFiguresPart)
}

/// How it ends.
public enum PopulationEnd: Sendable {
  case rescored(RescoreEnd)
  case swept(SweepEnd)
  case figured(KeyFigures)
  /// It cannot be done as it was asked: nothing was told before.
  case refused(DeskRefusal)
  /// Nobody wanted more, or nobody took what there was for too long.
  case cancelled
  /// The engine is shutting down, or the log has failed.
  case closed
}

/// Takes what is told of the work: the server's call.
public protocol PopulationSink: AnyObject, Sendable {
  /// Hands a part over; waits while those before are not taken. Any thread of the work.
  ///
  /// - Returns: false where nobody wants more.
  func put(_ part: PopulationPart) -> Bool
  /// Whether nobody wants more: to be asked now and then.
  var isCancelled: Bool { get }
  /// The last of all calls; no part comes behind it.
  func end(_ end: PopulationEnd)
}
