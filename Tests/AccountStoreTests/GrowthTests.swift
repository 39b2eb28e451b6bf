import AccountStore
import IntegrityCore
import Testing

@Suite("Growth")
struct GrowthTests {
  @Test("a million accounts are read back as they were put in")
  func million() throws {
    let perNumbering = 1_000_000 / Numbering.allCases.count
    // Numberings overlap: what was put in last counts.
    var expected: [AccountKey: UInt32] = [:]
    let table = try AccountTable(seed: 99)
    for (n, numbering) in Numbering.allCases.enumerated() {
      for index in 0..<perNumbering {
        let mark = UInt32(n * perNumbering + index)
        let key = numbering.key(index)
        table.put(key) { $0.lastEventAt = UnixSeconds(mark) }
        expected[key] = mark
      }
    }
    #expect(table.count == expected.count)
    var wrongCount = 0
    for (key, mark) in expected {
      let record = table.record(of: key)
      if record?.key != key || record?.lastEventAt != UnixSeconds(mark) { wrongCount += 1 }
    }
    #expect(wrongCount == 0)
    table.checkInvariants()
  }

  @Test("the index is sound after every power of two", arguments: Numbering.allCases)
  func powersOfTwo(numbering: Numbering) throws {
    for shardCount in [1, 4] {
      let layout = StoreLayout(accountsMax: 1 << 15, shardCount: shardCount)
      let table = try AccountTable(layout: layout, seed: 7)
      table.checkInvariants()
      for index in 0..<1 << 15 {
        table.put(numbering.key(index)) { $0.sketch.insert(AccountID(UInt64(index))) }
        if (index + 1).nonzeroBitCount == 1 { table.checkInvariants() }
      }
      #expect(table.count == 1 << 15)
    }
  }

  @Test("tiny tables are sound after every insertion", arguments: 1...64)
  func tinyTables(accountsMax: Int) throws {
    for shardCount in [1, 2, 8] {
      let layout = StoreLayout(accountsMax: accountsMax, shardCount: shardCount)
      let table = try AccountTable(layout: layout, seed: UInt64(accountsMax))
      for index in 0..<accountsMax {
        #expect(table.hasRoom(for: 1))
        table.put(Numbering.sharedByKinds.key(index))
        table.checkInvariants()
      }
      #expect(!table.hasRoom(for: 1))
    }
  }

  @Test("an account costs at most 80 bytes, of which 12 are index")
  func memory() throws {
    let table = try AccountTable(seed: 5)
    for index in 0..<2 << 20 {
      table.put(Numbering.random.key(index))
      // A round of splits ends at powers of two; chains are longest in its middle.
      if index >= 1 << 20 && index % (1 << 17) == 0 {
        let bytes = Double(table.memoryBytes) / Double(table.count)
        #expect(bytes >= 64 + 8)
        #expect(bytes - 64 <= 12, "\(index) accounts")
        #expect(bytes <= 80)
      }
    }
  }

  @Test("chains are as short as chance makes them, whatever the ids", arguments: Numbering.allCases)
  func chains(numbering: Numbering) throws {
    // At the end of a round each bucket holds 8 on average, Poisson: more than
    // 12 in 6.4 of 100 buckets, more than 24 in one of 700,000.
    let count = 1 << 15
    for seed: UInt64 in [0, 0xdead_beef_0bad_cafe] {
      let table = try AccountTable.filled(
        numbering, count: count, layout: StoreLayout(accountsMax: count, shardCount: 16),
        seed: seed)
      let chains = table.chainCounts()
      let bucketCount = chains.reduce(0, +)
      let longerThanOne = Double(bucketCount - chains[1]) / Double(bucketCount)
      #expect(abs(bucketCount - count / 8) <= 16)
      #expect(longerThanOne > 0.05 && longerThanOne < 0.08, "seed \(seed): \(chains)")
      #expect(chains.count <= 4, "seed \(seed): \(chains)")
    }
  }
}

/// Pages that are had ready for the writer.
@Suite("Table growth")
struct TableGrowthTests {
  private func fill(_ table: AccountTable, _ ids: Range<UInt64>) {
    for id in ids { table.put(AccountKey(.buyer, AccountID(id))) { _ in } }
  }

  @Test("a small store takes no huge pages, a growing one the next before it needs it")
  func pages() throws {
    let table = try AccountTable(layout: StoreLayout(accountsMax: 1 << 20, shardCount: 1), seed: 5)
    let growth = TableGrowth(table)
    #expect(growth.prepare() == 0)
    // The first page of records begins behind 16,384, and is asked for half-way there.
    fill(table, 1..<8_192)
    #expect(growth.prepare() == 0)
    fill(table, 8_192..<8_193)
    #expect(growth.prepare() == 1)
    #expect(growth.prepare() == 0)
    let perPage = UInt64(StoreLayout.hugePageBytes / AccountRecord.sizeBytes)
    let lead = UInt64(TableGrowth.recordsLeadBytes / AccountRecord.sizeBytes)
    var next: UInt64 = 8_193
    var pageCount = 1
    while next < 500_000 {
      fill(table, next..<(next + 1_000))
      next += 1_000
      pageCount += growth.prepare()
      // Of records alone: never less than the lead beyond what is used.
      let used = max(Int(next) - 1 - 16_384, 0)
      #expect(UInt64(pageCount) * perPage >= UInt64(used))
    }
    let records = (500_000 - 16_384 + lead + perPage - 1) / perPage
    let buckets: UInt64 = 3
    #expect((records...(records + buckets)).contains(UInt64(pageCount)), "\(pageCount) pages")
    table.checkInvariants()
  }

  @Test("what is there already is not asked for again, and nothing beyond the end is")
  func bounds() throws {
    let table = try AccountTable(layout: StoreLayout(accountsMax: 40_000, shardCount: 1), seed: 5)
    fill(table, 1..<40_000)
    let growth = TableGrowth(table)
    let first = growth.prepare()
    #expect(first <= 2)
    #expect(growth.prepare() == 0)
    fill(table, 40_000..<40_001)
    #expect(growth.prepare() == 0)
  }

  @Test("huge pages begin where the layout says, in every shard")
  func alignment() {
    for (accountsMax, shardCount) in [
      (1, 1), (1_000, 16), (1 << 20, 4), (1 << 28, 16), (1 << 28, 256),
    ] {
      let layout = StoreLayout(accountsMax: accountsMax, shardCount: shardCount)
      let page = StoreLayout.hugePageBytes
      for offsets in [layout.hugeIndexOffsets, layout.hugeRecordsOffsets] {
        #expect((offsets.lowerBound - StoreLayout.smallIndexBytes) % page == 0)
        #expect(offsets.count % page == 0)
        #expect(offsets.upperBound <= layout.shardBytes + StoreLayout.smallIndexBytes)
      }
      #expect(layout.shardBytes % page == 0)
      #expect(
        layout.hugeIndexOffsets.upperBound
          <= max(layout.overflowOffset, StoreLayout.smallIndexBytes))
      #expect(layout.hugeRecordsOffsets.upperBound <= layout.shardBytes)
    }
  }
}
