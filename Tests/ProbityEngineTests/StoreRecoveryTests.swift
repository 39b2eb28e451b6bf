import CommandLog
import IntegrityCore
import ProbityEngine
import Testing

/// What a start finds in a store, row by row; the log's own rows are in
/// CommandLogTests.
struct StoreRecoveryTests {
  let store = StoreFixture()

  /// Positions 1–40, snapshots at 20 and 30, the log behind 20 and perhaps more.
  private func filled() throws -> UInt64 {
    try store.open()
    store.record(1...20)
    _ = store.snapshot()
    store.record(21...30)
    _ = store.snapshot()
    store.record(31...40)
    return store.state.hash
  }

  @Test func theNewestSnapshotAndTheLogBehindIt() throws {
    let hash = try filled()
    store.disk.powerCut()
    try store.open()
    #expect(store.report.snapshotPosition == 30 && store.report.replayedCount == 10)
    #expect(store.state.hash == hash && store.state.position == LogPosition(40))
  }

  @Test func theSnapshotBeforeWhereTheNewestIsDamaged() throws {
    let hash = try filled()
    store.disk.crash()
    store.disk.flipBit(900, of: store.snapshots[1])
    try store.open()
    #expect(store.report.snapshotPosition == 20 && store.report.replayedCount == 20)
    #expect(store.state.hash == hash)
    #expect(store.report.damagedSnapshots.count == 1 && store.asides.count == 1)
  }

  @Test func theWholeLogWhereNoSnapshotIsWhole() throws {
    try store.open()
    store.record(1...5)
    _ = store.snapshot()
    let hash = store.state.hash
    store.disk.crash()
    store.disk.truncate(store.snapshots[0], to: 200)
    try store.open()
    #expect(store.report.snapshotPosition == 0 && store.report.replayedCount == 5)
    #expect(store.state.hash == hash)
  }

  @Test func neverAnEmptyStartInPlaceOfALostSnapshot() throws {
    _ = try filled()
    store.record(41...80)
    _ = store.snapshot()
    store.record(81...120)
    _ = store.snapshot()
    store.disk.crash()
    for name in store.snapshots { store.disk.delete(name) }
    let fault = try #require(store.fault())
    #expect(fault.kind == .dataLoss && fault.what.contains("no valid snapshot"))
  }

  @Test func aCleanStopLeavesNothingToReplay() throws {
    let hash = try filled()
    store.stop()
    try store.open()
    #expect(store.report.snapshotPosition == 40 && store.report.replayedCount == 0)
    #expect(store.state.hash == hash)
    // A second stop has nothing to take.
    store.stop()
    #expect(store.notices.all.count { if case .snapshotTaken = $0 { true } else { false } } == 3)
  }

  @Test func aRetryAfterARestartIsADuplicate() throws {
    _ = try filled()
    for restart in [store.stop, store.disk.crash] {
      restart()
      try store.open()
      let before = store.state.table.recordHashSum
      store.record(35...40)
      #expect(store.state.table.recordHashSum == before)
      #expect(store.sequencer.applied.withLock { $0.duplicateCount } == 6)
      #expect(store.state.highestSequence(of: 1) == 40)
    }
  }

  // MARK: Rules, limits, clock

  @Test func anotherPolicyWaitsForACleanStop() throws {
    let hash = try filled()
    store.disk.crash()
    let before = store.rules
    var policy = before.policy
    policy = try #require(Make.otherPolicy(than: policy))
    store.rules = EvidenceRules(schema: before.schema, policy: policy)
    let fault = try #require(store.fault())
    #expect(fault.kind == .rules && fault.remedy.contains("stop cleanly"))
    store.rules = before
    try store.open()
    #expect(store.state.hash == hash)
    store.stop()
    store.rules = EvidenceRules(schema: before.schema, policy: policy)
    try store.open()
    store.record(41...44)
    store.disk.crash()
    try store.open()
    #expect(store.report.replayedCount == 4)
  }

  @Test func anotherHalfLifeIsRefused() throws {
    _ = try filled()
    store.disk.crash()
    store.rules = EvidenceRules(
      schema: EvidenceSchema(halfLifeSeconds: 30 * 86_400), policy: store.rules.policy)
    let fault = try #require(store.fault())
    #expect(fault.kind == .rules && fault.remedy.contains("--half-life-days 180"))
  }

  /// 40 buyers and a merchant.
  @Test(arguments: [(30, 31, true), (40, 41, false), (41, 41, nil)])
  func tooFewAccounts(accountsMax: Int, needed: Int, isSnapshot: Bool?) throws {
    _ = try filled()
    store.disk.crash()
    store.options.accountsMax = accountsMax
    let fault = store.fault()
    #expect(fault?.kind == (isSnapshot == nil ? nil : .room))
    if isSnapshot == true {
      #expect(fault?.remedy == "start with --accounts-max \(needed) or more")
    }
    if isSnapshot == false { #expect(fault?.what.contains("replaying position 40") == true) }
  }

  @Test func aClockThatIsDaysBehindIsRefused() throws {
    try store.open()
    store.record(1...3)
    _ = store.snapshot()
    store.disk.crash()
    store.clock.seconds.store(StillClock.startSeconds - 90_000, ordering: .relaxed)
    let fault = try #require(store.fault())
    #expect(fault.kind == .clock && fault.remedy.contains("set the clock"))
    store.clock.seconds.store(StillClock.startSeconds - 80_000, ordering: .relaxed)
    try store.open()
    #expect(store.state.position == LogPosition(3))
  }

  // MARK: Snapshots

  @Test(arguments: 1...6)
  func aSnapshotIsTheStateAtItsPosition(pauseRecordsMax: Int) throws {
    store.limits.copiedRecordsMax = 7
    store.limits.pauseRecordsMax = pauseRecordsMax
    try store.open()
    store.record(1...200)
    var next: UInt64 = 201
    let result = store.snapshot {
      if next > 240 { return }
      store.record(next...next + 1)
      next += 2
    }
    let report = try #require(try? result?.get())
    #expect(report.position.rawValue > 200)
    store.disk.powerCut(.losesAll)
    try store.open()
    #expect(store.report.snapshotPosition == report.position.rawValue)
    #expect(store.state.position.rawValue == next - 1)
  }

  @Test func thereIsOneSnapshotAtATime() throws {
    try store.open()
    store.record(1...20)
    let first = SnapshotAnswer()
    let second = SnapshotAnswer()
    store.housekeeper.askForSnapshot { first.set($0) }
    store.housekeeper.askForSnapshot { second.set($0) }
    #expect(first.result == nil && second.result == .failure(.underWay))
    _ = store.housekeeper.work(waits: false) { _ in }
    guard case .failure(.underWay) = store.snapshot() else { return #expect(Bool(false)) }
    for _ in 0..<100 where first.result == nil {
      store.sequencer.turn([])
      _ = store.housekeeper.work(waits: false) { _ in }
    }
    guard case .success = first.result else { return #expect(Bool(false)) }
    guard case .success = store.snapshot() else { return #expect(Bool(false)) }
  }

  @Test func aFullDiskRefusesSnapshotsAndCommandsUntilSpaceReturns() throws {
    try store.open()
    store.record(1...3)
    store.disk.capacityBytes = (32 << 10) + 100
    guard case .failure(.noSpace) = store.snapshot() else { return #expect(Bool(false)) }
    store.record(4...60)
    let refused = store.state.position
    #expect(refused.rawValue < 60 && store.sequencer.refusal.withLock { $0 } != nil)
    store.disk.capacityBytes = nil
    store.record(refused.rawValue + 1...60)
    #expect(store.state.position == LogPosition(60))
    #expect(store.sequencer.refusal.withLock { $0 } == nil)
    guard case .success = store.snapshot() else { return #expect(Bool(false)) }
  }

  @Test func theLogBehindTheOlderSnapshotIsKept() throws {
    try store.open()
    for round in 0..<6 as Range<UInt64> {
      store.record(round * 20 + 1...round * 20 + 20)
      _ = store.snapshot()
    }
    #expect(store.snapshots.count == 2)
    let firsts = store.disk.fileNames.compactMap { FileNames.segmentPosition($0) }.sorted()
    #expect(firsts[0] > 1 && firsts[0] <= 101 && firsts[1] > 101)
  }
}
