import CProbityShims
import IntegrityCore
import Synchronization

/// One shard's memory: a sequence lock, a linear-hashing index and the records.
///
/// The header, a line of words: 0 sequence, 1 buckets in use, 2 records in use,
/// 3 overflow buckets ever used, 4 head of the list of free overflow buckets
/// (plus one). Words 1–4 change only under the lock.
///
/// **The lock.** The writer makes the sequence odd, changes words, makes it
/// even. A reader notes an even sequence, reads, and repeats if the sequence
/// has changed. Every shared word is read and written atomically: data words
/// are stored with release and loaded with acquire order, which keeps them
/// between the two accesses to the sequence on either side without fences.
/// Source: Boehm, Can Seqlocks Get Along With Programming Language Memory
/// Models?, MSPC 2012.
@safe package struct Shard {
  // Safe: both point into a `ReservedMemory` that the owning table keeps alive; offsets
  // are bounded by `StoreLayout` before use. Atomic<UInt64> is a bare word.
  private let header: UnsafeMutablePointer<Atomic<UInt64>>
  let base: UnsafeMutableRawPointer
  let overflowOffset: Int
  let recordsOffset: Int
  let overflowMax: Int
  let shardCapacity: Int

  @inline(__always)
  init(header: UnsafeMutableRawPointer, base: UnsafeMutableRawPointer, layout: StoreLayout) {
    unsafe self.header = unsafe header.assumingMemoryBound(to: Atomic<UInt64>.self)
    unsafe self.base = base
    overflowOffset = layout.overflowOffset
    recordsOffset = layout.recordsOffset
    overflowMax = layout.overflowMax
    shardCapacity = layout.shardCapacity
  }

  // MARK: Words

  @inline(__always)
  func word(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    // Safe: offsets are multiples of 8 within the shard; Atomic<UInt64> is a bare word.
    unsafe (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  @inline(__always)
  func load(_ offset: Int) -> UInt64 { unsafe word(offset).pointee.load(ordering: .acquiring) }

  @inline(__always)
  func store(_ value: UInt64, _ offset: Int) {
    unsafe word(offset).pointee.store(value, ordering: .releasing)
  }

  @inline(__always)
  func prefetch(_ offset: Int) { unsafe probity_prefetch(base + offset) }

  // MARK: Sequence

  @inline(__always)
  package var sequence: UInt64 { headerWord(0) }

  /// Writer only. Until `endWrite` readers of this shard repeat themselves.
  @inline(__always)
  package func beginWrite() {
    unsafe header.pointee.store(header.pointee.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }

  @inline(__always)
  package func endWrite() {
    unsafe header.pointee.store(
      header.pointee.load(ordering: .relaxed) &+ 1, ordering: .releasing)
  }

  /// Runs `body` until it ran between two equal, even sequences.
  ///
  /// - Parameter body: given the even sequence; must bear any bytes: what it
  ///   returns is thrown away if they moved.
  @inline(__always)
  func read<Result>(_ body: (UInt64) -> Result) -> Result {
    var spins = 0
    while true {
      let before = sequence
      if before & 1 == 0 {
        let result = body(before)
        if unsafe header.pointee.load(ordering: .relaxed) == before { return result }
      }
      spins += 1
      if spins & 63 == 0 { probity_yield() } else { probity_spin_hint() }
    }
  }

  // MARK: Header

  @inline(__always)
  private func headerWord(_ index: Int) -> UInt64 {
    unsafe header[index].load(ordering: .acquiring)
  }

  @inline(__always)
  private func setHeaderWord(_ index: Int, _ value: UInt64) {
    unsafe header[index].store(value, ordering: .releasing)
  }

  var bucketCount: Int {
    get { Int(truncatingIfNeeded: headerWord(1)) }
    nonmutating set { setHeaderWord(1, UInt64(newValue)) }
  }

  package var recordCount: Int {
    get { Int(truncatingIfNeeded: headerWord(2)) }
    nonmutating set { setHeaderWord(2, UInt64(newValue)) }
  }

  package var overflowUsed: Int {
    get { Int(truncatingIfNeeded: headerWord(3)) }
    nonmutating set { setHeaderWord(3, UInt64(newValue)) }
  }

  var overflowFree: Int {
    get { Int(truncatingIfNeeded: headerWord(4)) }
    nonmutating set { setHeaderWord(4, UInt64(newValue)) }
  }

  // MARK: Records

  @inline(__always)
  func recordOffset(_ slot: Int) -> Int { recordsOffset + slot * AccountRecord.sizeBytes }

  /// The record in `slot`, which may be torn unless read under the lock.
  @inline(__always)
  func record(_ slot: Int) -> AccountRecord { record(at: recordOffset(slot)) }

  @inline(__always)
  private func record(at o: Int) -> AccountRecord {
    let words = SIMD8<UInt64>(
      load(o), load(o + 8), load(o + 16), load(o + 24), load(o + 32), load(o + 40), load(o + 48),
      load(o + 56))
    // Safe: 64 bytes either way, and all bit patterns are valid records.
    return unsafe unsafeBitCast(words, to: AccountRecord.self)
  }

  /// Writer only, between `beginWrite` and `endWrite`.
  @inline(__always)
  func setRecord(_ slot: Int, _ record: AccountRecord) {
    // Safe: 64 bytes either way.
    let words = unsafe unsafeBitCast(record, to: SIMD8<UInt64>.self)
    let o = recordOffset(slot)
    for i in 0..<8 { store(words[i], o + i * 8) }
  }

  /// Whether the record in `slot` is of `key`: reads two words.
  @inline(__always)
  func isRecord(_ slot: Int, of key: AccountKey) -> Bool {
    isRecord(at: recordOffset(slot), of: key)
  }

  @inline(__always)
  private func isRecord(at o: Int, of key: AccountKey) -> Bool {
    load(o + 40) == key.id.rawValue
      && UInt8(truncatingIfNeeded: load(o + 56) >> 32) & 3 == key.kind.rawValue
  }

  /// The record at `offset` if it is of `key`, read under the lock.
  @inline(__always)
  func record(at offset: Int, ifOf key: AccountKey) -> AccountRecord? {
    read { _ in isRecord(at: offset, of: key) ? record(at: offset) : nil }
  }

  // MARK: Copying (writer only, who alone changes what is copied)

  /// Appends the records in `slots` to `bytes`.
  func appendRecords(_ slots: Range<Int>, to bytes: inout [UInt8]) {
    // Safe: the slots are below `recordCount`; other threads only read the memory.
    unsafe bytes.append(
      contentsOf: UnsafeRawBufferPointer(
        start: base + recordOffset(slots.lowerBound), count: slots.count * AccountRecord.sizeBytes))
  }

  /// Appends the records at `slots`, in that order, to `bytes`.
  ///
  /// Each is a cache miss: records are asked for well before they are copied.
  func appendRecords(at slots: [UInt32], to bytes: inout [UInt8]) {
    for slot in slots.prefix(Self.copyLookahead) { prefetch(recordOffset(Int(slot))) }
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: slots.count * AccountRecord.sizeBytes))
    unsafe bytes.withUnsafeMutableBytes { bytes in
      for index in slots.indices {
        let ahead = index + Self.copyLookahead
        if ahead < slots.count { prefetch(recordOffset(Int(slots[ahead]))) }
        // Safe: the slots are below `recordCount`, and `bytes` was grown for all of them.
        unsafe (bytes.baseAddress.unsafelyUnwrapped + start + index * AccountRecord.sizeBytes)
          .copyMemory(
            from: base + recordOffset(Int(slots[index])), byteCount: AccountRecord.sizeBytes)
      }
    }
  }

  private static let copyLookahead = 16

  // MARK: Memory

  /// Once, before anything is written.
  func useHugePages(_ layout: StoreLayout) {
    for offsets in [layout.hugeIndexOffsets, layout.hugeRecordsOffsets] where !offsets.isEmpty {
      // Safe: the pages lie within the shard.
      unsafe probity_use_huge_pages(base + offsets.lowerBound, offsets.count)
    }
  }

  /// Has memory put behind whole pages, which may be in use: no byte changes. Any thread.
  func populatePages(_ offsets: Range<Int>) {
    // Safe: the pages lie within the shard.
    unsafe probity_populate(base + offsets.lowerBound, offsets.count)
  }

  // MARK: Loading (no other thread uses the shard)

  /// Has memory put behind the index for `bucketCount` buckets.
  func populateBuckets() {
    populate(0..<StoreLayout.bucketsOffset + bucketCount * StoreLayout.lineBytes)
  }

  /// Has memory put behind the records in `slots`.
  func populateRecords(_ slots: Range<Int>) {
    populate(recordOffset(slots.lowerBound)..<recordOffset(slots.upperBound))
  }

  private func populate(_ offsets: Range<Int>) {
    // What shares a page with what was there before is there, or comes with a page fault.
    let mask = StoreLayout.pageBytes - 1
    let start = (offsets.lowerBound + mask) & ~mask
    let end = (offsets.upperBound + mask) & ~mask
    if start < end { populatePages(start..<end) }
  }
}
