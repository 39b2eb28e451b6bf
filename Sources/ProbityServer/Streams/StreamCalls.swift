import IntegrityCore
import ProbityEngine
import ProbityWire
import Reactor
import Rescoring

/// Calls that are answered in parts, as far as the client's credit goes.
extension Connection {
  func openStream(
    _ method: Method, _ payload: UnsafeRawBufferPointer, stream: UInt32, _ arrival: Arrival,
    _ deadline: UInt64
  ) throws(CallFailure) {
    guard calls.streams.count < limits.streamsInFlightMax else { throw .overloaded(limits) }
    let request = unsafe try loop.codec.decodeStream(method, payload)
    let call: StreamCall
    switch request {
    case .sweep(let at, let actor, let reason):
      let time = at == .zero ? arrival.wall : at
      let command = DeskCommand(
        .assess(AccountID(1)), at: time, actor: actor, reason: reason)
      if let fault = command.fault(latest: latestEvent(now: arrival.wall)) {
        throw CallFailure(
          .invalidArgument, "\(fault.field) \(fault.remedy)", field: fault.field)
      }
      call = try begin(.sweep(at: time, actor: actor, reason: reason), .sweep, stream)
    case .rescore(var order):
      if order.asOf == .zero { order.asOf = arrival.wall }
      call = try begin(.rescore(order), .rescore, stream)
    case .kpi(let from, let to):
      let period = try Self.period(from, to, now: arrival.wall)
      call = try begin(.figures(from: period.from, to: period.to), .kpi, stream)
    case .watch(let order): call = try loop.watches.open(order, for: self, stream: stream)
    }
    let now = service.clock.monotonicNanoseconds
    let left = Duration.nanoseconds(Int64(deadline > now ? deadline - now : 0))
    call.timeout = loop.schedule(after: left) { [weak self, weak call] in
      if let call { self?.end(call, with: .streamDeadlinePassed) }
    }
    calls.streams[stream] = call
    pump(call)
  }

  private static func period(
    _ from: UnixSeconds, _ to: UnixSeconds, now: UnixSeconds
  ) throws(CallFailure) -> (from: UnixSeconds, to: UnixSeconds) {
    let end = to == .zero ? now : to
    let length = min(end.rawValue, KeyFigures.daysStandard * 86_400)
    let start = from == .zero ? UnixSeconds(end.rawValue - length) : from
    if start >= end {
      throw CallFailure(.invalidArgument, "from must be before `to`", field: "from")
    }
    if end.rawValue - start.rawValue > KeyFigures.daysMax * 86_400 {
      throw CallFailure(
        .invalidArgument, "from must be at most \(KeyFigures.daysMax) days before `to`",
        field: "from")
    }
    return (start, end)
  }

  private func begin(
    _ work: PopulationWork, _ method: Method, _ stream: UInt32
  ) throws(CallFailure) -> StreamCall {
    let eventLoop = loop.eventLoop
    let call = PopulationCall(
      method, stream: stream, waitNanosecondsMax: limits.unsentTimeout.nanoseconds
    ) {
      [weak self] in
      eventLoop.execute { [weak self] in
        guard let self, let call = self.calls.streams[stream] else { return }
        self.pump(call)
        self.flushReplies()
        self.closeIfDrained()
      }
    }
    call.incident = service.incident
    switch service.engine.submit(work, to: call.sink) {
    case .accepted, .waits: return call
    case .full: throw .populationBusy(limits)
    case .closed: throw .draining(retryAfter: limits)
    }
  }

  /// Sends what there is, as far as the credit goes. Replies go out with the next
  /// `flushReplies`.
  func pump(_ call: StreamCall) {
    while call.credit > 0 && streamCredit > 0 && !isSlow, let part = call.nextPart() {
      let count = loop.codec.encodePart(part, stream: call.stream, to: &loop.replies)
      call.credit -= count
      streamCredit -= count
      if loop.replies.count >= limits.replyBytesMax { flushReplies() }
    }
    guard let ending = call.ending() else { return }
    switch ending {
    case .success(let end):
      remove(call)
      loop.codec.encodeEnd(end, stream: call.stream, to: &loop.replies)
    case .failure(let failure): end(call, with: failure)
    }
  }

  func pumpAll() {
    for call in calls.streams.values { pump(call) }
  }

  /// The client takes so many bytes more.
  func grant(stream: UInt32, bytes: UInt32) {
    let most = ProtocolLimits.creditBytesMax
    if stream == 0 {
      streamCredit = min(streamCredit + Int(bytes), most)
      pumpAll()
    } else if let call = calls.streams[stream] {
      call.credit = min(call.credit + Int(bytes), most)
      pump(call)
    }
  }

  /// Ends a call at once, whatever it had still to tell.
  func end(_ call: StreamCall, with failure: CallFailure) {
    guard calls.streams[call.stream] === call else { return }
    remove(call)
    call.cancel()
    refuse(failure, stream: call.stream)
    flushReplies()
    closeIfDrained()
  }

  /// - Returns: whether there was such a call.
  func cancelStream(_ stream: UInt32) -> Bool {
    guard let call = calls.streams[stream] else { return false }
    end(call, with: CallFailure(.cancelled, "cancelled by the caller", notExecuted: false))
    return true
  }

  private func remove(_ call: StreamCall) {
    call.timeout?.cancel()
    calls.streams[call.stream] = nil
    if let watch = call as? WatchCall { loop.watches.close(watch) }
  }

  /// Streams are not waited for where the daemon ends: who reads them goes on elsewhere.
  func endStreams() {
    for call in calls.streams.values {
      var failure = CallFailure.draining(retryAfter: limits)
      failure.notExecuted = false
      end(call, with: failure)
    }
  }
}

extension CallFailure {
  static let streamDeadlinePassed = CallFailure(
    .deadlineExceeded, "the deadline passed: go on from where the parts have come",
    notExecuted: false)

  static func populationBusy(_ limits: ServerLimits) -> CallFailure {
    CallFailure(
      .unavailable,
      "a rescore or sweep is at work and another one waits: come back later",
      retryAfterMilliseconds: limits.populationRetryAfterMilliseconds)
  }
}
