import CommandLog
import Dispatch
import Synchronization

/// A log in memory that takes nothing until it is let go.
final class HeldLog: GroupLog {
  private let position = Atomic<UInt64>(0)
  private let (appends, arrival) = AsyncStream<Void>.makeStream()
  private let gate = DispatchSemaphore(value: 0)
  let durability = Durability.memory
  let durablePosition: UInt64 = 0
  let syncDueNanoseconds: UInt64? = nil

  func append(_ payload: [UInt8], count: Int) throws(LogError) -> UInt64 {
    arrival.yield()
    gate.wait()
    gate.signal()
    return position.wrappingAdd(UInt64(count), ordering: .relaxed).oldValue + 1
  }

  func sync() throws(LogError) {}

  /// Returns once the sequencer waits for it.
  func held() async {
    for await _ in appends { return }
  }

  /// For good; more than once is as good as once.
  func letGo() { gate.signal() }
}
