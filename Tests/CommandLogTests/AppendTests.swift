import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// What is appended is read again: groups, segments, spares, pruning, and when
/// it is durable.
@Suite struct AppendTests {
  @Test func aSegmentWithoutGroupsIsAnEmptyLog() throws {
    let disk = SimulatedDisk()
    disk.plant([ForgedSegment(sizeBytes: 16 << 10)])
    let (end, entries) = try LogSettings().recover(disk)
    #expect(entries == [])
    #expect(end.nextPosition == 1)
    #expect(end.offset == 4096)
    let log = try LogSettings().open(disk).log
    try log.append(1)
    #expect(disk.segmentNames.count == 1)
    #expect(try LogSettings().open(disk).entries.map(\.first) == [1])
  }

  @Test(arguments: [16 << 10, 64 << 10])
  func whatIsAppendedIsReadAgain(segmentBytes: Int) throws {
    var settings = LogSettings()
    settings.segmentBytes = segmentBytes
    let disk = SimulatedDisk(seed: 1)
    var random = SplitMix64(seed: 7)
    var expected: [Entry] = []
    var next: UInt64 = 1
    for _ in 0..<4 {
      let opened = try settings.open(disk)
      #expect(opened.entries == expected)
      #expect(opened.tornTail == nil)
      #expect(opened.log.durablePosition == next - 1)
      for _ in 0..<10 {
        let count = 1 + random.below(5)
        // From nothing to as much as a segment holds.
        let bytes = [0, 1, 40, 4048, 4049, 4096, segmentBytes - 4096 - 48][random.below(7)]
        expected.append(try opened.log.append(next, bytes: bytes, count: count))
        next += UInt64(count)
        #expect(opened.log.durablePosition == next - 1)
      }
      disk.powerCut()
    }
    #expect(try settings.open(disk).entries == expected)
    #expect(disk.asideNames == [])
    // From a position that ends a group on, and read without writing.
    let middle = expected[17].last
    let calls = (disk.callCount(of: .write), disk.callCount(of: .sync))
    let reading = try settings.recover(disk, after: middle, for: .reading)
    #expect(reading.entries == Array(expected[18...]))
    #expect(calls == (disk.callCount(of: .write), disk.callCount(of: .sync)))
  }

  @Test func segmentsFollowEachOther() throws {
    let disk = SimulatedDisk()
    let log = try LogSettings().open(disk).log
    for position in 1...7 as ClosedRange<UInt64> { try log.append(position) }
    #expect(disk.segmentNames == [1, 4, 7].map { FileNames.segment(firstPosition: $0) })
    for name in disk.segmentNames { #expect(disk.durableContents(of: name)?.count == 16 << 10) }
    #expect(disk.durableFileNames == disk.fileNames)
  }

  /// The group that fills a segment to the last byte, and the one that does not fit.
  @Test func aSegmentIsFilledToTheLastByte() throws {
    let disk = SimulatedDisk()
    let log = try LogSettings().open(disk).log
    try log.append(1, bytes: 4096 - 48)
    try log.append(2, bytes: 2 * 4096 - 48)
    #expect(disk.segmentNames.count == 1)
    try log.append(3, bytes: 0)
    #expect(disk.segmentNames.count == 2)
    #expect(try LogSettings().open(disk).entries.map(\.first) == [1, 2, 3])
  }

  @Test func aSpareIsUsedAndLeavesNothingToAllocate() throws {
    let disk = SimulatedDisk()
    let log = try LogSettings().open(disk).log
    var pieces: [Int] = []
    try log.makeSpare(pieceBytes: 5 << 10) { pieces.append($0) }
    #expect(pieces == [5 << 10, 5 << 10, 5 << 10, 1 << 10])
    let spare = try #require(disk.durableContents(of: FileNames.segmentSpare))
    #expect(spare == [UInt8](repeating: 0, count: 16 << 10))
    #expect(disk.durableFileNames == [FileNames.segmentSpare])
    let allocations = disk.callCount(of: .allocate)
    let calls = disk.callCount
    // One is enough.
    try log.makeSpare()
    #expect(disk.callCount == calls)
    try log.append(1)
    #expect(disk.callCount(of: .allocate) == allocations)
    #expect(disk.fileNames == [FileNames.segment(firstPosition: 1)])
    // The next segment has no spare, the one after it has.
    for position in 2...4 as ClosedRange<UInt64> { try log.append(position) }
    try log.makeSpare()
    for position in 5...8 as ClosedRange<UInt64> { try log.append(position) }
    #expect(disk.fileNames == [1, 4, 7].map { FileNames.segment(firstPosition: $0) })
    #expect(try LogSettings().open(disk).entries.map(\.first) == Array(1...8))
  }

  /// With a spare, an append writes once and syncs once.
  @Test func anAppendIsOneWriteAndOneSync() throws {
    let disk = SimulatedDisk()
    let log = try LogSettings().open(disk).log
    try log.append(1)
    let calls = disk.callCount
    try log.append(2)
    #expect(disk.callCount == calls + 2)
  }

  @Test(
    arguments: [
      (0, [1, 4, 7, 10]), (2, [1, 4, 7, 10]), (3, [4, 7, 10]), (5, [4, 7, 10]), (6, [7, 10]),
      (9, [10]), (11, [10]), (1000, [10]),
    ] as [(UInt64, [UInt64])])
  func pruningLeavesEverythingBehindThePosition(position: UInt64, left: [UInt64]) throws {
    let disk = SimulatedDisk()
    let log = try LogSettings().open(disk).log
    for position in 1...11 as ClosedRange<UInt64> { try log.append(position) }
    #expect(try log.prune(through: position) == left.count * (16 << 10))
    #expect(disk.segmentNames == left.map { FileNames.segment(firstPosition: $0) })
    #expect(disk.durableFileNames == disk.fileNames)
    let opened = try LogSettings().open(disk, after: min(position, 11))
    #expect(opened.entries.map(\.first) == (1...11).filter { $0 > position })
  }

  /// Segments go one after the other: whatever the machine does to the changes
  /// of names, the log behind the position is there.
  @Test func aPowerCutWhilePruningLosesNothingThatIsNeeded() throws {
    for seed in 0..<30 as Range<UInt64> {
      let disk = SimulatedDisk(seed: seed)
      let log = try LogSettings().open(disk).log
      for position in 1...11 as ClosedRange<UInt64> { try log.append(position) }
      disk.fail(call: 1, of: .syncDirectory, with: .halt)
      #expect(throws: DiskError.self) { try log.prune(through: 7) }
      disk.powerCut()
      let opened = try LogSettings().open(disk, after: 7)
      #expect(opened.entries.map(\.first) == Array(8...11))
      try opened.log.prune(through: 7)
      #expect(disk.segmentNames.count == 2)
    }
  }

  // MARK: Interval

  static func weak(_ clock: ManualClock) -> LogSettings {
    var settings = LogSettings()
    settings.durability = .interval(milliseconds: 100)
    settings.clock = clock
    return settings
  }

  @Test func atAnIntervalAppendsDoNotSync() throws {
    let clock = ManualClock()
    let disk = SimulatedDisk()
    let log = try Self.weak(clock).open(disk).log
    #expect(log.syncDueNanoseconds == nil)
    try log.append(1)
    // The segment's own header.
    let syncs = disk.callCount(of: .sync)
    #expect(log.durablePosition == 0)
    let due = try #require(log.syncDueNanoseconds)
    #expect(due == clock.log.monotonicNanoseconds() + 100_000_000)
    clock.advance(milliseconds: 99)
    try log.append(2)
    #expect(disk.callCount(of: .sync) == syncs)
    #expect(log.syncDueNanoseconds == due)
    clock.advance(milliseconds: 1)
    try log.append(3)
    #expect(disk.callCount(of: .sync) == syncs + 1)
    #expect(log.durablePosition == 3)
    #expect(log.syncDueNanoseconds == nil)
    // Nothing to do.
    try log.sync()
    #expect(disk.callCount(of: .sync) == syncs + 1)
  }

  @Test func syncMakesDurableWhatIsAppended() throws {
    let disk = SimulatedDisk()
    let settings = Self.weak(ManualClock())
    let log = try settings.open(disk).log
    for position in 1...2 as ClosedRange<UInt64> { try log.append(position) }
    try log.sync()
    #expect(log.durablePosition == 2)
    try log.append(3)
    disk.powerCut(.losesAll)
    #expect(try settings.open(disk).entries.map(\.first) == [1, 2])
  }

  @Test func atAnIntervalAKilledProcessLosesNothing() throws {
    let disk = SimulatedDisk()
    let settings = Self.weak(ManualClock())
    let log = try settings.open(disk).log
    for position in 1...9 as ClosedRange<UInt64> { try log.append(position) }
    disk.crash()
    let opened = try settings.open(disk)
    #expect(opened.entries.map(\.first) == Array(1...9))
    // What is there now is there for good.
    #expect(opened.log.durablePosition == 9)
    disk.powerCut(.losesAll)
    #expect(try settings.open(disk).entries.map(\.first) == Array(1...9))
  }

  @Test func aNewSegmentBeginsOnlyWhenTheOneBeforeIsDurable() throws {
    let disk = SimulatedDisk()
    let settings = Self.weak(ManualClock())
    let log = try settings.open(disk).log
    for position in 1...3 as ClosedRange<UInt64> { try log.append(position) }
    #expect(log.durablePosition == 0)
    try log.append(4)
    #expect(log.durablePosition == 3)
    disk.powerCut(.losesAll)
    #expect(try settings.open(disk).entries.map(\.first) == [1, 2, 3])
  }

  /// No more than so much is ever lost.
  @Test func manyBytesAreSyncedBeforeTheirTime() throws {
    var settings = Self.weak(ManualClock())
    settings.segmentBytes = 20 << 20
    let disk = SimulatedDisk()
    let log = try settings.open(disk).log
    let body = [UInt8](repeating: 1, count: 3 << 20)
    _ = try log.append(body, count: 1)
    _ = try log.append(body, count: 1)
    #expect(log.durablePosition == 0)
    _ = try log.append(body, count: 1)
    #expect(log.durablePosition == 3)
  }

  // MARK: Rules

  static func otherRules() -> LogSettings {
    var settings = LogSettings()
    settings.rules = ReplayRules(semantics: 7, policyHash: 99)
    return settings
  }

  @Test func otherRulesBeginASegment() throws {
    let disk = SimulatedDisk()
    let log = try LogSettings().open(disk).log
    for position in 1...2 as ClosedRange<UInt64> { try log.append(position) }
    let changed = try Self.otherRules().open(disk, after: 2)
    try changed.log.append(3)
    #expect(disk.segmentNames == [1, 3].map { FileNames.segment(firstPosition: $0) })
    #expect(try Self.otherRules().open(disk, after: 2).entries.map(\.first) == [3])
    #expect(LogSettings().fault(disk, after: 2)?.kind == .rules)
    #expect(Self.otherRules().fault(disk, after: 0)?.kind == .rules)
  }
}
