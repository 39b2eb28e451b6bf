import CommandLog
import IntegrityCore
import ProbityEngine
import Testing

@Suite struct EngineTests {
  @Test func commandsAreAppliedInOrderAndAnsweredWithTheirPosition() async throws {
    let engine = Engine(
      table: Make.table(), rules: Make.rules, log: KeepingLog(), clock: StillClock())
    let outcomes = Outcomes()
    #expect(engine.submit(Make.job(Make.commands(7, 1...3), stream: 1, outcomes)) == .accepted)
    #expect(engine.submit(Make.job(Make.commands(8, 5...6), stream: 2, outcomes)) == .accepted)
    let results = await outcomes.wait(for: 2)
    #expect(
      results[1]
        == .done(applied: 3, duplicates: 0, highestSequence: 3, position: LogPosition(3)))
    #expect(
      results[2]
        == .done(applied: 2, duplicates: 0, highestSequence: 6, position: LogPosition(5)))
    #expect(engine.position == LogPosition(5))
    #expect(engine.table.count(.buyer) == 5)
    #expect(engine.table.count(.merchant) == 1)
    engine.stop()
  }

  /// Source, sequences sent → applied, duplicates, highest.
  @Test(
    arguments: [
      ([1...3], 3, 0, 3), ([1...3, 1...3], 3, 3, 3), ([1...3, 2...5], 5, 2, 5),
      ([4...6, 1...3], 3, 3, 6), ([1...1, 10...10], 2, 0, 10),
    ] as [([ClosedRange<UInt64>], Int, Int, UInt64)])
  func whatWasAppliedOnceIsADuplicateAfterwards(
    _ sent: [ClosedRange<UInt64>], applied: Int, duplicates: Int, highest: UInt64
  ) async throws {
    let engine = Engine(
      table: Make.table(), rules: Make.rules, log: KeepingLog(), clock: StillClock())
    let outcomes = Outcomes()
    for (index, sequences) in sent.enumerated() {
      _ = engine.submit(Make.job(Make.commands(9, sequences), stream: UInt32(index), outcomes))
    }
    let results = await outcomes.wait(for: sent.count)
    let sum = results.values.reduce(into: (0, 0, UInt64(0))) { sum, outcome in
      guard case .done(let applied, let duplicates, let highest, _) = outcome else { return }
      sum = (sum.0 + applied, sum.1 + duplicates, max(sum.2, highest))
    }
    #expect(sum == (applied, duplicates, highest))
    engine.stop()
  }

  @Test func duplicatesChangeNothingButThePosition() async throws {
    let state = IntegrityState(table: Make.table(), rules: Make.rules)
    _ = state.apply(Make.commands(3, 1...10))
    let sum = state.table.recordHashSum
    #expect(state.apply(Make.commands(3, 1...10)) == 0)
    #expect(state.table.recordHashSum == sum)
    #expect(state.position == LogPosition(20))
  }

  @Test func equalPrefixesGiveEqualHashesWhateverTheLayout() {
    let commands = Make.commands(3, 1...500)
    let states = [(16, 1), (1, 99), (256, 7)].map { shards, seed in
      IntegrityState(
        table: Make.table(shardCount: shards, seed: UInt64(seed)), rules: Make.rules)
    }
    var hashes: Set<UInt64> = []
    for prefix in [1, 2, 250, 500] {
      let next = commands[Int(states[0].position.rawValue)..<prefix]
      for state in states { _ = state.apply(Array(next)) }
      #expect(Set(states.map(\.hash)).count == 1)
      #expect(hashes.insert(states[0].hash).inserted, "a longer prefix has another hash")
    }
  }

  @Test func theHashDependsOnEverythingInTheState() {
    func hash(_ commands: [Command]) -> UInt64 {
      let state = IntegrityState(table: Make.table(), rules: Make.rules)
      _ = state.apply(commands)
      return state.hash
    }
    let base = Make.commands(3, 1...2)
    var other = base
    other[1].event.amount = Minor(1_001)
    #expect(hash(base) != hash(other), "evidence")
    other = base
    other[1].sequence = 3
    #expect(hash(base) != hash(other), "sequences")
    other = base
    other[0].source = 4
    other[1].source = 4
    #expect(hash(base) != hash(other), "sources")
    #expect(hash(base) == hash(base))
  }

  @Test func replayingTheLogGivesTheSameState() async throws {
    let log = KeepingLog()
    let first = Engine(table: Make.table(), rules: Make.rules, log: log, clock: StillClock())
    let outcomes = Outcomes()
    for stream in 0..<20 as Range<UInt32> {
      let start = UInt64(stream) * 7 + 1
      _ = first.submit(
        Make.job(Make.commands(5, start...(start + 9)), stream: stream, outcomes))
    }
    _ = await outcomes.wait(for: 20)
    first.stop()
    let state = IntegrityState(table: Make.table(seed: 77), rules: Make.rules)
    #expect(log.replay(into: state))
    let second = Engine(state: state, log: log, clock: StillClock())
    #expect(second.applied.stateHash == first.applied.stateHash)
    #expect(second.position == first.position)
    second.stop()
  }

  @Test func aGroupThatIsNoCommandsChangesNothing() {
    let log = KeepingLog()
    log.contents.withLock {
      $0.groups = [KeepingLog.Group(payload: Array(repeating: 0xff, count: 80), first: 1, count: 1)]
    }
    let state = IntegrityState(table: Make.table(), rules: Make.rules)
    #expect(!log.replay(into: state))
    #expect(state.position == .zero)
  }

  @Test func whatComesTooLateOrIsCancelledIsNotBegun() async throws {
    let clock = StillClock()
    let log = BlockingLog()
    let engine = Engine(table: Make.table(), rules: Make.rules, log: log, clock: clock)
    let outcomes = Outcomes()
    _ = engine.submit(Make.job(Make.commands(1, 1...1), stream: 1, outcomes))
    await log.entered()
    _ = engine.submit(Make.job(Make.commands(2, 1...1), stream: 2, outcomes, deadline: 5_000))
    let cancelled = Make.job(Make.commands(3, 1...1), stream: 3, outcomes)
    _ = engine.submit(cancelled)
    _ = engine.submit(Make.job(Make.commands(4, 1...1), stream: 4, outcomes, deadline: 6_000))
    cancelled.cancel()
    clock.nanoseconds.store(6_000, ordering: .relaxed)
    log.release()
    let results = await outcomes.wait(for: 4)
    #expect(results[2] == .deadlineExceeded)
    #expect(results[3] == .cancelled)
    #expect(
      results[4]
        == .done(applied: 1, duplicates: 0, highestSequence: 1, position: LogPosition(2)),
      "a deadline of exactly now is still met")
    engine.stop()
  }

  @Test func aFullQueueRefusesAndAClosedOneToo() async throws {
    let log = BlockingLog()
    let engine = Engine(
      table: Make.table(), rules: Make.rules, log: log, clock: StillClock(),
      limits: Engine.Limits(queuedCommandsMax: 10))
    let outcomes = Outcomes()
    _ = engine.submit(Make.job(Make.commands(1, 1...1), stream: 1, outcomes))
    await log.entered()
    #expect(engine.submit(Make.job(Make.commands(2, 1...20), stream: 2, outcomes)) == .accepted)
    #expect(engine.submit(Make.job(Make.commands(3, 1...1), stream: 3, outcomes)) == .queueFull)
    #expect(engine.queuedCommands == 20)
    log.release()
    _ = await outcomes.wait(for: 2)
    engine.stop()
    #expect(engine.submit(Make.job(Make.commands(4, 1...1), stream: 4, outcomes)) == .closed)
  }

  @Test func aFullStoreRefusesOnlyWhatIsNew() async throws {
    let engine = Engine(
      table: Make.table(accountsMax: 11, shardCount: 1), rules: Make.rules, log: KeepingLog(),
      clock: StillClock())
    let outcomes = Outcomes()
    // Ten buyers and one merchant: just full.
    _ = engine.submit(Make.job(Make.commands(1, 1...10), stream: 1, outcomes))
    _ = engine.submit(Make.job(Make.commands(2, 11...11), stream: 2, outcomes))
    _ = engine.submit(Make.job(Make.commands(3, 10...10), stream: 3, outcomes))
    let results = await outcomes.wait(for: 3)
    #expect(
      results[1]
        == .done(applied: 10, duplicates: 0, highestSequence: 10, position: LogPosition(10)))
    guard case .storeFull = results[2] else { return #expect(Bool(false), "\(results)") }
    #expect(
      results[3]
        == .done(applied: 1, duplicates: 0, highestSequence: 10, position: LogPosition(11)))
    engine.stop()
  }

  @Test func sourcesAreBoundedToo() async throws {
    let engine = Engine(
      table: Make.table(), rules: Make.rules, log: KeepingLog(), clock: StillClock(),
      limits: Engine.Limits(sourcesMax: 2))
    let outcomes = Outcomes()
    for source in 1...3 as ClosedRange<UInt64> {
      _ = engine.submit(Make.job(Make.commands(source, 1...1), stream: UInt32(source), outcomes))
    }
    _ = engine.submit(Make.job(Make.commands(1, 2...2), stream: 4, outcomes))
    let results = await outcomes.wait(for: 4)
    guard case .storeFull = results[3] else { return #expect(Bool(false), "\(results)") }
    guard case .done = results[4] else { return #expect(Bool(false), "\(results)") }
    engine.stop()
  }

  @Test func aLogWithoutRoomRefusesAndRecovers() async throws {
    let log = KeepingLog()
    let engine = Engine(table: Make.table(), rules: Make.rules, log: log, clock: StillClock())
    let outcomes = Outcomes()
    log.fail(.full("no space left"))
    _ = engine.submit(Make.job(Make.commands(1, 1...1), stream: 1, outcomes))
    guard case .storeFull = await outcomes.wait(for: 1)[1] else { return #expect(Bool(false)) }
    log.fail(nil)
    _ = engine.submit(Make.job(Make.commands(1, 1...1), stream: 2, outcomes))
    #expect(
      await outcomes.wait(for: 2)[2]
        == .done(applied: 1, duplicates: 0, highestSequence: 1, position: LogPosition(1)))
    engine.stop()
  }

  @Test func aFailedLogEndsRecordingAndLeavesTheStateAlone() async throws {
    let log = KeepingLog()
    let engine = Engine(table: Make.table(), rules: Make.rules, log: log, clock: StillClock())
    let outcomes = Outcomes()
    log.fail(.failed("EIO"))
    _ = engine.submit(Make.job(Make.commands(1, 1...1), stream: 1, outcomes))
    #expect(await outcomes.wait(for: 1)[1] == .logFailed("EIO"))
    #expect(engine.submit(Make.job(Make.commands(1, 2...2), stream: 2, outcomes)) == .closed)
    #expect(engine.applied.failure == "EIO")
    #expect(engine.table.count == 0)
    engine.stop()
  }

  @Test func aGroupIsDeliveredOnceToEachSink() async throws {
    let log = BlockingLog()
    let engine = Engine(table: Make.table(), rules: Make.rules, log: log, clock: StillClock())
    let first = Outcomes()
    let (left, right) = (Outcomes(), Outcomes())
    _ = engine.submit(Make.job(Make.commands(1, 1...1), stream: 1, first))
    await log.entered()
    for source in 2...21 as ClosedRange<UInt64> {
      let sink = source % 2 == 0 ? left : right
      _ = engine.submit(Make.job(Make.commands(source, 1...1), stream: UInt32(source), sink))
    }
    log.release()
    _ = await left.wait(for: 10)
    _ = await right.wait(for: 10)
    #expect(left.deliveries == 1)
    #expect(right.deliveries == 1)
    engine.stop()
  }
}
