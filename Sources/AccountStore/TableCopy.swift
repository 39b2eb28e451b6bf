import IntegrityCore

#if _endian(big)
  #error("records are copied as they lie in memory, which is to be little-endian")
#endif

/// Copying a table piece by piece while it changes.
///
/// The writer copies between its own changes, so nothing needs to be locked and
/// readers notice nothing. First comes every record once, shard by shard; what
/// is stored meanwhile in a record that was copied already is noted, and copied
/// again afterwards. Each record copied later supersedes the same record copied
/// earlier. Once `copyBacklog` is zero, what was copied is the table as it is
/// at that moment.
/// Source: Clark et al., Live Migration of Virtual Machines, NSDI 2005 (pre-copy).
struct TableCopy {
  fileprivate(set) var isUnderWay = false
  /// Slots of each shard that were copied: all below.
  fileprivate var copiedCounts: [Int]
  /// Their sum.
  fileprivate var copiedCount = 0
  /// Slots of each shard that were copied and stored since.
  fileprivate var dirty: [DirtySlots]
  /// Their number.
  fileprivate var dirtyCount = 0
  /// The shard to look at next, for records never copied and for changed ones.
  fileprivate var uncopiedShard = 0
  fileprivate var dirtyShard = 0
  fileprivate var slots: [UInt32] = []

  init(shardCount: Int) {
    copiedCounts = Array(repeating: 0, count: shardCount)
    dirty = Array(repeating: DirtySlots(), count: shardCount)
  }

  /// Notes that a known record was stored. About 2 ns.
  @inline(__always)
  mutating func noteStore(shard: Int, slot: Int) {
    // What was not copied yet is going to be, with what was stored now.
    if slot < copiedCounts[shard] && dirty[shard].insert(slot) { dirtyCount += 1 }
  }
}

extension TableCopy {
  /// Puts changed slots into `slots`, which is empty; true at the end of the shard's pass.
  fileprivate mutating func takeDirty(_ countMax: Int, ofShard shard: Int) -> Bool {
    let isPassEnded = dirty[shard].take(countMax, into: &slots)
    dirtyCount -= slots.count
    return isPassEnded
  }
}

/// Records of one shard, appended by `copyNext`.
public struct CopiedPiece: Sendable, Equatable {
  /// 0..<shardCount.
  public let shard: Int
  /// 1 or more, of 64 bytes each.
  public let recordCount: Int
}

extension AccountTable {
  /// Whether a copy is under way. Writer only.
  public var isCopying: Bool { copy.isUnderWay }

  /// Starts a copy; one that was under way is abandoned. Writer only.
  ///
  /// A copy takes one bit a record of memory, kept for the next one. Takes
  /// about 1 µs, and does not touch the records.
  public func beginCopy() {
    copy.isUnderWay = true
    for index in 0..<layout.shardCount { copy.copiedCounts[index] = 0 }
    copy.copiedCount = 0
    copy.dirtyCount = 0
    copy.uncopiedShard = 0
    copy.dirtyShard = 0
  }

  /// Ends the copy, or abandons it. Writer only; constant time.
  public func endCopy() { copy.isUnderWay = false }

  /// Records still to be copied, exactly: those never copied and those stored
  /// since. Zero if no copy is under way. Writer only; constant time.
  public var copyBacklog: Int {
    copy.isUnderWay ? count - copy.copiedCount + copy.dirtyCount : 0
  }

  /// Accounts copied so far, by shard: what `shardLoader` is to be told once
  /// everything is copied. Writer only, while a copy is under way.
  public func copiedShardCounts() -> [Int] { copy.copiedCounts }

  /// Appends the next records to `bytes`, as they lie in memory: 64 bytes each,
  /// little-endian. Writer only.
  ///
  /// 8 ns a record never copied before, 40 to 47 ns one stored since, which is a
  /// cache miss (`store-growth`, 4 M and 10 M accounts), if `bytes` has the
  /// capacity. Looks at every shard once, or twice, at most.
  ///
  /// - Parameter recordsMax: 1 or more; bounds the time that this takes.
  /// - Returns: what was appended; nil if nothing is left to be copied right now.
  public func copyNext(recordsMax: Int, into bytes: inout [UInt8]) -> CopiedPiece? {
    precondition(recordsMax > 0, "a piece has at least one record")
    if !copy.isUnderWay { return nil }
    return copyUncopied(recordsMax, &bytes) ?? copyDirty(recordsMax, &bytes)
  }

  private func copyUncopied(_ recordsMax: Int, _ bytes: inout [UInt8]) -> CopiedPiece? {
    if copy.copiedCount == count { return nil }
    for _ in 0..<layout.shardCount {
      let index = copy.uncopiedShard
      let shard = shard(index)
      let start = copy.copiedCounts[index]
      let end = Swift.min(start + recordsMax, shard.recordCount)
      if end == shard.recordCount { copy.uncopiedShard = (index + 1) & (layout.shardCount - 1) }
      if start == end { continue }
      // An abandoned copy may have left something.
      if start == 0 { copy.dirty[index].removeAll() }
      copy.dirty[index].grow(to: end)
      copy.copiedCounts[index] = end
      copy.copiedCount += end - start
      shard.appendRecords(start..<end, to: &bytes)
      return CopiedPiece(shard: index, recordCount: end - start)
    }
    preconditionFailure("the shards hold fewer records than the table counts")
  }

  private func copyDirty(_ recordsMax: Int, _ bytes: inout [UInt8]) -> CopiedPiece? {
    copy.slots.removeAll(keepingCapacity: true)
    if copy.dirtyCount == 0 { return nil }
    // A pass that was begun may leave something behind in each shard: two rounds find it.
    for _ in 0...2 * layout.shardCount {
      let index = copy.dirtyShard
      // Even an empty shard is taken from, so that its next pass starts at its first slot.
      let isPassEnded = copy.takeDirty(recordsMax, ofShard: index)
      if isPassEnded { copy.dirtyShard = (index + 1) & (layout.shardCount - 1) }
      if copy.slots.isEmpty { continue }
      shard(index).appendRecords(at: copy.slots, to: &bytes)
      return CopiedPiece(shard: index, recordCount: copy.slots.count)
    }
    preconditionFailure("the shards have fewer changed records than the table counts")
  }
}
