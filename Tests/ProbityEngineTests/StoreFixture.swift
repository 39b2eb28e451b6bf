import AccountStore
import CommandLog
import IntegrityCore
import ProbityEngine
import SimulatedDisk
import Synchronization
import Testing

/// A store on a simulated disk, and an engine's parts on it, driven by hand.
final class StoreFixture {
  let disk = SimulatedDisk(seed: 1)
  let clock = StillClock()
  var options = StoreOptions()
  var limits = Engine.Limits()
  var rules = Make.rules
  private(set) var state: IntegrityState!
  private(set) var sequencer: Sequencer!
  private(set) var housekeeper: Housekeeper<SimulatedDisk>!
  private(set) var spares: SpareKeeper<SimulatedDisk>!
  private(set) var report = RecoveryReport()
  private let outcomes = Outcomes()
  private var stream: UInt32 = 0
  let notices = Notices()

  init() {
    options.segmentBytes = 32 << 10
    options.reserveBytes = 0
    options.accountsMax = 5_000
    options.snapshotSeconds = 0
    options.loadThreadCount = 2
  }

  func open() throws {
    let recovery = StoreRecovery(disk.process(), rules: rules, options: options, clock: clock)
    let store = try recovery.open(tableSeed: 5)
    report = store.report
    state = store.state
    sequencer = Sequencer(
      state: store.state, log: store.log, queue: JobQueue(commandsMax: 1_000), clock: clock,
      limits: limits)
    housekeeper = Housekeeper(
      store, sequencer: sequencer, clock: clock, wakeSequencer: {},
      notify: { [notices] in notices.add($0) })
    spares = SpareKeeper(
      store.log, sequencer: sequencer, clock: clock, notify: { [notices] in notices.add($0) })
  }

  /// Commands of source 1 to buyers of their own, a group each.
  func record(_ sequences: ClosedRange<UInt64>) {
    for sequence in sequences {
      stream += 1
      let commands = Make.commands(1, sequence...sequence)
      sequencer.turn([Make.job(commands, stream: stream, outcomes)])
    }
  }

  /// Takes a snapshot; between its steps `meanwhile` is called.
  func snapshot(meanwhile: () -> Void = {}) -> Result<SnapshotReport, SnapshotFailure>? {
    let answers = SnapshotAnswer()
    housekeeper.askForSnapshot { answers.set($0) }
    for _ in 0..<10_000 where answers.result == nil {
      spares.work { _ in }
      _ = housekeeper.work(waits: false) { _ in }
      meanwhile()
      sequencer.turn([])
    }
    return answers.result
  }

  func stop() {
    sequencer.end()
    housekeeper.takeLastSnapshot()
    disk.crash()
  }

  var snapshots: [String] { disk.fileNames.filter { $0.hasPrefix("snapshot-") } }

  var asides: [String] { disk.fileNames.filter { $0.hasPrefix("aside-") } }

  func fault() -> StoreFault? {
    do {
      try open()
      return nil
    } catch {
      return error as? StoreFault
    }
  }
}

final class SnapshotAnswer: Sendable {
  private let answer = Mutex<Result<SnapshotReport, SnapshotFailure>?>(nil)
  var result: Result<SnapshotReport, SnapshotFailure>? { answer.withLock { $0 } }
  func set(_ result: Result<SnapshotReport, SnapshotFailure>) { answer.withLock { $0 = result } }
}

final class Notices: Sendable {
  private let list = Mutex<[StoreNotice]>([])
  var all: [StoreNotice] { list.withLock { $0 } }
  func add(_ notice: StoreNotice) { list.withLock { $0.append(notice) } }
}
