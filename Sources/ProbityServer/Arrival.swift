import IntegrityCore
import ProbityEngine
import ProbityWire

/// When the bytes of a read came in: read once per read, for all its frames.
struct Arrival {
  let wall: UnixSeconds
  let monotonicNanoseconds: UInt64

  /// Monotonic nanoseconds after which a call must not be begun.
  ///
  /// - Parameter cap: longest timeout, and that of a call which sets none.
  func deadline(of header: FrameHeader, capMicroseconds cap: UInt32) -> UInt64 {
    let timeout = header.time == 0 ? cap : min(header.time, cap)
    return monotonicNanoseconds + UInt64(timeout) * 1_000
  }
}
