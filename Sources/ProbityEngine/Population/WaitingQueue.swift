import Glibc

/// A bounded queue between threads of which one side may wait for the other.
@safe package final class WaitingQueue<Element: Sendable>: @unchecked Sendable {
  // Safe: as in `JobQueue`.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let countMax: Int
  private var elements: [Element] = []
  private var isClosed = false

  package init(countMax: Int) {
    precondition(countMax > 0)
    self.countMax = countMax
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

  /// What came of an offer.
  package enum Admission: Sendable { case accepted, full, closed }

  /// Adds an element if there is room.
  package func offer(_ element: Element) -> Admission {
    withLock {
      if isClosed { return .closed }
      if elements.count >= countMax { return .full }
      elements.append(element)
      unsafe pthread_cond_broadcast(condition)
      return .accepted
    }
  }

  /// Adds an element, waiting for room.
  ///
  /// - Returns: `.full` where there was none for so long.
  package func put(_ element: Element, waitNanosecondsMax: UInt64) -> Admission {
    withLock {
      let deadline = Self.deadline(in: waitNanosecondsMax)
      while !isClosed && elements.count >= countMax {
        if !wait(until: deadline) { return .full }
      }
      if isClosed { return .closed }
      elements.append(element)
      unsafe pthread_cond_broadcast(condition)
      return .accepted
    }
  }

  /// The oldest element, or nil: nothing is there.
  package func poll() -> Element? { withLock { removeFirst() } }

  /// The oldest element, waiting for one; nil where the queue is closed and empty.
  package func take() -> Element? {
    withLock {
      while elements.isEmpty && !isClosed { unsafe pthread_cond_wait(condition, mutex) }
      return removeFirst()
    }
  }

  /// Takes out those that nobody waits for any more.
  package func remove(where isGone: (Element) -> Bool) -> [Element] {
    withLock {
      // Each is asked once: the answer may change meanwhile.
      var (kept, gone): ([Element], [Element]) = ([], [])
      for element in elements {
        if isGone(element) { gone.append(element) } else { kept.append(element) }
      }
      elements = kept
      if !gone.isEmpty { unsafe pthread_cond_broadcast(condition) }
      return gone
    }
  }

  /// Nothing more is added; what is there can still be taken.
  package func close() {
    withLock {
      isClosed = true
      unsafe pthread_cond_broadcast(condition)
    }
  }

  package var isEmpty: Bool { withLock { elements.isEmpty } }

  private func removeFirst() -> Element? {
    if elements.isEmpty { return nil }
    unsafe pthread_cond_broadcast(condition)
    return elements.removeFirst()
  }

  private static func deadline(in nanoseconds: UInt64) -> timespec {
    var deadline = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
    let sum = UInt64(deadline.tv_nsec) + min(nanoseconds, 3_600_000_000_000)
    deadline.tv_sec += Int(sum / 1_000_000_000)
    deadline.tv_nsec = Int(sum % 1_000_000_000)
    return deadline
  }

  /// - Returns: false where the time is over.
  private func wait(until deadline: timespec) -> Bool {
    var deadline = deadline
    return unsafe pthread_cond_timedwait(condition, mutex, &deadline) != ETIMEDOUT
  }

  private func withLock<Result>(_ body: () -> Result) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return body()
  }
}
