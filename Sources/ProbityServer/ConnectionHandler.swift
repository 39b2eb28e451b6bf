import IntegrityCore
import NIOCore
import ProbityEngine
import ProbityTransport
import ProbityWire

/// One connection on its event loop: bytes in, frames out, one flush a read.
///
/// A read is parsed in place; what is left of it, less than a frame, is kept.
/// Replies gather in one buffer that goes out when the read is done, or when it
/// is full. A peer that does not take its replies is not read.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let id: UInt64
  let loop: LoopContext
  var replies: ByteBuffer
  private var state = ConnectionState()
  private var unparsed: ByteBuffer?
  private var context: ChannelHandlerContext?
  private var records: [UInt32: RecordJob] = [:]
  private var snapshot: PendingSnapshot?
  private var readWasHeldBack = false
  /// What is unparsed will be parsed by a task that is already queued.
  private var isAwaitingTurn = false
  /// Calls since the clock was looked at; a costly one counts as many.
  private var cheapCalls = 0
  private var helloTimeout: Scheduled<Void>?
  private var unsentTimeout: Scheduled<Void>?

  init(loop: LoopContext, allocator: ByteBufferAllocator) {
    id = loop.service.nextConnectionID()
    self.loop = loop
    replies = allocator.buffer(capacity: 16 << 10)
  }

  private var service: Service { loop.service }
  private var limits: ServerLimits { loop.service.limits }

  // MARK: Life

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    let count = service.connectionCount.wrappingAdd(1, ordering: .relaxed).newValue
    loop.add(self)
    if count > limits.connectionsMax {
      return goAway(
        .resourceExhausted, "there are \(limits.connectionsMax) connections, the most allowed")
    }
    if service.isDraining.load(ordering: .relaxed) { return drain() }
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    helloTimeout = context.eventLoop.scheduleTask(in: limits.helloTimeout) {
      bound.value.goAway(.deadlineExceeded, "no HELLO came in time")
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    for job in records.values { job.cancel() }
    records.removeAll()
    snapshot?.timeout.cancel()
    snapshot = nil
    helloTimeout?.cancel()
    unsentTimeout?.cancel()
    state.close()
    loop.remove(self)
    service.connectionCount.wrappingSubtract(1, ordering: .relaxed)
    self.context = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    service.logger.debug("connection failed", metadata: ["error": "\(error)"])
    context.close(promise: nil)
  }

  /// Says that nothing more is accepted; closes once what was accepted is answered.
  func drain() {
    guard state.beginDraining() else { return }
    helloTimeout?.cancel()
    let notice = GoAway(
      lastStream: state.lastStream, status: .unavailable, message: "the server is shutting down")
    loop.codec.encodeGoAway(notice, to: &replies)
    flushReplies()
    closeIfDrained()
  }

  private func closeIfDrained() {
    if state.isDraining && records.isEmpty && snapshot == nil { close() }
  }

  private func goAway(_ status: StatusCode, _ message: String) {
    if state.isClosed { return }
    loop.tally.addRefused()
    let notice = GoAway(lastStream: state.lastStream, status: status, message: message)
    loop.codec.encodeGoAway(notice, to: &replies)
    flushReplies()
    close()
  }

  /// Closes at once, whatever is unanswered.
  func abort() {
    state.close()
    context?.close(promise: nil)
  }

  /// Closes behind what is on its way out: the output first, and the rest a
  /// moment later. Closing both at once, with bytes of the peer unread, would
  /// make the kernel reset the connection and could take our last words with it.
  private func close() {
    guard !state.isClosed, let context else { return }
    state.close()
    unparsed = nil
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
      guard let context = bound.value.context else { return }
      context.close(mode: .output, promise: nil)
      context.eventLoop.scheduleTask(in: bound.value.limits.lingerTime) {
        bound.value.context?.close(promise: nil)
      }
    }
    watchUnsent(context)
  }

  // MARK: Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if state.isClosed { return }
    var bytes = unwrapInboundIn(data)
    if var kept = unparsed {
      unparsed = nil
      kept.writeBuffer(&bytes)
      if isAwaitingTurn { unparsed = kept } else { parse(&kept) }
    } else {
      parse(&bytes)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) { flushReplies() }

  /// Handles every whole frame; keeps the rest.
  private func parse(_ bytes: inout ByteBuffer) {
    let arrival = Arrival(service.clock)
    var askedUntil = bytes.readerIndex
    while !state.isClosed && bytes.readableBytes > 0 {
      if bytes.readerIndex >= askedUntil {
        askedUntil = bytes.readerIndex + loop.askAhead(bytes)
      }
      if replies.readableBytes >= limits.replyBytesMax {
        flushReplies()
        if context?.channel.isWritable == false { break }
      }
      if isTurnOver(arrival) {
        continueLater()
        break
      }
      guard handleFrame(&bytes, arrival) else { break }
    }
    if state.isClosed || bytes.readableBytes == 0 { return }
    bytes.discardReadBytes()
    unparsed = bytes
  }

  /// Whether other connections of this loop have waited long enough. The clock
  /// is looked at after every costly call, and now and then between cheap ones.
  private func isTurnOver(_ arrival: Arrival) -> Bool {
    if cheapCalls < Self.cheapCallsPerLook { return false }
    cheapCalls = 0
    let passed = service.clock.monotonicNanoseconds &- arrival.monotonicNanoseconds
    return passed > limits.turnNanosecondsMax
  }

  private static let cheapCallsPerLook = 64

  /// Goes on with what is unparsed once the loop has been around.
  private func continueLater() {
    guard let context else { return }
    isAwaitingTurn = true
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    context.eventLoop.execute {
      bound.value.isAwaitingTurn = false
      // Where it is not writable, becoming so resumes it.
      if let context = bound.value.context, context.channel.isWritable {
        bound.value.resume(context)
      }
    }
  }

  /// - Returns: false where there is no whole frame.
  private func handleFrame(_ bytes: inout ByteBuffer, _ arrival: Arrival) -> Bool {
    unsafe bytes.readWithUnsafeReadableBytes { readable -> (Int, Bool) in
      switch unsafe FrameHeader.scan(readable, payloadBytesMax: state.payloadBytesMax) {
      case .incomplete:
        return (0, false)
      case .fault(let fault):
        goAway(fault.status, fault.message)
        return (0, false)
      case .frame(let header):
        let end = FrameHeader.sizeBytes + Int(header.payloadBytes)
        // Safe: `scan` found the whole frame; the slice does not outlive the closure.
        let payload = unsafe UnsafeRawBufferPointer(rebasing: readable[FrameHeader.sizeBytes..<end])
        unsafe handle(header, payload, arrival)
        return (end, true)
      }
    }
  }

  private func handle(
    _ header: FrameHeader, _ payload: UnsafeRawBufferPointer, _ arrival: Arrival
  ) {
    switch state.receive(header) {
    case .call: unsafe call(header, payload, arrival)
    case .greet: unsafe greet(payload)
    case .cancel: records[header.stream]?.cancel()
    case .pong:
      unsafe FrameHeader(type: .pong, payloadBytes: header.payloadBytes)
        .write(to: &replies) { unsafe $0.copyMemory(from: payload) }
    case .ignore: break
    case .refuseCall: refuse(.draining(retryAfter: limits), stream: header.stream)
    case .goAway(let status, let message): goAway(status, message)
    }
  }

  private func greet(_ payload: UnsafeRawBufferPointer) {
    do throws(HelloFault) {
      let hello = unsafe try loop.codec.decodeHello(payload)
      guard service.isAuthorized(hello.token) else {
        return goAway(.unauthenticated, "the token is missing or wrong")
      }
      helloTimeout?.cancel()
      state.helloAccepted()
      loop.codec.encodeHello(service.hello, to: &replies)
      service.logger.debug("connected", metadata: ["agent": "\(hello.agent)"])
    } catch {
      if case .wrongVersion = error { loop.codec.encodeHello(service.hello, to: &replies) }
      goAway(error.status, error.message)
    }
  }

  private func call(
    _ header: FrameHeader, _ payload: UnsafeRawBufferPointer, _ arrival: Arrival
  ) {
    guard let method = Method(rawValue: header.code) else {
      let failure = CallFailure(.unimplemented, "there is no method \(header.code)")
      return refuse(failure, stream: header.stream)
    }
    let deadline = arrival.deadline(
      of: header, capMicroseconds: limits.timeoutMicrosecondsMax(of: method))
    if header.time != 0 && service.clock.monotonicNanoseconds > deadline {
      return refuse(.deadlinePassed, stream: header.stream)
    }
    cheapCalls += method == .score ? 1 : Self.cheapCallsPerLook
    do throws(CallFailure) {
      switch method {
      case .record: unsafe try record(payload, stream: header.stream, arrival, deadline)
      case .snapshot: unsafe try makeSnapshot(payload, stream: header.stream, deadline)
      default:
        unsafe try loop.answer(
          method, payload, stream: header.stream, now: arrival.wall, to: &replies)
      }
    } catch {
      refuse(error, stream: header.stream)
    }
  }

  // MARK: Recording

  private func record(
    _ payload: UnsafeRawBufferPointer, stream: UInt32, _ arrival: Arrival, _ deadline: UInt64
  ) throws(CallFailure) {
    guard records.count < limits.recordsInFlightMax else { throw .overloaded(limits) }
    let commands = unsafe try loop.codec.decodeRecord(payload)
    try checkEvents(commands, now: arrival.wall)
    let job = RecordJob(
      commands: commands, deadlineNanoseconds: deadline,
      ticket: RecordJob.Ticket(connection: id, stream: stream), replyTo: loop)
    switch service.engine.submit(job) {
    case .accepted: records[stream] = job
    case .queueFull: throw .overloaded(limits)
    case .closed: throw .draining(retryAfter: limits)
    }
  }

  private func checkEvents(_ commands: [Command], now: UnixSeconds) throws(CallFailure) {
    let latest = UnixSeconds(now.rawValue + limits.futureSecondsMax)
    for (index, command) in commands.enumerated() {
      if let fault = command.event.fault(latest: latest) {
        let failure = CallFailure(
          .invalidArgument, "\(fault.wireField) \(fault.remedy)", field: fault.wireField)
        throw Codec.inCommand(index, failure)
      }
    }
  }

  /// The sequencer's answer to a Record of this connection.
  func finish(stream: UInt32, _ outcome: RecordOutcome) {
    guard records.removeValue(forKey: stream) != nil else { return }
    switch outcome {
    case .done(let applied, let duplicates, let highest, let position):
      let reply = RecordReply(
        applied: UInt32(applied), duplicates: UInt32(duplicates), highestSequence: highest,
        logPosition: position)
      loop.codec.encodeRecord(reply, stream: stream, to: &replies)
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
    if state.isDraining {
      flushReplies()
      closeIfDrained()
    }
  }

  // MARK: Snapshots

  /// A Snapshot of this connection that the engine works on.
  private struct PendingSnapshot {
    let stream: UInt32
    let timeout: Scheduled<Void>
  }

  private func makeSnapshot(
    _ payload: UnsafeRawBufferPointer, stream: UInt32, _ deadline: UInt64
  ) throws(CallFailure) {
    unsafe try loop.codec.decodeSnapshot(payload)
    if snapshot != nil { throw .snapshotUnderWay(limits) }
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    let now = service.clock.monotonicNanoseconds
    let left = TimeAmount.nanoseconds(Int64(deadline > now ? deadline - now : 0))
    let timeout = loop.eventLoop.scheduleTask(in: left) {
      bound.value.endSnapshot(stream) { $0.refuse(.snapshotLate, stream: stream) }
    }
    snapshot = PendingSnapshot(stream: stream, timeout: timeout)
    let eventLoop = loop.eventLoop
    service.durability.snapshot { result in
      eventLoop.execute { bound.value.finish(stream, result) }
    }
  }

  private func finish(_ stream: UInt32, _ result: Result<SnapshotReport, SnapshotFailure>) {
    endSnapshot(stream) { connection in
      switch result {
      case .success(let report):
        loop.codec.encodeSnapshot(SnapshotReply(report), stream: stream, to: &connection.replies)
      case .failure(let failure):
        let failure = CallFailure.noSnapshot(failure, limits, incident: service.incident)
        connection.refuse(failure, stream: stream)
      }
    }
  }

  /// Answers the Snapshot on `stream`, unless it was answered at its deadline.
  private func endSnapshot(_ stream: UInt32, _ answer: (ConnectionHandler) -> Void) {
    guard snapshot?.stream == stream else { return }
    snapshot?.timeout.cancel()
    snapshot = nil
    answer(self)
    flushReplies()
    closeIfDrained()
  }

  private func refuse(_ failure: CallFailure, stream: UInt32) {
    loop.tally.addRefused()
    loop.codec.encodeFailure(failure, stream: stream, to: &replies)
  }

  // MARK: Writing

  func flushReplies() {
    guard replies.readableBytes > 0, let context else { return }
    context.writeAndFlush(wrapOutboundOut(replies), promise: nil)
    // Keeps the storage where the socket has already taken the bytes.
    if replies.capacity > limits.replyBytesMax * 2 {
      replies = context.channel.allocator.buffer(capacity: 16 << 10)
    } else {
      replies.clear()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { resume(context) } else { watchUnsent(context) }
    context.fireChannelWritabilityChanged()
  }

  private func watchUnsent(_ context: ChannelHandlerContext) {
    if unsentTimeout != nil { return }
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    unsentTimeout = context.eventLoop.scheduleTask(in: limits.unsentTimeout) {
      bound.value.context?.close(promise: nil)
    }
  }

  private func resume(_ context: ChannelHandlerContext) {
    unsentTimeout?.cancel()
    unsentTimeout = nil
    if var kept = unparsed, !isAwaitingTurn {
      unparsed = nil
      parse(&kept)
      flushReplies()
    }
    if readWasHeldBack && context.channel.isWritable && !isAwaitingTurn {
      readWasHeldBack = false
      context.read()
    }
  }

  /// Reads nothing while replies pile up.
  func read(context: ChannelHandlerContext) {
    if state.isClosed { return }
    if context.channel.isWritable && !isAwaitingTurn {
      context.read()
    } else {
      readWasHeldBack = true
    }
  }
}
