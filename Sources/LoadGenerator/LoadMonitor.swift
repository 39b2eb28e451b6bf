import Synchronization

/// What another thread may know of a running loop, and tell it.
public final class LoadMonitor: Sendable {
  private let answered = Atomic<UInt64>(0)
  private let stop = Atomic<Bool>(false)

  public init() {}

  /// Replies of the whole run so far, warm-up included.
  public var answeredCount: UInt64 { answered.load(ordering: .relaxed) }

  /// Has the loop end soon, with what was measured so far.
  public func requestStop() { stop.store(true, ordering: .relaxed) }

  @inline(__always)
  var isStopRequested: Bool { stop.load(ordering: .relaxed) }

  @inline(__always)
  func publish(answeredCount: UInt64) { answered.store(answeredCount, ordering: .relaxed) }
}
