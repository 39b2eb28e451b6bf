import Glibc

/// Keeps work on a disk to a rate, so that others find the disk free.
///
/// By a schedule and not by a rest after each piece: what a piece took, and what
/// the last rest took too long, counts.
package struct DiskPace {
  private let bytesPerSecond: Int
  private var dueNanoseconds: UInt64 = 0

  /// What may be made up for at once by one that was late.
  package static let lagNanosecondsMax: UInt64 = 20_000_000

  /// - Parameter bytesPerSecond: 0 = no limit.
  package init(bytesPerSecond: Int) {
    self.bytesPerSecond = bytesPerSecond
  }

  /// Sleeps until so many bytes may have been written or read.
  mutating func rest(after bytes: Int) {
    let nanoseconds = restNanoseconds(after: bytes, now: SystemClock().monotonicNanoseconds)
    if nanoseconds == 0 { return }
    var time = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    unsafe nanosleep(&time, nil)
  }

  /// How long to rest from `now` on after so many bytes.
  package mutating func restNanoseconds(after bytes: Int, now: UInt64) -> Int {
    if bytesPerSecond == 0 { return 0 }
    let earliest = now > Self.lagNanosecondsMax ? now - Self.lagNanosecondsMax : 0
    dueNanoseconds = max(dueNanoseconds, earliest)
    dueNanoseconds += UInt64(bytes) * 1_000_000_000 / UInt64(bytesPerSecond)
    return dueNanoseconds > now ? Int(dueNanoseconds - now) : 0
  }
}
