import IntegrityCore

/// Whole-table checks for tests: no writer may be at work.
extension AccountTable {
  /// Calls `body` with every record, shard by shard.
  public func forEachRecord(_ body: (AccountRecord) -> Void) {
    for index in 0..<layout.shardCount {
      let shard = shard(index)
      for slot in 0..<shard.recordCount { body(shard.record(slot)) }
    }
  }

  /// Traps unless every record is found under its own key, the counts and the
  /// hash sum agree with the records, and no chain is longer than it must be.
  public func checkInvariants() {
    var sum: UInt64 = 0
    var counts: [AccountKind: Int] = [:]
    forEachRecord { record in
      sum &+= record.hash
      counts[record.kind, default: 0] += 1
      precondition(self.record(of: record.key) == record, "a record is not found under its key")
    }
    precondition(sum == recordHashSum, "the sum of hashes is stale")
    for kind in AccountKind.allCases { precondition(counts[kind, default: 0] == count(kind)) }
    for index in 0..<layout.shardCount {
      let shard = shard(index)
      precondition(shard.sequence & 1 == 0, "a write was not ended")
      precondition(shard.overflowUsed * StoreLayout.bucketEntries <= shard.recordCount + 24)
    }
  }
}
