import Synchronization

/// Tells one listener, once, that the log has failed. Any thread.
final class FailureNotice: Sendable {
  typealias Listener = @Sendable (_ reason: String) -> Void

  private struct State {
    var reason: String?
    var listener: Listener?
  }

  private let state = Mutex(State())

  /// The first reason that was raised.
  var reason: String? { state.withLock { $0.reason } }

  /// The first reason stays; the listener hears of no other.
  func raise(_ reason: String) {
    let listener: Listener? = state.withLock {
      if $0.reason != nil { return nil }
      $0.reason = reason
      return $0.listener
    }
    listener?(reason)
  }

  /// Calls `listener` when a reason is raised, or at once if one was.
  func listen(_ listener: @escaping Listener) {
    let reason: String? = state.withLock {
      if $0.reason == nil { $0.listener = listener }
      return $0.reason
    }
    if let reason { listener(reason) }
  }
}
