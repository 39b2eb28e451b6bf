import IntegrityCore

/// The index of a shard: linear hashing over buckets of one cache line.
///
/// The table grows by one bucket at a time, at its end: each time there are
/// more than `accountsPerBucket` accounts per bucket, the next bucket in turn
/// is split in two. So no insertion ever does more than one split, there is no
/// rehash, and nothing moves in memory.
/// Source: Litwin, Linear Hashing, VLDB 1980.
///
/// A bucket: 12 tags of one byte (0 = free), a UInt32 that names the next
/// overflow bucket plus one (0 = none), 12 slots of UInt32. Tags are taken from
/// the hash's top byte, so that a bucket costs one cache line, an account's
/// record a second, and another account's record is looked at once in about 25 lookups.
extension Shard {
  package struct Hash {
    package let bits: UInt64

    @inline(__always)
    package init(bits: UInt64) { self.bits = bits }

    /// 1…255.
    @inline(__always)
    package var tag: UInt64 { Swift.max(bits >> 56, 1) }

    /// The bits that choose a bucket; the low eight chose the shard.
    @inline(__always)
    var bucketBits: Int { Int(truncatingIfNeeded: (bits >> 8) & 0xffff_ffff) }
  }

  /// Where the bucket of `hash` lies.
  @inline(__always)
  package func homeOffset(_ hash: Hash) -> Int { homeOffset(hash, bucketCount: bucketCount) }

  @inline(__always)
  func homeOffset(_ hash: Hash, bucketCount: Int) -> Int {
    let count = Swift.max(bucketCount, 1)
    let mask = (1 << (Int.bitWidth - count.leadingZeroBitCount)) - 1
    var index = hash.bucketBits & mask
    if index >= count { index &= mask >> 1 }
    return StoreLayout.bucketsOffset + index * StoreLayout.lineBytes
  }

  /// The slot of `key`, or nil. Ends on any bytes.
  ///
  /// A reader that the writer overtakes may stray into the list of free
  /// buckets, thousands long, or into a circle. So a walk looks at the sequence
  /// every eight hops, which no chain of honest hashes reaches, and gives up
  /// when it moved on; with the sequence standing still a chain is as the
  /// writer left it, of at most `overflowMax` hops.
  ///
  /// - Parameter sequence: the even sequence that the caller will check again.
  @inline(__always)
  package func slot(of key: AccountKey, _ hash: Hash, during sequence: UInt64) -> Int? {
    var offset = homeOffset(hash)
    var hops = 0
    while true {
      if let slot = slot(of: key, hash.tag, inBucketAt: offset) { return slot }
      guard let next = nextOffset(offset), hops < overflowMax else { return nil }
      offset = next
      hops += 1
      if hops & 7 == 0 && self.sequence != sequence { return nil }
    }
  }

  @inline(__always)
  func slot(of key: AccountKey, _ tag: UInt64, inBucketAt offset: Int) -> Int? {
    var candidates = Self.matches(load(offset), tag)
    while candidates != 0 {
      let entry = candidates.trailingZeroBitCount >> 3
      let slot = slot(offset, entry)
      if slot < shardCapacity && isRecord(slot, of: key) { return slot }
      candidates &= candidates &- 1
    }
    candidates = Self.matches(load(offset + 8), tag) & 0x8080_8080
    while candidates != 0 {
      let entry = 8 + candidates.trailingZeroBitCount >> 3
      let slot = slot(offset, entry)
      if slot < shardCapacity && isRecord(slot, of: key) { return slot }
      candidates &= candidates &- 1
    }
    return nil
  }

  /// The high bit of each byte of `word` that equals `tag`, and now and then of
  /// a byte above one: the caller compares the keys, and slot 0 of a free entry
  /// is a record like any other.
  /// Source: Warren, Hacker's Delight, "Find first 0-byte".
  @inline(__always)
  package static func matches(_ word: UInt64, _ tag: UInt64) -> UInt64 {
    let difference = word ^ (tag &* 0x0101_0101_0101_0101)
    return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
  }

  /// Asks for the record that the bucket of `hash`, which should be near by now, names,
  /// or for the bucket's overflow.
  @inline(__always)
  func prefetchRecord(_ hash: Hash) {
    let bucket = homeOffset(hash)
    if let slot = likelySlot(hash, inBucketAt: bucket) {
      prefetch(recordOffset(slot))
    } else if let overflow = nextOffset(bucket) {
      prefetch(overflow)
    }
  }

  /// The first slot whose tag fits, unchecked: what to prefetch.
  @inline(__always)
  func likelySlot(_ hash: Hash, inBucketAt offset: Int) -> Int? {
    let low = Self.matches(load(offset), hash.tag)
    let high = Self.matches(load(offset + 8), hash.tag) & 0x8080_8080
    if low | high == 0 { return nil }
    let entry = low != 0 ? low.trailingZeroBitCount >> 3 : 8 + high.trailingZeroBitCount >> 3
    let slot = slot(offset, entry)
    return slot < shardCapacity ? slot : nil
  }

  // MARK: Buckets

  @inline(__always)
  func slot(_ offset: Int, _ entry: Int) -> Int {
    let pair = load(offset + 16 + entry / 2 * 8)
    return Int(truncatingIfNeeded: (pair >> (UInt64(entry & 1) * 32)) & 0xffff_ffff)
  }

  @inline(__always)
  func nextOffset(_ offset: Int) -> Int? {
    let next = Int(truncatingIfNeeded: load(offset + 8) >> 32)
    if next == 0 || next > overflowMax { return nil }
    return overflowOffset + (next - 1) * StoreLayout.lineBytes
  }

  // MARK: Writing (writer only)

  /// Splits the bucket whose turn it is. `entries` is scratch space.
  ///
  /// The records, each a cache miss, are read before the lock is taken: readers
  /// wait only while the few lines of the two chains change.
  func split(entries: inout [Entry], hashOf: (AccountRecord) -> Hash) {
    let count = bucketCount
    let half = 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount)
    let old = StoreLayout.bucketsOffset + (count - half) * StoreLayout.lineBytes
    collectChain(at: old, into: &entries)
    for entry in entries { prefetch(recordOffset(entry.slot)) }
    for i in entries.indices {
      entries[i].home = homeOffset(hashOf(record(entries[i].slot)), bucketCount: count + 1)
    }
    touch(StoreLayout.bucketsOffset + count * StoreLayout.lineBytes)
    beginWrite()
    clearChain(at: old)
    bucketCount = count + 1
    for entry in entries { insert(tag: entry.tag, slot: entry.slot, home: entry.home) }
    endWrite()
  }

  /// Touches what an insertion into `slot` may be the first to write.
  func prepareInsert(_ slot: Int) {
    touch(recordOffset(slot))
    if overflowUsed < overflowMax {
      touch(overflowOffset + overflowUsed * StoreLayout.lineBytes)
    }
  }

  /// Has the kernel put memory behind a line that was never used, if the line
  /// is its page's first: before the lock, so that readers do not wait for it.
  /// (Measured on a virtual machine: up to 0.3 ms a page.)
  @inline(__always)
  private func touch(_ offset: Int) {
    if offset & (StoreLayout.pageBytes - 1) == 0 { store(0, offset) }
  }

  struct Entry {
    var tag: UInt64
    var slot: Int
    var home: Int
  }

  private func collectChain(at home: Int, into entries: inout [Entry]) {
    entries.removeAll(keepingCapacity: true)
    var next: Int? = home
    while let offset = next {
      for entry in 0..<StoreLayout.bucketEntries {
        let tag = tag(offset, entry)
        if tag != 0 { entries.append(Entry(tag: tag, slot: slot(offset, entry), home: home)) }
      }
      next = nextOffset(offset)
    }
  }

  // MARK: Writing, between `beginWrite` and `endWrite`

  /// Puts an entry into the chain of the bucket at `home`.
  package func insert(tag: UInt64, slot: Int, home: Int) {
    var offset = home
    while true {
      if let entry = freeEntry(offset) {
        set(offset, entry, tag: tag, slot: slot)
        return
      }
      offset = nextOffset(offset) ?? appendOverflow(to: offset)
    }
  }

  /// Empties a chain and frees its overflow buckets.
  private func clearChain(at home: Int) {
    var next: Int? = home
    while let offset = next {
      next = nextOffset(offset)
      clear(offset)
      if offset != home { freeOverflow(offset) }
    }
  }

  func tag(_ offset: Int, _ entry: Int) -> UInt64 {
    (load(offset + entry / 8 * 8) >> (UInt64(entry & 7) * 8)) & 0xff
  }

  private func freeEntry(_ offset: Int) -> Int? {
    let low = Self.matches(load(offset), 0)
    if low != 0 { return low.trailingZeroBitCount >> 3 }
    let high = Self.matches(load(offset + 8), 0) & 0x8080_8080
    return high == 0 ? nil : 8 + high.trailingZeroBitCount >> 3
  }

  private func set(_ offset: Int, _ entry: Int, tag: UInt64, slot: Int) {
    let pairOffset = offset + 16 + entry / 2 * 8
    let pairShift = UInt64(entry & 1) * 32
    let pair = load(pairOffset) & ~(0xffff_ffff << pairShift)
    store(pair | UInt64(slot) << pairShift, pairOffset)
    let tagOffset = offset + entry / 8 * 8
    store(load(tagOffset) | tag << (UInt64(entry & 7) * 8), tagOffset)
  }

  private func clear(_ offset: Int) {
    for word in 0..<8 { store(0, offset + word * 8) }
  }

  private func appendOverflow(to offset: Int) -> Int {
    let index = takeOverflow()
    store((load(offset + 8) & 0xffff_ffff) | UInt64(index + 1) << 32, offset + 8)
    return overflowOffset + index * StoreLayout.lineBytes
  }

  private func takeOverflow() -> Int {
    let free = overflowFree
    if free == 0 {
      let index = overflowUsed
      precondition(index < overflowMax, "more overflow buckets than full buckets allow")
      overflowUsed = index + 1
      return index
    }
    let offset = overflowOffset + (free - 1) * StoreLayout.lineBytes
    overflowFree = Int(truncatingIfNeeded: load(offset + 8) >> 32)
    clear(offset)
    return free - 1
  }

  private func freeOverflow(_ offset: Int) {
    let index = (offset - overflowOffset) / StoreLayout.lineBytes
    store(UInt64(overflowFree) << 32, offset + 8)
    overflowFree = index + 1
  }
}
