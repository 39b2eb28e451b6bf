import CommandLog
import Glibc

/// What an engine asks of its housekeeper, whatever the disk.
protocol Housekeeping: AnyObject, Sendable {
  func askForSnapshot(
    _ answer: @escaping @Sendable (Result<SnapshotReport, SnapshotFailure>) -> Void)
  var status: DurabilityStatus { get }
  func work(waits: Bool, pause: (Int) -> Void) -> Bool
  func takeLastSnapshot()
  func refuseAsked()
}

extension Housekeeper: Housekeeping {}

/// Runs a housekeeper until it is stopped.
@safe final class HousekeepingThread: @unchecked Sendable {
  // Safe: as in `JobQueue`.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var isWoken = false
  private let stopFlag = StopFlag()
  private let housekeeper: any Housekeeping
  private let bytesPerSecond: Int
  private var thread: EngineThread?

  /// Between looks when nothing wakes it.
  private static let tickNanoseconds = 250_000_000

  /// - Parameter bytesPerSecond: most that is written or read back; 0 = no limit.
  init(_ housekeeper: any Housekeeping, bytesPerSecond: Int) {
    self.housekeeper = housekeeper
    self.bytesPerSecond = bytesPerSecond
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  func start() { thread = EngineThread { [self] in run() } }

  /// Ends the wait for the next look. Any thread.
  func wake() {
    unsafe pthread_mutex_lock(mutex)
    isWoken = true
    unsafe pthread_cond_signal(condition)
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Waits for the thread to end; the sequencer must have ended before.
  func stop() {
    stopFlag.set()
    wake()
    thread?.join()
    thread = nil
  }

  private func run() {
    EngineThread.giveWay()
    var pace = DiskPace(bytesPerSecond: bytesPerSecond)
    while !stopFlag.isSet {
      let hasMore = housekeeper.work(waits: true) { [stopFlag] bytes in
        if !stopFlag.isSet { pace.rest(after: bytes) }
      }
      if !hasMore { wait() }
    }
  }

  private func wait() {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    if !isWoken {
      var deadline = timespec()
      unsafe clock_gettime(CLOCK_REALTIME, &deadline)
      let nanoseconds = deadline.tv_nsec + Self.tickNanoseconds
      deadline.tv_sec += nanoseconds / 1_000_000_000
      deadline.tv_nsec = nanoseconds % 1_000_000_000
      unsafe pthread_cond_timedwait(condition, mutex, &deadline)
    }
    isWoken = false
  }
}
