import CommandLog
import IntegrityCore
import ProbityEngine
import SimulatedDisk
import Testing

/// Snapshots loaded and logs replayed without serving them.
@Suite struct ExaminationTests {
  let tests = TestStore()

  /// Two snapshots, at 10 and 20, and commands up to 24; the log begins at 1.
  private func filled(_ disk: SimulatedDisk) throws {
    for groups in [5, 5, 2] {
      let store = try tests.open(disk)
      try tests.record(groups, store)
      if groups == 5 { tests.stop(store) }
    }
  }

  @Test func theFoldOfTheLogEqualsItsSnapshots() throws {
    let disk = SimulatedDisk()
    try filled(disk)
    let expected = try tests.open(disk.forked(seed: 0)).state
    let (examination, inspector) = try tests.examination(try FrozenDisk(disk))
    let summaries = try inspector.snapshots().compactMap(\.summary)
    #expect(summaries.map(\.position) == [10, 20])
    let fold = try examination.fold(from: 0, comparing: summaries)
    #expect(fold.comparisons.map(\.position) == [10, 20])
    #expect(fold.comparisons.map(\.isEqual) == [true, true])
    #expect(fold.endPosition == 24)
    #expect(fold.stateHash == expected.hash)
    #expect(fold.accountCount == 25)
    #expect(fold.sourceCount == 1)
    let later = try examination.fold(from: 10, comparing: summaries)
    #expect(later.comparisons.map(\.position) == [20])
    #expect(later.stateHash == expected.hash)
    let name = FileNames.snapshot(position: 20)
    #expect(try examination.contents(ofSnapshotNamed: name).accountCount == 21)
    #expect(try examination.state(ofSnapshotNamed: name).position.rawValue == 20)
    let (newest, passedOver) = try examination.newestSnapshot()
    #expect(newest?.position == 20)
    #expect(passedOver == [])
  }

  /// Whole, loadable, of the same store and position, and yet not this log's.
  @Test func aSnapshotOfAnotherHistoryIsFoundOut() throws {
    let disk = SimulatedDisk()
    tests.stop(try tests.open(disk))
    let other = disk.forked(seed: 1)
    for (disk, buyer) in [(disk, 1), (other, 2)] as [(SimulatedDisk, UInt64)] {
      let store = try tests.open(disk)
      try tests.record(5, store, buyer: buyer)
      tests.stop(store)
    }
    let name = FileNames.snapshot(position: 10)
    disk.plant(try #require(other.contents(of: name)), as: name)
    let (examination, inspector) = try tests.examination(disk)
    let snapshots = try inspector.snapshots()
    #expect(snapshots.last?.fault == nil)
    let fold = try examination.fold(from: 0, comparing: snapshots.compactMap(\.summary))
    #expect(fold.comparisons.map(\.isEqual) == [false])
  }

  @Test func aDamagedSnapshotIsPassedOver() throws {
    let disk = SimulatedDisk()
    try filled(disk)
    disk.flipBit(8 * 100, of: FileNames.snapshot(position: 20))
    let (examination, _) = try tests.examination(disk)
    let (newest, passedOver) = try examination.newestSnapshot()
    #expect(newest?.position == 10)
    #expect(passedOver.map(\.kind) == [.damage])
  }

  @Test func underAnotherPolicyNothingIsReplayed() throws {
    let disk = SimulatedDisk()
    try filled(disk)
    var others = tests
    others.policy = try TestStore.otherPolicy()
    let (examination, _) = try others.examination(disk)
    #expect(throws: StoreFault.self) { try examination.fold(from: 0, comparing: []) }
    #expect(
      try examination.state(ofSnapshotNamed: FileNames.snapshot(position: 20)).table.count == 21)
  }

  /// A back-up of `store` and a snapshot: the loss of the log has to be accepted.
  @Test func aSnapshotAloneCanBeRestored() throws {
    let disk = SimulatedDisk()
    try filled(disk)
    let backup = SimulatedDisk()
    for name in [FileNames.store, FileNames.snapshot(position: 20)] {
      backup.plant(try #require(disk.contents(of: name)), as: name)
    }
    #expect(tests.refusal(backup)?.intactPosition == 20)
    let (examination, _) = try tests.examination(backup)
    let repair = LogRepair(
      backup, identity: try StoreInspector.identity(backup),
      snapshot: try examination.newestSnapshot().0, segmentBytes: 64 << 10, now: 1_760_000_000)
    _ = try repair.carryOut(try #require(try repair.plan()))
    let store = try tests.open(backup)
    #expect(store.state.position.rawValue == 20)
    try tests.record(1, store)
    #expect(try tests.open(backup).state.position.rawValue == 22)
  }
}
