import IntegrityCore

/// Filling an empty table with the pieces of a copy.
extension AccountTable {
  /// Refuses counts that the table has no room for, before anything is loaded.
  /// Any thread; takes about 1 µs.
  ///
  /// - Parameter shardCounts: accounts by shard, as `copiedShardCounts` gave them.
  public func checkRoom(forShards shardCounts: [Int]) throws(LoadFault) {
    if shardCounts.count > layout.shardCount {
      throw .noSuchShard(shard: layout.shardCount, shardCount: layout.shardCount)
    }
    var total = 0
    for count in shardCounts {
      let (sum, overflow) = total.addingReportingOverflow(Swift.max(count, 0))
      total = overflow ? .max : sum
    }
    if total > layout.accountsMax {
      throw .noRoom(shard: nil, needed: total, limit: layout.accountsMax)
    }
    for (shard, count) in shardCounts.enumerated() where count > layout.shardCapacity {
      throw .noRoom(shard: shard, needed: count, limit: layout.shardCapacity)
    }
  }

  /// A loader for one empty shard. Nobody may read or write the table until `finishLoad`.
  ///
  /// The shard's index gets its final size at once, so loading never splits a
  /// bucket. Loaders of different shards may be made and used by different
  /// threads at a time. Takes less than 1 µs.
  ///
  /// - Parameter recordCount: distinct accounts that the shard will hold.
  public func shardLoader(
    _ shardIndex: Int, recordCount: Int
  ) throws(LoadFault) -> ShardLoader {
    guard (0..<layout.shardCount).contains(shardIndex) else {
      throw .noSuchShard(shard: shardIndex, shardCount: layout.shardCount)
    }
    if recordCount > layout.shardCapacity {
      throw .noRoom(shard: shardIndex, needed: recordCount, limit: layout.shardCapacity)
    }
    if recordCount < 0 { throw .tooManyAccounts(shard: shardIndex, announced: recordCount) }
    let shard = shard(shardIndex)
    if shard.recordCount != 0 {
      throw .shardNotEmpty(shard: shardIndex, recordCount: shard.recordCount)
    }
    let full = StoreLayout.accountsPerBucket
    shard.bucketCount = Swift.max(StoreLayout.bucketsInitial, (recordCount + full - 1) / full)
    return ShardLoader(table: self, shardIndex: shardIndex, recordCount: recordCount)
  }

  /// Makes what was loaded part of the table: its counts and the sum of its
  /// hashes. One thread, after all loaders are done. About 10 ns a loader.
  ///
  /// - Parameter loaders: of different shards, all made by this table.
  public func finishLoad(_ loaders: [ShardLoader]) throws(LoadFault) {
    var total = count
    for loader in loaders {
      try loader.finish()
      total += loader.recordCount
    }
    if total > layout.accountsMax {
      throw .noRoom(shard: nil, needed: total, limit: layout.accountsMax)
    }
    for loader in loaders {
      // A loader given twice would be counted twice.
      if !loader.claim() {
        throw .shardNotEmpty(shard: loader.shardIndex, recordCount: loader.recordCount)
      }
      addLoaded(
        hashSum: loader.hashSum, buyerCount: loader.buyerCount,
        merchantCount: loader.recordCount - loader.buyerCount)
    }
  }
}

/// Puts the pieces of one shard into an empty table, the later over the earlier.
///
/// For one thread at a time. After a fault neither the loader nor the table is
/// of any use.
public final class ShardLoader: @unchecked Sendable {
  // Safe: used by one thread at a time; different loaders share no memory that changes.
  /// The shard that it fills.
  public let shardIndex: Int
  /// Distinct accounts that were announced.
  public let recordCount: Int
  private let table: AccountTable
  private let shard: Shard
  private var loadedCount = 0
  private var populatedCount = 0
  private(set) var hashSum: UInt64 = 0
  private(set) var buyerCount = 0
  private var isClaimed = false

  init(table: AccountTable, shardIndex: Int, recordCount: Int) {
    self.table = table
    self.shardIndex = shardIndex
    self.recordCount = recordCount
    shard = table.shard(shardIndex)
  }

  /// Puts whole records in: new accounts are added, known ones replaced.
  ///
  /// Bears any bytes. 65 to 78 ns a record in the order of the copy, a third of
  /// it for the kernel to find memory; 80 to 85 ns one that is there already
  /// (`store-growth`, 4 M and 10 M accounts).
  ///
  /// - Parameter bytes: 64 a record, as `copyNext` gave them.
  public func load(_ bytes: Span<UInt8>) throws(LoadFault) {
    let size = AccountRecord.sizeBytes
    if bytes.count % size != 0 {
      throw .partialRecord(shard: shardIndex, byteCount: bytes.count)
    }
    let count = bytes.count / size
    populate(for: count)
    defer { shard.recordCount = loadedCount }
    var hashes = InlineArray<16, UInt64>(repeating: 0)
    var start = 0
    while start < count {
      let end = Swift.min(start + hashes.count, count)
      // Index lines, and the records of accounts that are known, are cache
      // misses: three stages overlap them.
      for index in start..<end {
        let hash = table.hash(of: Self.record(bytes, index).key)
        hashes[index - start] = hash.bits
        shard.prefetch(shard.homeOffset(hash))
      }
      for index in start..<end {
        shard.prefetchRecord(Shard.Hash(bits: hashes[index - start]))
      }
      for index in start..<end {
        try load(Self.record(bytes, index), Shard.Hash(bits: hashes[index - start]), index: index)
      }
      start = end
    }
  }

  /// Puts whole records in, as above.
  public func load(_ bytes: [UInt8]) throws(LoadFault) { try load(bytes.span) }

  /// Has memory put where `count` more records will lie.
  private func populate(for count: Int) {
    if populatedCount == 0 { shard.populateBuckets() }
    let end = Swift.min(loadedCount + count, recordCount)
    if end <= populatedCount { return }
    shard.populateRecords(populatedCount..<end)
    populatedCount = end
  }

  @inline(__always)
  private func load(
    _ record: AccountRecord, _ hash: Shard.Hash, index: Int
  ) throws(LoadFault) {
    if !record.isWellFormed { throw .malformedRecord(shard: shardIndex, index: index) }
    let owner = table.shardIndex(of: hash)
    if owner != shardIndex { throw .wrongShard(shard: shardIndex, index: index, owner: owner) }
    if let slot = shard.slot(of: record.key, hash, during: shard.sequence) {
      hashSum &-= shard.record(slot).hash
      shard.setRecord(slot, record)
    } else {
      if loadedCount == recordCount {
        throw .tooManyAccounts(shard: shardIndex, announced: recordCount)
      }
      shard.setRecord(loadedCount, record)
      shard.insert(tag: hash.tag, slot: loadedCount, home: shard.homeOffset(hash))
      loadedCount += 1
      if record.kind == .buyer { buyerCount += 1 }
    }
    hashSum &+= record.hash
  }

  /// Says whether everything announced has come. `finishLoad` asks again. Constant time.
  public func finish() throws(LoadFault) {
    if loadedCount != recordCount {
      throw .tooFewAccounts(shard: shardIndex, announced: recordCount, loaded: loadedCount)
    }
  }

  /// True the first time.
  func claim() -> Bool {
    defer { isClaimed = true }
    return !isClaimed
  }

  @inline(__always)
  private static func record(_ bytes: Span<UInt8>, _ index: Int) -> AccountRecord {
    // Safe: `load` checked the length; all bit patterns are records.
    let words = unsafe bytes.bytes.unsafeLoadUnaligned(
      fromByteOffset: index * AccountRecord.sizeBytes, as: SIMD8<UInt64>.self)
    return unsafe unsafeBitCast(words, to: AccountRecord.self)
  }
}
