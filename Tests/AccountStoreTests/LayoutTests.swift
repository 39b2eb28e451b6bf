import AccountStore
import IntegrityCore
import Testing

@Suite("Layout")
struct LayoutTests {
  @Test("a record is one cache line with the documented offsets")
  func recordLayout() {
    AccountRecord.checkLayout()
    #expect(MemoryLayout<AccountRecord>.size == StoreLayout.lineBytes)
  }

  @Test(
    "parts follow one another, aligned, and hold what they must",
    arguments: [
      (1, 1), (1, 256), (7, 1), (100, 1), (1_000, 4), (1_000, 256), (1 << 20, 256),
      (StoreLayout.accountsMaxStandard, StoreLayout.shardCountStandard), (1 << 30, 1),
    ])
  func parts(accountsMax: Int, shardCount: Int) {
    let layout = StoreLayout(accountsMax: accountsMax, shardCount: shardCount)
    let line = StoreLayout.lineBytes
    let buckets = (layout.overflowOffset - StoreLayout.bucketsOffset) / line
    #expect(StoreLayout.bucketsOffset % line == 0)
    #expect(layout.overflowOffset % line == 0)
    #expect(layout.recordsOffset % line == 0)
    #expect(layout.shardBytes % StoreLayout.pageBytes == 0)
    #expect(layout.totalBytes == layout.shardBytes * shardCount)
    // As many buckets as splits can make of the fullest shard.
    let perBucket = StoreLayout.accountsPerBucket
    let bucketsMost = max(
      StoreLayout.bucketsInitial, (layout.shardCapacity + perBucket - 1) / perBucket)
    #expect(buckets >= bucketsMost)
    // Full buckets before each overflow bucket.
    #expect(layout.overflowMax >= layout.shardCapacity / StoreLayout.bucketEntries)
    #expect(layout.recordsOffset - layout.overflowOffset >= layout.overflowMax * line)
    #expect(layout.shardBytes - layout.recordsOffset >= layout.shardCapacity * line)
    #expect(layout.shardCapacity * shardCount >= accountsMax)
    #expect(layout.shardCapacity <= accountsMax)
  }

  @Test("a tag's byte is found wherever it stands, and never below the first")
  func tagMatches() {
    var random = SplitMix(3)
    for _ in 0..<10_000 {
      let word = random.next() & random.next()
      let tag = UInt64.random(in: 1...255, using: &random)
      let found = Shard.matches(word, tag)
      let exact = (0..<8).filter { word >> UInt64($0 * 8) & 0xff == tag }
      for byte in exact { #expect(found >> UInt64(byte * 8 + 7) & 1 == 1) }
      let first = exact.first ?? 8
      #expect(found.trailingZeroBitCount >> 3 == first, "word \(word), tag \(tag)")
    }
  }

  @Test("room ends exactly at accountsMax")
  func roomAtTheBound() throws {
    let table = try AccountTable(layout: StoreLayout(accountsMax: 100, shardCount: 1), seed: 1)
    #expect(table.hasRoom(for: 100))
    #expect(!table.hasRoom(for: 101))
    #expect(!table.hasRoom(for: .max))
    for index in 0..<99 { table.put(Numbering.sequential.key(index)) }
    #expect(table.hasRoom(for: 1))
    #expect(!table.hasRoom(for: 2))
    table.put(Numbering.sequential.key(99))
    #expect(table.hasRoom(for: 0))
    #expect(!table.hasRoom(for: 1))
    // Known accounts can still change.
    table.put(Numbering.sequential.key(5)) { $0.tierCode = 4 }
    #expect(table.record(of: Numbering.sequential.key(5))?.tierCode == 4)
    table.checkInvariants()
  }

  @Test("a fuller shard than the rest ends the room early, before anything traps")
  func roomInTheFullestShard() throws {
    let layout = StoreLayout(accountsMax: 1_000, shardCount: 256)
    let table = try AccountTable(layout: layout, seed: 1)
    var index = 0
    while table.hasRoom(for: 1) {
      table.put(Numbering.random.key(index))
      index += 1
    }
    #expect(index == 1_000)
    #expect(!table.hasRoom(for: layout.shardCapacity + 1))
    table.checkInvariants()
  }

  @Test("address space that the system has not is an error, not a trap")
  func tooLarge() throws {
    let layout = StoreLayout(accountsMax: (1 << 31) * 255, shardCount: 256)
    #expect(throws: StoreError.self) {
      // Each takes 40 TiB of the 128 TiB that a process can have.
      var tables: [AccountTable] = []
      for seed in 0..<4 { tables.append(try AccountTable(layout: layout, seed: UInt64(seed))) }
    }
  }
}
