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
  /// hash sum agree with the records, and every shard's index is sound.
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
    for index in 0..<layout.shardCount { shard(index).checkIndex { hash(of: $0.key) } }
  }

  /// Number of chains by their length in buckets, home bucket included:
  /// element n counts the chains of n buckets.
  package func chainCounts() -> [Int] {
    var counts: [Int] = []
    for index in 0..<layout.shardCount {
      let shard = shard(index)
      for bucket in 0..<shard.bucketCount {
        let length = shard.chain(ofBucket: bucket).count
        if length >= counts.count {
          counts.append(contentsOf: repeatElement(0, count: length + 1 - counts.count))
        }
        counts[length] += 1
      }
    }
    return counts
  }

  /// Buckets in use in the shard of `key`: one more after an insertion that split.
  package func bucketCount(inShardOf key: AccountKey) -> Int {
    shard(of: hash(of: key)).bucketCount
  }
}

extension Shard {
  /// Offsets of the bucket and of the overflow buckets behind it.
  func chain(ofBucket bucket: Int) -> [Int] {
    var offsets = [StoreLayout.bucketsOffset + bucket * StoreLayout.lineBytes]
    while let next = nextOffset(offsets[offsets.count - 1]) {
      precondition(offsets.count <= overflowMax, "a chain runs in a circle")
      offsets.append(next)
    }
    return offsets
  }

  /// Traps unless every record has exactly one entry, in the chain that its
  /// hash names and under its tag; all but the last bucket of each chain are
  /// full; every overflow bucket is in one chain or free; and the table has
  /// split as often as it should.
  func checkIndex(hashOf: (AccountRecord) -> Hash) {
    precondition(sequence & 1 == 0, "a write was not ended")
    precondition(recordCount <= shardCapacity && overflowUsed <= overflowMax)
    let full = StoreLayout.accountsPerBucket
    precondition(
      bucketCount == Swift.max(StoreLayout.bucketsInitial, (recordCount + full - 1) / full),
      "a split is missing")
    var isIndexed = [Bool](repeating: false, count: recordCount)
    var overflowCount = 0
    for bucket in 0..<bucketCount {
      let chain = chain(ofBucket: bucket)
      overflowCount += chain.count - 1
      for offset in chain {
        let slots = checkEntries(offset, home: chain[0], hashOf: hashOf)
        precondition(
          slots.count == StoreLayout.bucketEntries || offset == chain[chain.count - 1],
          "a bucket inside a chain is not full")
        for slot in slots {
          precondition(!isIndexed[slot], "a record has two entries")
          isIndexed[slot] = true
        }
      }
    }
    precondition(isIndexed.allSatisfy { $0 }, "a record has no entry")
    var free = overflowFree
    while free != 0 {
      overflowCount += 1
      precondition(overflowCount <= overflowUsed, "the list of free buckets runs in a circle")
      let offset = overflowOffset + (free - 1) * StoreLayout.lineBytes
      free = Int(truncatingIfNeeded: load(offset + 8) >> 32)
    }
    precondition(overflowCount == overflowUsed, "an overflow bucket is lost")
  }

  private func checkEntries(
    _ offset: Int, home: Int, hashOf: (AccountRecord) -> Hash
  ) -> [Int] {
    var slots: [Int] = []
    for entry in 0..<StoreLayout.bucketEntries where tag(offset, entry) != 0 {
      let slot = slot(offset, entry)
      precondition(slot < recordCount, "an entry names no record")
      let hash = hashOf(record(slot))
      precondition(hash.tag == tag(offset, entry), "an entry has another record's tag")
      precondition(homeOffset(hash) == home, "an entry is in another bucket's chain")
      slots.append(slot)
    }
    return slots
  }
}
