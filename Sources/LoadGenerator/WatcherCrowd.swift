import CEpoll
import Glibc
import IntegrityCore
import ProbityWire

/// Many connections that each watch accounts and take whatever they are told.
///
/// Watcher w of n watches the buyers w, w + n, w + 2 n and so on. All credit is granted at the
/// begin, so that nothing is sent but what was asked for. One thread; each part that comes is a
/// `recv` and, of its payload, a decode.
public struct WatcherCrowd {
  /// What all watchers were told.
  public struct Told: Sendable {
    public var changeCount: UInt64 = 0
    public var partCount: UInt64 = 0
    public var byteCount: UInt64 = 0
    public var seconds = 0.0
  }

  private let poll: Int32
  private let codec = Codec()
  private var descriptors: [Int32] = []
  private var received: [[UInt8]] = []

  /// Connects, and begins to watch.
  public init(port: UInt16, watchers: Int, accountsEach: Int) throws(SocketFailure) {
    try ClientSocket.allowOpen(watchers)
    poll = probity_make_epoll()
    if poll < 0 { throw SocketFailure("epoll_create1") }
    let address = ServerAddress.loopback(port: port)
    let hello = ClientIdentity().hello
    for watcher in 0..<watchers {
      let descriptor = try ClientSocket.connect(to: address)
      descriptors.append(descriptor)
      received.append([])
      let accounts = (0..<accountsEach).map { index in
        AccountKey(.buyer, AccountID(UInt64(1 + watcher + index * watchers)))
      }
      try ClientSocket.sendAll(hello + request(accounts), to: descriptor)
      try ClientSocket.makeNonblocking(descriptor)
      // Safe: the kernel copies the event.
      var event = unsafe epoll_event()
      unsafe event.events = EPOLLIN.rawValue
      unsafe event.data.u64 = UInt64(watcher)
      guard unsafe epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
        throw SocketFailure("epoll_ctl")
      }
    }
  }

  public func close() {
    for descriptor in descriptors { Glibc.close(descriptor) }
    Glibc.close(poll)
  }

  private func request(_ accounts: [AccountKey]) -> [UInt8] {
    var sink = ByteArraySink()
    codec.encodeStreamRequest(
      .watch(WatchOrder(Set(accounts))), Codec.Call(stream: 1), to: &sink)
    for stream in [1, 0] as [UInt32] {
      FrameHeader(
        type: .window, stream: stream, time: UInt32(ProtocolLimits.creditBytesMax)
      ).write(to: &sink)
    }
    return sink.bytes
  }

  /// Takes what comes for so many seconds.
  public mutating func listen(seconds: Double) throws(SocketFailure) -> Told {
    var told = Told()
    let start = Self.now
    var events = unsafe [epoll_event](repeating: epoll_event(), count: 256)
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while Self.now - start < seconds {
      // Safe: the array is as long as is said.
      let count = unsafe epoll_wait(poll, &events, Int32(events.count), 10)
      for index in 0..<Int(max(count, 0)) {
        try take(Int(unsafe events[index].data.u64), &buffer, &told)
      }
    }
    told.seconds = Self.now - start
    return told
  }

  private mutating func take(
    _ watcher: Int, _ buffer: inout [UInt8], _ told: inout Told
  ) throws(SocketFailure) {
    // Safe: the array is as long as is said.
    let count = unsafe recv(descriptors[watcher], &buffer, buffer.count, 0)
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
    if count <= 0 { throw SocketFailure(reason: "the daemon has closed a watcher's connection") }
    told.byteCount += UInt64(count)
    received[watcher] += buffer[..<count]
    try parse(watcher, &told)
  }

  private mutating func parse(_ watcher: Int, _ told: inout Told) throws(SocketFailure) {
    var start = 0
    let bytes = received[watcher]
    // Safe: the bytes are looked at within the closure, whole frames only.
    let failure: SocketFailure? = unsafe bytes.withUnsafeBytes { all in
      while true {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: all[start...])
        guard
          case .frame(let header) = unsafe FrameHeader.scan(
            rest, payloadBytesMax: ProtocolLimits.payloadBytesMax)
        else { return nil }
        let end = FrameHeader.sizeBytes + Int(header.payloadBytes)
        start += end
        let payload = unsafe UnsafeRawBufferPointer(rebasing: rest[FrameHeader.sizeBytes..<end])
        switch header.type {
        case .data:
          guard case .watch(let part)? = try? unsafe codec.decodePart(.watch, payload) else {
            return SocketFailure(reason: "a part does not decode")
          }
          told.partCount += 1
          told.changeCount += UInt64(part.changes.count)
        case .response:
          let failure = unsafe codec.decodeFailure(header, payload)
          return SocketFailure(reason: "a watch has ended: \(failure.message)")
        default: break
        }
      }
    }
    received[watcher].removeFirst(start)
    if let failure { throw failure }
  }

  private static var now: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
