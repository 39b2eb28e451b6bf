import IntegrityCore
import ProbityEngine
import ProbityWire
import Reactor

/// Calls of one connection that somebody else works on: the sequencer, the housekeeper.
struct PendingCalls {
  fileprivate(set) var records: [UInt32: EngineJob] = [:]
  private(set) var desk: [UInt32: DeskCall] = [:]
  fileprivate(set) var snapshot: Snapshot?
  var streams: [UInt32: StreamCall] = [:]

  /// A Snapshot that the engine works on.
  struct Snapshot {
    let stream: UInt32
    let timeout: LoopTimer
  }

  var isEmpty: Bool {
    records.isEmpty && desk.isEmpty && snapshot == nil && streams.isEmpty
  }

  func cancel(stream: UInt32) { (records[stream] ?? desk[stream]?.job)?.cancel() }

  mutating func await(_ call: DeskCall, stream: UInt32) { desk[stream] = call }

  mutating func endDeskCall(stream: UInt32) -> DeskCall? { desk.removeValue(forKey: stream) }

  /// Nobody waits for the answers any more.
  mutating func abandon() {
    for job in records.values { job.cancel() }
    records.removeAll()
    for call in desk.values { call.job.cancel() }
    desk.removeAll()
    snapshot?.timeout.cancel()
    snapshot = nil
    for call in streams.values {
      call.timeout?.cancel()
      call.cancel()
    }
    streams.removeAll()
  }
}

// MARK: Recording

extension Connection {
  func record(
    _ payload: UnsafeRawBufferPointer, stream: UInt32, _ arrival: Arrival, _ deadline: UInt64
  ) throws(CallFailure) {
    guard calls.records.count < limits.recordsInFlightMax else { throw .overloaded(limits) }
    let commands = unsafe try loop.codec.decodeRecord(payload)
    try checkEvents(commands, now: arrival.wall)
    let job = EngineJob(
      commands: commands, deadlineNanoseconds: deadline,
      ticket: EngineJob.Ticket(connection: id, stream: stream), replyTo: loop)
    switch service.engine.submit(job) {
    case .accepted: calls.records[stream] = job
    case .queueFull: throw .overloaded(limits)
    case .closed: throw .draining(retryAfter: limits)
    }
  }

  private func checkEvents(_ commands: [Command], now: UnixSeconds) throws(CallFailure) {
    let latest = latestEvent(now: now)
    for (index, command) in commands.enumerated() {
      if let fault = command.event.fault(latest: latest) {
        let failure = CallFailure(
          .invalidArgument, "\(fault.wireField) \(fault.remedy)", field: fault.wireField)
        throw Codec.inCommand(index, failure)
      }
    }
  }

  /// The newest time that is accepted of anyone.
  func latestEvent(now: UnixSeconds) -> UnixSeconds {
    UnixSeconds(UInt32(clamping: UInt64(now.rawValue) + UInt64(limits.futureSecondsMax)))
  }

  /// The sequencer's answer to a call of this connection; it goes out with the next
  /// `flushReplies`.
  func finish(stream: UInt32, _ outcome: JobOutcome) {
    if let call = calls.endDeskCall(stream: stream) {
      return finish(call, stream: stream, outcome)
    }
    guard calls.records.removeValue(forKey: stream) != nil else { return }
    switch outcome {
    case .done(let applied, let duplicates, let highest, let position):
      let reply = RecordReply(
        applied: UInt32(applied), duplicates: UInt32(duplicates), highestSequence: highest,
        logPosition: position)
      loop.codec.encodeRecord(reply, stream: stream, to: &loop.replies)
    case .answered, .refused, .told:
      preconditionFailure("a Record was answered as a call of the desk")
    case .deadlineExceeded, .cancelled, .storeFull, .logFailed:
      refuse(failure(for: outcome), stream: stream)
    }
  }

  /// How work that was not done is answered, whatever it was.
  func failure(for outcome: JobOutcome) -> CallFailure {
    switch outcome {
    case .deadlineExceeded: .deadlinePassed
    case .cancelled: CallFailure(.cancelled, "cancelled by the caller")
    case .storeFull(let reason): CallFailure(.resourceExhausted, reason)
    case .logFailed(let reason):
      CallFailure(
        .internal, "the log failed; whether the commands are in it is unknown",
        notExecuted: false, incident: service.incident(reason))
    case .done, .answered, .refused, .told:
      preconditionFailure("what was answered has not failed")
    }
  }
}

// MARK: Snapshots

extension Connection {
  func makeSnapshot(
    _ payload: UnsafeRawBufferPointer, stream: UInt32, _ deadline: UInt64
  ) throws(CallFailure) {
    unsafe try loop.codec.decodeSnapshot(payload)
    if calls.snapshot != nil { throw .snapshotUnderWay(limits) }
    let now = service.clock.monotonicNanoseconds
    let left = Duration.nanoseconds(Int64(deadline > now ? deadline - now : 0))
    let timeout = loop.schedule(after: left) { [weak self] in
      self?.endSnapshot(stream) { $0.refuse(.snapshotLate, stream: stream) }
    }
    calls.snapshot = PendingCalls.Snapshot(stream: stream, timeout: timeout)
    let eventLoop = loop.eventLoop
    service.durability.snapshot { [self] result in
      eventLoop.execute { [self] in finish(stream, result) }
    }
  }

  private func finish(_ stream: UInt32, _ result: Result<SnapshotReport, SnapshotFailure>) {
    endSnapshot(stream) { connection in
      switch result {
      case .success(let report):
        loop.codec.encodeSnapshot(SnapshotReply(report), stream: stream, to: &loop.replies)
      case .failure(let failure):
        let failure = CallFailure.noSnapshot(failure, limits, incident: service.incident)
        connection.refuse(failure, stream: stream)
      }
    }
  }

  /// Answers the Snapshot on `stream`, unless it was answered at its deadline.
  private func endSnapshot(_ stream: UInt32, _ answer: (Connection) -> Void) {
    guard calls.snapshot?.stream == stream else { return }
    calls.snapshot?.timeout.cancel()
    calls.snapshot = nil
    answer(self)
    flushReplies()
    closeIfDrained()
  }
}
