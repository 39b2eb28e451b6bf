import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// The table of `LogRecovery`, row by row: what is found, and what is done.
@Suite struct RecoveryTableTests {
  static let settings = LogSettings()

  /// Three segments of three groups each, and one of two.
  static func row() -> [ForgedSegment] {
    [1, 4, 7, 10].map { first in
      ForgedSegment(
        firstPosition: first, sizeBytes: 16 << 10,
        groups: (first..<min(first + 3, 12)).map { ForgedGroup(payload($0)) })
    }
  }

  static func disk(_ change: (inout [ForgedSegment]) -> Void = { _ in }) -> SimulatedDisk {
    let disk = SimulatedDisk(seed: 1)
    var segments = row()
    change(&segments)
    disk.plant(segments)
    return disk
  }

  static func name(_ position: UInt64) -> String { FileNames.segment(firstPosition: position) }

  static func bytes(_ disk: SimulatedDisk) -> [[UInt8]?] {
    disk.fileNames.map { disk.contents(of: $0) }
  }

  // MARK: Zeros behind the last valid group

  @Test func aLogThatEndsInZerosIsReadAndChangedInNothing() throws {
    let disk = Self.disk()
    let before = Self.bytes(disk)
    let (end, entries) = try Self.settings.recover(disk)
    #expect(entries.map(\.first) == Array(1...11))
    #expect(entries.map(\.payload) == (1...11).map { payload($0) })
    #expect(end.nextPosition == 12)
    #expect(end.offset == 3 * 4096)
    #expect(end.tornTail == nil)
    #expect(end.rules == ForgedIdentity.rules)
    #expect(end.segmentCreatedAt == ForgedIdentity.createdAt)
    #expect(Self.bytes(disk) == before)
  }

  /// Zeros behind the last group up to the segment's very end, and none at all.
  @Test func aLogThatEndsWithItsSegment() throws {
    let disk = Self.disk { $0.removeLast() }
    let (end, entries) = try Self.settings.recover(disk)
    #expect(entries.count == 9)
    #expect(end.offset == end.fileBytes)
    try Self.settings.open(disk).log.append(10)
    #expect(disk.segmentNames.last == Self.name(10))
    #expect(try Self.settings.recover(disk).entries.count == 10)
  }

  @Test(arguments: 1...11 as ClosedRange<UInt64>)
  func onlyGroupsBehindTheSnapshotAreReplayed(position: UInt64) throws {
    let disk = Self.disk()
    // Older segments are not looked at.
    for older in [1, 4, 7] as [UInt64] where older + 3 <= position + 1 {
      disk.zero(0..<4096, of: Self.name(older))
    }
    let (end, entries) = try Self.settings.recover(disk, after: position)
    #expect(entries.map(\.first) == (1...11).filter { $0 > position })
    #expect(end.nextPosition == 12)
  }

  // MARK: A torn tail

  /// Bytes behind the last group: of no group, or of groups that no header calls durable.
  static let tails: [(name: String, bytes: [UInt8])] = {
    let good = ForgedSegment(
      firstPosition: 10, sizeBytes: 16 << 10,
      groups: [10, 11, 12].map { ForgedGroup(payload($0, bytes: 3000), durable: 9) })
    let lost = Array(good.forge().bytes[8192...])
    var halfHeader = [UInt8](repeating: 0, count: 4096)
    halfHeader.replaceSubrange(0..<30, with: lost.prefix(30))
    var secondOnly = lost
    secondOnly.replaceSubrange(0..<4096, with: [UInt8](repeating: 0, count: 4096))
    var firstTorn = lost
    firstTorn.replaceSubrange(512..<1024, with: [UInt8](repeating: 0, count: 512))
    return [
      ("one byte", [0, 0, 7]), ("noise", SplitMix64.noise(5000)), ("half a header", halfHeader),
      ("a second group without its first", secondOnly), ("a torn group before another", firstTorn),
    ]
  }()

  @Test(arguments: tails)
  func aTornTailIsKeptAsideAndErased(_ tail: (name: String, bytes: [UInt8])) throws {
    let disk = Self.disk { $0[3].groups.removeLast() }
    disk.overwrite(8192, of: Self.name(10), with: tail.bytes)
    let meant = try #require(tail.bytes.lastIndex { $0 != 0 }) + 1
    // Reading only: told, not touched.
    let before = Self.bytes(disk)
    let reading = try Self.settings.recover(disk, for: .reading)
    let told = try #require(reading.end.tornTail)
    #expect((told.file, told.asideFile) == (disk.path(of: Self.name(10)), ""))
    #expect((told.offset, told.sizeBytes) == (8192, meant))
    #expect(Self.bytes(disk) == before)

    let opened = try Self.settings.open(disk)
    #expect(opened.entries.map(\.first) == Array(1...10))
    let aside = "aside-tail-11-1"
    let kept = try #require(opened.tornTail)
    #expect((kept.file, kept.asideFile) == (told.file, disk.path(of: aside)))
    #expect((kept.offset, kept.sizeBytes) == (8192, meant))
    #expect(disk.durableContents(of: aside) == Array(tail.bytes.prefix(meant)))
    #expect(disk.durableFileNames == disk.fileNames)
    #expect(
      disk.durableContents(of: Self.name(10))?[8192...].allSatisfy { $0 == 0 } == true)
    // And the log goes on as if nothing had been there.
    try opened.log.append(11)
    disk.powerCut()
    let again = try Self.settings.open(disk)
    #expect(again.entries.map(\.payload) == (1...11).map { payload($0) })
    #expect(again.tornTail == nil)
  }

  @Test func tailsPutAsideInTurnAreAllKept() throws {
    let disk = Self.disk()
    for turn in 1...3 {
      disk.overwrite(3 * 4096, of: Self.name(10), with: [UInt8(turn)])
      #expect(try Self.settings.open(disk).tornTail?.asideFile.hasSuffix("-\(turn)") == true)
    }
    #expect(disk.asideNames == (1...3).map { "aside-tail-12-\($0)" })
    #expect(disk.asideNames.map { disk.contents(of: $0) } == [[1], [2], [3]])
  }

  /// A tail of the greatest length that a crash leaves, and one longer.
  @Test(arguments: [true, false])
  func aTailIsNoLongerThanWhatCanBeInFlight(isPossible: Bool) throws {
    let disk = SimulatedDisk()
    let end = 8192 + LogFormat.tornBytesMax
    disk.plant([ForgedSegment(sizeBytes: end + 4096, groups: [ForgedGroup(payload(1))])])
    disk.overwrite(isPossible ? end - 1 : end, of: Self.name(1), with: [1])
    let fault = Self.settings.fault(disk)
    if isPossible {
      #expect(fault == nil)
      #expect(disk.asideNames.count == 1)
    } else {
      #expect(fault?.kind == .dataLoss)
      #expect(fault?.offset == 8192)
      #expect(fault?.intactPosition == 1)
      #expect(fault?.what.contains("more than a crash leaves") == true)
      #expect(disk.asideNames == [])
    }
  }

  // MARK: Loss

  static func expectLoss(
    _ disk: SimulatedDisk, after position: UInt64 = 0, file: String, offset: Int? = 0,
    intact: UInt64, _ words: String..., location: SourceLocation = #_sourceLocation
  ) {
    let before = bytes(disk)
    let fault = settings.fault(disk, after: position)
    #expect(fault?.kind == .dataLoss, sourceLocation: location)
    #expect(fault?.file == disk.path(of: file), sourceLocation: location)
    #expect(fault?.offset == offset, sourceLocation: location)
    #expect(fault?.intactPosition == intact, sourceLocation: location)
    for word in words {
      #expect(
        fault?.description.contains(word) == true, "\(String(describing: fault))",
        sourceLocation: location)
    }
    #expect(bytes(disk) == before, "nothing may be changed", sourceLocation: location)
  }

  /// The header of the next group calls it durable.
  @Test func aDamagedGroupThatWasAcknowledged() {
    let disk = Self.disk()
    disk.flipBit((4096 + 60) * 8, of: Self.name(10))
    Self.expectLoss(
      disk, file: Self.name(10), offset: 4096, intact: 9, "acknowledged", "positions 10 to 11",
      "--accept-loss-after 9")
  }

  @Test func aDamagedGroupInAnOlderSegment() {
    let disk = Self.disk()
    disk.flipBit((2 * 4096 + 10) * 8, of: Self.name(4))
    Self.expectLoss(
      disk, file: Self.name(4), offset: 8192, intact: 4, "positions 5 to 6", Self.name(7))
  }

  @Test func aSegmentMissingInTheMiddle() {
    let disk = Self.disk()
    disk.delete(Self.name(7))
    Self.expectLoss(
      disk, file: Self.name(4), offset: 16 << 10, intact: 6, Self.name(10), "positions 7 to 9")
  }

  @Test func aSegmentMissingAtTheBeginning() {
    let disk = Self.disk()
    disk.delete(Self.name(1))
    Self.expectLoss(
      disk, file: "", offset: nil, intact: 0, "no valid snapshot", "begins at position 4")
    Self.expectLoss(
      disk, after: 2, file: "", offset: nil, intact: 2, "begins at position 4",
      "--accept-loss-after 2")
    // What is missing is in the snapshot.
    #expect(Self.settings.fault(disk, after: 3) == nil)
  }

  @Test func aLogWithoutSegments() {
    Self.expectLoss(
      SimulatedDisk(), file: "", offset: nil, intact: 0, "no valid snapshot", "has no segment")
    Self.expectLoss(
      SimulatedDisk(), after: 5, file: "", offset: nil, intact: 5, "ends at position 5")
  }

  @Test(arguments: [0, 1, 75, 76, 4095, 4096, 8192, 16383])
  func aSegmentCutShort(sizeBytes: Int) {
    for first in [1, 4, 10] as [UInt64] {
      let disk = Self.disk()
      disk.truncate(Self.name(first), to: sizeBytes)
      Self.expectLoss(disk, file: Self.name(first), intact: first - 1)
    }
  }

  @Test func aSegmentThatIsLongerThanItWasMade() {
    let disk = Self.disk()
    disk.plant((disk.contents(of: Self.name(10)) ?? []) + [0], as: Self.name(10))
    Self.expectLoss(
      disk, file: Self.name(10), intact: 9, "has 16385 bytes and was made with 16384")
  }

  @Test func aSegmentUnderAnotherSegmentsName() {
    let disk = Self.disk()
    let bytes = disk.contents(of: Self.name(4)) ?? []
    disk.plant(bytes, as: Self.name(7))
    Self.expectLoss(
      disk, file: Self.name(7), intact: 6, "the header says position 4, the name 7")
  }

  /// A segment that was restored from an older state of the same store.
  @Test func aSegmentThatDoesNotFollow() {
    let disk = Self.disk()
    var stranger = Self.row()[3]
    stranger.chain = 0x1234
    disk.plant(stranger.forge().bytes, as: stranger.name)
    Self.expectLoss(disk, file: Self.name(7), offset: 16 << 10, intact: 9, "does not follow")
  }

  /// A group with the right position that does not follow the one before it.
  @Test func aGroupThatDoesNotFollow() {
    let disk = Self.disk { $0[3].groups[0].chain = 7 }
    Self.expectLoss(disk, file: Self.name(10), offset: 4096, intact: 9, "positions 10 to 11")
  }

  @Test(arguments: [3, 11, 20] as [UInt64])
  func aGroupWithAnotherPosition(position: UInt64) throws {
    let disk = Self.disk {
      $0[3].groups[1].firstPosition = position
      $0[3].groups[1].durablePosition = min(position - 1, 10)
    }
    // It calls nothing durable that is missing, and nothing is behind it.
    if position == 11 {
      #expect(try Self.settings.open(disk).entries.count == 11)
    } else {
      let opened = try Self.settings.open(disk)
      #expect(opened.entries.count == 10)
      #expect(opened.tornTail != nil)
    }
  }

  @Test func aLogThatEndsBeforeTheSnapshot() {
    let disk = Self.disk()
    Self.expectLoss(
      disk, after: 12, file: Self.name(10), offset: nil, intact: 12,
      "the log ends at position 11, before the snapshot at 12", "--accept-loss-after 12")
  }

  /// The tail would pass for torn if the snapshot did not know better.
  @Test func aTailThatTheSnapshotCallsDurable() {
    let disk = Self.disk()
    disk.overwrite(3 * 4096, of: Self.name(10), with: [1])
    #expect(Self.settings.fault(disk.forked(seed: 1), after: 11) == nil)
    Self.expectLoss(disk, after: 12, file: Self.name(10), offset: 3 * 4096, intact: 12)
  }

  @Test func aSnapshotInTheMiddleOfAGroup() {
    let disk = Self.disk { $0[3].groups = [ForgedGroup(payload(10), count: 3)] }
    for position in [10, 11] as [UInt64] {
      let fault = Self.settings.fault(disk, after: position)
      #expect(fault?.kind == .dataLoss)
      #expect(fault?.what.contains("position \(position) lies inside a group") == true)
    }
    #expect(Self.settings.fault(disk, after: 12) == nil)
  }

  // MARK: Strangers

  @Test func aSegmentOfAnotherStore() {
    for index in 0..<4 {
      let disk = Self.disk { $0[index].identifier[3] = 0 }
      let fault = Self.settings.fault(disk)
      #expect(fault?.kind == .otherStore)
      #expect(fault?.file == disk.path(of: Self.name([1, 4, 7, 10][index])))
      #expect(fault?.offset == 16)
    }
  }

  @Test(arguments: [0, 2, 99] as [UInt32])
  func aSegmentOfAnotherVersion(version: UInt32) {
    let disk = Self.disk { $0[2].version = version }
    let fault = Self.settings.fault(disk)
    #expect(fault?.kind == .version)
    #expect(fault?.offset == 8)
    #expect(fault?.what.contains("format version \(version);") == true)
  }

  @Test func groupsRecordedUnderOtherRules() {
    let policy = Self.disk { $0[3].rules = ReplayRules(semantics: 7, policyHash: 0xabc) }
    let fault = Self.settings.fault(policy)
    #expect(fault?.kind == .rules)
    #expect(fault?.offset == 48)
    #expect(fault?.what.contains("0000000000000abc") == true)
    #expect(fault?.what.contains("1122334455667788") == true)
    let core = Self.disk {
      $0[3].rules = ReplayRules(semantics: 6, policyHash: ForgedIdentity.rules.policyHash)
    }
    #expect(Self.settings.fault(core)?.offset == 56)
    #expect(Self.settings.fault(core)?.what.contains("semantics 6") == true)
    // Not in the way of a log whose groups need not be applied again.
    #expect(Self.settings.fault(policy, after: 11) == nil)
    #expect(Self.settings.fault(policy, after: 10)?.kind == .rules)
  }

  // MARK: What a disk does meanwhile

  /// A write that tears would damage what was acknowledged.
  @Test func whatIsOnTheDiskIsNotWrittenAgain() {
    let disk = Self.disk()
    #expect(Self.settings.fault(disk) == nil)
    #expect(disk.callCount(of: .write) == 0)
  }

  /// A sync failed, the process was killed: the group reads well, perhaps from
  /// memory only. What was read once is there for good.
  @Test func whatIsOnlyInMemoryIsWrittenAgain() throws {
    let disk = Self.disk()
    let log = try Self.settings.open(disk).log
    disk.fail(call: 1, of: .sync, with: .storage)
    #expect(throws: LogError.self) { try log.append(12) }
    disk.crash()
    let count = try Self.settings.recover(disk).entries.count
    disk.powerCut(.losesAll)
    #expect(try Self.settings.recover(disk).entries.count == count)
  }

  /// A disk that cannot be read is no reason to doubt the log.
  @Test func aReadThatFailsIsNoDamage() throws {
    let disk = Self.disk()
    for number in 1...100 {
      let copy = disk.forked(seed: 1)
      copy.fail(call: number, with: .storage)
      guard let fault = Self.settings.fault(copy) else {
        #expect(number > copy.callCount)
        break
      }
      #expect(fault.kind == .disk)
      #expect(Self.bytes(copy) == Self.bytes(disk))
    }
  }

  /// Every call of a recovery fails in turn, in every way, and the machine ends:
  /// the next recovery finds the same.
  @Test(arguments: [Fault.storage, .shortWrite, .late, .halt, .noSpace])
  func aRecoveryThatIsCutOffIsDoneAgain(fault: Fault) throws {
    let base = Self.disk { $0[3].groups[1].bodyCRC = 1 }
    for number in 1...100 {
      let disk = base.forked(seed: UInt64(number))
      disk.fail(call: number, with: fault)
      let first = Self.settings.fault(disk.process())
      if disk.callCount < number {
        #expect(number > 25)
        break
      }
      #expect(first != nil)
      for ending in 0..<4 as Range<UInt64> {
        let after = disk.forked(seed: UInt64(number) * 4 + ending)
        if ending == 0 { after.crash() } else { after.powerCut() }
        let opened = try Self.settings.open(after)
        #expect(opened.entries.map(\.payload) == (1...10).map { payload($0) })
        // What was there is kept: by this recovery or by the one before.
        #expect(!after.asideNames.isEmpty)
        #expect(opened.log.durablePosition == 10)
        try opened.log.append(11)
        after.powerCut(.losesAll)
        #expect(try Self.settings.open(after).entries.count == 11)
      }
    }
  }
}

extension SplitMix64 {
  static func noise(_ count: Int) -> [UInt8] {
    var random = SplitMix64(seed: 5)
    return random.bytes(count)
  }
}
