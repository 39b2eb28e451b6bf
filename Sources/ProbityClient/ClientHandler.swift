import NIOCore
import ProbityTransport
import ProbityWire

/// The connection on its event loop: streams, replies, deadlines.
final class ClientHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private struct InFlight {
    let call: OutgoingCall
    let deadline: NIODeadline
    var lastHeard: NIODeadline
  }

  let retirement = Retirement()
  private let codec = Codec()
  private let hello: Hello
  private let ready: EventLoopPromise<Void>
  private var context: ChannelHandlerContext?
  private var inFlight: [UInt32: InFlight] = [:]
  private var recordsInFlight = 0
  /// How many Records the daemon takes at a time; 0 = it did not say.
  private var recordsInFlightMax = 0
  /// Records that wait for others to be answered.
  private var heldBack: [OutgoingCall] = []
  /// Bytes of parts that came and are not granted anew.
  private var connectionTaken = 0
  private var lastStream: UInt32 = 0
  private var unparsed = ByteBuffer()
  private var isGreeted = false
  /// Why nothing more can be sent.
  private var refusal: CallFailure?
  /// True: nothing more is received either.
  private var isEnded = false
  private var sweep: RepeatedTask?

  /// How often deadlines are looked at: how late a caller may hear of one.
  private static let sweepInterval = TimeAmount.milliseconds(10)

  init(hello: Hello, ready: EventLoopPromise<Void>) {
    self.hello = hello
    self.ready = ready
  }

  // MARK: Life

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    var buffer = context.channel.allocator.buffer(capacity: 256)
    codec.encodeHello(hello, to: &buffer)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish(CallFailure(.unavailable, "the connection was closed", notExecuted: false))
    self.context = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    finish(CallFailure(.unavailable, "the connection failed: \(error)", notExecuted: false))
    context.close(promise: nil)
  }

  /// Fails everything that waits; the first reason stays.
  private func finish(_ failure: CallFailure) {
    let reason = refusal ?? failure
    refusal = reason
    isEnded = true
    retirement.retire()
    sweep?.cancel()
    sweep = nil
    if !isGreeted { ready.fail(reason) }
    isGreeted = true
    for entry in inFlight.values { entry.call.fail(reason) }
    inFlight.removeAll()
    failHeldBack(reason)
  }

  // MARK: Sending

  func send(_ calls: [OutgoingCall]) {
    guard let context, refusal == nil else {
      let reason = refusal ?? CallFailure(.unavailable, "the connection was closed")
      for call in calls { call.fail(reason.withoutEffect) }
      return
    }
    var buffer = context.channel.allocator.buffer(capacity: 64 * calls.count + 64)
    for call in calls {
      if isHeldBack(call) { heldBack.append(call) } else { write(call, to: &buffer) }
    }
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    watchDeadlines(context)
  }

  private func isHeldBack(_ call: OutgoingCall) -> Bool {
    call.method == .record && recordsInFlightMax > 0 && recordsInFlight >= recordsInFlightMax
  }

  private func write(_ call: OutgoingCall, to buffer: inout ByteBuffer) {
    if call.method == .record { recordsInFlight += 1 }
    lastStream += 1
    let timeout = TimeAmount.microseconds(Int64(call.timeoutMicroseconds))
    let now = NIODeadline.now()
    inFlight[lastStream] = InFlight(call: call, deadline: now + timeout, lastHeard: now)
    let wire = Codec.Call(stream: lastStream, timeoutMicroseconds: call.timeoutMicroseconds)
    call.encode(codec, wire, &buffer)
  }

  /// Ends a call's stay; a Record that was held back may take its place.
  private func take(_ stream: UInt32) -> OutgoingCall? {
    guard let call = inFlight.removeValue(forKey: stream)?.call else { return nil }
    if call.method == .record {
      recordsInFlight -= 1
      if refusal == nil && !heldBack.isEmpty { send([heldBack.removeFirst()]) }
    }
    return call
  }

  private func failHeldBack(_ reason: CallFailure) {
    for call in heldBack { call.fail(reason.withoutEffect) }
    heldBack.removeAll()
  }

  func cancel(_ call: OutgoingCall) {
    guard let context, let stream = inFlight.first(where: { $0.value.call === call })?.key else {
      return
    }
    _ = take(stream)
    var buffer = context.channel.allocator.buffer(capacity: FrameHeader.sizeBytes)
    FrameHeader(type: .cancel, stream: stream).write(to: &buffer)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
  }

  func grant(_ call: OutgoingCall, bytes: Int) {
    guard let context, let stream = inFlight.first(where: { $0.value.call === call })?.key else {
      return
    }
    write(grantOf: bytes, stream: stream, context)
  }

  /// The connection's credit is granted as bytes come, whoever they are for and whether or not
  /// somebody still takes them: what bounds memory is the streams' own.
  private func received(_ bytes: Int) {
    connectionTaken += bytes
    guard let context, connectionTaken >= ProtocolLimits.connectionCreditBytes / 4 else { return }
    write(grantOf: connectionTaken, stream: 0, context)
    connectionTaken = 0
  }

  private func write(grantOf bytes: Int, stream: UInt32, _ context: ChannelHandlerContext) {
    var buffer = context.channel.allocator.buffer(capacity: FrameHeader.sizeBytes)
    FrameHeader(type: .window, flags: [], stream: stream, time: UInt32(clamping: bytes))
      .write(to: &buffer)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
  }

  private func watchDeadlines(_ context: ChannelHandlerContext) {
    if sweep != nil { return }
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    sweep = context.eventLoop.scheduleRepeatedTask(
      initialDelay: Self.sweepInterval, delay: Self.sweepInterval
    ) { _ in bound.value.dropLate() }
  }

  private func dropLate() {
    let now = NIODeadline.now()
    for (stream, entry) in inFlight where entry.deadline <= now {
      _ = take(stream)
      let message = "no reply came in time; whether the call took effect is unknown"
      entry.call.fail(CallFailure(.deadlineExceeded, message, notExecuted: false))
    }
    for (stream, entry) in inFlight {
      guard let silenceMax = entry.call.silenceMax else { continue }
      if entry.call.hasUntaken {
        inFlight[stream]?.lastHeard = now
        continue
      }
      if entry.lastHeard + silenceMax > now { continue }
      _ = take(stream)
      entry.call.fail(CallFailure(.unavailable, "the daemon is silent", notExecuted: false))
      context?.close(promise: nil)
    }
    if inFlight.isEmpty {
      sweep?.cancel()
      sweep = nil
    }
  }

  // MARK: Receiving

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    unparsed.writeBuffer(&bytes)
    while !isEnded, let (header, payload) = nextFrame() { receive(header, payload) }
    unparsed.discardReadBytes()
  }

  private func nextFrame() -> (FrameHeader, ByteBuffer)? {
    let scan = unsafe unparsed.withUnsafeReadableBytes { bytes in
      unsafe FrameHeader.scan(bytes, payloadBytesMax: ProtocolLimits.payloadBytesMax)
    }
    switch scan {
    case .incomplete: return nil
    case .fault(let fault):
      finish(
        CallFailure(.dataLoss, "the daemon sent no frame: \(fault.message)", notExecuted: false))
      context?.close(promise: nil)
      return nil
    case .frame(let header):
      unparsed.moveReaderIndex(forwardBy: FrameHeader.sizeBytes)
      return unparsed.readSlice(length: Int(header.payloadBytes)).map { (header, $0) }
    }
  }

  private func receive(_ header: FrameHeader, _ payload: ByteBuffer) {
    unsafe payload.withUnsafeReadableBytes { bytes in
      switch header.type {
      case .hello: unsafe greeted(bytes)
      case .response: unsafe respond(header, bytes)
      case .data:
        received(bytes.count)
        inFlight[header.stream]?.lastHeard = .now()
        if let call = inFlight[header.stream]?.call { unsafe call.take(codec, bytes) }
      case .goAway: unsafe goAway(bytes)
      default: break
      }
    }
  }

  private func greeted(_ bytes: UnsafeRawBufferPointer) {
    do throws(HelloFault) {
      recordsInFlightMax = Int(try unsafe codec.decodeHello(bytes).inFlightMax)
      if !isGreeted { ready.succeed() }
      isGreeted = true
    } catch {
      finish(CallFailure(.failedPrecondition, "the peer is no daemon of ours: \(error.message)"))
      context?.close(promise: nil)
    }
  }

  private func respond(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
    // A reply behind its deadline finds nobody waiting.
    guard let call = take(header.stream) else { return }
    if header.code == StatusCode.ok.rawValue {
      unsafe call.succeed(codec, bytes)
    } else {
      call.fail(unsafe codec.decodeFailure(header, bytes))
    }
    if refusal != nil && inFlight.isEmpty { context?.close(promise: nil) }
  }

  /// What came behind the daemon's last stream had no effect; the rest is still answered.
  private func goAway(_ bytes: UnsafeRawBufferPointer) {
    let notice = try? unsafe codec.decodeGoAway(bytes)
    let status = notice?.status ?? .unavailable
    let reason = CallFailure(status, notice?.message ?? "the daemon closes the connection")
    let last = notice?.lastStream ?? 0
    refusal = reason
    retirement.retire()
    failHeldBack(reason)
    for (stream, entry) in inFlight where stream > last {
      inFlight[stream] = nil
      entry.call.fail(reason)
    }
    if !isGreeted { ready.fail(reason) }
    isGreeted = true
    if inFlight.isEmpty { context?.close(promise: nil) }
  }
}

extension CallFailure {
  /// The same reason for a call that was never sent.
  fileprivate var withoutEffect: CallFailure {
    var failure = self
    failure.notExecuted = true
    return failure
  }
}
