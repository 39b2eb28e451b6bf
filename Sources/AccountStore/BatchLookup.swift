import IntegrityCore

// Looking many accounts up at once: while one waits for memory, the others go on.

extension AccountTable {
  /// Reads many records, overlapping their cache misses.
  ///
  /// - Parameter body: called in order with the index in `ids` and the record.
  @inline(__always)
  public func records(
    of ids: Span<UInt64>, kind: AccountKind, _ body: (Int, AccountRecord?) -> Void
  ) {
    var lookups = LookupsUnderWay()
    for index in 0..<(ids.count &+ LookupsUnderWay.bucketDistance) {
      if index < ids.count {
        lookups.begin(index, hash(of: AccountKey(kind, AccountID(ids[index]))), in: self)
      }
      let current = index &- LookupsUnderWay.bucketDistance
      lookups.findRecord(current &+ LookupsUnderWay.recordDistance, in: self)
      lookups.findInOverflow(current &+ LookupsUnderWay.overflowDistance, in: self)
      if current >= 0 {
        body(current, lookups.read(current, AccountKey(kind, AccountID(ids[current])), in: self))
      }
    }
  }
}

/// Lookups of accounts in a row, each at one of four steps.
///
/// Its bucket is asked for; the bucket is looked at, and the record asked for, or else
/// the bucket's overflow; that is looked at likewise; the record is read. Until the last
/// step nothing is under the sequence lock, and what was found is a guess. A record never
/// moves, so the last step looks only whether the guess is the account's record, under
/// the lock, and searches where it is not.
struct LookupsUnderWay {
  /// A step's distance to the last, in accounts. Between two steps lies what a core does
  /// with several other accounts: longer than a cache miss.
  static let bucketDistance = 24
  static let recordDistance = 12
  static let overflowDistance = 6

  /// By the account's number in the row, modulo a power of two above the longest distance.
  private var hashes = InlineArray<32, UInt64>(repeating: 0)
  /// Offset of the bucket, then of the record, or 0 where it was not found.
  private var offsets = InlineArray<32, Int>(repeating: 0)
  /// Offset of the overflow bucket to be looked at, or 0.
  private var overflows = InlineArray<32, Int>(repeating: 0)

  @inline(__always)
  mutating func begin(_ index: Int, _ hash: Shard.Hash, in table: AccountTable) {
    let shard = table.shard(of: hash)
    let offset = shard.homeOffset(hash)
    shard.prefetch(offset)
    hashes[index & 31] = hash.bits
    offsets[index & 31] = offset
  }

  /// - Parameter index: where there is no such account, what is found is not used.
  @inline(__always)
  mutating func findRecord(_ index: Int, in table: AccountTable) {
    let hash = Shard.Hash(bits: hashes[index & 31])
    let shard = table.shard(of: hash)
    let bucket = offsets[index & 31]
    let slot = shard.likelySlot(hash, inBucketAt: bucket)
    let record = slot.map { shard.recordOffset($0) } ?? 0
    let overflow = slot == nil ? shard.nextOffset(bucket) ?? 0 : 0
    shard.prefetch(record | overflow)
    offsets[index & 31] = record
    overflows[index & 31] = overflow
  }

  @inline(__always)
  mutating func findInOverflow(_ index: Int, in table: AccountTable) {
    let overflow = overflows[index & 31]
    if overflow == 0 { return }
    let hash = Shard.Hash(bits: hashes[index & 31])
    let shard = table.shard(of: hash)
    guard let slot = shard.likelySlot(hash, inBucketAt: overflow) else { return }
    let record = shard.recordOffset(slot)
    shard.prefetch(record)
    offsets[index & 31] = record
  }

  @inline(__always)
  mutating func read(_ index: Int, _ key: AccountKey, in table: AccountTable) -> AccountRecord? {
    let hash = Shard.Hash(bits: hashes[index & 31])
    let shard = table.shard(of: hash)
    let offset = offsets[index & 31]
    guard offset != 0, let record = shard.record(at: offset, ifOf: key) else {
      return table.record(of: key, hash)
    }
    return record
  }
}
