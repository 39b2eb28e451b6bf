import Glibc
import Histogram

/// How much load, and for how long.
struct LoadShape {
  var port: UInt16
  var connections: Int
  /// Requests in flight on each connection; with a rate, the most there may be.
  var depth: Int
  var warmUpNanoseconds: UInt64
  var durationNanoseconds: UInt64
  /// Ends after exactly so many requests, without a warm-up.
  var requestCount: UInt64?
  /// Requests a second over all connections, whatever the replies do; nil: as
  /// fast as replies come.
  var ratePerSecond: Double?
  /// Whether every request's latency is kept by itself.
  var keepsSamples = false
  /// Whose processor time is measured: a process on this machine.
  var serverPID: pid_t?
}

/// When a request was due or sent, and how long its reply took from then.
struct LatencySample {
  let startedNanoseconds: UInt64
  let nanoseconds: UInt64
}

/// What came of a load.
struct LoadResult {
  var latencies = Self.histogram()
  /// How much later than due requests were written; nothing without a rate.
  var delays = Self.histogram()
  var samples: [LatencySample] = []
  var answeredCount: UInt64 = 0
  var missCount: UInt64 = 0
  /// By status.
  var refusedCounts: [Int: UInt64] = [:]
  var nanoseconds: UInt64 = 0
  /// Processor time of the server meanwhile.
  var serverNanoseconds: UInt64?

  /// 1 ns to a minute, to three digits.
  private static func histogram() -> Histogram<UInt64> {
    Histogram(
      lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000_000,
      numberOfSignificantValueDigits: .three)
  }

  mutating func merge(_ other: LoadResult) {
    latencies.add(other.latencies)
    delays.add(other.delays)
    samples += other.samples
    answeredCount += other.answeredCount
    missCount += other.missCount
    refusedCounts.merge(other.refusedCounts, uniquingKeysWith: +)
    nanoseconds = max(nanoseconds, other.nanoseconds)
    serverNanoseconds = serverNanoseconds ?? other.serverNanoseconds
  }
}

/// Processor time of a process on this machine, all its threads together.
struct ServerClock {
  private let clock: clockid_t

  init(pid: pid_t) throws {
    var clock = clockid_t()
    let status = clock_getcpuclockid(pid, &clock)
    if status != 0 { throw SocketFailure(reason: "there is no process \(pid) to measure") }
    self.clock = clock
  }

  /// Since the process began.
  var nanoseconds: UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
