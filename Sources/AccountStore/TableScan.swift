import IntegrityCore

/// A walk over all accounts beside a writer, some at a time: shard by shard, in the order in
/// which they came.
///
/// Each record is whole, and as of a moment between the walk's begin and its end. What is added
/// to a shard behind the walk is not in it. It holds up nobody: a reader like those that look
/// accounts up.
public struct TableScan: Sendable {
  private let table: AccountTable
  private var shardIndex = 0
  private var slot = 0
  /// Slots of the shard, as it was when the walk came to it.
  private var end: Int

  /// Records that are read at once: 4 KiB, so little that a writer seldom comes between.
  public static let batchCount = 64

  public init(_ table: AccountTable) {
    self.table = table
    end = table.shard(0).recordCount
  }

  /// Accounts that were walked over and that there are: for a bar of progress.
  public private(set) var walkedCount = 0
  public var accountCount: Int { table.count }

  /// Reads the next accounts, at most `batchCount`.
  ///
  /// - Returns: false behind the last.
  public mutating func next(into records: inout [AccountRecord]) -> Bool {
    records.removeAll(keepingCapacity: true)
    while slot == end {
      shardIndex += 1
      if shardIndex >= table.layout.shardCount { return false }
      (slot, end) = (0, table.shard(shardIndex).recordCount)
    }
    let shard = table.shard(shardIndex)
    let slots = slot..<Swift.min(end, slot + Self.batchCount)
    shard.read { _ in
      records.removeAll(keepingCapacity: true)
      for slot in slots { records.append(shard.record(slot)) }
    }
    slot = slots.upperBound
    walkedCount += slots.count
    return true
  }
}
