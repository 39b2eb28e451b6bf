import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// Logs that lost commands, and what it takes to go on without them.
@Suite struct RepairTests {
  /// A log that was damaged, and what a repair is to make of it.
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    var snapshot: UInt64 = 0
    /// nil = no repair mends it.
    var intact: UInt64?
    var lostThrough: UInt64?
    var segmentsAside: [UInt64] = []
    var snapshotsAside: [UInt64] = []
    var cutAt: Int?
    var newSegment: UInt64?
    let damage: @Sendable (SimulatedDisk) -> Void

    var testDescription: String { name }
  }

  static func segmentName(_ first: UInt64) -> String { FileNames.segment(firstPosition: first) }

  /// Three segments: groups 1–2, 3, 4 · 5, 6, 7 · 8, 9, 10, each on a block of its own.
  static func store(_ damage: (SimulatedDisk) -> Void) -> SimulatedDisk {
    let disk = SimulatedDisk()
    disk.plant(ForgedIdentity.file(), as: FileNames.store)
    disk.plant([
      ForgedSegment(groups: [
        ForgedGroup(payload(1), count: 2), ForgedGroup(payload(3)), ForgedGroup(payload(4)),
      ]),
      ForgedSegment(
        firstPosition: 5,
        groups: [ForgedGroup(payload(5)), ForgedGroup(payload(6)), ForgedGroup(payload(7))]),
      ForgedSegment(
        firstPosition: 8,
        groups: [ForgedGroup(payload(8)), ForgedGroup(payload(9)), ForgedGroup(payload(10))]),
    ])
    damage(disk)
    return disk
  }

  static func flip(_ first: UInt64, group: Int) -> @Sendable (SimulatedDisk) -> Void {
    { $0.flipBit(8 * ((1 + group) * 4096 + 60), of: segmentName(first)) }
  }

  static let cases: [Case] = [
    Case(
      name: "a damaged group that a later one calls durable, in the last segment", intact: 8,
      lostThrough: 10, cutAt: 2 * 4096, damage: flip(8, group: 1)),
    Case(
      name: "a damaged first group of the last segment", intact: 7, lostThrough: 10,
      segmentsAside: [8], damage: flip(8, group: 0)),
    Case(
      name: "a damaged group in the midst of the log", intact: 5, lostThrough: 10,
      segmentsAside: [8], cutAt: 2 * 4096, damage: flip(5, group: 1)),
    Case(
      name: "an empty file in place of a segment", intact: 4, lostThrough: 10,
      segmentsAside: [5, 8], cutAt: nil,
      damage: {
        $0.delete(segmentName(5)); $0.plant([], as: segmentName(5))
      }),
    Case(
      name: "a missing segment", intact: 4, lostThrough: 10, segmentsAside: [8],
      damage: { $0.delete(segmentName(5)) }),
    Case(
      name: "a damaged header", intact: 4, lostThrough: 10, segmentsAside: [5, 8],
      damage: { $0.flipBit(8 * 40, of: segmentName(5)) }),
    Case(
      name: "a segment that was cut short", intact: 7,
      segmentsAside: [8], damage: { $0.truncate(segmentName(8), to: 5000) }),
    Case(
      name: "a missing segment before one with a damaged header", intact: 4, lostThrough: 7,
      segmentsAside: [8],
      damage: {
        $0.delete(segmentName(5))
        $0.flipBit(8 * 40, of: segmentName(8))
      }),
    Case(
      name: "segments missing behind the snapshot", snapshot: 4, intact: 4, lostThrough: 10,
      segmentsAside: [8], newSegment: 5,
      damage: {
        $0.delete(segmentName(1))
        $0.delete(segmentName(5))
      }),
    Case(
      name: "no segment at all behind a snapshot", snapshot: 9, intact: 9, newSegment: 10,
      damage: { disk in for first in [1, 5, 8] as [UInt64] { disk.delete(segmentName(first)) } }),
    Case(
      name: "a log that ends before the snapshot", snapshot: 9, intact: 9, newSegment: 10,
      damage: { $0.delete(segmentName(8)) }),
    Case(
      name: "damage before the snapshot's position, in the segment that is needed", snapshot: 6,
      intact: 6, lostThrough: 10, segmentsAside: [5, 8], newSegment: 7, damage: flip(5, group: 0)),
    Case(
      name: "a damaged header of the segment that the snapshot lies in", snapshot: 6, intact: 6,
      lostThrough: 10, segmentsAside: [5, 8], newSegment: 7,
      damage: { $0.flipBit(8 * 40, of: segmentName(5)) }),
    Case(
      name: "a snapshot that lies inside a group", snapshot: 1, intact: 1, lostThrough: 10,
      segmentsAside: [1, 5, 8], newSegment: 2, damage: { _ in }),
    Case(
      name: "damage, and a newer snapshot that cannot be read", snapshot: 4, intact: 5,
      lostThrough: 10, segmentsAside: [8], snapshotsAside: [7], cutAt: 2 * 4096,
      damage: {
        flip(5, group: 1)($0)
        $0.plant([1, 2, 3], as: FileNames.snapshot(position: 7))
      }),
    Case(
      name: "no snapshot, and a log that does not begin at 1",
      damage: { $0.delete(segmentName(1)) }),
    Case(name: "no snapshot, and damage to the first group", damage: flip(1, group: 0)),
  ]

  static func summary(_ position: UInt64) -> SnapshotSummary? {
    position == 0
      ? nil
      : SnapshotSummary(
        position: position, stateHash: 1, rules: ForgedIdentity.rules, createdAt: 1)
  }

  static func repair(_ disk: SimulatedDisk, _ c: Case) -> LogRepair<SimulatedDisk> {
    LogRepair(
      disk, identity: ForgedIdentity.identity, snapshot: summary(c.snapshot),
      segmentBytes: 32 << 10,
      now: 7)
  }

  /// A start works, is where it was cut, takes commands and starts again.
  static func expectRepaired(_ disk: SimulatedDisk, _ c: Case, _ intact: UInt64) throws {
    let settings = LogSettings(segmentBytes: 32 << 10)
    let opened = try settings.open(disk, after: c.snapshot)
    #expect(opened.tornTail == nil)
    #expect(opened.log.durablePosition == intact)
    let positions = opened.entries.flatMap { $0.first...$0.last }
    #expect(positions == Array(c.snapshot + 1..<intact + 1))
    try opened.log.append(intact + 1, bytes: 100)
    let again = try settings.open(disk, after: c.snapshot)
    #expect(again.entries.last?.payload == payload(intact + 1, bytes: 100))
    #expect(try repair(disk, c).plan() == nil)
  }

  @Test(arguments: cases) func isMended(c: Case) throws {
    let disk = Self.store(c.damage)
    let before = disk.forked(seed: 0)
    let fault = try #require(LogSettings().fault(disk, after: c.snapshot))
    #expect(fault.kind == .dataLoss)
    guard let intact = c.intact else {
      #expect(throws: fault) { try Self.repair(disk, c).plan() }
      #expect(!fault.remedy.contains("probity repair"))
      return
    }
    #expect(fault.intactPosition == intact)
    #expect(fault.remedy.contains("--accept-loss-after \(intact)`"))
    let plan = try #require(try Self.repair(disk, c).plan())
    #expect(plan.fault == fault)
    #expect(plan.intactPosition == intact)
    #expect(plan.lostThrough == c.lostThrough)
    #expect(plan.segmentsAside == c.segmentsAside)
    #expect(plan.snapshotsAside == c.snapshotsAside)
    #expect(plan.cut?.offset == c.cutAt)
    #expect(plan.newSegment?.firstPosition == c.newSegment)
    #expect(disk.fileNames == before.fileNames)
    let report = try Self.repair(disk, c).carryOut(plan)
    // Nothing is gone: moved files are whole, and what was cut off is in a file.
    for kept in report.kept {
      let aside = try #require(disk.contents(of: kept.asideName))
      let original = try #require(before.contents(of: kept.name))
      #expect(aside == (kept.range.map { Array(original[$0]) } ?? original))
    }
    #expect(report.kept.count == disk.asideNames.count)
    disk.powerCut(.losesAll)
    try Self.expectRepaired(disk, c, intact)
  }

  @Test func aLogThatIsWholeOrTornNeedsNone() throws {
    let disk = Self.store { _ in }
    let c = Case(name: "", damage: { _ in })
    #expect(try Self.repair(disk, c).plan() == nil)
    disk.overwrite(3 * 4096, of: Self.segmentName(8), with: [1, 2, 3])
    #expect(try Self.repair(disk, c).plan() == nil)
  }

  @Test func filesOfAnotherStoreAreNotItsBusiness() throws {
    let disk = Self.store { _ in }
    var foreign = ForgedSegment(firstPosition: 10)
    foreign.identifier = [UInt8](repeating: 1, count: 16)
    disk.plant([foreign])
    let repair = Self.repair(disk, Case(name: "", damage: { _ in }))
    #expect(throws: StoreFault.self) { try repair.plan() }
  }

  /// Every call in turn fails or stops the machine, then the power goes; what a
  /// start then says is the same refusal, or it works; and a second repair mends it.
  @Test(arguments: cases.filter { $0.intact != nil }, [Fault.storage, .noSpace, .late, .halt])
  func canBeDoneAgain(c: Case, fault: Fault) throws {
    let intact = try #require(c.intact)
    let damaged = Self.store(c.damage)
    for call in 1...200 {
      let disk = damaged.forked(seed: UInt64(call))
      let plan = try #require(try Self.repair(disk, c).plan())
      let calls = disk.callCount
      disk.fail(call: call, with: fault)
      let isDone = (try? Self.repair(disk, c).carryOut(plan)) != nil
      let reached = disk.callCount - calls
      for seed in 0..<3 as Range<UInt64> {
        let after = disk.forked(seed: seed * 1_000 + UInt64(call))
        if seed == 0 { after.crash() } else { after.powerCut() }
        try Self.expectMended(after, c, intact)
      }
      if isDone && reached < call { return }
    }
    Issue.record("a repair takes more calls than expected")
  }

  private static func expectMended(
    _ disk: SimulatedDisk, _ c: Case, _ intact: UInt64
  ) throws {
    if let again = try repair(disk, c).plan() {
      #expect(again.intactPosition == intact)
      _ = try repair(disk, c).carryOut(again)
      disk.powerCut(.losesAll)
    }
    let opened = try LogSettings(segmentBytes: 32 << 10).open(disk, after: c.snapshot)
    #expect(opened.log.durablePosition == intact)
    #expect(opened.entries.last?.last ?? c.snapshot == intact)
  }
}
