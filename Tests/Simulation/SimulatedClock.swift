import IntegrityCore
import ProbityEngine
import Synchronization

/// Clocks that move when they are told to.
final class SimulatedClock: EngineClock {
  private let nanoseconds = Atomic<UInt64>(1_000_000_000)
  private let startSeconds: UInt32 = 1_760_000_000

  var monotonicNanoseconds: UInt64 { nanoseconds.load(ordering: .relaxed) }

  var wallSeconds: UnixSeconds {
    UnixSeconds(startSeconds + UInt32(monotonicNanoseconds / 1_000_000_000))
  }

  func advance(milliseconds: Int) {
    nanoseconds.wrappingAdd(UInt64(milliseconds) * 1_000_000, ordering: .relaxed)
  }
}
