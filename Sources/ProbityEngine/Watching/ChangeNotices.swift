import Synchronization

/// Wakes those who tell of changes, once a group of commands.
///
/// Where nobody listens, which is usual, it costs the sequencer a load.
public final class ChangeNotices: Sendable {
  private let count = Atomic<Int>(0)
  private let listeners = Mutex<[(owner: ObjectIdentifier, wake: @Sendable () -> Void)]>([])
  private let toldNext = Atomic<UInt64>(0)

  init() {}

  /// - Parameters:
  ///   - owner: who listens: once, until `stop`.
  ///   - wake: called by the sequencer; must not wait.
  public func listen(_ owner: AnyObject, _ wake: @escaping @Sendable () -> Void) {
    listeners.withLock {
      $0.append((ObjectIdentifier(owner), wake))
      count.store($0.count, ordering: .relaxed)
    }
  }

  package var listenerCount: Int { count.load(ordering: .relaxed) }

  public func stop(_ owner: AnyObject) {
    listeners.withLock {
      $0.removeAll { $0.owner == ObjectIdentifier(owner) }
      count.store($0.count, ordering: .relaxed)
    }
  }

  /// The sequencer's, behind a group: `next` is the number of the next change.
  func tell(next: UInt64) {
    if count.load(ordering: .relaxed) == 0 || toldNext.load(ordering: .relaxed) == next { return }
    toldNext.store(next, ordering: .relaxed)
    for listener in listeners.withLock({ $0 }) { listener.wake() }
  }
}
