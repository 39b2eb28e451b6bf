import IntegrityCore
import Synchronization

/// The policy in force, for threads that only look things up.
public final class PolicyBoard: Sendable {
  private let changes = Atomic<UInt64>(0)
  private let posted: Mutex<ShelvedPolicy>

  init(_ policy: ShelvedPolicy) { posted = Mutex(policy) }

  /// Changes with the policy: to be compared with what was seen last. About 1 ns.
  public var generation: UInt64 { changes.load(ordering: .acquiring) }

  public var policy: ShelvedPolicy { posted.withLock { $0 } }

  /// The sequencer's.
  func post(_ policy: ShelvedPolicy) {
    let isNew = posted.withLock { old in
      if old.policy === policy.policy { return false }
      old = policy
      return true
    }
    if isNew { changes.wrappingAdd(1, ordering: .releasing) }
  }
}
