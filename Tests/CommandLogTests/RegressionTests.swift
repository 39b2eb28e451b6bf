import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// What was wrong once.
@Suite struct RegressionTests {
  /// The next segment had its name, its directory could not be synced for want of
  /// room, and a smaller group went into the segment before: two segments claimed
  /// the same positions, and the log could not be read any more.
  @Test func nothingIsAppendedBehindASegmentThatMayHaveItsName() throws {
    let disk = SimulatedDisk(seed: 1)
    let log = try LogSettings().open(disk).log
    try log.append(1)
    disk.failAll(.syncDirectory, with: .noSpace)
    #expect(throws: LogError.self) { try log.append(2, bytes: 10_000) }
    #expect(throws: LogError.self) { try log.append(2) }
    disk.clearFaults()
    try log.append(2)
    disk.crash()
    #expect(try LogSettings().open(disk).entries.map(\.first) == [1, 2])
  }

  /// A group was written, its filling found no room, and the next group began a
  /// segment: the erasing of the first was not synced, so that a power cut
  /// brought it back, in front of a segment that claimed the same position.
  @Test func aRefusedGroupDoesNotComeBackInFrontOfANewSegment() throws {
    let disk = SimulatedDisk(seed: 1)
    let log = try LogSettings().open(disk).log
    try log.append(1)
    disk.failAll(.write, with: .shortOfRoom)
    #expect(throws: LogError.self) { try log.append(2) }
    disk.clearFaults()
    try log.append(2, bytes: 10_000)
    for seed in 0..<100 as Range<UInt64> {
      let after = disk.forked(seed: seed)
      after.powerCut()
      #expect(try LogSettings().open(after).entries.map(\.payload.count) == [40, 10_000])
    }
  }

  /// A file with such a name, whatever is in it, ended the process: positions
  /// before the first and behind the last were computed.
  @Test(arguments: [
    "log-00000000000000000000.segment", "log-18446744073709551615.segment",
    "log-04611686018427387904.segment",
  ])
  func aNameWithAnImpossiblePositionIsNoSegment(name: String) throws {
    let disk = SimulatedDisk()
    disk.plant([ForgedSegment(sizeBytes: 16 << 10)])
    disk.plant([], as: name)
    #expect(try LogSettings().open(disk).entries == [])
    #expect(FileNames.snapshotPosition("snapshot-18446744073709551615.snapshot") == nil)
  }

  /// A file that was kept aside, with a header that says so and a right checksum,
  /// ended the process that inspected it.
  @Test(arguments: [0, 1 << 62, UInt64.max] as [UInt64])
  func aHeaderWithAnImpossiblePositionIsDamaged(position: UInt64) {
    let disk = SimulatedDisk()
    var segment = ForgedSegment(groups: [ForgedGroup(payload(1))])
    segment.saidPosition = position
    disk.plant(segment.forge().bytes, as: "aside-segment-1-1")
    let finding = StoreInspector(disk, ForgedIdentity.identity).segment(
      named: "aside-segment-1-1")
    #expect(finding.fault?.what.contains("header is damaged") == true)
    #expect(finding.groupCount == 0)
  }

  /// The message named two equal positions.
  @Test func aSegmentOfAnotherSchemaIsOfAnotherStore() {
    let disk = SimulatedDisk()
    var segment = ForgedSegment(groups: [ForgedGroup(payload(1))])
    segment.schema = 1
    disk.plant([segment])
    #expect(LogSettings().fault(disk)?.kind == .otherStore)
  }

  /// A segment without groups was replaced by one under other rules, which named
  /// the checksum of the one that was gone as the one before.
  @Test func aSegmentInPlaceOfAnEmptyOneFollowsTheOneBefore() throws {
    let disk = SimulatedDisk()
    disk.plant([
      ForgedSegment(sizeBytes: 16 << 10, groups: [ForgedGroup(payload(1))]),
      ForgedSegment(firstPosition: 2, sizeBytes: 16 << 10),
    ])
    var settings = LogSettings()
    settings.rules = ReplayRules(semantics: 7, policyHash: 1)
    let log = try settings.open(disk, after: 1).log
    try log.append(2)
    #expect(disk.segmentNames.count == 2)
    // From the beginning: what there is to complain of are the rules, not a gap.
    #expect(settings.fault(disk)?.kind == .rules)
    #expect(LogSettings().fault(disk)?.kind == .rules)
    #expect(try settings.open(disk, after: 1).entries.map(\.first) == [2])
  }

  /// The same with a group that does not fit: segments had been made smaller
  /// than they are now.
  @Test func aSegmentInPlaceOfOneThatIsTooSmallFollowsTheOneBefore() throws {
    let disk = SimulatedDisk()
    disk.plant([
      ForgedSegment(sizeBytes: 8 << 10, groups: [ForgedGroup(payload(1))]),
      ForgedSegment(firstPosition: 2, sizeBytes: 8 << 10),
    ])
    let log = try LogSettings().open(disk).log
    try log.append(2, bytes: 10_000)
    #expect(disk.segmentNames.count == 2)
    #expect(try LogSettings().open(disk).entries.map(\.first) == [1, 2])
  }
}
