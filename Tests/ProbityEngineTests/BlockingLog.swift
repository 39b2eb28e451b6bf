import CommandLog
import Dispatch
import Synchronization

/// A log whose first append waits until it is released: holds the sequencer still.
final class BlockingLog: GroupLog {
  private let position = Atomic<UInt64>(0)
  private let hasBlocked = Atomic<Bool>(false)
  private let (events, entry) = AsyncStream<Void>.makeStream()
  private let gate = DispatchSemaphore(value: 0)
  private let failure: LogError?
  let durability = Durability.memory
  let durablePosition: UInt64 = 0
  let syncDueNanoseconds: UInt64? = nil

  /// - Parameter failure: how every append ends, if it is to fail.
  init(failure: LogError? = nil) { self.failure = failure }

  func sync() throws(LogError) {}

  func append(_ payload: [UInt8], count: Int) throws(LogError) -> UInt64 {
    if !hasBlocked.exchange(true, ordering: .relaxed) {
      entry.yield()
      gate.wait()
    }
    if let failure { throw failure }
    return position.wrappingAdd(UInt64(count), ordering: .relaxed).oldValue + 1
  }

  /// Returns once the sequencer is held.
  func entered() async {
    for await _ in events { return }
  }

  func release() { gate.signal() }
}
