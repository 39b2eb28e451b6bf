import AccountStore
import IntegrityCore
import Testing

@Suite struct ScanTests {
  private static func table(_ count: Int, shardCount: Int) throws -> AccountTable {
    let table = try AccountTable(
      layout: StoreLayout(accountsMax: 5_000, shardCount: shardCount), seed: 7)
    for index in 0..<count { put(index, orders: Float(index), in: table) }
    return table
  }

  private static func put(_ index: Int, orders: Float, in table: AccountTable) {
    let kind: AccountKind = index % 3 == 0 ? .merchant : .buyer
    var located = table.locate(AccountKey(kind, AccountID(UInt64(index + 1))))
    located.record[stored: 0] = orders
    table.store(located)
  }

  @Test(arguments: [(0, 1), (1, 1), (63, 1), (64, 4), (65, 1), (3_000, 8)])
  func everyAccountIsWalkedOverOnce(count: Int, shardCount: Int) throws {
    let table = try Self.table(count, shardCount: shardCount)
    var scan = TableScan(table)
    var records: [AccountRecord] = []
    var found: Set<AccountKey> = []
    while scan.next(into: &records) {
      #expect(!records.isEmpty && records.count <= AccountTable.scanBatchCount)
      for record in records {
        #expect(found.insert(record.key).inserted)
        #expect(record == table.record(of: record.key))
      }
    }
    #expect(found.count == count && scan.walkedCount == count && scan.accountCount == count)
    let isMore = scan.next(into: &records)
    #expect(!isMore && records.isEmpty)
  }

  /// What changes behind the walk is not seen, what changes before it is; what is added to a
  /// shard that the walk has come to is left out.
  @Test func aWriterBesideTheWalk() throws {
    let table = try Self.table(200, shardCount: 1)
    var scan = TableScan(table)
    var records: [AccountRecord] = []
    let isAny = scan.next(into: &records)
    #expect(isAny)
    let first = records
    for index in 0..<300 { Self.put(index, orders: 9_999, in: table) }
    var others: [AccountRecord] = []
    while scan.next(into: &records) { others += records }
    #expect(first.allSatisfy { $0[stored: 0] < 200 })
    #expect(others.count == 136 && others.allSatisfy { $0[stored: 0] == 9_999 })
  }
}
