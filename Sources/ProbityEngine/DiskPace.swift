import Glibc

/// Keeps work on a disk to a rate, so that others find the disk free.
///
/// By a schedule and not by a rest after each piece: what a piece took, and what
/// the last rest took too long, counts.
struct DiskPace {
  private let bytesPerSecond: Int
  private let stop: StopFlag
  private var dueNanoseconds: UInt64 = 0

  /// What may be made up for at once by one that was late.
  private static let lagNanosecondsMax: UInt64 = 20_000_000

  /// - Parameters:
  ///   - bytesPerSecond: 0 = no limit.
  ///   - stop: set = there is haste now, and no limit.
  init(bytesPerSecond: Int, stop: StopFlag) {
    self.bytesPerSecond = bytesPerSecond
    self.stop = stop
  }

  /// Sleeps until so many bytes may have been written or read.
  mutating func rest(after bytes: Int) {
    if bytesPerSecond == 0 || stop.isSet { return }
    let now = SystemClock().monotonicNanoseconds
    let earliest = now > Self.lagNanosecondsMax ? now - Self.lagNanosecondsMax : 0
    dueNanoseconds = Self.due(
      after: bytes, bytesPerSecond: bytesPerSecond, from: max(dueNanoseconds, earliest))
    if dueNanoseconds <= now { return }
    let nanoseconds = Int(dueNanoseconds - now)
    var time = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    unsafe nanosleep(&time, nil)
  }

  static func due(after bytes: Int, bytesPerSecond: Int, from start: UInt64) -> UInt64 {
    start + UInt64(bytes) * 1_000_000_000 / UInt64(bytesPerSecond)
  }
}
