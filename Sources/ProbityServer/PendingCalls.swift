import IntegrityCore
import ProbityEngine
import ProbityWire
import Reactor

/// Calls of one connection that somebody else works on: the sequencer, the housekeeper.
struct PendingCalls {
  fileprivate(set) var records: [UInt32: RecordJob] = [:]
  fileprivate(set) var snapshot: Snapshot?

  /// A Snapshot that the engine works on.
  struct Snapshot {
    let stream: UInt32
    let timeout: LoopTimer
  }

  var isEmpty: Bool { records.isEmpty && snapshot == nil }

  func cancel(stream: UInt32) { records[stream]?.cancel() }

  /// Nobody waits for the answers any more.
  mutating func abandon() {
    for job in records.values { job.cancel() }
    records.removeAll()
    snapshot?.timeout.cancel()
    snapshot = nil
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
    let job = RecordJob(
      commands: commands, deadlineNanoseconds: deadline,
      ticket: RecordJob.Ticket(connection: id, stream: stream), replyTo: loop)
    switch service.engine.submit(job) {
    case .accepted: calls.records[stream] = job
    case .queueFull: throw .overloaded(limits)
    case .closed: throw .draining(retryAfter: limits)
    }
  }

  private func checkEvents(_ commands: [Command], now: UnixSeconds) throws(CallFailure) {
    let latest = UnixSeconds(
      UInt32(clamping: UInt64(now.rawValue) + UInt64(limits.futureSecondsMax)))
    for (index, command) in commands.enumerated() {
      if let fault = command.event.fault(latest: latest) {
        let failure = CallFailure(
          .invalidArgument, "\(fault.wireField) \(fault.remedy)", field: fault.wireField)
        throw Codec.inCommand(index, failure)
      }
    }
  }

  /// The sequencer's answer to a Record of this connection; it goes out with the
  /// next `flushReplies`.
  func finish(stream: UInt32, _ outcome: RecordOutcome) {
    guard calls.records.removeValue(forKey: stream) != nil else { return }
    switch outcome {
    case .done(let applied, let duplicates, let highest, let position):
      let reply = RecordReply(
        applied: UInt32(applied), duplicates: UInt32(duplicates), highestSequence: highest,
        logPosition: position)
      loop.codec.encodeRecord(reply, stream: stream, to: &loop.replies)
    case .deadlineExceeded: refuse(.deadlinePassed, stream: stream)
    case .cancelled: refuse(CallFailure(.cancelled, "cancelled by the caller"), stream: stream)
    case .storeFull(let reason):
      refuse(CallFailure(.resourceExhausted, reason), stream: stream)
    case .logFailed(let reason):
      let failure = CallFailure(
        .internal, "the log failed; whether the commands are in it is unknown",
        notExecuted: false, incident: service.incident(reason))
      refuse(failure, stream: stream)
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
