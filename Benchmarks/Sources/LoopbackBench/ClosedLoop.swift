import BenchmarkMachine
import CEpoll
import Glibc
import Histogram

/// How much load, and for how long.
struct LoadShape {
  var port: UInt16
  var connections: Int
  /// Requests in flight on each connection.
  var depth: Int
  var warmUpNanoseconds: UInt64
  var durationNanoseconds: UInt64
  /// Ends after exactly so many requests, without a warm-up.
  var requestCount: UInt64?
}

/// What came of a load.
struct LoadResult {
  var latencies = Histogram<UInt64>(
    lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000_000,
    numberOfSignificantValueDigits: .three)
  var answeredCount: UInt64 = 0
  var missCount: UInt64 = 0
  /// By status.
  var refusedCounts: [Int: UInt64] = [:]
  var nanoseconds: UInt64 = 0

  mutating func merge(_ other: LoadResult) {
    latencies.add(other.latencies)
    answeredCount += other.answeredCount
    missCount += other.missCount
    refusedCounts.merge(other.refusedCounts, uniquingKeysWith: +)
    nanoseconds = max(nanoseconds, other.nanoseconds)
  }
}

/// Load by one thread: each reply makes room for the next request of its connection.
///
/// One `epoll_wait`, and for each connection that is ready one `recv`, one
/// reading of the clock and one `send`, whatever the protocol. Latency is from
/// just before a request is written to just after its reply is read.
struct ClosedLoop<P: BenchedProtocol> {
  private var bench: P
  private let shape: LoadShape
  private let poll: Int32
  private var connections: [LoadConnection] = []
  private var result = LoadResult()
  private var unsentBudget: UInt64
  private var isMeasuring: Bool

  init(_ bench: P, _ shape: LoadShape) throws {
    self.bench = bench
    self.shape = shape
    poll = epoll_create1(0)
    if poll < 0 { throw SocketFailure("epoll_create1") }
    unsentBudget = shape.requestCount ?? .max
    isMeasuring = shape.requestCount != nil
    for index in 0..<shape.connections { try open(index) }
  }

  /// Connects and greets; returns when the greeting is answered.
  private mutating func open(_ index: Int) throws {
    let descriptor = try LoopbackSocket.connect(port: shape.port)
    if !bench.greeting.isEmpty {
      try LoopbackSocket.sendAll(bench.greeting, to: descriptor)
      let reply = try LoopbackSocket.receiveSome(from: descriptor)
      let scan = reply.withUnsafeBytes { bench.scanReply($0, number: 1) }
      guard case .greeted(reply.count) = scan else {
        throw SocketFailure(reason: "the greeting was answered with \(scan)")
      }
    }
    try LoopbackSocket.makeNonblocking(descriptor)
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.u32 = UInt32(index)
    if epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) != 0 { throw SocketFailure("epoll_ctl") }
    connections.append(
      LoadConnection(
        descriptor: descriptor, depth: shape.depth, requestBytesMax: P.requestBytesMax))
  }

  /// Runs warm-up and measurement.
  mutating func run() throws -> LoadResult {
    defer { close(poll) }
    var started = monotonicNanoseconds()
    for connection in connections { try refill(connection, now: started) }
    var events = [epoll_event](repeating: epoll_event(), count: connections.count)
    while true {
      let count = epoll_wait(poll, &events, Int32(events.count), 1_000)
      if count < 0 && errno != EINTR { throw SocketFailure("epoll_wait") }
      var now: UInt64 = 0
      for index in 0..<Int(max(count, 0)) {
        now = try serve(connections[Int(events[index].data.u32)])
      }
      if count <= 0 { now = monotonicNanoseconds() }
      if !isMeasuring && now - started >= shape.warmUpNanoseconds {
        result = LoadResult()
        started = now
        isMeasuring = true
      } else if isMeasuring && isOver(now - started) {
        result.nanoseconds = now - started
        return result
      }
    }
  }

  private func isOver(_ elapsed: UInt64) -> Bool {
    if let requestCount = shape.requestCount { return result.answeredCount >= requestCount }
    return elapsed >= shape.durationNanoseconds
  }

  /// Takes what came and sends as many requests.
  ///
  /// - Returns: the time.
  @inline(__always)
  private mutating func serve(_ connection: LoadConnection) throws -> UInt64 {
    let something = try connection.receive()
    let now = monotonicNanoseconds()
    if something { try takeReplies(connection, now: now) }
    try refill(connection, now: now)
    return now
  }

  @inline(__always)
  private mutating func takeReplies(_ connection: LoadConnection, now: UInt64) throws {
    let bytes = connection.received
    var offset = 0
    scanning: while connection.inFlight > 0 {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      switch bench.scanReply(rest, number: connection.nextReplyNumber) {
      case .incomplete: break scanning
      case .answer(let sizeBytes): offset += sizeBytes
      case .miss(let sizeBytes):
        offset += sizeBytes
        result.missCount += 1
      case .refused(let sizeBytes, let status):
        offset += sizeBytes
        result.refusedCounts[status, default: 0] += 1
      case .greeted: throw SocketFailure(reason: "greeted twice")
      case .broken(let reason): throw SocketFailure(reason: reason)
      }
      result.latencies.record(max(now &- connection.takeReply(), 1))
      result.answeredCount += 1
    }
    connection.consume(offset)
  }

  @inline(__always)
  private mutating func refill(_ connection: LoadConnection, now: UInt64) throws {
    let count = Int(min(UInt64(connection.depth - connection.inFlight), unsentBudget))
    if count > 0 {
      connection.write(count, &bench, now: now)
      if shape.requestCount != nil { unsentBudget -= UInt64(count) }
    }
    let isSent = try connection.flush()
    if isSent == connection.isWaitingToSend { try watchWriting(connection, !isSent) }
  }

  private func watchWriting(_ connection: LoadConnection, _ isWaiting: Bool) throws {
    guard let index = connections.firstIndex(where: { $0 === connection }) else { return }
    connection.isWaitingToSend = isWaiting
    var event = epoll_event()
    event.events = EPOLLIN.rawValue | (isWaiting ? EPOLLOUT.rawValue : 0)
    event.data.u32 = UInt32(index)
    if epoll_ctl(poll, EPOLL_CTL_MOD, connection.descriptor, &event) != 0 {
      throw SocketFailure("epoll_ctl")
    }
  }
}
