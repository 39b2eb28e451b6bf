import AccountStore
import IntegrityCore
import ProbityWire

/// Overlaps the cache misses of the Score calls that came in one read.
///
/// An account is two cache misses, its bucket and its record, which take longer
/// than all else that a Score does. A client with several calls in flight sends
/// them together: while one is answered, the records of the calls behind it and the
/// buckets of those still further are on their way.
struct Lookahead {
  /// Of the calls looked at and not yet answered, by their number.
  private var hashes = InlineArray<16, Shard.Hash?>(repeating: nil)
  private var offset = 0
  private var bucketCount = 0
  private var recordCount = 0
  private var answeredCount = 0

  /// Begins with the first call of a read.
  mutating func restart() {
    offset = 0
    bucketCount = 0
    recordCount = 0
    answeredCount = 0
  }

  /// To be called before each call in `bytes` is answered, in their order. A few ns.
  mutating func advance(_ bytes: UnsafeRawBufferPointer, _ table: AccountTable) {
    while bucketCount < answeredCount + AccountTable.bucketDistance {
      guard let frame = unsafe ScoreHint.frame(in: bytes, at: offset) else { break }
      let hash = frame.account.map { table.hash(of: $0) }
      if let hash { table.prefetchBucket(hash) }
      hashes[bucketCount & 15] = hash
      offset += frame.sizeBytes
      bucketCount += 1
    }
    // One alone is read at once: there is nothing to overlap it with.
    while recordCount < bucketCount && recordCount < answeredCount + AccountTable.recordDistance {
      if bucketCount > 1, let hash = hashes[recordCount & 15] { table.prefetchRecord(hash) }
      recordCount += 1
    }
    answeredCount += 1
  }
}
