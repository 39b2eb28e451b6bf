import IntegrityCore

/// Walking over accounts beside a writer, some at a time, in the order in which they came.
///
/// Each record is whole, and as of a moment between the walk's begin and its end. What is added
/// to a shard behind the walk is not in it. It holds up nobody: a reader like those that look
/// accounts up.
extension AccountTable {
  /// Records that are read at once: 4 KiB, so little that a writer seldom comes between.
  public static let scanBatchCount = 64

  /// Records of a shard: those in slots below are there. Any thread.
  public func recordCount(inShard index: Int) -> Int { shard(index).recordCount }

  /// Reads some records of a shard, in place of what `records` held. Any thread.
  ///
  /// - Precondition: the slots are below `recordCount(inShard:)`.
  public func readRecords(
    inShard index: Int, _ slots: Range<Int>, into records: inout [AccountRecord]
  ) {
    let shard = shard(index)
    precondition(slots.lowerBound >= 0 && slots.upperBound <= shard.recordCount)
    shard.read { _ in
      records.removeAll(keepingCapacity: true)
      for slot in slots { records.append(shard.record(slot)) }
    }
  }
}

/// A walk over all accounts, shard by shard.
public struct TableScan: Sendable {
  private let table: AccountTable
  private var shardIndex = 0
  private var slot = 0
  /// Slots of the shard, as it was when the walk came to it.
  private var end: Int

  public init(_ table: AccountTable) {
    self.table = table
    end = table.recordCount(inShard: 0)
  }

  /// Accounts that were walked over and that there are: for a bar of progress.
  public private(set) var walkedCount = 0
  public var accountCount: Int { table.count }

  /// Reads the next accounts, at most `scanBatchCount`.
  ///
  /// - Returns: false behind the last.
  public mutating func next(into records: inout [AccountRecord]) -> Bool {
    records.removeAll(keepingCapacity: true)
    while slot == end {
      shardIndex += 1
      if shardIndex >= table.layout.shardCount { return false }
      (slot, end) = (0, table.recordCount(inShard: shardIndex))
    }
    let slots = slot..<Swift.min(end, slot + AccountTable.scanBatchCount)
    table.readRecords(inShard: shardIndex, slots, into: &records)
    slot = slots.upperBound
    walkedCount += slots.count
    return true
  }
}
