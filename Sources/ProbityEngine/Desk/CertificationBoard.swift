import ClaimStore
import IntegrityCore
import Synchronization

/// Until when merchants are certified, for threads that look accounts up.
///
/// As what is in the merchant's record; so who has no certification costs nothing, and others
/// a lock and a dictionary.
public final class CertificationBoard: Sendable {
  private let ends = Mutex<[AccountID: UnixSeconds]>([:])

  init() {}

  /// What `record` is certified as at `now`. Any thread.
  @inline(__always)
  public func inForce(_ record: AccountRecord, at now: UnixSeconds) -> Certification? {
    guard let certification = record.certification else { return nil }
    return isInForce(record.id, now) ? certification : nil
  }

  @inline(never)
  private func isInForce(_ merchant: AccountID, _ now: UnixSeconds) -> Bool {
    ends.withLock { $0[merchant].map { $0 > now } ?? false }
  }

  /// The sequencer's, behind a command about a merchant; nil = it is not certified.
  func set(_ endsAt: UnixSeconds?, of merchant: AccountID) {
    ends.withLock { $0[merchant] = endsAt }
  }

  /// Those of a state that was recovered.
  func set(from desk: ClaimDesk) {
    for number in desk.orders.first..<desk.orders.next {
      let entry = desk.orders[number]
      guard entry.kind == .certification, !entry.isRevocation,
        desk.orders.newest(entry.subject) == number
      else { continue }
      set(entry.endsAt, of: AccountID(entry.key))
    }
  }
}
