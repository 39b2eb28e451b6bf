import BenchmarkMachine
import CEpoll
import Glibc

/// Load by one thread. Closed loop: each reply makes room for the next request of
/// its connection. With a rate, open loop: requests are written when they are due.
///
/// One `epoll_wait`, and for each connection that is ready one `recv`, one
/// reading of the clock and one `send`, whatever the protocol. Latency is from
/// just before a request is written, or from when it was due, to just after its
/// reply is read.
struct LoadLoop<P: BenchedProtocol> {
  private var bench: P
  private let shape: LoadShape
  private let poll: Int32
  private var connections: [LoadConnection] = []
  private var result = LoadResult()
  private var unsentBudget: UInt64
  private var isMeasuring: Bool
  /// Of the run, then of what is measured.
  private var started: UInt64 = 0
  /// Requests that were due before do not count.
  private var countedFrom: UInt64 = 0
  private var pace: Pace?
  private let serverClock: ServerClock?
  private var serverStarted: UInt64 = 0

  init(_ bench: P, _ shape: LoadShape) throws {
    self.bench = bench
    self.shape = shape
    poll = epoll_create1(0)
    if poll < 0 { throw SocketFailure("epoll_create1") }
    unsentBudget = shape.requestCount ?? .max
    isMeasuring = shape.requestCount != nil
    serverClock = try shape.serverPID.map { try ServerClock(pid: $0) }
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
        index: index, descriptor: descriptor, depth: shape.depth,
        requestBytesMax: bench.requestBytesMax))
  }

  /// Runs warm-up and measurement.
  mutating func run() throws -> LoadResult {
    defer { close(poll) }
    if shape.ratePerSecond != nil { probity_wait_exactly() }
    started = monotonicNanoseconds()
    pace = shape.ratePerSecond.map {
      Pace(ratePerSecond: $0, connections: connections.count, now: started)
    }
    if isMeasuring { serverStarted = serverClock?.nanoseconds ?? 0 }
    for connection in connections { try refill(connection, now: started) }
    var events = [epoll_event](repeating: epoll_event(), count: connections.count)
    while true {
      let count = try wait(&events)
      var now: UInt64 = 0
      for index in 0..<count { now = try serve(connections[Int(events[index].data.u32)]) }
      if count == 0 { now = monotonicNanoseconds() }
      if pace != nil { for connection in connections { try refill(connection, now: now) } }
      if !isMeasuring && now - started >= shape.warmUpNanoseconds {
        startMeasuring(now)
      } else if isMeasuring, try isOver(now) {
        result.nanoseconds = pace == nil ? now - started : shape.durationNanoseconds
        result.serverNanoseconds = serverClock.map { $0.nanoseconds - serverStarted }
        return result
      }
    }
  }

  /// - Returns: how many connections are ready; 0 when something may be due.
  private func wait(_ events: inout [epoll_event]) throws -> Int {
    var timeout = timespec(tv_sec: 1, tv_nsec: 0)
    if let pace {
      var due = UInt64.max
      for connection in connections where connection.inFlight < connection.depth {
        due = min(due, pace.due(connection: connection.index, sentCount: connection.sentCount))
      }
      let now = monotonicNanoseconds()
      let left = due > now ? min(due - now, Self.waitNanosecondsMax) : 0
      timeout = timespec(tv_sec: 0, tv_nsec: Int(left))
    }
    let count = epoll_pwait2(poll, &events, Int32(events.count), &timeout, nil)
    if count < 0 && errno != EINTR { throw SocketFailure("epoll_pwait2") }
    return Int(max(count, 0))
  }

  private static var waitNanosecondsMax: UInt64 { 100_000_000 }

  private mutating func startMeasuring(_ now: UInt64) {
    result = LoadResult()
    started = now
    isMeasuring = true
    serverStarted = serverClock?.nanoseconds ?? 0
    guard let rate = shape.ratePerSecond else { return }
    if shape.keepsSamples {
      let count = rate * Double(shape.durationNanoseconds) / 1e9
      result.samples.reserveCapacity(Int(count) + connections.count)
    }
    countedFrom = now
    let end = now + shape.durationNanoseconds
    pace?.endNanoseconds = end
  }

  /// With a rate, not before all that was due is answered.
  private func isOver(_ now: UInt64) throws -> Bool {
    let elapsed = now - started
    if let requestCount = shape.requestCount { return result.answeredCount >= requestCount }
    if elapsed < shape.durationNanoseconds { return false }
    guard let pace else { return true }
    if elapsed > shape.durationNanoseconds + Self.drainNanosecondsMax {
      throw SocketFailure(reason: "the server has not answered all for 60 seconds")
    }
    return connections.allSatisfy {
      $0.inFlight == 0 && pace.due(connection: $0.index, sentCount: $0.sentCount) == .max
    }
  }

  private static var drainNanosecondsMax: UInt64 { 60_000_000_000 }

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
      let sent = connection.takeReply()
      if sent < countedFrom { continue }
      result.latencies.record(max(now &- sent, 1))
      result.answeredCount += 1
      if shape.keepsSamples {
        result.samples.append(LatencySample(startedNanoseconds: sent, nanoseconds: now &- sent))
      }
    }
    connection.consume(offset)
  }

  @inline(__always)
  private mutating func refill(_ connection: LoadConnection, now: UInt64) throws {
    if let pace {
      writeDue(connection, pace, now: now)
    } else {
      let count = Int(min(UInt64(connection.depth - connection.inFlight), unsentBudget))
      if count > 0 {
        connection.write(count, &bench, now: now)
        if shape.requestCount != nil { unsentBudget -= UInt64(count) }
      }
    }
    let isSent = try connection.flush()
    if isSent == connection.isWaitingToSend { try watchWriting(connection, !isSent) }
  }

  private mutating func writeDue(_ connection: LoadConnection, _ pace: Pace, now: UInt64) {
    while connection.inFlight < connection.depth {
      let due = pace.due(connection: connection.index, sentCount: connection.sentCount)
      if due > now { return }
      result.delays.record(max(now - due, 1))
      connection.write(1, &bench, now: due)
    }
  }

  private func watchWriting(_ connection: LoadConnection, _ isWaiting: Bool) throws {
    connection.isWaitingToSend = isWaiting
    var event = epoll_event()
    event.events = EPOLLIN.rawValue | (isWaiting ? EPOLLOUT.rawValue : 0)
    event.data.u32 = UInt32(connection.index)
    if epoll_ctl(poll, EPOLL_CTL_MOD, connection.descriptor, &event) != 0 {
      throw SocketFailure("epoll_ctl")
    }
  }
}
