import Glibc
import Histogram

/// How much load, and for how long.
public struct LoadShape: Sendable {
  public var address: ServerAddress
  public var connections: Int
  /// Requests in flight on each connection; with a rate, the most there may be.
  public var depth: Int
  public var warmUpNanoseconds: UInt64
  public var durationNanoseconds: UInt64
  /// Ends after exactly so many requests, without a warm-up.
  public var requestCount: UInt64?
  /// Requests a second over all connections, whatever the replies do; nil: as
  /// fast as replies come.
  public var ratePerSecond: Double?
  /// Whether every request's latency is kept by itself.
  public var keepsSamples = false
  /// Whose processor time is measured: a process on this machine.
  public var serverPID: pid_t?
  /// A server that answers nothing for so long has failed.
  public var silenceNanosecondsMax: UInt64 = 60_000_000_000
  public var monitor = LoadMonitor()

  public init(
    address: ServerAddress, connections: Int, depth: Int, warmUpNanoseconds: UInt64,
    durationNanoseconds: UInt64
  ) {
    self.address = address
    self.connections = connections
    self.depth = depth
    self.warmUpNanoseconds = warmUpNanoseconds
    self.durationNanoseconds = durationNanoseconds
  }
}

/// When a request was due or sent, and how long its reply took from then.
public struct LatencySample: BitwiseCopyable, Sendable {
  public let startedNanoseconds: UInt64
  public let nanoseconds: UInt64
}

/// What came of a load.
public struct LoadResult: Sendable {
  /// Of one kind of calls.
  public struct Calls: Sendable {
    /// From when a request was due or written to its reply, in ns; successes alone.
    public var latencies = LoadResult.histogram()
    /// Successes within the time measured.
    public var answeredCount: UInt64 = 0
  }

  /// By the protocol's kinds of calls.
  public var calls: [Calls]
  /// How much later than due requests were written; nothing without a rate.
  public var delays = Self.histogram()
  /// The same of those that need not wait for the most that may be in flight: how
  /// late the client itself was.
  public var ownDelays = Self.histogram()
  public var samples: [LatencySample] = []
  public var missCount: UInt64 = 0
  /// By status.
  public var refusedCounts: [Int: UInt64] = [:]
  /// Requests to which no reply came.
  public var unansweredCount: UInt64 = 0
  /// How long was measured.
  public var nanoseconds: UInt64 = 0
  /// Processor time of the client's threads meanwhile, system calls included.
  public var clientNanoseconds: UInt64 = 0
  /// Processor time of the server meanwhile.
  public var serverNanoseconds: UInt64?
  /// What ended it early, if anything did.
  public var failure: SocketFailure?

  public init(kindCount: Int = 1) { calls = Array(repeating: Calls(), count: kindCount) }

  /// Of all kinds.
  public var answeredCount: UInt64 { calls.reduce(0) { $0 + $1.answeredCount } }
  public var refusedCount: UInt64 { refusedCounts.values.reduce(0, +) }

  /// Of all kinds.
  public var latencies: Histogram<UInt64> {
    var all = calls.first?.latencies ?? Self.histogram()
    for more in calls.dropFirst() { all.add(more.latencies) }
    return all
  }

  public static let latencyNanosecondsMax: UInt64 = 3_600_000_000_000

  /// 1 ns to an hour, to three digits.
  public static func histogram() -> Histogram<UInt64> {
    Histogram(
      lowestDiscernibleValue: 1, highestTrackableValue: latencyNanosecondsMax,
      numberOfSignificantValueDigits: .three)
  }

  /// Adds what another thread did at the same time, or a run after this one.
  ///
  /// - Parameter isLater: the times are added up, where otherwise the longer counts.
  public mutating func merge(_ other: LoadResult, isLater: Bool = false) {
    while calls.count < other.calls.count { calls.append(Calls()) }
    for (index, more) in other.calls.enumerated() {
      calls[index].latencies.add(more.latencies)
      calls[index].answeredCount += more.answeredCount
    }
    delays.add(other.delays)
    ownDelays.add(other.ownDelays)
    samples += other.samples
    missCount += other.missCount
    refusedCounts.merge(other.refusedCounts, uniquingKeysWith: +)
    unansweredCount += other.unansweredCount
    nanoseconds = isLater ? nanoseconds + other.nanoseconds : max(nanoseconds, other.nanoseconds)
    clientNanoseconds += other.clientNanoseconds
    serverNanoseconds = serverNanoseconds ?? other.serverNanoseconds
    failure = failure ?? other.failure
  }
}

/// Processor time of a process on this machine, all its threads together.
struct ServerClock {
  private let clock: clockid_t

  init(pid: pid_t) throws(SocketFailure) {
    var clock = clockid_t()
    // Safe: the pointer lives for the call.
    let status = unsafe clock_getcpuclockid(pid, &clock)
    if status != 0 { throw SocketFailure(reason: "there is no process \(pid) to measure") }
    self.clock = clock
  }

  /// Since the process began.
  var nanoseconds: UInt64 {
    var time = timespec()
    // Safe: the pointer lives for the call.
    unsafe clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
