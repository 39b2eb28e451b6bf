/// Has memory put behind the huge pages that the writer will need next, so that it
/// does not wait for them: a page of 2 MiB that a virtual machine has not used yet
/// can take 7 ms to come.
///
/// One thread at a time; beside readers and the writer. Where it comes too late the
/// writer waits for its page, and nothing else happens.
public final class TableGrowth {
  private let table: AccountTable
  private var shards: [Populated]

  /// Offsets within a shard up to where memory is known to be.
  private struct Populated {
    var index: Int
    var records: Int
  }

  /// Room left on a page when the next is asked for: what the fastest writer needs a
  /// quarter of a second for. Before the first huge page it is half of the small ones.
  package static let recordsLeadBytes = 1 << 20
  package static let indexLeadBytes = 256 << 10

  /// - Parameter table: what is in it has memory already.
  public init(_ table: AccountTable) {
    self.table = table
    let layout = table.layout
    shards = (0..<layout.shardCount).map { index in
      let ends = table.shard(index).usedEnds
      return Populated(
        index: Self.pageEnd(behind: ends.index, in: layout.hugeIndexOffsets),
        records: Self.pageEnd(behind: ends.records, in: layout.hugeRecordsOffsets))
    }
  }

  /// Looks at every shard. Less than a microsecond where nothing is to be done.
  ///
  /// - Returns: the pages that were asked for.
  @discardableResult
  public func prepare() -> Int {
    var pageCount = 0
    // Shards fill alike, and would all ask for their next pages at once.
    let recordsStepBytes = Self.recordsLeadBytes / shards.count
    let indexStepBytes = Self.indexLeadBytes / shards.count
    for index in shards.indices {
      let shard = table.shard(index)
      let ends = shard.usedEnds
      let layout = table.layout
      pageCount += Self.populate(
        shard, ends.index + Self.indexLeadBytes + index * indexStepBytes,
        smallBytes: StoreLayout.smallIndexBytes,
        &shards[index].index, in: layout.hugeIndexOffsets)
      pageCount += Self.populate(
        shard, ends.records + Self.recordsLeadBytes + index * recordsStepBytes,
        smallBytes: StoreLayout.smallRecordsBytes,
        &shards[index].records, in: layout.hugeRecordsOffsets)
    }
    return pageCount
  }

  /// Sees to it that there is memory up to the page that `offset` lies on.
  private static func populate(
    _ shard: Shard, _ offset: Int, smallBytes: Int, _ populated: inout Int, in offsets: Range<Int>
  ) -> Int {
    if offset < offsets.lowerBound + smallBytes / 2 { return 0 }
    let end = pageEnd(behind: offset, in: offsets)
    if end <= populated { return 0 }
    defer { populated = end }
    shard.populatePages(populated..<end)
    return (end - populated) / StoreLayout.hugePageBytes
  }

  /// Where the huge page ends that `offset` lies on; where they begin, before the first.
  private static func pageEnd(behind offset: Int, in offsets: Range<Int>) -> Int {
    let page = StoreLayout.hugePageBytes
    let beyond = Swift.max(offset - offsets.lowerBound, 0)
    return Swift.min(
      offsets.lowerBound + (beyond + page - 1) / page * page, offsets.upperBound)
  }
}

extension Shard {
  /// Offsets behind the last bucket and the last record; a moment old to all but the writer.
  var usedEnds: (index: Int, records: Int) {
    (
      StoreLayout.bucketsOffset + bucketCount * StoreLayout.lineBytes, recordOffset(recordCount)
    )
  }
}
