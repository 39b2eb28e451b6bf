import Glibc
import IntegrityCore

/// The bounded queue between the event loops and the sequencer.
///
/// Bounded by commands, not jobs: memory follows commands. Full means refused,
/// at once: the caller says UNAVAILABLE and when to come back.
@safe final class JobQueue: @unchecked Sendable {
  // Safe: both are initialised in `init`, destroyed in `deinit`, and never
  // moved; all other state is touched under the mutex.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let commandsMax: Int
  private var jobs: [RecordJob] = []
  private var commandCount = 0
  private var isClosed = false

  enum Admission: Equatable {
    case accepted
    case full
    case closed
  }

  init(commandsMax: Int) {
    self.commandsMax = commandsMax
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Any thread. A job larger than the queue is taken by an empty queue.
  func push(_ job: RecordJob) -> Admission {
    withLock {
      if isClosed { return .closed }
      if commandCount > 0 && commandCount + job.commands.count > commandsMax { return .full }
      commandCount += job.commands.count
      jobs.append(job)
      if jobs.count == 1 { unsafe pthread_cond_signal(condition) }
      return .accepted
    }
  }

  /// Waits for jobs and takes all of them, in order; nil when closed and empty.
  func popAll() -> [RecordJob]? {
    withLock {
      while jobs.isEmpty && !isClosed { unsafe pthread_cond_wait(condition, mutex) }
      if jobs.isEmpty { return nil }
      let taken = jobs
      jobs = []
      jobs.reserveCapacity(taken.count)
      commandCount = 0
      return taken
    }
  }

  /// Nothing more is accepted; what is queued is still taken.
  func close() {
    withLock {
      isClosed = true
      unsafe pthread_cond_broadcast(condition)
    }
  }

  var queuedCommands: Int { withLock { commandCount } }

  private func withLock<Result>(_ body: () -> Result) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return body()
  }
}
