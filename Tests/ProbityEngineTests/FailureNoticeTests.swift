import CommandLog
import ProbityEngine
import Synchronization
import Testing

@Suite struct FailureNoticeTests {
  /// Reasons in the order in which they were heard.
  final class Heard: Sendable {
    let reasons = Mutex<[String]>([])
    func hear(_ reason: String) { reasons.withLock { $0.append(reason) } }
  }

  @Test func aFailedLogIsToldOnceWhateverWasQueued() async {
    let log = BlockingLog(failure: .failed("EIO"))
    let engine = Engine(table: Make.table(), rules: Make.rules, log: log, clock: StillClock())
    let heard = Heard()
    engine.onFailure { heard.hear($0) }
    let outcomes = Outcomes()
    _ = engine.submit(Make.job(Make.commands(1, 1...1), stream: 1, outcomes))
    await log.entered()
    _ = engine.submit(Make.job(Make.commands(2, 1...1), stream: 2, outcomes))
    #expect(engine.failure == nil)
    log.release()
    let results = await outcomes.wait(for: 2)
    #expect(results == [1: .logFailed("EIO"), 2: .logFailed("EIO")])
    engine.stop()
    #expect(heard.reasons.withLock { $0 } == ["EIO"])
    #expect(engine.failure == "EIO")
  }

  @Test func whoListensLateHearsAtOnce() async {
    let log = KeepingLog()
    log.fail(.failed("EIO"))
    let engine = Engine(table: Make.table(), rules: Make.rules, log: log, clock: StillClock())
    let outcomes = Outcomes()
    _ = engine.submit(Make.job(Make.commands(1, 1...1), stream: 1, outcomes))
    _ = await outcomes.wait(for: 1)
    let heard = Heard()
    engine.onFailure { heard.hear($0) }
    #expect(heard.reasons.withLock { $0 } == ["EIO"])
    engine.stop()
  }

  @Test func anEngineWithoutADiskSaysSo() {
    let engine = Engine(
      table: Make.table(), rules: Make.rules, log: MemoryLog(), clock: StillClock())
    #expect(engine.durabilityStatus == DurabilityStatus())
    let answer = Mutex<Result<SnapshotReport, SnapshotFailure>?>(nil)
    engine.snapshot { result in answer.withLock { $0 = result } }
    engine.stop()
    #expect(answer.withLock { $0 } == .failure(.notDurable))
  }
}
