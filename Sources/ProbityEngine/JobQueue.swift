import Glibc
import IntegrityCore

/// The bounded queue between the event loops and the sequencer.
///
/// Bounded by commands, not jobs: memory follows commands. A question counts as one. Full means refused,
/// at once: the caller says UNAVAILABLE and when to come back.
@safe package final class JobQueue: @unchecked Sendable {
  // Safe: both are initialised in `init`, destroyed in `deinit`, and never
  // moved; all other state is touched under the mutex.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let commandsMax: Int
  private var jobs: [EngineJob] = []
  private var commandCount = 0
  private var isClosed = false
  private var isWoken = false

  enum Admission: Equatable {
    case accepted
    case full
    case closed
  }

  package init(commandsMax: Int) {
    self.commandsMax = commandsMax
    unsafe pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(condition, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Any thread. A job larger than the queue is taken by an empty queue.
  func push(_ job: EngineJob) -> Admission {
    withLock {
      if isClosed { return .closed }
      if commandCount > 0 && commandCount + job.queuedCount > commandsMax { return .full }
      commandCount += job.queuedCount
      jobs.append(job)
      if jobs.count == 1 { unsafe pthread_cond_signal(condition) }
      return .accepted
    }
  }

  /// What a wait ended with.
  struct Taken {
    /// In the order they came; empty if it was something else.
    var jobs: [EngineJob]
    /// No more will come, and none is left.
    var isOver: Bool
  }

  /// Waits for jobs, for `wake`, for the end or for the time to be over, and
  /// takes all jobs there are.
  ///
  /// - Parameter waitNanosecondsMax: nil = as long as it takes.
  func take(waitNanosecondsMax: UInt64?) -> Taken {
    withLock {
      if jobs.isEmpty && !isClosed && !isWoken { wait(waitNanosecondsMax) }
      isWoken = false
      let taken = jobs
      jobs = []
      jobs.reserveCapacity(taken.count)
      commandCount = 0
      return Taken(jobs: taken, isOver: isClosed && taken.isEmpty)
    }
  }

  /// Ends a wait, or the next one: there is other work. Any thread.
  func wake() {
    withLock {
      isWoken = true
      unsafe pthread_cond_signal(condition)
    }
  }

  /// May end early: the caller looks again.
  private func wait(_ nanosecondsMax: UInt64?) {
    guard let nanosecondsMax else {
      unsafe pthread_cond_wait(condition, mutex)
      return
    }
    var deadline = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
    let nanoseconds = UInt64(deadline.tv_nsec) + min(nanosecondsMax, 3_600_000_000_000)
    deadline.tv_sec += Int(nanoseconds / 1_000_000_000)
    deadline.tv_nsec = Int(nanoseconds % 1_000_000_000)
    unsafe pthread_cond_timedwait(condition, mutex, &deadline)
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
