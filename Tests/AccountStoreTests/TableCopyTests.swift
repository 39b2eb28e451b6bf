import AccountStore
import IntegrityCore
import Testing

/// A copy in the making, held against what it has to be.
final class CheckedCopy {
  let table: AccountTable
  /// Accounts whose newest record was not copied yet.
  private(set) var stale: Set<AccountKey> = []
  private(set) var pieces: [(shard: Int, bytes: [UInt8])] = []

  init(_ table: AccountTable) {
    self.table = table
    table.beginCopy()
    table.forEachRecord { stale.insert($0.key) }
  }

  func put(_ key: AccountKey, _ change: (inout AccountRecord) -> Void) {
    table.put(key, change)
    stale.insert(key)
  }

  /// Copies a piece: every record of it is new or was stored since, and is as it stands now.
  ///
  /// - Returns: false if nothing was left.
  func step(_ recordsMax: Int, _ context: String) -> Bool {
    var bytes: [UInt8] = [0xaa]
    guard let piece = table.copyNext(recordsMax: recordsMax, into: &bytes) else {
      #expect(bytes == [0xaa])
      #expect(stale.isEmpty, "\(context)")
      return false
    }
    #expect((1...recordsMax).contains(piece.recordCount) && bytes[0] == 0xaa)
    let records = Bytes.records(Array(bytes.dropFirst()))
    #expect(records.count == piece.recordCount)
    for record in records {
      #expect(stale.remove(record.key) != nil, "\(context): copied twice")
      #expect(table.record(of: record.key) == record, "\(context): an old record")
    }
    #expect(table.copyBacklog == stale.count, "\(context)")
    pieces.append((piece.shard, Array(bytes.dropFirst())))
    return true
  }

  /// The table that the pieces make.
  func loaded(_ layout: StoreLayout? = nil) throws -> AccountTable {
    let counts = table.copiedShardCounts()
    let result = try AccountTable(layout: layout ?? table.layout, seed: table.seed)
    try result.checkRoom(forShards: counts)
    let loaders = try counts.enumerated().map {
      try result.shardLoader($0.offset, recordCount: $0.element)
    }
    for piece in pieces { try loaders[piece.shard].load(piece.bytes) }
    try result.finishLoad(loaders)
    return result
  }
}

/// Records as the 64 bytes that a copy consists of.
enum Bytes {
  static func records(_ bytes: [UInt8]) -> [AccountRecord] {
    stride(from: 0, to: bytes.count, by: 64).map { record(bytes, at: $0) }
  }

  static func record(_ bytes: [UInt8], at offset: Int) -> AccountRecord {
    func word(_ at: Int, _ count: Int) -> UInt64 {
      (0..<count).reduce(0) { $0 | UInt64(bytes[offset + at + $1]) << UInt64($1 * 8) }
    }
    let kind: AccountKind = bytes[offset + 60] & 3 == 1 ? .buyer : .merchant
    var record = AccountRecord(AccountKey(kind, AccountID(word(40, 8))))
    for n in 0..<10 { record[stored: n] = Float(bitPattern: UInt32(word(n * 4, 4))) }
    record.lastEventAt = UnixSeconds(UInt32(word(48, 4)))
    record.sketch = CounterpartySketch(bits: UInt32(word(52, 4)))
    record.firstEventDay = UInt16(word(56, 2))
    record.tierHeldDay = UInt16(word(58, 2))
    record.kindAndEpoch = bytes[offset + 60]
    record.tierCode = bytes[offset + 61]
    record.standing = bytes[offset + 62]
    record.fallenFrom = bytes[offset + 63]
    return record
  }
}

func expectEqual(_ a: AccountTable, _ b: AccountTable, _ context: String) {
  #expect(a.recordHashSum == b.recordHashSum, "\(context)")
  for kind in AccountKind.allCases { #expect(a.count(kind) == b.count(kind), "\(context)") }
  var differingCount = 0
  a.forEachRecord { if b.record(of: $0.key) != $0 { differingCount += 1 } }
  #expect(differingCount == 0, "\(context)")
  b.checkInvariants()
}

@Suite("Copy of a changing table")
struct TableCopyTests {
  static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6, UInt64.random(in: 0 ... .max)]

  @Test("a copy taken between random stores loads as the table it ended with", arguments: seeds)
  func randomStores(seed: UInt64) throws {
    print("table copy seed: \(seed)")
    var random = SplitMix(seed)
    let layout = StoreLayout(
      accountsMax: Int.random(in: 500...4_000, using: &random),
      shardCount: 1 << Int.random(in: 0...5, using: &random))
    let table = try AccountTable.filled(
      .sharedByKinds, count: Int.random(in: 0...450, using: &random), layout: layout,
      seed: random.next())
    // The second follows one that was abandoned half-way.
    for round in 0..<3 {
      let copy = CheckedCopy(table)
      #expect(table.isCopying)
      for step in 0..<1_500 {
        let context = "seed \(seed), round \(round), step \(step)"
        if UInt64.random(in: 0..<3, using: &random) == 0 {
          _ = copy.step(Int.random(in: 1...30, using: &random), context)
          continue
        }
        let index = Int.random(in: 0..<600 + step, using: &random)
        let key = Numbering.sharedByKinds.key(index)
        if table.record(of: key) == nil && !table.hasRoom(for: 1) { continue }
        let bits = random.next()
        copy.put(key) { record in
          record[stored: Int(bits % 10)] += Float(bits >> 40)
          record.tierCode = UInt8(bits >> 8 & 3) + 1
        }
        #expect(table.copyBacklog == copy.stale.count, "\(context)")
      }
      if round == 1 { continue }
      while copy.step(Int.random(in: 1...50, using: &random), "seed \(seed), the rest") {}
      #expect(table.copyBacklog == 0)
      let larger = StoreLayout(accountsMax: 20_000, shardCount: layout.shardCount)
      for layout in [nil, larger] {
        let loaded = try copy.loaded(layout)
        expectEqual(table, loaded, "seed \(seed), round \(round)")
        try keepsWorking(loaded, like: table, seed: seed)
      }
      table.endCopy()
      #expect(!table.isCopying && table.copyBacklog == 0)
      var bytes: [UInt8] = []
      #expect(table.copyNext(recordsMax: 10, into: &bytes) == nil && bytes.isEmpty)
    }
  }

  /// A loaded table takes stores, splits and copies like any other.
  private func keepsWorking(_ loaded: AccountTable, like table: AccountTable, seed: UInt64) throws {
    for index in 0..<200 where loaded.hasRoom(for: 1) {
      loaded.put(Numbering.random.key(index)) { $0.tierCode = 2 }
      if index % 40 == 0 { loaded.checkInvariants() }
    }
    table.forEachRecord { record in
      var copy = record
      copy.tierCode = 5
      loaded.put(record.key) { $0 = copy }
    }
    loaded.checkInvariants()
    let copy = CheckedCopy(loaded)
    while copy.step(1_000, "seed \(seed), the copy's copy") {}
    expectEqual(loaded, try copy.loaded(), "seed \(seed), the copy's copy")
  }

  @Test("a table of many records is copied and loaded by several threads")
  func manyRecords() async throws {
    let table = try AccountTable.filled(.random, count: 200_000)
    var copy: [Int: [UInt8]] = [:]
    table.beginCopy()
    var bytes: [UInt8] = []
    while let piece = table.copyNext(recordsMax: 4_096, into: &bytes) {
      copy[piece.shard, default: []] += bytes
      bytes.removeAll(keepingCapacity: true)
    }
    let loaded = try AccountTable(seed: table.seed)
    let counts = table.copiedShardCounts()
    #expect(counts.reduce(0, +) == 200_000)
    let parts = copy
    let loaders = try await withThrowingTaskGroup(of: ShardLoader.self) { group in
      for (shard, count) in counts.enumerated() {
        group.addTask {
          let loader = try loaded.shardLoader(shard, recordCount: count)
          try loader.load(parts[shard] ?? [])
          try loader.finish()
          return loader
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    try loaded.finishLoad(loaders)
    expectEqual(table, loaded, "threads")
  }

  @Test("an empty table is copied at once, and what comes afterwards is not forgotten")
  func empty() throws {
    let table = try AccountTable(layout: StoreLayout(accountsMax: 100, shardCount: 4), seed: 1)
    let copy = CheckedCopy(table)
    #expect(!copy.step(10, "empty"))
    copy.put(Numbering.sequential.key(1)) { $0.tierCode = 1 }
    copy.put(Numbering.sequential.key(1)) { $0.tierCode = 2 }
    #expect(table.copyBacklog == 1)
    #expect(copy.step(10, "one"))
    copy.put(Numbering.sequential.key(1)) { $0.tierCode = 3 }
    #expect(table.copyBacklog == 1)
    #expect(copy.step(10, "again"))
    #expect(!copy.step(10, "done"))
    #expect(table.copiedShardCounts().reduce(0, +) == 1)
    expectEqual(table, try copy.loaded(), "one account")
  }

  @Test("without a copy under way nothing is noted")
  func none() throws {
    let table = try AccountTable.filled(.random, count: 100)
    #expect(!table.isCopying && table.copyBacklog == 0)
    table.beginCopy()
    #expect(table.copyBacklog == 100)
    table.endCopy()
    table.put(Numbering.random.key(1)) { $0.tierCode = 1 }
    #expect(table.copyBacklog == 0)
    table.beginCopy()
    #expect(table.copyBacklog == 100)
  }
}
