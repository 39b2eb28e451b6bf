import ClaimStore
import IntegrityCore
import Synchronization

/// A tier that an operator has set.
public struct TierOverride: Sendable, Equatable {
  public let tier: Tier
  /// Zero = never.
  public let endsAt: UnixSeconds
}

/// Tiers that operators have set, for threads that look accounts up.
///
/// Where nobody has one, which is usual, looking costs a load; otherwise a lock and a
/// dictionary.
public final class OverrideBoard: Sendable {
  private let count = Atomic<Int>(0)
  private let tiers = Mutex<[AccountKey: TierOverride]>([:])

  init() {}

  /// The tier that is set for `account` at `now`, or nil. Any thread.
  @inline(__always)
  public func tier(of account: AccountKey, at now: UnixSeconds) -> Tier? {
    if count.load(ordering: .relaxed) == 0 { return nil }
    return lookUp(account, now)
  }

  /// Whether any account has one. Any thread.
  public var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

  @inline(never)
  private func lookUp(_ account: AccountKey, _ now: UnixSeconds) -> Tier? {
    guard let found = tiers.withLock({ $0[account] }) else { return nil }
    return found.endsAt == .zero || found.endsAt > now ? found.tier : nil
  }

  /// The sequencer's: what was set is in force for those who look from now on.
  func set(_ override: TierOverride?, of account: AccountKey) {
    tiers.withLock {
      $0[account] = override
      count.store($0.count, ordering: .relaxed)
    }
  }

  /// Those of a state that was recovered.
  func set(from desk: ClaimDesk) {
    for number in desk.orders.first..<desk.orders.next {
      let entry = desk.orders[number]
      guard entry.kind == .override, entry.choice == OverrideKind.tier.rawValue, !entry.isOver,
        desk.orders.newest(entry.subject) == number,
        let kind = AccountKind(rawValue: entry.keyKind),
        let tier = Tier(rawValue: UInt8(truncatingIfNeeded: entry.value))
      else { continue }
      set(
        TierOverride(tier: tier, endsAt: entry.endsAt),
        of: AccountKey(kind, AccountID(entry.key)))
    }
  }
}
