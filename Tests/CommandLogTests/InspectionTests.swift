import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// What an inspection finds in stores that are sound and in stores that are not.
@Suite struct InspectionTests {
  static func inspector(_ disk: SimulatedDisk) -> StoreInspector<SimulatedDisk> {
    StoreInspector(disk, ForgedIdentity.identity)
  }

  /// Two segments with groups 1–2, 3 and 4–6, 7.
  static func store() -> SimulatedDisk {
    let disk = SimulatedDisk()
    disk.plant(ForgedIdentity.file(), as: FileNames.store)
    disk.plant([
      ForgedSegment(groups: [ForgedGroup(payload(1), count: 2), ForgedGroup(payload(3))]),
      ForgedSegment(
        firstPosition: 4, groups: [ForgedGroup(payload(4), count: 3), ForgedGroup(payload(7))]),
    ])
    return disk
  }

  static let secondName = FileNames.segment(firstPosition: 4)

  @Test func aSoundStoreIsToldAsItIs() throws {
    let disk = Self.store()
    let snapshot = ForgedSnapshot(position: 3, [.init([1, 2, 3])])
    disk.plant(snapshot.forge(), as: snapshot.name)
    disk.plant([1], as: "aside-tail-1-1")
    disk.plant([1, 2], as: FileNames.segmentSpare)
    let calls = disk.callCount
    let identity = try StoreInspector.identity(disk)
    #expect(identity == ForgedIdentity.identity)
    let inspector = Self.inspector(disk)
    let segments = try inspector.segments()
    #expect(segments.map(\.firstPosition) == [1, 4])
    #expect(segments.map(\.lastPosition) == [3, 7])
    #expect(segments.map(\.groupCount) == [2, 2])
    #expect(segments.map(\.commandCount) == [3, 4])
    #expect(segments.map(\.usedBytes) == [3 * 4096, 3 * 4096])
    #expect(segments.map(\.durablePosition) == [2, 6])
    #expect(segments.allSatisfy { $0.fault == nil && $0.tail == nil && $0.header != nil })
    let snapshots = try inspector.snapshots()
    #expect(snapshots.map(\.position) == [3])
    #expect(snapshots[0].fault == nil)
    #expect(snapshots[0].summary?.stateHash == snapshot.stateHash)
    #expect(try inspector.asides().map(\.name) == ["aside-tail-1-1"])
    #expect(try inspector.drafts().map(\.sizeBytes) == [2])
    let forecast = try inspector.forecast(after: 3, rules: ForgedIdentity.rules)
    #expect(forecast.replayedCount == 4)
    #expect(forecast.endPosition == 7)
    #expect(disk.callCount > calls)
    #expect(disk.callCount(of: .write) + disk.callCount(of: .sync) == 0)
    #expect(disk.callCount(of: .rename) + disk.callCount(of: .create) == 0)
  }

  @Test func progressTellsTheBytesThatWereRead() throws {
    let disk = Self.store()
    var bytes = 0
    let inspector = StoreInspector(disk, ForgedIdentity.identity) { bytes += $0 }
    _ = try inspector.segments()
    #expect(try inspector.sizeBytes() == 2 * 32 << 10)
    #expect(bytes > 32 << 10)
  }

  @Test func aDamagedGroupInTheMidstOfTheLogIsFound() throws {
    let disk = Self.store()
    disk.flipBit(8 * (2 * 4096 + 50), of: FileNames.segment(firstPosition: 1))
    let segments = try Self.inspector(disk).segments()
    let fault = try #require(segments[0].fault)
    #expect(fault.kind == .damage)
    #expect(fault.offset == 2 * 4096)
    #expect(fault.intactPosition == 2)
    #expect(segments[1].fault == nil)
    #expect(segments[1].lastPosition == 7)
  }

  @Test func aMissingSegmentIsFound() throws {
    let disk = Self.store()
    disk.plant([ForgedSegment(firstPosition: 9, groups: [ForgedGroup(payload(9))])])
    let segments = try Self.inspector(disk).segments()
    #expect(segments.map { $0.fault == nil } == [true, true, false])
    #expect(segments[2].fault?.intactPosition == 7)
  }

  @Test func aTornTailIsNoFault() throws {
    let disk = Self.store()
    disk.overwrite(3 * 4096 + 100, of: Self.secondName, with: [1, 2, 3])
    let segments = try Self.inspector(disk).segments()
    #expect(segments[1].fault == nil)
    #expect(segments[1].tail?.offset == 3 * 4096)
    #expect(segments[1].tail?.sizeBytes == 103)
    let forecast = try Self.inspector(disk).forecast(after: 0, rules: nil)
    #expect(forecast.tornTail?.sizeBytes == 103)
    #expect(forecast.endPosition == 7)
  }

  @Test func aDamagedHeaderIsFoundAndTheNextIsReadAllTheSame() throws {
    let disk = Self.store()
    disk.flipBit(8 * 33, of: FileNames.segment(firstPosition: 1))
    let segments = try Self.inspector(disk).segments()
    #expect(segments[0].fault?.kind == .damage)
    #expect(segments[0].header == nil)
    #expect(segments[1].fault == nil)
    #expect(segments[1].groupCount == 2)
  }

  @Test func aSnapshotIsReadToItsEnd() throws {
    let disk = Self.store()
    let snapshot = ForgedSnapshot(position: 3, [.init([1, 2, 3]), .init([4, 5])])
    disk.plant(snapshot.forge(), as: snapshot.name)
    disk.flipBit(8 * 67, of: snapshot.name)
    let found = try Self.inspector(disk).snapshots()
    #expect(found[0].fault?.kind == .damage)
    #expect(found[0].fault?.offset == 67)
    #expect(found[0].summary?.position == 3)
    disk.truncate(snapshot.name, to: 100)
    #expect(try Self.inspector(disk).snapshots()[0].summary == nil)
  }

  @Test func aFileIsReadWhateverItsName() throws {
    let disk = Self.store()
    disk.plant(try #require(disk.contents(of: Self.secondName)), as: "aside-segment-4-1")
    var bodies: [[UInt8]] = []
    let finding = Self.inspector(disk).segment(named: "aside-segment-4-1") { group, body in
      bodies.append(Array(body.prefix(group.bodyBytes)))
    }
    #expect(finding.fault == nil)
    #expect(finding.firstPosition == 4)
    #expect(finding.lastPosition == 7)
    #expect(bodies == [payload(4), payload(7)])
    let foreign = StoreIdentity(
      identifier: [UInt8](repeating: 1, count: 16), schema: 1, createdAt: 1)
    #expect(
      StoreInspector(disk, foreign).segment(named: Self.secondName).fault?.kind == .otherStore)
  }

  /// A part that was put aside, without the zeros that its last group ends with:
  /// whole groups are found on both sides of a damaged one.
  @Test func groupsOfAPartAreFound() throws {
    let segment = ForgedSegment(groups: [
      ForgedGroup(payload(1, bytes: 5_000), count: 2), ForgedGroup(payload(3)),
      ForgedGroup([7, 0, 0], count: 4),
    ])
    var part = Array(segment.forge().bytes.dropFirst(4096))
    part.removeLast(part.reversed().prefix { $0 == 0 }.count)
    part[2 * 4096 + 60] ^= 1
    let disk = Self.store()
    disk.plant(part, as: "aside-tail-1-1")
    var found: [UInt64] = []
    var last: [UInt8] = []
    let count = try Self.inspector(disk).strayGroups(in: "aside-tail-1-1") { group, body in
      found.append(group.firstPosition)
      last = Array(body.prefix(group.bodyBytes))
    }
    #expect(count == 2)
    #expect(found == [1, 4])
    #expect(last == [7, 0, 0])
    #expect(try StoreInspector.kind(of: "aside-tail-1-1", disk) == .other)
    guard case .segment(let identity) = try StoreInspector.kind(of: Self.secondName, disk) else {
      Issue.record("a segment is not known as one")
      return
    }
    #expect(identity.identifier == ForgedIdentity.identifier)
  }

  @Test func withoutAnIdentityItSaysWhatIsThere() {
    func fault(_ names: [String]) -> StoreFault? {
      let disk = SimulatedDisk()
      for name in names { disk.plant([1], as: name) }
      do {
        _ = try StoreInspector.identity(disk)
        return nil
      } catch { return error }
    }
    #expect(fault([])?.what == "there is no store here")
    #expect(fault(["unrelated"])?.kind == .missing)
    #expect(fault([FileNames.segment(firstPosition: 1)])?.what.contains("log-") == true)
    #expect(fault(["store-draft.tmp"])?.what.contains("being made") == true)
    #expect(fault([FileNames.store])?.kind == .damage)
  }

  // MARK: A view of one moment

  @Test func aFrozenDirectoryChangesNothing() throws {
    let disk = Self.store()
    let frozen = try FrozenDisk(disk)
    #expect(throws: DiskError.self) { _ = try frozen.create("a") }
    #expect(throws: DiskError.self) { try frozen.rename(FileNames.store, to: "a") }
    #expect(throws: DiskError.self) { try frozen.remove(FileNames.store) }
    #expect(throws: DiskError.self) { try frozen.syncDirectory() }
    #expect(throws: DiskError.self) { _ = try frozen.open(FileNames.store, for: .writing) }
    let file = try frozen.open(Self.secondName, for: .reading)
    #expect(throws: DiskError.self) { try file.write([1].span, at: 0) }
    #expect(throws: DiskError.self) { try file.allocate(1) }
    #expect(throws: DiskError.self) { try file.sync() }
    #expect(disk.fileNames == Self.store().fileNames)
  }

  @Test func aFrozenFileIsReadAsTheFileIs() throws {
    let disk = Self.store()
    let frozen = try FrozenDisk(disk)
    let whole = try #require(disk.contents(of: Self.secondName))
    let file = try frozen.open(Self.secondName, for: .reading)
    #expect(try file.sizeBytes == whole.count)
    for (offset, count) in [
      (0, whole.count), (0, 76), (4096, 8192), (8190, 10_000), (whole.count - 5, 10), (50_000, 4),
    ] {
      var buffer = [UInt8](repeating: 9, count: 3)
      let read = try file.read(count, at: offset, into: &buffer)
      #expect(
        Array(buffer.prefix(read))
          == Array(whole[min(offset, whole.count)..<min(offset + count, whole.count)]))
    }
  }

  @Test func whatComesLaterIsNotSeen() throws {
    let disk = Self.store()
    let log = try LogSettings(segmentBytes: 32 << 10).open(disk).log
    try log.append(8)
    let frozen = try FrozenDisk(disk)
    let inspector = StoreInspector(frozen, ForgedIdentity.identity)
    try log.append(9)
    for position in 10..<20 as Range<UInt64> { try log.append(position, bytes: 9_000) }
    try log.prune(through: 12)
    #expect(disk.segmentNames.first != FileNames.segment(firstPosition: 1))
    let segments = try inspector.segments()
    #expect(segments.map(\.lastPosition) == [3, 8])
    #expect(segments.allSatisfy { $0.fault == nil && $0.tail == nil })
    #expect(try inspector.forecast(after: 0, rules: nil).endPosition == 8)
  }
}
