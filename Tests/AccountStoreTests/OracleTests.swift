import AccountStore
import IntegrityCore
import Testing

@Suite("Against a dictionary")
struct OracleTests {
  static let seeds: [UInt64] = [1, 2, 3, UInt64.random(in: 0 ... .max)]

  @Test("random operations agree with a dictionary's", arguments: seeds)
  func randomOperations(seed: UInt64) throws {
    print("oracle seed: \(seed)")
    var random = SplitMix(seed)
    let layout = StoreLayout(
      accountsMax: Int.random(in: 1...3_000, using: &random),
      shardCount: 1 << Int.random(in: 0...5, using: &random))
    let table = try AccountTable(layout: layout, seed: random.next())
    var oracle: [AccountKey: AccountRecord] = [:]
    for step in 0..<20_000 {
      let key = AccountKey(
        random.next() & 1 == 0 ? .buyer : .merchant,
        AccountID(UInt64.random(in: 1...2_500, using: &random) << 20))
      switch UInt64.random(in: 0..<10, using: &random) {
      case 0..<6:
        if oracle[key] == nil && !table.hasRoom(for: 1) { continue }
        let bits = random.next()
        oracle[key] = table.put(key) { record in
          record[stored: Int(bits % 10)] += Float(bits >> 40)
          record.lastEventAt = UnixSeconds(UInt32(step))
          record.tierCode = UInt8(bits >> 8 & 7)
          record.standing = UInt8(bits >> 16 & 255)
        }
      case 6..<9:
        #expect(table.record(of: key) == oracle[key], "seed \(seed), step \(step)")
      default:
        let ids = (0..<40).map { _ in UInt64.random(in: 1...3_000, using: &random) << 20 }
        table.records(of: ids.span, kind: key.kind) { index, record in
          let expected = oracle[AccountKey(key.kind, AccountID(ids[index]))]
          if record != expected { Issue.record("seed \(seed), step \(step), index \(index)") }
        }
      }
      #expect(table.count == oracle.count)
    }
    #expect(table.count > 0)
    var scanned: [AccountKey: AccountRecord] = [:]
    table.forEachRecord { scanned[$0.key] = $0 }
    #expect(scanned == oracle, "seed \(seed)")
    #expect(table.recordHashSum == oracle.values.reduce(0) { $0 &+ $1.hash })
    table.checkInvariants()
  }
}
