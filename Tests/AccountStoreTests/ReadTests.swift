import AccountStore
import IntegrityCore
import Testing

@Suite("Reading")
struct ReadTests {
  @Test("a batch reads what single reads do", arguments: [0, 1, 2, 15, 16, 17, 31, 32, 33, 1_000])
  func batches(count: Int) throws {
    let table = try AccountTable.filled(.sequential, count: 5_000)
    var random = SplitMix(UInt64(count))
    for kind in AccountKind.allCases {
      // Known of this kind, known of the other kind, unknown, repeated, none.
      let ids = (0..<count).map { i in
        i % 9 == 8 ? 0 : UInt64.random(in: 1...10_000, using: &random)
      }
      var indices: [Int] = []
      var wrongCount = 0
      var knownCount = 0
      table.records(of: ids.span, kind: kind) { index, record in
        indices.append(index)
        if record != nil { knownCount += 1 }
        if record != table.record(of: AccountKey(kind, AccountID(ids[index]))) { wrongCount += 1 }
      }
      #expect(indices == Array(0..<count))
      #expect(wrongCount == 0)
      if count == 1_000 { #expect((10...900).contains(knownCount)) }
    }
  }

  @Test("an empty table knows nobody, and nobody has no id")
  func empty() throws {
    let table = try AccountTable(seed: 1)
    for kind in AccountKind.allCases {
      #expect(table.record(of: AccountKey(kind, .none)) == nil)
      #expect(table.record(of: AccountKey(kind, AccountID(1))) == nil)
      #expect(!table.locate(AccountKey(kind, AccountID(1))).isKnown)
    }
    #expect(table.count == 0)
    #expect(table.recordHashSum == 0)
    table.prefetchBucket(of: AccountKey(.buyer, AccountID(1)))
    table.prefetchRecord(of: AccountKey(.buyer, AccountID(1)))
    table.checkInvariants()
  }

  @Test("locating changes nothing")
  func locating() throws {
    let table = try AccountTable.filled(.sequential, count: 10)
    let sum = table.recordHashSum
    var located = table.locate(AccountKey(.buyer, AccountID(77)))
    located.record.tierCode = 3
    #expect(table.count == 10)
    #expect(table.recordHashSum == sum)
    #expect(table.record(of: AccountKey(.buyer, AccountID(77))) == nil)
  }

  @Test("the seed moves accounts and changes nothing that they say")
  func seeds() throws {
    let tables = try [0, 1, UInt64.max].map {
      try AccountTable.filled(.sharedByKinds, count: 20_000, seed: $0)
    }
    for table in tables {
      #expect(table.recordHashSum == tables[0].recordHashSum)
      #expect(table.count(.buyer) == 10_000)
      #expect(table.count(.merchant) == 10_000)
      var wrongCount = 0
      for index in 0..<20_000 {
        let key = Numbering.sharedByKinds.key(index)
        if table.record(of: key) != tables[0].record(of: key) { wrongCount += 1 }
      }
      #expect(wrongCount == 0)
    }
    func order(_ table: AccountTable) -> [AccountKey] {
      var keys: [AccountKey] = []
      table.forEachRecord { keys.append($0.key) }
      return keys
    }
    #expect(order(tables[0]) != order(tables[1]))
    #expect(Set(order(tables[0])) == Set(order(tables[1])))
  }

  @Test("a scan sees every record once, and its hashes add up to the kept sum")
  func hashSum() throws {
    let table = try AccountTable.filled(.random, count: 30_000)
    for index in stride(from: 0, to: 30_000, by: 3) {
      table.put(Numbering.random.key(index)) { $0.counters[index % 8] += 1 }
    }
    var sum: UInt64 = 0
    var count = 0
    table.forEachRecord {
      sum &+= $0.hash
      count += 1
    }
    #expect(count == 30_000)
    #expect(sum == table.recordHashSum)
  }
}
