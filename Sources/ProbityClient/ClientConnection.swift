import NIOCore
import ProbityTransport
import ProbityWire
import Synchronization

/// One connection: a queue any task may add to, and what the event loop does with it.
///
/// Calls that come while the loop is busy go out together, in one write.
final class ClientConnection: Sendable {
  private let channel: any Channel
  private let retirement: Retirement
  private let outbox = Mutex<[OutgoingCall]>([])
  private let handler: NIOLoopBound<ClientHandler>

  /// On the channel's event loop.
  init(channel: any Channel, handler: ClientHandler) {
    self.channel = channel
    retirement = handler.retirement
    self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
  }

  /// False: calls go on another connection.
  var isUsable: Bool { channel.isActive && !retirement.isRetired }

  func send(_ call: OutgoingCall) {
    let isFirst = outbox.withLock {
      $0.append(call)
      return $0.count == 1
    }
    if isFirst { channel.eventLoop.execute { self.flush() } }
  }

  private func flush() {
    let calls = outbox.withLock { calls in
      defer { calls = [] }
      return calls
    }
    handler.value.send(calls)
  }

  func cancel(_ call: OutgoingCall) {
    channel.eventLoop.execute { self.handler.value.cancel(call) }
  }

  func close() async { try? await channel.close() }
}

/// Whether the daemon has said that it takes no more calls here.
final class Retirement: Sendable {
  private let flag = Atomic<Bool>(false)
  var isRetired: Bool { flag.load(ordering: .relaxed) }
  func retire() { flag.store(true, ordering: .relaxed) }
}

/// The connection on its event loop: streams, replies, deadlines.
final class ClientHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private struct InFlight {
    let call: OutgoingCall
    let deadline: NIODeadline
  }

  let retirement = Retirement()
  private let codec = Codec()
  private let hello: Hello
  private let ready: EventLoopPromise<Void>
  private var context: ChannelHandlerContext?
  private var inFlight: [UInt32: InFlight] = [:]
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
  }

  // MARK: Sending

  func send(_ calls: [OutgoingCall]) {
    guard let context, refusal == nil else {
      let reason = refusal ?? CallFailure(.unavailable, "the connection was closed")
      var unsent = reason
      unsent.notExecuted = true
      for call in calls { call.fail(unsent) }
      return
    }
    var buffer = context.channel.allocator.buffer(capacity: 64 * calls.count + 64)
    let now = NIODeadline.now()
    for call in calls {
      lastStream += 1
      let timeout = TimeAmount.microseconds(Int64(call.timeoutMicroseconds))
      inFlight[lastStream] = InFlight(call: call, deadline: now + timeout)
      let wire = Codec.Call(stream: lastStream, timeoutMicroseconds: call.timeoutMicroseconds)
      call.encode(codec, wire, &buffer)
    }
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    watchDeadlines(context)
  }

  func cancel(_ call: OutgoingCall) {
    guard let context, let stream = inFlight.first(where: { $0.value.call === call })?.key else {
      return
    }
    inFlight[stream] = nil
    var buffer = context.channel.allocator.buffer(capacity: FrameHeader.sizeBytes)
    FrameHeader(type: .cancel, stream: stream).write(to: &buffer)
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
      inFlight[stream] = nil
      let message = "no reply came in time; whether the call took effect is unknown"
      entry.call.fail(CallFailure(.deadlineExceeded, message, notExecuted: false))
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
      finish(CallFailure(.dataLoss, "the daemon sent no frame: \(fault.message)", notExecuted: false))
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
      case .goAway: unsafe goAway(bytes)
      default: break
      }
    }
  }

  private func greeted(_ bytes: UnsafeRawBufferPointer) {
    do throws(HelloFault) {
      _ = try unsafe codec.decodeHello(bytes)
      if !isGreeted { ready.succeed() }
      isGreeted = true
    } catch {
      finish(CallFailure(.failedPrecondition, "the peer is no daemon of ours: \(error.message)"))
      context?.close(promise: nil)
    }
  }

  private func respond(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
    // A reply behind its deadline finds nobody waiting.
    guard let entry = inFlight.removeValue(forKey: header.stream) else { return }
    if header.code == StatusCode.ok.rawValue {
      unsafe entry.call.succeed(codec, bytes)
    } else {
      entry.call.fail(unsafe codec.decodeFailure(header, bytes))
    }
    if refusal != nil && inFlight.isEmpty { context?.close(promise: nil) }
  }

  /// What came behind the daemon's last stream had no effect; the rest is still answered.
  private func goAway(_ bytes: UnsafeRawBufferPointer) {
    let notice = try? unsafe codec.decodeGoAway(bytes)
    let status = notice?.status ?? .unavailable
    let reason = CallFailure(status, notice?.message ?? "the daemon closes the connection")
    let last = notice?.lastStream ?? 0
    for (stream, entry) in inFlight where stream > last {
      inFlight[stream] = nil
      entry.call.fail(reason)
    }
    if !isGreeted { ready.fail(reason) }
    isGreeted = true
    refusal = reason
    retirement.retire()
    if inFlight.isEmpty { context?.close(promise: nil) }
  }
}
