import AccountStore
import Glibc
import Synchronization

/// Prepares a table's memory for what comes, beside its writer.
final class GrowthThread: Sendable {
  private let flag = StopFlag()
  private let thread: EngineThread

  /// Between two looks. A writer fills what `TableGrowth` keeps ready in no less than
  /// five times as long.
  private static let lookNanoseconds = 50_000_000

  init(_ table: AccountTable) {
    thread = EngineThread { [flag] in
      let growth = TableGrowth(table)
      while !flag.isSet.load(ordering: .relaxed) {
        growth.prepare()
        var time = timespec(tv_sec: 0, tv_nsec: Self.lookNanoseconds)
        unsafe nanosleep(&time, nil)
      }
    }
  }

  /// Waits for the thread to end. Once only.
  func stop() {
    flag.isSet.store(true, ordering: .relaxed)
    thread.join()
  }

  private final class StopFlag: Sendable {
    let isSet = Atomic<Bool>(false)
  }
}
