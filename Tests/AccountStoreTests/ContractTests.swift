import AccountStore
import IntegrityCore
import Testing

/// What `store` refuses, and what a reader does that the writer overtook.
@Suite("Contract")
struct ContractTests {
  @Test("two accounts located together can both be stored")
  func locatedTogether() throws {
    let table = try AccountTable(layout: StoreLayout(accountsMax: 10, shardCount: 1), seed: 1)
    let buyer = table.locate(AccountKey(.buyer, AccountID(1)))
    let merchant = table.locate(AccountKey(.merchant, AccountID(1)))
    table.store(buyer)
    table.store(merchant)
    #expect(table.count == 2)
    table.checkInvariants()
  }

  @Test("one account inserted twice traps")
  func insertedTwice() async {
    await #expect(processExitsWith: .failure) {
      let table = try AccountTable(layout: StoreLayout(accountsMax: 10, shardCount: 1), seed: 1)
      let first = table.locate(AccountKey(.buyer, AccountID(1)))
      let second = table.locate(AccountKey(.buyer, AccountID(1)))
      table.store(first)
      table.store(second)
    }
  }

  @Test("a new account renamed before store traps")
  func newRenamed() async {
    await #expect(processExitsWith: .failure) {
      let table = try AccountTable(layout: StoreLayout(accountsMax: 10, shardCount: 1), seed: 1)
      var located = table.locate(AccountKey(.buyer, AccountID(1)))
      located.record.id = AccountID(2)
      table.store(located)
    }
  }

  @Test("a known account given another kind traps")
  func knownRenamed() async {
    await #expect(processExitsWith: .failure) {
      let table = try AccountTable(layout: StoreLayout(accountsMax: 10, shardCount: 1), seed: 1)
      table.store(table.locate(AccountKey(.buyer, AccountID(1))))
      var located = table.locate(AccountKey(.buyer, AccountID(1)))
      located.record.kindAndEpoch = AccountKind.merchant.rawValue
      table.store(located)
    }
  }

  @Test("an insertion without room traps")
  func noRoom() async {
    await #expect(processExitsWith: .failure) {
      let table = try AccountTable(layout: StoreLayout(accountsMax: 2, shardCount: 1), seed: 1)
      for id: UInt64 in 1...3 { table.store(table.locate(AccountKey(.buyer, AccountID(id)))) }
    }
  }

  @Test("a reader on a long chain stops when the sequence has moved, and not before")
  func strayingReader() throws {
    let table = try AccountTable(layout: StoreLayout(accountsMax: 10_000, shardCount: 1), seed: 1)
    let key = AccountKey(.buyer, AccountID(1))
    let hash = table.hash(of: key)
    let shard = table.shard(of: hash)
    table.put(AccountKey(.merchant, AccountID(1)))
    shard.beginWrite()
    // A chain of twenty buckets full of somebody else's entries under our tag.
    for _ in 0..<20 * StoreLayout.bucketEntries {
      shard.insert(tag: hash.tag, slot: 0, home: shard.homeOffset(hash))
    }
    shard.endWrite()
    table.put(key)
    let now = shard.sequence
    #expect(shard.slot(of: key, hash, during: now) == 1)
    #expect(shard.slot(of: key, hash, during: now &- 2) == nil)
  }
}
