import BenchmarkMachine
import CEpoll
import Glibc
import Histogram

/// Load by one thread. Closed loop: each reply makes room for the next request of
/// its connection. With a rate, open loop: requests are written when they are due.
///
/// One `epoll_wait`, and for each connection that is ready one `recv`, one
/// reading of the clock and one `send`, whatever the protocol. Latency is from
/// just before a request is written, or from when it was due, to just after its
/// reply is read; replies of one read to requests of one write are counted at once.
@safe public struct LoadLoop<P: BenchedProtocol> {
  private var bench: P
  private let shape: LoadShape
  private let monitor: LoadMonitor
  private let poll: Int32
  // Safe: one place for each connection, allocated in `init`, freed in `close`.
  private let connections: UnsafeMutablePointer<LoadConnection>
  private var connectionCount = 0
  private var result: LoadResult
  private var unsentBudget: UInt64
  private var phase: Phase
  /// Of the run, then of what is measured.
  private var started: UInt64 = 0
  /// Requests that were due before do not count.
  private var countedFrom: UInt64 = 0
  private var answeredEver: UInt64 = 0
  private var inFlight = 0
  private var lastReplyAt: UInt64 = 0
  /// Since when nothing has come of what is in flight.
  private var silentSince: UInt64 = 0
  private var pace: Pace?
  /// With a rate: which request is due next, of all connections'.
  private var nextDueIndex: UInt64 = 0
  private var clientStarted: UInt64 = 0
  private let serverClock: ServerClock?
  private var serverStarted: UInt64 = 0

  private enum Phase {
    case warmUp
    case measuring
    /// Nothing more is sent; latencies of what is in flight still count.
    case draining
    case over
  }

  /// Connects and greets; returns when all greetings are answered.
  public init(_ bench: P, _ shape: LoadShape) throws(SocketFailure) {
    self.bench = bench
    self.shape = shape
    monitor = shape.monitor
    unsentBudget = shape.requestCount ?? .max
    phase = shape.requestCount == nil ? .warmUp : .measuring
    result = LoadResult(kindCount: bench.kindCount)
    serverClock = try shape.serverPID.map { pid throws(SocketFailure) in try ServerClock(pid: pid) }
    poll = epoll_create1(0)
    if poll < 0 { throw SocketFailure("epoll_create1") }
    unsafe connections = .allocate(capacity: max(shape.connections, 1))
    do throws(SocketFailure) {
      for index in 0..<shape.connections { try open(index) }
      for index in 0..<shape.connections { try greet(unsafe connections[index]) }
    } catch {
      close()
      throw error
    }
  }

  private mutating func open(_ index: Int) throws(SocketFailure) {
    let descriptor = try ClientSocket.connect(
      to: shape.address, timeoutSeconds: Double(shape.silenceNanosecondsMax) / 1e9)
    // Safe: there are as many places as connections.
    unsafe (connections + index).initialize(
      to: LoadConnection(index: index, descriptor: descriptor, depth: shape.depth, for: bench))
    connectionCount += 1
    try ClientSocket.sendAll(bench.greeting, to: descriptor)
  }

  private mutating func greet(_ connection: LoadConnection) throws(SocketFailure) {
    var reply: [UInt8] = []
    greeting: while !bench.greeting.isEmpty {
      reply += try ClientSocket.receiveSome(from: connection.descriptor)
      // Safe: the bytes are looked at within the closure.
      switch unsafe reply.withUnsafeBytes({ unsafe bench.scanReply($0, number: 1) }) {
      case .greeted(reply.count): break greeting
      case .incomplete: continue
      case .broken(let reason): throw SocketFailure(reason: reason)
      case let scan: throw SocketFailure(reason: "the greeting was answered with \(scan)")
      }
    }
    try ClientSocket.makeNonblocking(connection.descriptor)
    try watch(connection, EPOLL_CTL_ADD, writing: false)
  }

  private func watch(
    _ connection: LoadConnection, _ operation: Int32, writing: Bool
  ) throws(SocketFailure) {
    var event = unsafe epoll_event()
    unsafe event.events = EPOLLIN.rawValue | (writing ? EPOLLOUT.rawValue : 0)
    // Safe: a union of C; the same member is read in `serveReady`.
    unsafe event.data.u32 = UInt32(connection.index)
    if unsafe epoll_ctl(poll, operation, connection.descriptor, &event) != 0 {
      throw SocketFailure("epoll_ctl")
    }
  }

  private func close() {
    for index in 0..<connectionCount { unsafe connections[index].end() }
    unsafe connections.deallocate()
    Glibc.close(poll)
  }

  // MARK: Running

  /// Runs warm-up and measurement, and closes the connections. Once only.
  public mutating func run() throws(SocketFailure) -> LoadResult {
    let result = runToEnd()
    if let failure = result.failure { throw failure }
    return result
  }

  /// The same; a failure is told beside what was measured before it. Nothing was if it
  /// took no time.
  public mutating func runToEnd() -> LoadResult {
    defer { close() }
    do throws(SocketFailure) {
      try begin()
      // Safe: as many events as connections, freed when the loop is over.
      let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: connectionCount)
      defer { unsafe events.deallocate() }
      while phase != .over {
        let now = try unsafe serveReady(events)
        try proceed(now)
      }
    } catch {
      if phase == .warmUp {
        result = LoadResult(kindCount: bench.kindCount)
      } else if result.nanoseconds == 0 {
        endMeasuring(monotonicNanoseconds())
      }
      result.unansweredCount = outstandingCount
      result.failure = error
    }
    return result
  }

  private mutating func begin() throws(SocketFailure) {
    if shape.ratePerSecond != nil { probity_wait_exactly() }
    started = monotonicNanoseconds()
    lastReplyAt = started
    silentSince = started
    clientStarted = threadNanoseconds()
    if phase == .measuring { serverStarted = serverClock?.nanoseconds ?? 0 }
    if let rate = shape.ratePerSecond {
      pace = Pace(ratePerSecond: rate, connections: connectionCount, now: started)
    } else {
      for index in 0..<connectionCount {
        unsafe try refill(unsafe connections + index, now: started)
      }
    }
  }

  /// One round: waits, takes replies, sends requests.
  ///
  /// - Returns: the time.
  @inline(__always)
  private mutating func serveReady(
    _ events: UnsafeMutablePointer<epoll_event>
  ) throws(SocketFailure) -> UInt64 {
    let count = unsafe wait(events)
    if count < 0 && errno != EINTR { throw SocketFailure("epoll_wait") }
    var now: UInt64 = 0
    var index = 0
    while index < count {
      // Safe: the kernel gives back what `watch` put there.
      now = unsafe try serve(unsafe connections + Int(events[index].data.u32))
      index &+= 1
    }
    if count <= 0 { now = monotonicNanoseconds() }
    if pace != nil { try sendDue(now) }
    return now
  }

  /// Until a connection is ready, something is due, or it is time to look around.
  @inline(__always)
  private func wait(_ events: UnsafeMutablePointer<epoll_event>) -> Int32 {
    let most = Int32(connectionCount)
    guard let pace else { return unsafe epoll_wait(poll, events, most, Self.waitMillisecondsMax) }
    let due = pace.due(index: nextDueIndex)
    let now = monotonicNanoseconds()
    let left = due > now ? Int(min(due - now, UInt64(Self.waitMillisecondsMax) * 1_000_000)) : 0
    var timeout = timespec(tv_sec: 0, tv_nsec: left)
    let count = unsafe epoll_pwait2(poll, events, most, &timeout, nil)
    if count >= 0 || errno != ENOSYS { return count }
    // Kernels before 5.11 wait in milliseconds: what is left of one is spun away.
    return unsafe epoll_wait(poll, events, most, Int32(left / 1_000_000))
  }

  private static var waitMillisecondsMax: Int32 { 50 }

  // MARK: Phases

  @inline(__always)
  private mutating func proceed(_ now: UInt64) throws(SocketFailure) {
    monitor.publish(answeredCount: answeredEver)
    switch phase {
    case .warmUp:
      if monitor.isStopRequested {
        result = LoadResult(kindCount: bench.kindCount)
        phase = .over
      } else if now - started >= shape.warmUpNanoseconds {
        startMeasuring(now)
      }
    case .measuring:
      let isEnough =
        shape.requestCount.map { answeredEver >= $0 }
        ?? (now - started >= shape.durationNanoseconds)
      if isEnough || monitor.isStopRequested {
        let last = min(now, end)
        if pace == nil { endMeasuring(now) } else { pace?.endNanoseconds = last }
        phase = .draining
      }
    case .draining, .over: break
    }
    if phase == .draining { try drain(now) }
    if inFlight == 0 {
      silentSince = now
    } else if now > silentSince + shape.silenceNanosecondsMax {
      let seconds = Double(shape.silenceNanosecondsMax) / 1e9
      throw SocketFailure(reason: "the server has not answered for \(seconds) s")
    }
  }

  /// With a rate: nothing is due from here on.
  private var end: UInt64 { started + shape.durationNanoseconds }

  private mutating func startMeasuring(_ now: UInt64) {
    result = LoadResult(kindCount: bench.kindCount)
    started = now
    phase = .measuring
    clientStarted = threadNanoseconds()
    serverStarted = serverClock?.nanoseconds ?? 0
    guard let rate = shape.ratePerSecond else { return }
    if shape.keepsSamples {
      let count = rate * Double(shape.durationNanoseconds) / 1e9
      result.samples.reserveCapacity(Int(count) + connectionCount)
    }
    countedFrom = now
    let last = end
    pace?.endNanoseconds = last
  }

  private mutating func endMeasuring(_ now: UInt64) {
    result.nanoseconds = now - started
    result.clientNanoseconds = threadNanoseconds() - clientStarted
    result.serverNanoseconds = serverClock.map { $0.nanoseconds - serverStarted }
  }

  /// With a rate, what was measured ends when all that was due is answered.
  private mutating func drain(_ now: UInt64) throws(SocketFailure) {
    if outstandingCount == 0 {
      if let pace { endMeasuring(max(lastReplyAt, pace.endNanoseconds)) }
      phase = .over
    } else if now > end + Self.drainNanosecondsMax {
      throw SocketFailure(reason: "requests have no answer 60 s after the load has ended")
    }
  }

  private static var drainNanosecondsMax: UInt64 { 60_000_000_000 }

  /// Requests that were due or sent and have no reply.
  private var outstandingCount: UInt64 {
    var count = UInt64(inFlight)
    guard pace != nil else { return count }
    for index in 0..<connectionCount {
      count += unsafe connections[index].dueCount - connections[index].sentCount
    }
    return count
  }

  // MARK: Replies

  /// Takes what came and sends as many requests.
  ///
  /// - Returns: the time.
  @inline(__always)
  private mutating func serve(
    _ connection: UnsafeMutablePointer<LoadConnection>
  ) throws(SocketFailure) -> UInt64 {
    let something = try unsafe connection.pointee.receive()
    let now = monotonicNanoseconds()
    if something {
      lastReplyAt = now
      silentSince = now
      try unsafe takeReplies(connection, now: now)
    }
    try unsafe refill(connection, now: now)
    return now
  }

  /// Replies of one kind to requests of one moment.
  private struct Batch {
    var nanoseconds: UInt64 = 0
    var kind: UInt8 = 0
    var count: UInt64 = 0
  }

  @inline(__always)
  private mutating func takeReplies(
    _ connection: UnsafeMutablePointer<LoadConnection>, now: UInt64
  ) throws(SocketFailure) {
    let bytes = unsafe connection.pointee.received
    var offset = 0
    var batch = Batch()
    scanning: while unsafe connection.pointee.inFlight > 0 {
      let rest = unsafe UnsafeRawBufferPointer(
        start: bytes.baseAddress.unsafelyUnwrapped + offset, count: bytes.count &- offset)
      let next = unsafe connection.pointee.nextReplyNumber
      let number = unsafe P.isOrdered ? next : bench.replyNumber(rest, next: next)
      guard let slot = unsafe connection.pointee.slot(number) else {
        throw SocketFailure(reason: "a reply to request \(number), which awaits none")
      }
      let scan = unsafe bench.scanReply(
        rest, number: number, connection: connection.pointee.index, note: slot.note)
      var isSuccess = true
      switch scan {
      case .incomplete: break scanning
      case .answer(let sizeBytes): offset &+= sizeBytes
      case .miss(let sizeBytes):
        offset &+= sizeBytes
        result.missCount += 1
      case .refused(let sizeBytes, let status):
        offset &+= sizeBytes
        isSuccess = false
        if slot.nanoseconds >= countedFrom { result.refusedCounts[status, default: 0] += 1 }
      case .greeted: throw SocketFailure(reason: "greeted twice")
      case .broken(let reason): throw SocketFailure(reason: reason)
      }
      unsafe connection.pointee.takeReply(number)
      inFlight &-= 1
      answeredEver &+= 1
      if !isSuccess || slot.nanoseconds < countedFrom { continue }
      if slot.nanoseconds != batch.nanoseconds || slot.note.kind != batch.kind {
        count(batch, now: now)
        batch = Batch(nanoseconds: slot.nanoseconds, kind: slot.note.kind)
      }
      batch.count &+= 1
    }
    count(batch, now: now)
    try unsafe connection.pointee.consume(offset)
  }

  @inline(__always)
  private mutating func count(_ batch: Batch, now: UInt64) {
    if batch.count == 0 { return }
    let latency = min(max(now &- batch.nanoseconds, 1), LoadResult.latencyNanosecondsMax)
    result.calls[Int(batch.kind)].latencies.record(latency, count: batch.count)
    if phase != .draining || pace != nil {
      result.calls[Int(batch.kind)].answeredCount &+= batch.count
    }
    if shape.keepsSamples {
      let sample = LatencySample(startedNanoseconds: batch.nanoseconds, nanoseconds: latency)
      result.samples.append(contentsOf: repeatElement(sample, count: Int(batch.count)))
    }
  }

  // MARK: Requests

  @inline(__always)
  private mutating func refill(
    _ connection: UnsafeMutablePointer<LoadConnection>, now: UInt64
  ) throws(SocketFailure) {
    if pace != nil {
      unsafe writeDue(connection, now: now)
    } else if phase != .draining {
      let room = unsafe UInt64(max(connection.pointee.room, 0))
      let count = Int(truncatingIfNeeded: min(room, unsentBudget))
      if count > 0 {
        unsafe connection.pointee.prepareOutput()
        for _ in 0..<count { unsafe connection.pointee.write(&bench, at: now) }
        inFlight &+= count
        if shape.requestCount != nil { unsentBudget -= UInt64(count) }
      }
    }
    if unsafe connection.pointee.sentCount >= Self.requestsMax {
      throw SocketFailure(
        reason: "a connection has sent \(Self.requestsMax) requests, about as many as the "
          + "protocol has numbers for: use more connections")
    }
    let isSent = try unsafe connection.pointee.flush()
    if unsafe isSent == connection.pointee.isWaitingToSend {
      unsafe connection.pointee.isWaitingToSend = !isSent
      try unsafe watch(connection.pointee, EPOLL_CTL_MOD, writing: !isSent)
    }
  }

  /// One write of at most so many behind it still has a number.
  private static var requestsMax: UInt64 { UInt64(UInt32.max) - 65_536 }

  /// Gives what is due to its connections, which send it as soon as they may.
  private mutating func sendDue(_ now: UInt64) throws(SocketFailure) {
    guard let pace else { return }
    let first = nextDueIndex
    let count = UInt64(connectionCount)
    while pace.due(index: nextDueIndex) <= now {
      unsafe connections[Int(nextDueIndex % count)].dueCount &+= 1
      nextDueIndex &+= 1
    }
    for index in first..<min(nextDueIndex, first + count) {
      unsafe try refill(unsafe connections + Int(index % count), now: now)
    }
  }

  private mutating func writeDue(
    _ connection: UnsafeMutablePointer<LoadConnection>, now: UInt64
  ) {
    guard let pace, unsafe connection.pointee.sentCount < connection.pointee.dueCount else {
      return
    }
    unsafe connection.pointee.prepareOutput()
    while unsafe connection.pointee.sentCount < connection.pointee.dueCount {
      if unsafe connection.pointee.room <= 0 {
        unsafe connection.pointee.isHeldBack = true
        return
      }
      let due = unsafe pace.time(
        connection: connection.pointee.index, sentCount: connection.pointee.sentCount)
      let delay = max(now - min(due, now), 1)
      if due >= countedFrom {
        result.delays.record(delay)
        if unsafe !connection.pointee.isHeldBack { result.ownDelays.record(delay) }
      }
      unsafe connection.pointee.write(&bench, at: due)
      inFlight &+= 1
    }
    unsafe connection.pointee.isHeldBack = false
  }
}
