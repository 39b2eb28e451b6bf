import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// What is written to a snapshot is read again, and the files that are kept.
@Suite struct SnapshotTests {
  static let identity = ForgedIdentity.identity

  static func summary(_ position: UInt64) -> SnapshotSummary {
    SnapshotSummary(
      position: position, stateHash: 0x77, rules: ForgedIdentity.rules,
      createdAt: ForgedIdentity.createdAt)
  }

  /// Writes `bodies` as chunks of section 1.
  @discardableResult
  static func write(
    _ disk: some Disk, _ position: UInt64, _ bodies: [[UInt8]]
  ) throws -> Int {
    let writer = try SnapshotWriter(disk, identity: identity)
    for (index, body) in bodies.enumerated() {
      try writer.append(section: 1, group: UInt32(index), itemCount: body.count, body)
    }
    return try writer.finish(summary(position))
  }

  static func read(_ disk: some Disk, _ position: UInt64) throws -> [[UInt8]] {
    let reader = try SnapshotReader(disk, identity, position: position)
    var buffer: [UInt8] = []
    return try reader.chunks.map { chunk in
      try reader.read(chunk, into: &buffer)
      return Array(buffer.prefix(Int(chunk.bodyBytes)))
    }
  }

  @Test(arguments: [
    [], [0], [1, 0, 4096], [SnapshotFormat.bodyBytesMax, 3], Array(repeating: 100, count: 50),
  ])
  func whatIsWrittenIsReadAgain(sizes: [Int]) throws {
    let disk = SimulatedDisk(seed: 1)
    let bodies = sizes.enumerated().map { payload(UInt64($0), bytes: $1) }
    let size = try Self.write(disk, 42, bodies)
    #expect(disk.fileNames == [FileNames.snapshot(position: 42)])
    #expect(disk.durableFileNames == disk.fileNames)
    disk.powerCut(.losesAll)
    #expect(try Self.read(disk, 42) == bodies)
    let reader = try SnapshotReader(disk, Self.identity, position: 42)
    #expect(reader.sizeBytes == size)
    #expect(size == 64 + sizes.reduce(0, +) + 32 * sizes.count + 96)
    #expect(reader.summary == Self.summary(42))
    #expect(reader.chunks.map(\.itemCount) == sizes.map { UInt32($0) })
    #expect(reader.chunks.map(\.group) == sizes.indices.map { UInt32($0) })
    #expect(reader.path == disk.path(of: FileNames.snapshot(position: 42)))
    try reader.verify()
  }

  @Test func aLargeSnapshotIsSyncedAsItGrowsAndReadBackInPieces() throws {
    let disk = SimulatedDisk()
    let writer = try SnapshotWriter(disk, identity: Self.identity)
    let body = payload(1, bytes: SnapshotFormat.bodyBytesMax)
    for group in 0..<9 as Range<UInt32> {
      try writer.append(section: 1, group: group, itemCount: 1, body)
    }
    #expect(disk.callCount(of: .sync) == 2)
    #expect(writer.sizeBytes == 64 + (9 << 20))
    var paused = 0
    let size = try writer.finish(Self.summary(1)) { paused += $0 }
    #expect(paused == 9 << 20)
    #expect(size == writer.sizeBytes)
  }

  @Test func whatAnEarlierSnapshotLeftIsOverwritten() throws {
    let disk = SimulatedDisk()
    let first = try SnapshotWriter(disk, identity: Self.identity)
    try first.append(section: 1, group: 0, itemCount: 1, payload(1, bytes: 100_000))
    try Self.write(disk, 5, [[1]])
    #expect(disk.fileNames == [FileNames.snapshot(position: 5)])
    #expect(try Self.read(disk, 5) == [[1]])
    let abandoned = try SnapshotWriter(disk, identity: Self.identity)
    abandoned.abandon()
    #expect(disk.fileNames == [FileNames.snapshot(position: 5)])
  }

  @Test(
    arguments: [
      (0, [], nil), (1, [9], 9), (2, [5, 9], 5), (3, [1, 5, 9], 1), (8, [1, 5, 9], 1),
    ] as [(Int, [UInt64], UInt64?)])
  func theNewestAreKept(count: Int, left: [UInt64], oldest: UInt64?) throws {
    let disk = SimulatedDisk()
    for position in [5, 9, 1] as [UInt64] { try Self.write(disk, position, []) }
    #expect(try disk.pruneSnapshots(keeping: count) == oldest)
    #expect(try disk.snapshotPositions() == left)
    #expect(disk.durableFileNames == disk.fileNames)
  }

  @Test func anUnusableSnapshotIsPutAsideUnderAFreeName() throws {
    let disk = SimulatedDisk()
    for number in 1...2 {
      try Self.write(disk, 5, [])
      try disk.putAside(snapshotAt: 5)
      #expect(disk.asideNames == (1...number).map { "aside-snapshot-5-\($0)" })
    }
    #expect(try disk.snapshotPositions() == [])
  }

  // MARK: A bad disk

  /// Every call fails in turn: a file with a snapshot's name is a whole one, now
  /// and after a power cut, and nothing is lost of the one before.
  @Test(arguments: [Fault.storage, .shortWrite, .late, .halt, .noSpace])
  func everyCallInTurn(_ fault: Fault) throws {
    let bodies = (1...6).map { payload($0, bytes: 3000) }
    let base = SimulatedDisk()
    try Self.write(base, 3, [[3]])
    for number in 1...100 {
      let disk = base.forked(seed: UInt64(number))
      disk.fail(call: number, with: fault)
      let isWritten = (try? Self.write(disk.process(), 9, bodies)) != nil
      if disk.callCount < number {
        #expect(number > 20)
        break
      }
      for ending in 0..<4 as Range<UInt64> {
        let after = disk.forked(seed: UInt64(number) * 4 + ending)
        if ending == 0 { after.crash() } else { after.powerCut() }
        #expect(try Self.read(after, 3) == [[3]])
        let isThere = after.fileNames.contains(FileNames.snapshot(position: 9))
        #expect(isThere || !isWritten)
        if isThere { #expect(try Self.read(after, 9) == bodies) }
        // And the next one succeeds.
        try Self.write(after, 10, bodies)
        #expect(try Self.read(after, 10) == bodies)
      }
    }
  }

  /// A sync that failed and was not heard of: the file reads well until its
  /// pages leave the memory, and must be found out before it gets its name.
  @Test func whatIsNotOnTheDiskIsFoundWhenItIsReadBack() throws {
    var found = 0
    for seed in 0..<20 as Range<UInt64> {
      let disk = SimulatedDisk(seed: seed)
      let writer = try SnapshotWriter(disk, identity: Self.identity)
      try writer.append(section: 1, group: 0, itemCount: 1, payload(1, bytes: 5000))
      disk.fail(call: 1, of: .sync, with: .storage)
      #expect(throws: DiskError.self) {
        try disk.open(FileNames.snapshotDraft, for: .writing).sync()
      }
      do {
        _ = try writer.finish(Self.summary(9))
        disk.powerCut(.losesAll)
        #expect(try Self.read(disk, 9) == [payload(1, bytes: 5000)])
      } catch let fault as StoreFault {
        found += 1
        #expect(fault.kind == .damage)
        #expect(disk.fileNames == [FileNames.snapshotDraft])
      }
    }
    #expect(found > 10)
  }
}
