import IntegrityCore
import ProbityEngine
import ProbityWire
import Reactor

/// One connection on its event loop: bytes in, frames out, one `send` a read.
///
/// What a read brought is parsed where it lies; what is left of it, less than a
/// frame, is kept. Replies gather in the loop's buffer, which goes out when the read
/// is parsed, or when it is full; what the socket does not take is kept, too. So a
/// connection that waits holds no buffers. A peer that does not take its replies is
/// not read.
final class Connection: EventSource {
  let id: UInt64
  let loop: LoopContext
  private let socket: StreamSocket
  private var watch: EventLoop.Watch?
  private var watchedFor: Readiness = []
  private var state = ConnectionState()
  /// Read and not parsed: less than a frame, or what awaits the next turn.
  private let unparsed = ByteQueue()
  /// Written and not taken by the socket.
  private let unsent = ByteQueue()
  /// The memory of both beyond what is free, as `service.keptBytes` has it.
  private var keptBytes = 0
  /// What the socket took from `unsent`, ever: tells a slow peer from a silent one.
  private var unsentTakenCount: UInt64 = 0
  private var isHeldBack = false
  /// What is unparsed will be parsed by a task that is already queued.
  private var isAwaitingTurn = false
  /// Calls since the clock was looked at; a costly one counts as many.
  private var cheapCalls = 0
  /// When what is unparsed came, where whole frames of it had to wait.
  private var waitsSince: UInt64?
  private var helloTimeout: LoopTimer?
  private var unsentTimeout: LoopTimer?
  var calls = PendingCalls()
  /// Bytes that the client takes of all streams together.
  var streamCredit = ProtocolLimits.connectionCreditBytes

  init(_ socket: StreamSocket, loop: LoopContext) {
    id = loop.service.nextConnectionID()
    self.loop = loop
    self.socket = socket
  }

  var service: Service { loop.service }
  var limits: ServerLimits { loop.service.limits }

  // MARK: Life

  /// Begins to read, unless the daemon takes no more connections.
  func open() {
    let count = service.connectionCount.wrappingAdd(1, ordering: .relaxed).newValue
    loop.add(self)
    do throws(SocketError) {
      watch = try loop.eventLoop.add(self, descriptor: socket.descriptor, .reading)
    } catch {
      service.logger.warning("no connection could be taken", metadata: ["reason": "\(error)"])
      return disconnect()
    }
    watchedFor = .reading
    socket.probePeer(seconds: limits.vanishedSeconds)
    if count > limits.connectionsMax {
      return goAway(
        .resourceExhausted, "there are \(limits.connectionsMax) connections, the most allowed")
    }
    if service.isDraining.load(ordering: .relaxed) { return drain() }
    helloTimeout = loop.schedule(after: limits.helloTimeout) { [weak self] in
      self?.goAway(.deadlineExceeded, "no HELLO came in time")
    }
  }

  /// Closes the socket and forgets everything: nothing is read or sent any more.
  func disconnect() {
    state.close()
    guard loop.remove(self) else { return }
    for case let watch as WatchCall in calls.streams.values { loop.watches.close(watch) }
    calls.abandon()
    helloTimeout?.cancel()
    unsentTimeout?.cancel()
    if let watch { loop.eventLoop.remove(watch) }
    watch = nil
    socket.close()
    unparsed.clear(keepingBytesMax: 0)
    unsent.clear(keepingBytesMax: 0)
    _ = noteKept()
    service.connectionCount.wrappingSubtract(1, ordering: .relaxed)
  }

  /// Says that nothing more is accepted; closes once what was accepted is answered.
  func drain() {
    guard state.beginDraining() else { return }
    helloTimeout?.cancel()
    let notice = GoAway(
      lastStream: state.lastStream, status: .unavailable, message: "the server is shutting down")
    loop.codec.encodeGoAway(notice, to: &loop.replies)
    flushReplies()
    endStreams()
    closeIfDrained()
  }

  func closeIfDrained() {
    if state.isDraining && calls.isEmpty { close() }
  }

  private func goAway(_ status: StatusCode, _ message: String) {
    if state.isClosed { return }
    loop.tally.addRefused()
    let notice = GoAway(lastStream: state.lastStream, status: status, message: message)
    loop.codec.encodeGoAway(notice, to: &loop.replies)
    flushReplies()
    close()
  }

  /// Closes behind what is on its way out: the output first, and the rest a
  /// moment later. Closing both at once, with bytes of the peer unread, would
  /// make the kernel reset the connection and could take our last words with it.
  private func close() {
    if state.isClosed { return }
    state.close()
    if unsent.isEmpty { endSending() }
    updateWatch()
  }

  private func endSending() {
    socket.endSending()
    loop.schedule(after: limits.lingerTime) { [weak self] in self?.disconnect() }
  }

  // MARK: Readiness

  func ready(_ readiness: Readiness) {
    if readiness.hasHungUp && !readiness.contains(.reading) { return disconnect() }
    if readiness.contains(.writing) { sendUnsent() }
    if readiness.contains(.reading) && wantsToRead { read() }
    if noteKept() > limits.keptBytesMax && !state.isClosed {
      goAway(
        .resourceExhausted,
        "frames in part and replies not taken fill the daemon's memory: connect again, send less at once"
      )
      unparsed.clear(keepingBytesMax: 0)
      _ = noteKept()
    }
  }

  /// - Returns: the memory that all connections keep, where this one's has grown; else 0.
  private func noteKept() -> Int {
    let held = unparsed.heldBytes + unsent.heldBytes
    let added = max(held - limits.keptBytesFree, 0) - keptBytes
    if added == 0 { return 0 }
    keptBytes += added
    let sum = service.keptBytes.wrappingAdd(added, ordering: .relaxed).newValue
    return added > 0 ? sum : 0
  }

  /// Whether it should be sent nothing that can wait.
  var isSlow: Bool { isHeldBack || state.isClosed }

  private var wantsToRead: Bool { !state.isClosed && !isHeldBack && !isAwaitingTurn }

  private func updateWatch() {
    guard let watch else { return }
    var wanted: Readiness = unsent.isEmpty ? [] : .writing
    if !state.isClosed && !isHeldBack { wanted.insert(.reading) }
    if wanted == watchedFor { return }
    watchedFor = wanted
    loop.eventLoop.change(watch, wanted)
  }

  // MARK: Reading

  /// One `recv`: other connections of the loop wait, too.
  private func read() {
    if unparsed.isEmpty {
      // Safe: the loop's own buffer, which nobody else uses until this returns.
      let space = unsafe loop.arrivals.space(atLeast: limits.readBytesMax)
      guard let count = unsafe receive(into: space) else { return }
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: space[..<count])
      let parsedBytes = unsafe parse(bytes)
      if parsedBytes < count && !state.isClosed {
        unsafe unparsed.append(UnsafeRawBufferPointer(rebasing: bytes[parsedBytes...]))
      }
    } else {
      // Doubles at most, so that a length that is announced takes no memory by itself.
      let wanted = max(limits.readBytesMin, min(unparsed.count, limits.readBytesMax))
      let space = unsafe unparsed.space(atLeast: wanted)
      guard
        let count = unsafe receive(
          into: UnsafeMutableRawBufferPointer(rebasing: space.prefix(limits.readBytesMax)))
      else { return }
      unparsed.commit(count)
      parseKept()
    }
    flushReplies()
  }

  /// - Returns: nil where nothing came.
  private func receive(into space: UnsafeMutableRawBufferPointer) -> Int? {
    switch unsafe socket.receive(into: space) {
    case .bytes(let count): return count
    case .wouldBlock: return nil
    case .ended: disconnect()
    case .failed(let code):
      service.logger.debug("connection failed", metadata: ["errno": "\(code)"])
      disconnect()
    }
    return nil
  }

  private func parseKept() {
    let parsedBytes = unsafe parse(unparsed.bytes)
    unparsed.drop(parsedBytes)
    if unparsed.isEmpty { unparsed.clear(keepingBytesMax: 0) }
  }

  /// Handles every whole frame.
  ///
  /// - Returns: the bytes handled; the rest is to be kept.
  private func parse(_ bytes: UnsafeRawBufferPointer) -> Int {
    let turnStarted = service.clock.monotonicNanoseconds
    let arrival = Arrival(
      wall: service.clock.wallSeconds, monotonicNanoseconds: waitsSince ?? turnStarted)
    waitsSince = nil
    var offset = 0
    loop.lookahead.restart()
    loop.refreshPolicy()
    while !state.isClosed && offset < bytes.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
      if loop.replies.count >= limits.replyBytesMax {
        flushReplies()
        if isHeldBack {
          waitsSince = arrival.monotonicNanoseconds
          break
        }
      }
      if isTurnOver(turnStarted) {
        waitsSince = arrival.monotonicNanoseconds
        continueLater()
        break
      }
      unsafe loop.lookahead.advance(bytes, loop.table)
      guard let frameBytes = unsafe handleFrame(rest, arrival) else { break }
      offset += frameBytes
    }
    return offset
  }

  /// Whether other connections of this loop have waited long enough. The clock
  /// is looked at after every costly call, and now and then between cheap ones.
  private func isTurnOver(_ started: UInt64) -> Bool {
    if cheapCalls < Self.cheapCallsPerLook { return false }
    cheapCalls = 0
    let passed = service.clock.monotonicNanoseconds &- started
    return passed > limits.turnNanosecondsMax
  }

  private static let cheapCallsPerLook = 64

  /// Goes on with what is unparsed once the loop has been around.
  private func continueLater() {
    isAwaitingTurn = true
    loop.eventLoop.execute { [self] in
      isAwaitingTurn = false
      // Where replies pile up, sending them resumes it.
      if !isHeldBack { resume() }
    }
  }

  /// Parses what was kept while the connection was held back or awaited its turn.
  private func resume() {
    if state.isClosed || unparsed.isEmpty || isAwaitingTurn { return }
    parseKept()
    flushReplies()
  }

  /// - Returns: the size of the frame; nil where there is no whole one.
  private func handleFrame(_ bytes: UnsafeRawBufferPointer, _ arrival: Arrival) -> Int? {
    cheapCalls += 1
    switch unsafe FrameHeader.scan(bytes, payloadBytesMax: state.payloadBytesMax) {
    case .incomplete: return nil
    case .fault(let fault):
      goAway(fault.status, fault.message)
      return nil
    case .frame(let header):
      let end = FrameHeader.sizeBytes + Int(header.payloadBytes)
      // Safe: `scan` found the whole frame.
      unsafe handle(
        header, UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.sizeBytes..<end]), arrival)
      return end
    }
  }

  private func handle(
    _ header: FrameHeader, _ payload: UnsafeRawBufferPointer, _ arrival: Arrival
  ) {
    switch state.receive(header) {
    case .call: unsafe call(header, payload, arrival)
    case .greet: unsafe greet(payload)
    case .cancel:
      if !cancelStream(header.stream) { calls.cancel(stream: header.stream) }
    case .grant: grant(stream: header.stream, bytes: header.time)
    case .pong:
      unsafe FrameHeader(type: .pong, payloadBytes: header.payloadBytes)
        .write(to: &loop.replies) { unsafe $0.copyMemory(from: payload) }
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
      loop.codec.encodeHello(service.hello, to: &loop.replies)
      service.logger.debug("connected", metadata: ["agent": "\(hello.agent)"])
    } catch {
      if case .wrongVersion = error { loop.codec.encodeHello(service.hello, to: &loop.replies) }
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
    if method != .score { cheapCalls += Self.cheapCallsPerLook }
    do throws(CallFailure) {
      switch method {
      case .record: unsafe try record(payload, stream: header.stream, arrival, deadline)
      case .snapshot: unsafe try makeSnapshot(payload, stream: header.stream, deadline)
      case _ where method.isStreamed:
        unsafe try openStream(method, payload, stream: header.stream, arrival, deadline)
      case _ where method.isOfDesk:
        unsafe try askDesk(method, payload, stream: header.stream, arrival, deadline)
      default:
        unsafe try loop.answer(
          method, payload, stream: header.stream, now: arrival.wall, to: &loop.replies)
      }
    } catch {
      refuse(error, stream: header.stream)
    }
  }

  func refuse(_ failure: CallFailure, stream: UInt32) {
    loop.tally.addRefused()
    loop.codec.encodeFailure(failure, stream: stream, to: &loop.replies)
  }

  // MARK: Writing

  /// Sends what has gathered in the loop's buffer, which is empty afterwards.
  func flushReplies() {
    let replies = loop.replies
    if replies.isEmpty { return }
    defer { replies.clear(keepingBytesMax: limits.replyBytesMax * 2) }
    if watch == nil { return }
    if unsent.isEmpty {
      switch unsafe socket.send(replies.bytes) {
      case .bytes(replies.count): return
      case .bytes(let count): replies.drop(count)
      case .wouldBlock, .ended: break
      // Reading finds out the same, in its turn.
      case .failed: return
      }
    }
    if unsent.isEmpty { watchUnsent() }
    unsafe unsent.append(replies.bytes)
    if unsent.count > limits.unsentBytesHigh { isHeldBack = true }
    updateWatch()
  }

  private func sendUnsent() {
    switch unsafe socket.send(unsent.bytes) {
    case .bytes(let count):
      unsent.drop(count)
      unsentTakenCount += UInt64(count)
    case .wouldBlock, .ended: return
    case .failed: return disconnect()
    }
    if unsent.isEmpty {
      unsent.clear(keepingBytesMax: 0)
      unsentTimeout?.cancel()
      unsentTimeout = nil
      if state.isClosed { endSending() }
    }
    if isHeldBack && unsent.count < limits.unsentBytesLow {
      isHeldBack = false
      resume()
      pumpAll()
      flushReplies()
    }
    updateWatch()
  }

  /// Cuts off a peer that takes nothing for too long.
  private func watchUnsent() {
    let takenCount = unsentTakenCount
    unsentTimeout = loop.schedule(after: limits.unsentTimeout) { [weak self] in
      guard let self, !self.unsent.isEmpty else { return }
      if self.unsentTakenCount == takenCount { self.disconnect() } else { self.watchUnsent() }
    }
  }
}

// Safe: closures that are given to other threads carry it to its loop and back; it is
// touched on its loop only.
extension Connection: @unchecked Sendable {}
