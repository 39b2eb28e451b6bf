import Glibc
import IntegrityCore

/// Where the engine and the server read time: a parameter, so that tests choose it.
public protocol EngineClock: Sendable {
  /// UTC, for dates of evidence.
  var wallSeconds: UnixSeconds { get }
  /// Since some start, never back, for deadlines.
  var monotonicNanoseconds: UInt64 { get }
}

/// The machine's clocks. About 20 ns a call.
public struct SystemClock: EngineClock {
  public init() {}

  public var wallSeconds: UnixSeconds {
    UnixSeconds(UInt32(truncatingIfNeeded: Self.read(CLOCK_REALTIME).tv_sec))
  }

  public var monotonicNanoseconds: UInt64 {
    let time = Self.read(CLOCK_MONOTONIC)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return time
  }
}
