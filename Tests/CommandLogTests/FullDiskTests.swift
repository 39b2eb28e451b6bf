import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// A disk without room refuses groups, forgets none, and goes on when there is
/// room again.
@Suite struct FullDiskTests {
  static func isFull(_ body: () throws -> Void) -> Bool {
    do {
      try body()
      return false
    } catch {
      if case .full? = error as? LogError { return true }
      return false
    }
  }

  @Test func withoutRoomForASegmentGroupsAreRefusedUntilThereIsSome() throws {
    let disk = SimulatedDisk()
    disk.capacityBytes = 40 << 10
    let log = try LogSettings().open(disk).log
    for position in 1...6 as ClosedRange<UInt64> { try log.append(position) }
    for _ in 0..<3 { #expect(Self.isFull { try log.append(7) }) }
    #expect(log.durablePosition == 6)
    try log.prune(through: 3)
    try log.append(7)
    disk.powerCut()
    #expect(try LogSettings().open(disk, after: 3).entries.map(\.first) == [4, 5, 6, 7])
  }

  @Test func theReserveIsKept() throws {
    let disk = SimulatedDisk()
    var settings = LogSettings()
    settings.reserveBytes = 100 << 10
    disk.capacityBytes = (116 << 10) - 1
    let log = try settings.open(disk).log
    #expect(Self.isFull { try log.append(1) })
    #expect(throws: DiskError.self) { try log.makeSpare() }
    disk.capacityBytes = 116 << 10
    try log.append(1)
    #expect(throws: DiskError.self) { try log.makeSpare() }
    disk.capacityBytes = 132 << 10
    try log.makeSpare()
  }

  /// Every call in turn says that there is no room: groups are refused or
  /// appended, never half of each, and the log works on.
  @Test(arguments: [false, true])
  func everyCallWithoutRoom(withSpare: Bool) throws {
    var refused = 0
    var failed = 0
    for number in 1...60 {
      let disk = SimulatedDisk(seed: UInt64(number))
      let log = try LogSettings().open(disk).log
      try log.append(1)
      if withSpare { try log.makeSpare() }
      let before = disk.callCount
      disk.fail(call: number, with: .noSpace)
      var next: UInt64 = 2
      var attempts = 0
      // Sizes change: what is refused may be followed by less, or by more.
      let sizes = [40, 5000, 40, 40, 9000, 40, 5000, 100]
      while attempts < sizes.count {
        do {
          try log.append(next, bytes: sizes[attempts])
          next += 1
        } catch {
          guard case .full? = error as? LogError else {
            failed += 1
            break
          }
          refused += 1
        }
        attempts += 1
      }
      if number > disk.callCount - before { break }
      for cut in 0..<4 as Range<UInt64> {
        let after = disk.forked(seed: cut)
        if cut == 0 { after.crash() } else { after.powerCut() }
        let opened = try LogSettings().open(after)
        #expect(opened.entries.prefix(Int(next - 1)).map(\.first) == Array(1..<next))
      }
    }
    #expect(refused > 5)
    // A sync that finds no room is as final as any sync that fails.
    #expect(failed > 0)
  }

  /// A write that finds no room, though the segment was allocated, leaves its
  /// beginning there: it is erased, or cut off, whatever follows.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func whatAWriteWithoutRoomLeftBehindIsErased(seed: UInt64) throws {
    let disk = SimulatedDisk(seed: seed)
    let log = try LogSettings().open(disk).log
    try log.append(1)
    disk.failAll(.write, with: .shortOfRoom)
    #expect(Self.isFull { try log.append(2, bytes: 5000) })
    disk.clearFaults()
    // Smaller than what was refused, or too large for the segment.
    let bytes = seed % 2 == 0 ? 40 : 9000
    var expected = [payload(1), payload(2, bytes: bytes)]
    try log.append(2, bytes: bytes)
    if seed % 8 < 4 {
      try log.append(3)
      expected.append(payload(3))
    }
    if seed % 4 < 2 { disk.crash() } else { disk.powerCut() }
    let opened = try LogSettings().open(disk)
    #expect(opened.entries.map(\.payload) == expected)
    #expect(opened.tornTail == nil)
  }
}
