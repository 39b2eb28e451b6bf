import BenchmarkMachine
import CEpoll
import Glibc
import ProbityWire
import Synchronization

/// The least that a server can be: one thread on epoll that answers each frame
/// with a reply prepared beforehand. What a load reaches against it is the most
/// that the generator can measure on this machine.
@safe final class BareResponder: @unchecked Sendable {
  // Safe: constant from `init` on, but for what the thread alone touches.
  let port: UInt16
  private let listener: Int32
  private let poll: Int32
  private let wakeup: Int32
  private let replies: [CannedReply?]
  private let depth: Int
  private let requestBytesMax: Int
  private var connections: [Int32: BareResponderPeer] = [:]
  private var thread: LoadThread?
  private let cpuNanoseconds = Atomic<UInt64>(0)

  /// A reply, sealed with stream 0.
  @safe private struct CannedReply {
    let frame: UnsafeMutableRawPointer
    let sizeBytes: Int
    let checksum: StreamChecksum

    init(_ bytes: [UInt8]) {
      // Safe: written here alone; lives as long as the process.
      unsafe frame = .allocate(byteCount: bytes.count, alignment: 64)
      unsafe frame.copyMemory(from: bytes, byteCount: bytes.count)
      sizeBytes = bytes.count
      checksum = StreamChecksum(payloadBytes: bytes.count - FrameHeader.sizeBytes)
    }
  }

  /// - Parameters:
  ///   - itemsPerCall: how many verdicts a ScoreBatch is answered with, and how many
  ///     commands a Record.
  ///   - depth: most requests in flight on a connection.
  init(itemsPerCall: Int, depth: Int, requestBytesMax: Int) throws(SocketFailure) {
    self.depth = depth
    self.requestBytesMax = requestBytesMax
    var replies = [CannedReply?](repeating: nil, count: 16)
    for (method, frame) in CannedFrames.all(itemsPerCall: itemsPerCall) {
      replies[Int(method)] = CannedReply(frame)
    }
    self.replies = replies
    (listener, port) = try Self.listen()
    poll = epoll_create1(0)
    wakeup = eventfd(0, Int32(EFD_NONBLOCK))
    if poll < 0 || wakeup < 0 { throw SocketFailure("epoll_create1") }
    try watch(listener)
    try watch(wakeup)
  }

  deinit {
    close(listener)
    close(poll)
    close(wakeup)
  }

  private static func listen() throws(SocketFailure) -> (Int32, UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    // Safe: the address lives for the calls and has the size that is said.
    let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, size) == 0 && Glibc.listen(descriptor, 1_024) == 0
          && getsockname(descriptor, $0, &size) == 0
      }
    }
    if !status { throw SocketFailure("listen on 127.0.0.1") }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  private func watch(_ descriptor: Int32, writing: Bool = false, _ operation: Int32 = EPOLL_CTL_ADD)
    throws(SocketFailure)
  {
    var event = unsafe epoll_event()
    unsafe event.events = EPOLLIN.rawValue | (writing ? EPOLLOUT.rawValue : 0)
    // Safe: a union of C; the same member is read in `serve`.
    unsafe event.data.fd = descriptor
    if unsafe epoll_ctl(poll, operation, descriptor, &event) != 0 {
      throw SocketFailure("epoll_ctl")
    }
  }

  // MARK: Life

  func start() { thread = LoadThread { [self] in serve() } }

  /// Ends the thread and waits for it.
  ///
  /// - Returns: the processor time it took.
  func stop() -> UInt64 {
    var one: UInt64 = 1
    // Safe: eight bytes of a number that lives for the call.
    _ = unsafe write(wakeup, &one, 8)
    thread?.join()
    thread = nil
    return cpuNanoseconds.load(ordering: .acquiring)
  }

  private func serve() {
    defer { cpuNanoseconds.store(threadNanoseconds(), ordering: .releasing) }
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: 256)
    defer { unsafe events.deallocate() }
    while true {
      let count = unsafe epoll_wait(poll, events, 256, -1)
      for index in 0..<Int(max(count, 0)) {
        let descriptor = unsafe events[index].data.fd
        if descriptor == wakeup { return }
        if descriptor == listener {
          accept()
        } else if let peer = connections[descriptor], !answer(peer) {
          connections[descriptor] = nil
        }
      }
    }
  }

  private func accept() {
    // Safe: no address is asked for.
    let descriptor = Glibc.accept(listener, nil, nil)
    guard descriptor >= 0, (try? ClientSocket.makeNonblocking(descriptor)) != nil,
      (try? watch(descriptor)) != nil
    else { return }
    var one: Int32 = 1
    _ = unsafe setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    let replyBytesMax = replies.compactMap { $0?.sizeBytes }.max() ?? 0
    connections[descriptor] = BareResponderPeer(
      descriptor: descriptor, inputBytes: max(256 << 10, 2 * requestBytesMax),
      outputBytes: (depth + 2) * replyBytesMax)
  }

  // MARK: Frames

  /// - Returns: false when the connection is over.
  private func answer(_ peer: BareResponderPeer) -> Bool {
    guard peer.receive() else { return false }
    var offset = 0
    while peer.inputFilled - offset >= FrameHeader.sizeBytes {
      let frame = unsafe peer.input + offset
      // Safe: the header is there.
      let payloadBytes = unsafe Int(UInt32(littleEndian: frame.loadUnaligned(as: UInt32.self)))
      let sizeBytes = FrameHeader.sizeBytes + payloadBytes
      if peer.inputFilled - offset < sizeBytes { break }
      let isHello = unsafe frame.load(fromByteOffset: 8, as: UInt8.self) == FrameType.hello.rawValue
      let method = unsafe UInt16(
        littleEndian: frame.loadUnaligned(fromByteOffset: 10, as: UInt16.self))
      // The HELLO stands where no method does.
      guard let reply = replies[isHello ? 0 : Int(method & 15)],
        peer.outputFilled + reply.sizeBytes <= peer.outputBytes
      else { return false }
      let space = unsafe peer.output + peer.outputFilled
      unsafe space.copyMemory(from: reply.frame, byteCount: reply.sizeBytes)
      if !isHello {
        let stream = unsafe frame.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        unsafe reply.checksum.put(UInt32(littleEndian: stream), into: space)
      }
      peer.outputFilled += reply.sizeBytes
      offset += sizeBytes
    }
    peer.consume(offset)
    return flush(peer)
  }

  private func flush(_ peer: BareResponderPeer) -> Bool {
    let isSent = peer.flush()
    guard let isSent else { return false }
    if isSent == peer.isWaitingToSend {
      peer.isWaitingToSend = !isSent
      return (try? watch(peer.descriptor, writing: !isSent, EPOLL_CTL_MOD)) != nil
    }
    return true
  }
}
