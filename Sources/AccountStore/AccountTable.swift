import CProbityShims
import IntegrityCore
import Synchronization

// The tables of accounts: 64-byte records behind a sharded index.
//
// For: finding, reading and changing records in memory, many readers beside
// one writer. Not for: what a record means (IntegrityCore), in which order it
// changes (ProbityEngine), or keeping it on disk (CommandLog).

/// All accounts, by kind and id.
///
/// Any thread may read at any time; one thread at a time may write. A read
/// copies the record between two looks at its shard's sequence lock and
/// repeats itself if the writer was there; it never blocks the writer.
///
/// Memory: 64 bytes a record and about 9 bytes of index an account (`store-growth`).
public final class AccountTable: @unchecked Sendable {
  // Safe: `memory` is shared through `Shard`'s atomic words; everything else is
  // constant, atomic, or touched by the writer alone.
  public let layout: StoreLayout
  private let memory: ReservedMemory
  /// What moves accounts between shards: pieces of a copy load into a table of
  /// the same seed and shard count only.
  public let seed: UInt64
  private let multiplier: UInt64
  private let buyerCount = Atomic<Int>(0)
  private let merchantCount = Atomic<Int>(0)
  private var fullestShard = 0
  private var splitEntries: [Shard.Entry] = []
  /// Writer only.
  var copy: TableCopy
  /// Writer only: the sum of all records' hashes, kept up to date by `store`.
  public private(set) var recordHashSum: UInt64 = 0

  /// - Parameter seed: moves accounts between buckets, so that nobody who does
  ///   not know it can choose ids that share one; does not change what the
  ///   table holds, only the order of `forEachRecord`.
  /// - Throws: `StoreError.outOfAddressSpace`.
  public init(layout: StoreLayout = StoreLayout(), seed: UInt64) throws(StoreError) {
    AccountRecord.checkLayout()
    self.layout = layout
    self.seed = seed
    multiplier = StateHash.mix(seed, 0x8ebc_6af0_9c88_c6e3)
    copy = TableCopy(shardCount: layout.shardCount)
    memory = try ReservedMemory(
      frontBytes: layout.headerBytes, sizeBytes: layout.totalBytes,
      hugePageOffset: StoreLayout.smallIndexBytes)
    for index in 0..<layout.shardCount {
      shard(index).useHugePages(layout)
      shard(index).bucketCount = StoreLayout.bucketsInitial
    }
  }

  // MARK: Any thread

  /// Accounts of `kind`; approximate while the writer is at work.
  public func count(_ kind: AccountKind) -> Int {
    kind == .buyer ? buyerCount.load(ordering: .relaxed) : merchantCount.load(ordering: .relaxed)
  }

  public var count: Int { count(.buyer) + count(.merchant) }

  /// False once the table has taken all the accounts it takes.
  public var hasRoomApproximately: Bool { count < layout.accountsMax }

  /// A copy of the record of `key`, or nil. Two cache misses; no allocation.
  @inline(__always)
  public func record(of key: AccountKey) -> AccountRecord? { record(of: key, hash(of: key)) }

  @inline(__always)
  func record(of key: AccountKey, _ hash: Shard.Hash) -> AccountRecord? {
    let shard = shard(of: hash)
    return shard.read { sequence in
      shard.slot(of: key, hash, during: sequence).map { shard.record($0) }
    }
  }

  /// How far ahead of being read a bucket and a record are asked for, in accounts that
  /// come one by one: what a core does meanwhile takes longer than a cache miss.
  package static let bucketDistance = 15
  package static let recordDistance = 8

  /// Bytes of records and index in use.
  public var memoryBytes: Int {
    var lines = 0
    for index in 0..<layout.shardCount {
      let shard = shard(index)
      lines += 1 + shard.bucketCount + shard.overflowUsed + shard.recordCount
    }
    return lines * StoreLayout.lineBytes
  }

  // MARK: Writer

  /// A record and where it lies, for `store` to put it back.
  public struct Located {
    /// To be changed and given to `store`; all but the id and the kind may change.
    public var record: AccountRecord
    /// False: the account is new.
    public var isKnown: Bool { slot != nil }
    let hash: Shard.Hash
    let slot: Int?
    /// Records in the shard at `locate`: as long as there are no more, a new
    /// account is still new.
    let shardRecordCount: Int
  }

  /// Whether `count` more accounts certainly fit, in the table and in the
  /// fullest shard. Writer only.
  ///
  /// Shards fill as the seed has it, so near the bound two tables with the same
  /// accounts may answer differently: ask before a command is logged, never
  /// while it is applied.
  ///
  /// - Parameter count: ≥ 0.
  public func hasRoom(for count: Int) -> Bool {
    count <= layout.accountsMax - self.count && count <= layout.shardCapacity - fullestShard
  }

  /// The shard that `key` lies in, or would. Any thread.
  package func shardIndex(of key: AccountKey) -> Int { shardIndex(of: hash(of: key)) }

  /// New accounts that the shard still takes, if the table does. Writer only.
  package func room(inShard index: Int) -> Int { layout.shardCapacity - shard(index).recordCount }

  /// The record of `key`, or a new one. Writer only.
  public func locate(_ key: AccountKey) -> Located {
    let hash = hash(of: key)
    let shard = shard(of: hash)
    let slot = shard.slot(of: key, hash, during: shard.sequence)
    return Located(
      record: slot.map { shard.record($0) } ?? AccountRecord(key), hash: hash, slot: slot,
      shardRecordCount: shard.recordCount)
  }

  /// Puts a record back, or a new one in. Writer only.
  ///
  /// - Precondition: nothing was stored under this key since `locate`, and the
  ///   record's id and kind are as `locate` gave them; for a new account,
  ///   `hasRoom(for: 1)`. Traps where the index would be left wrong; a known
  ///   account located twice and stored twice keeps what was stored last.
  public func store(_ located: Located) {
    let shard = shard(of: located.hash)
    guard let slot = located.slot else { return insert(located, into: shard) }
    let old = shard.record(slot)
    precondition(
      old.id == located.record.id && (old.kindAndEpoch ^ located.record.kindAndEpoch) & 3 == 0,
      "an account was renamed between locate and store")
    recordHashSum &+= located.record.hash &- old.hash
    shard.beginWrite()
    shard.setRecord(slot, located.record)
    shard.endWrite()
    if copy.isUnderWay { copy.noteStore(shard: shardIndex(of: located.hash), slot: slot) }
  }

  private func insert(_ located: Located, into shard: Shard) {
    let slot = shard.recordCount
    precondition(slot < layout.shardCapacity, "no room: hasRoom was not asked")
    let key = located.record.key
    precondition(
      hash(of: key).bits == located.hash.bits
        && located.record.kindAndEpoch & 3 == key.kind.rawValue,
      "an account was renamed between locate and store")
    precondition(
      slot == located.shardRecordCount
        || shard.slot(of: key, located.hash, during: shard.sequence) == nil,
      "an account was inserted twice")
    shard.prepareInsert(slot)
    shard.beginWrite()
    shard.setRecord(slot, located.record)
    shard.insert(tag: located.hash.tag, slot: slot, home: shard.homeOffset(located.hash))
    shard.recordCount = slot + 1
    shard.endWrite()
    if slot + 1 > shard.bucketCount * StoreLayout.accountsPerBucket {
      shard.split(entries: &splitEntries) { hash(of: $0.key) }
    }
    recordHashSum &+= located.record.hash
    fullestShard = Swift.max(fullestShard, slot + 1)
    switch located.record.kind {
    case .buyer: buyerCount.wrappingAdd(1, ordering: .relaxed)
    case .merchant: merchantCount.wrappingAdd(1, ordering: .relaxed)
    }
  }

  /// Counts accounts that a loader put into a shard, and adds their hashes to the sum.
  func addLoaded(hashSum: UInt64, buyerCount: Int, merchantCount: Int) {
    recordHashSum &+= hashSum
    fullestShard = Swift.max(fullestShard, buyerCount + merchantCount)
    self.buyerCount.wrappingAdd(buyerCount, ordering: .relaxed)
    self.merchantCount.wrappingAdd(merchantCount, ordering: .relaxed)
  }

  /// Asks for the lines that `locate` will need. Writer or reader.
  @inline(__always)
  public func prefetchBucket(of key: AccountKey) { prefetchBucket(hash(of: key)) }

  @inline(__always)
  package func prefetchBucket(_ hash: Shard.Hash) {
    let shard = shard(of: hash)
    shard.prefetch(shard.homeOffset(hash))
  }

  /// The second stage: needs the bucket, asks for the record.
  @inline(__always)
  public func prefetchRecord(of key: AccountKey) { prefetchRecord(hash(of: key)) }

  @inline(__always)
  package func prefetchRecord(_ hash: Shard.Hash) {
    shard(of: hash).prefetchRecord(hash)
  }

  // MARK: Inside

  /// Two rounds, the second with a multiplier that the seed chooses: after one
  /// round with a known multiplier, ids a power of two apart share buckets
  /// whatever the seed.
  @inline(__always)
  package func hash(of key: AccountKey) -> Shard.Hash {
    let kind = UInt64(key.kind.rawValue) &* 0x9e37_79b9_7f4a_7c15
    return Shard.Hash(bits: StateHash.mix(StateHash.mix(key.id.rawValue ^ seed, kind), multiplier))
  }

  @inline(__always)
  package func shard(of hash: Shard.Hash) -> Shard { shard(shardIndex(of: hash)) }

  @inline(__always)
  func shardIndex(of hash: Shard.Hash) -> Int {
    Int(truncatingIfNeeded: hash.bits) & (layout.shardCount - 1)
  }

  @inline(__always)
  func shard(_ index: Int) -> Shard {
    // Safe: index < shardCount, and both lie in memory that lives as long as self.
    unsafe Shard(
      header: memory.front + index &* StoreLayout.lineBytes,
      base: memory.base + index &* layout.shardBytes, layout: layout)
  }
}
