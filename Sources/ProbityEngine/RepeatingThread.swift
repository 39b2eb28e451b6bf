import Glibc
import Synchronization

/// A thread that does the same again and again, with a rest between.
final class RepeatingThread: Sendable {
  private let flag = StopFlag()
  private let thread: EngineThread

  /// - Parameters:
  ///   - restNanoseconds: between two rounds; `stop` waits for so long at most.
  ///   - makeRound: called on the thread once, for what a round does.
  init(restNanoseconds: Int, _ makeRound: @escaping @Sendable () -> (_ stop: StopFlag) -> Void) {
    thread = EngineThread { [flag] in
      let round = makeRound()
      while !flag.isSet {
        round(flag)
        var time = timespec(tv_sec: 0, tv_nsec: restNanoseconds)
        unsafe nanosleep(&time, nil)
      }
    }
  }

  /// Waits for the thread to end. Once only.
  func stop() {
    flag.set()
    thread.join()
  }
}

/// Says to a thread that it should end.
final class StopFlag: Sendable {
  private let flag = Atomic<Bool>(false)

  var isSet: Bool { flag.load(ordering: .relaxed) }

  func set() { flag.store(true, ordering: .relaxed) }
}
