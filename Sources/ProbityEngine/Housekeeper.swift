import CommandLog
import IntegrityCore
import Synchronization

/// What a store has to tell whoever runs it.
public enum StoreNotice: Sendable, Equatable {
  case snapshotTaken(SnapshotReport)
  case snapshotFailed(SnapshotFailure)
  /// The next segment could not be made ahead of time: recording goes on until
  /// the present one is full.
  case spareFailed(String)
  case spareRestored
  /// Old files could not be removed.
  case pruneFailed(String)
  /// The machine's clock was set back.
  case clockSetBack(seconds: UInt32)
}

/// Keeps the store in order beside the sequencer: takes snapshots, removes what
/// they made needless, watches the disk and the clock.
///
/// `work`, and what it calls, belong to one thread; the rest may be called by any.
package final class Housekeeper<Storage: Disk>: @unchecked Sendable {
  // Safe: `mailbox` and `figures` are locked; the rest is constant or of `work`'s thread.
  package typealias Answer = @Sendable (Result<SnapshotReport, SnapshotFailure>) -> Void

  private let disk: Storage
  private let identity: StoreIdentity
  private let log: SegmentedLog<Storage>
  private let receipts: FileReceipts<Storage>
  private let options: StoreOptions
  private let clock: any EngineClock
  private let sequencer: Sequencer
  private let notify: @Sendable (StoreNotice) -> Void
  private let wakeSequencer: @Sendable () -> Void
  private let figures: Mutex<DurabilityStatus>
  private let mailbox = Mutex<Answer?>(nil)
  /// Whether a snapshot is asked for or under way: there is one at a time.
  private let isTaken = Atomic<Bool>(false)

  private var run: SnapshotRun<Storage>?
  private var answer: Answer?
  private var snapshotPosition: UInt64
  private var snapshotBytes: Int
  private var snapshotEndedAt: UInt64
  private var logBytesAtSnapshot: Int
  private var retryAt: UInt64 = 0
  private var wallSeconds: UnixSeconds
  private var figuresAt: UInt64 = 0

  /// After a failure, until the next attempt.
  static var retryNanoseconds: UInt64 { 10_000_000_000 }
  /// Between two looks at the disk.
  static var lookNanoseconds: UInt64 { 1_000_000_000 }
  /// A clock set back by less is none of our business.
  static var clockBackSecondsMin: UInt32 { 2 }

  package init(
    _ store: RecoveredStore<Storage>, sequencer: Sequencer, clock: any EngineClock,
    wakeSequencer: @escaping @Sendable () -> Void,
    notify: @escaping @Sendable (StoreNotice) -> Void
  ) {
    disk = store.disk
    identity = store.identity
    log = store.log
    receipts = store.receipts
    options = store.options
    self.clock = clock
    self.sequencer = sequencer
    self.wakeSequencer = wakeSequencer
    self.notify = notify
    snapshotPosition = store.report.snapshotPosition
    snapshotBytes = store.report.snapshotBytes
    snapshotEndedAt = clock.monotonicNanoseconds
    logBytesAtSnapshot = -store.report.replayedBytes
    wallSeconds = clock.wallSeconds
    figures = Mutex(DurabilityStatus(store))
  }

  // MARK: Any thread

  /// Asks for a snapshot of a state no older than now. Answered at once with
  /// `underWay` if one is, for that may be of an older state.
  package func askForSnapshot(_ answer: @escaping Answer) {
    if isTaken.exchange(true, ordering: .acquiringAndReleasing) {
      return answer(.failure(.underWay))
    }
    mailbox.withLock { $0 = answer }
  }

  package var status: DurabilityStatus {
    var status = figures.withLock { $0 }
    status.durablePosition = LogPosition(log.durablePosition)
    return status
  }

  // MARK: The housekeeping thread

  /// Does what is due; of a snapshot under way, one step.
  ///
  /// - Parameters:
  ///   - waits: whether a step may wait for the sequencer.
  ///   - pause: called with bytes that were written or read, to leave the disk to others.
  /// - Returns: whether there is more to do at once.
  package func work(waits: Bool, pause: (Int) -> Void) -> Bool {
    let now = clock.monotonicNanoseconds
    if run != nil { return step(waits: waits, pause) }
    watchClock()
    look(now)
    if isSnapshotDue(now) { return begin() }
    return false
  }

  /// Takes a snapshot of the final state, copying it on this thread: no
  /// sequencer runs any more.
  package func takeLastSnapshot() {
    while run != nil { _ = step(waits: false) { _ in } }
    refuseAsked()
    let applied = sequencer.applied.withLock { $0 }
    if applied.failure != nil || applied.position.rawValue == snapshotPosition { return }
    sequencer.copier.reopen()
    guard begin() else { return }
    while run != nil {
      sequencer.turn([])
      _ = step(waits: false) { _ in }
    }
  }

  /// Answers whoever still waits.
  package func refuseAsked() {
    guard let asked = mailbox.withLock({ take(&$0) }) else { return }
    isTaken.store(false, ordering: .releasing)
    asked(.failure(.closed))
  }

  // MARK: Snapshots

  private func isSnapshotDue(_ now: UInt64) -> Bool {
    answer = mailbox.withLock { take(&$0) }
    if answer != nil { return true }
    if now < retryAt || sequencer.position.load(ordering: .relaxed) == snapshotPosition {
      return false
    }
    let logBytes = log.appendedBytes - logBytesAtSnapshot
    if logBytes >= max(options.snapshotLogBytes, snapshotBytes) { return true }
    let seconds = (now - snapshotEndedAt) / 1_000_000_000
    return options.snapshotSeconds > 0 && seconds >= options.snapshotSeconds
  }

  private func begin() -> Bool {
    // If somebody asked this moment, the next look finds the request.
    isTaken.store(true, ordering: .releasing)
    let channel = SnapshotChannel(pieceBytesMax: sequencer.copier.pieceBytesMax)
    do throws(SnapshotFailure) {
      try checkRoom()
      run = try SnapshotRun(disk, identity, channel, receipts, clock)
    } catch {
      fail(error)
      return false
    }
    sequencer.copier.ask(channel)
    wakeSequencer()
    return true
  }

  private func checkRoom() throws(SnapshotFailure) {
    let free: Int
    do throws(DiskError) {
      free = try disk.freeBytes()
    } catch {
      throw SnapshotFailure(error)
    }
    let accounts = sequencer.applied.withLock { $0.accountCount }
    // A quarter more for what is copied twice.
    let needed = accounts * 80 + options.reserveBytes
    if free >= needed { return }
    throw .noSpace(
      "a snapshot of \(accounts) accounts may take \(needed >> 20) MiB, the reserve included; "
        + "\(free >> 20) MiB are free in \(disk.path(of: ""))")
  }

  private func step(waits: Bool, _ pause: (Int) -> Void) -> Bool {
    guard let run else { return false }
    switch run.step(waits: waits, pause: pause) {
    case .waiting: return false
    case .wrote(let bytes): pause(bytes)
    case .done(let report, let createdAt): finish(report, createdAt)
    case .failed(let failure): fail(failure)
    }
    return true
  }

  private func finish(_ report: SnapshotReport, _ createdAt: UnixSeconds) {
    run = nil
    snapshotPosition = report.position.rawValue
    snapshotBytes = Int(report.bytes)
    snapshotEndedAt = clock.monotonicNanoseconds
    logBytesAtSnapshot = log.appendedBytes
    figures.withLock {
      $0.snapshotPosition = report.position
      $0.snapshotAt = createdAt
      $0.snapshotBytes = report.bytes
      $0.snapshotDurationNanoseconds = report.durationNanoseconds
      $0.snapshotPauseNanoseconds = report.pauseNanoseconds
    }
    prune()
    notify(.snapshotTaken(report))
    reply(.success(report))
  }

  private func fail(_ failure: SnapshotFailure) {
    run = nil
    retryAt = clock.monotonicNanoseconds + Self.retryNanoseconds
    notify(.snapshotFailed(failure))
    reply(.failure(failure))
  }

  private func reply(_ result: Result<SnapshotReport, SnapshotFailure>) {
    let isAsked = mailbox.withLock { $0 != nil }
    if !isAsked { isTaken.store(false, ordering: .releasing) }
    take(&answer)?(result)
  }

  /// Two generations stay, and the log behind the older.
  private func prune() {
    do throws(DiskError) {
      guard let oldest = try disk.pruneSnapshots(keeping: 2) else { return }
      let generations = try disk.snapshotPositions().count
      try log.prune(through: generations < 2 ? 0 : oldest)
      try receipts.prune(before: sequencer.applied.withLock { $0.firstClaim })
    } catch {
      notify(.pruneFailed(error.description))
    }
  }

  // MARK: Disk, clock

  private func look(_ now: UInt64) {
    if figuresAt != 0 && now - figuresAt < Self.lookNanoseconds { return }
    figuresAt = now
    let free = (try? disk.freeBytes()) ?? 0
    let segments = (try? disk.segmentPositions().count) ?? 0
    figures.withLock {
      $0.diskFreeBytes = UInt64(max(0, free))
      $0.logSegments = segments
      $0.logBytes = UInt64(segments * options.segmentBytes)
    }
  }

  private func watchClock() {
    let now = clock.wallSeconds
    if now.rawValue + Self.clockBackSecondsMin <= wallSeconds.rawValue {
      notify(.clockSetBack(seconds: wallSeconds.rawValue - now.rawValue))
    }
    wallSeconds = now
  }

  private func take(_ answer: inout Answer?) -> Answer? {
    defer { answer = nil }
    return answer
  }
}

extension DurabilityStatus {
  init<Storage: Disk>(_ store: RecoveredStore<Storage>) {
    self.init()
    let report = store.report
    mode = store.options.durability.description
    snapshotPosition = LogPosition(report.snapshotPosition)
    snapshotAt = report.snapshotAt
    snapshotBytes = UInt64(report.snapshotBytes)
    recoveredCommands = report.replayedCount
    recoveryNanoseconds = report.durationNanoseconds
    tornTails = report.tornTailCount
  }
}
