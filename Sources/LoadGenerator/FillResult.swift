import BenchmarkMachine
import Histogram

/// What came of filling a server.
public struct FillResult: Sendable {
  /// Writes sent, each an event or a key.
  public private(set) var writeCount: UInt64 = 0
  /// When the fill began, on the machine's monotonic clock.
  public let startedNanoseconds = monotonicNanoseconds()
  /// From sending a batch, or a pipeline, to its last answer, in ns.
  public private(set) var batches = LoadResult.histogram()

  public init() {}

  /// Times one batch.
  ///
  /// - Parameters:
  ///   - count: how many writes are in it.
  ///   - write: sends them and returns when all are answered.
  public mutating func measure<Reply>(
    writeCount count: UInt64, _ write: () throws(SocketFailure) -> Reply
  ) throws(SocketFailure) -> Reply {
    let started = monotonicNanoseconds()
    let reply = try write()
    let nanoseconds = monotonicNanoseconds() - started
    batches.record(min(max(nanoseconds, 1), LoadResult.latencyNanosecondsMax))
    writeCount += count
    return reply
  }
}
