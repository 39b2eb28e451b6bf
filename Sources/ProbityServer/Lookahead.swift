import AccountStore
import IntegrityCore
import ProbityWire

/// Overlaps the cache misses of the Score calls that came in one read.
///
/// An account is two cache misses, its bucket and its record, which take longer
/// than all else that a Score does. A client with several calls in flight sends
/// them together, so they are looked at in groups: all buckets are asked for,
/// then all records, and only then is the first call answered.
struct Lookahead {
  /// As many as `AccountTable.records` keeps in flight.
  private static let groupCalls = 16

  private var accounts: [AccountKey] = []

  init() { accounts.reserveCapacity(Self.groupCalls) }

  /// Asks for the accounts of the next calls in `bytes`. A few ns a call.
  ///
  /// - Returns: the bytes of the calls looked at.
  mutating func askAhead(_ bytes: UnsafeRawBufferPointer, _ table: AccountTable) -> Int {
    accounts.removeAll(keepingCapacity: true)
    // Safe: the accounts are copies; nothing keeps the pointer.
    let lookedAtBytes = unsafe ScoreHint.accounts(in: bytes, countMax: Self.groupCalls) {
      accounts.append($0)
    }
    // One alone is read at once: there is nothing to overlap it with.
    if accounts.count < 2 { return lookedAtBytes }
    for account in accounts { table.prefetchBucket(of: account) }
    for account in accounts { table.prefetchRecord(of: account) }
    return lookedAtBytes
  }
}
