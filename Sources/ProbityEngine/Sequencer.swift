import CommandLog
import IntegrityCore
import Synchronization

/// The one writer: takes jobs, logs a group of them, applies it, answers.
///
/// A group is whatever came while the one before was written. The order of the
/// log is the order of the queue; an answer leaves after its group is logged
/// and applied. `run` belongs to one thread; `position` and `applied` may be read
/// by any.
package final class Sequencer: Sendable {
  package let position = Atomic<UInt64>(0)
  package let applied = Mutex(Engine.Applied())
  let failureNotice = FailureNotice()
  /// Why the log took nothing the last time; nil = it did.
  package let refusal = Mutex<String?>(nil)

  // Safe: touched by `init` before the thread starts and by the thread after.
  private nonisolated(unsafe) let state: IntegrityState
  /// For those who only look up: kept up to date by the thread.
  package let policies: PolicyBoard
  package let overrides = OverrideBoard()
  package let certifications = CertificationBoard()
  package let changeNotices = ChangeNotices()
  /// Steps of a snapshot; asked from any thread.
  let copier: StateCopier
  private let log: any GroupLog
  private let queue: JobQueue
  private let clock: any EngineClock
  private let limits: Engine.Limits

  package init(
    state: IntegrityState, log: any GroupLog, queue: JobQueue, clock: any EngineClock,
    limits: Engine.Limits
  ) {
    unsafe self.state = state
    policies = PolicyBoard(state.shelf.active)
    overrides.set(from: state.desk)
    certifications.set(from: state.desk)
    copier = StateCopier(state: state, clock: clock, limits: limits)
    self.log = log
    self.queue = queue
    self.clock = clock
    self.limits = limits
    publish(appliedCount: 0, duplicateCount: 0)
  }

  /// Works until the queue is closed and empty.
  package func run() {
    // Otherwise a snapshot's step can wait for another thread's whole turn, and all
    // commands with it.
    EngineThread.goFirst()
    while true {
      let taken = queue.take(waitNanosecondsMax: waitNanosecondsMax)
      turn(taken.jobs)
      if taken.isOver { break }
    }
    end()
  }

  /// Ends what is under way: no more turns will come on this thread.
  package func end() {
    copier.close()
    _ = settle()
  }

  /// One round: groups of the jobs, a sync that is due, the next step of a snapshot.
  package func turn(_ jobs: [EngineJob]) {
    var start = 0
    while start < jobs.count {
      let end = groupEnd(jobs, from: start)
      runGroup(jobs[start..<end])
      start = end
    }
    if let due = log.syncDueNanoseconds, clock.monotonicNanoseconds >= due { _ = settle() }
    copier.turn { settle() && hasFlushedReceipts }
  }

  /// 0 = there is work that is no job; nil = there is none.
  private var waitNanosecondsMax: UInt64? {
    if copier.wantsTurn { return 0 }
    let copying = copier.isUnderWay ? Self.copyWaitNanoseconds : nil
    guard let due = log.syncDueNanoseconds else { return copying }
    let now = clock.monotonicNanoseconds
    return min(due > now ? due - now : 0, copying ?? .max)
  }

  /// Until the channel of a copy is looked at again.
  private static let copyWaitNanoseconds: UInt64 = 500_000

  /// Makes the log durable as far as it goes.
  ///
  /// - Returns: false if that failed, now or before.
  func settle() -> Bool {
    do throws(LogError) {
      try log.sync()
      return true
    } catch {
      switch error {
      case .full(let reason), .failed(let reason): close(reason)
      }
      return false
    }
  }

  private func groupEnd(_ jobs: [EngineJob], from start: Int) -> Int {
    var end = start + 1
    var commandCount = jobs[start].queuedCount
    while end < jobs.count {
      commandCount += jobs[end].queuedCount
      if commandCount > limits.groupCommandsMax { break }
      end += 1
    }
    return end
  }

  private func runGroup(_ jobs: ArraySlice<EngineJob>) {
    var replies = GroupReplies()
    let accepted = admit(jobs, &replies)
    if !accepted.isEmpty {
      do throws(LogError) {
        try logAndApply(accepted, &replies)
      } catch {
        fail(accepted, error, &replies)
      }
    }
    replies.deliver()
  }

  /// Sorts out what is late, cancelled, not fit to be logged, or finds no room.
  private func admit(_ jobs: ArraySlice<EngineJob>, _ replies: inout GroupReplies) -> [EngineJob] {
    let now = clock.monotonicNanoseconds
    var room = unsafe RoomCheck(state)
    return jobs.filter { job in
      if job.isCancelled {
        replies.add(job, .cancelled)
        return false
      }
      if now > job.deadlineNanoseconds {
        replies.add(job, .deadlineExceeded)
        return false
      }
      if case .desk(let command) = job.work,
        let refusal = unsafe state.refusalBeforeLogging(command)
      {
        replies.add(job, .refused(refusal))
        return false
      }
      if let reason = lackOfReceiptRoom(for: job) ?? room.lackOfRoom(for: job) {
        replies.add(job, .storeFull(reason))
        return false
      }
      return true
    }
  }

  private func logAndApply(
    _ jobs: [EngineJob], _ replies: inout GroupReplies
  ) throws(LogError) {
    let count = jobs.reduce(0) { $0 + $1.loggedCount }
    if count > 0 { try log(jobs, count) }
    var (appliedCount, duplicateCount) = (0, 0)
    for job in jobs {
      let outcome = unsafe apply(job.work, to: state, &appliedCount)
      if case .done(_, let duplicates, _, _) = outcome { duplicateCount += duplicates }
      replies.add(job, outcome)
      copier.copyAhead()
    }
    flushReceipts()
    publish(appliedCount: appliedCount, duplicateCount: duplicateCount)
    // Behind the position: who is woken knows how far all changes were told.
    changeNotices.tell(next: unsafe state.desk.changes.next)
  }

  /// Where the disk is full, receipts wait in memory: `admit` refuses claims before they
  /// are too many.
  private func flushReceipts() {
    guard let receipts = unsafe state.desk.receipts else { return }
    do throws(DiskError) {
      try receipts.flush()
    } catch {
      if error.kind != .noSpace { close("receipts cannot be kept: \(error)") }
    }
  }

  /// Why a command of the desk cannot be taken: its receipt could not be kept.
  private func lackOfReceiptRoom(for job: EngineJob) -> String? {
    guard case .desk = job.work, let receipts = unsafe state.desk.receipts,
      receipts.pendingBytes > Self.pendingReceiptBytesMax
    else { return nil }
    return "no room on disk for more receipts"
  }

  /// False while receipts wait for room on disk: a snapshot would outlive them.
  private var hasFlushedReceipts: Bool {
    flushReceipts()
    return unsafe state.desk.receipts?.pendingBytes ?? 0 == 0
  }

  private static let pendingReceiptBytesMax = 8 << 20

  private func log(_ jobs: [EngineJob], _ count: Int) throws(LogError) {
    var payload: [UInt8] = []
    payload.reserveCapacity(count * CommandCoding.sizeBytes)
    for job in jobs {
      switch job.work {
      case .record(let commands):
        for command in commands { CommandCoding.append(command, to: &payload) }
      case .desk(let command): DeskCoding.append(command, to: &payload)
      case .ask: break
      }
    }
    let first = try log.append(payload, count: count)
    refusal.withLock { $0 = nil }
    unsafe precondition(first == state.position.rawValue + 1, "the log and the state have parted")
  }

  private func apply(
    _ work: EngineJob.Work, to state: IntegrityState, _ appliedCount: inout Int
  ) -> JobOutcome {
    switch work {
    case .record(let commands):
      let applied = state.apply(commands)
      appliedCount += applied
      return .done(
        applied: applied, duplicates: commands.count - applied,
        highestSequence: state.highestSequence(of: commands[0].source), position: state.position)
    case .desk(let command):
      switch state.apply(command) {
      case .success(let answer):
        appliedCount += 1
        post(command.action, state)
        return .answered(state.completed(answer, to: command.action), position: state.position)
      case .failure(let refusal): return .refused(refusal)
      }
    case .ask(let question): return .told(state.answer(question), position: state.position)
    }
  }

  /// Lets those who look up know, before the command is answered.
  private func post(_ action: DeskAction, _ state: IntegrityState) {
    switch action {
    case .setOverride(let account, .tier(let tier), let endsAt):
      overrides.set(TierOverride(tier: tier, endsAt: endsAt), of: account)
    case .clearOverride(let account, .tier): overrides.set(nil, of: account)
    case .activatePolicy: policies.post(state.shelf.active)
    // As the desk has it by now: the command may have been a repeat.
    case .certify(let merchant, _, _), .revokeCertification(let merchant):
      let entry = state.desk.certification(of: merchant, at: state.newestEventAt)
      certifications.set(entry?.endsAt, of: merchant)
    default: break
    }
  }

  private func publish(appliedCount: Int, duplicateCount: Int) {
    unsafe position.store(state.position.rawValue, ordering: .releasing)
    applied.withLock {
      $0.position = unsafe state.position
      $0.stateHash = unsafe state.hash
      $0.appliedCount += UInt64(appliedCount)
      $0.duplicateCount += UInt64(duplicateCount)
      $0.sourceCount = unsafe state.sources.count
      $0.accountCount = unsafe state.table.count
      $0.claimCount = unsafe state.desk.claims.count
      $0.firstClaim = unsafe state.desk.claims.first
    }
  }

  /// No room: nothing happened, it may come again. Anything else: stop recording.
  private func fail(_ jobs: [EngineJob], _ error: LogError, _ replies: inout GroupReplies) {
    switch error {
    case .full(let reason):
      refusal.withLock { $0 = reason }
      for job in jobs { replies.add(job, .storeFull(reason)) }
    case .failed(let reason):
      close(reason)
      for job in jobs { replies.add(job, .logFailed(reason)) }
    }
  }

  /// Nothing is recorded any more.
  private func close(_ reason: String) {
    queue.close()
    applied.withLock { $0.failure = $0.failure ?? reason }
    failureNotice.raise(reason)
  }
}

/// Outcomes of a group, by where they go.
private struct GroupReplies {
  private var sinks: [(sink: any ReplySink, outcomes: [(EngineJob.Ticket, JobOutcome)])] = []

  mutating func add(_ job: EngineJob, _ outcome: JobOutcome) {
    // As few sinks as event loops: a scan is the fastest map.
    if let index = sinks.firstIndex(where: { $0.sink === job.replyTo }) {
      sinks[index].outcomes.append((job.ticket, outcome))
    } else {
      sinks.append((job.replyTo, [(job.ticket, outcome)]))
    }
  }

  func deliver() {
    for (sink, outcomes) in sinks { sink.deliver(outcomes) }
  }
}
