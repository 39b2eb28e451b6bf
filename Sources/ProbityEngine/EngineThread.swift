import Glibc

/// A thread that runs one closure and can be waited for.
package final class EngineThread: Sendable {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private let handle: pthread_t

  /// Lets the calling thread give way to all others, as `nice` 10 does: for work
  /// that nobody waits for.
  static func giveWay() {
    // On Linux 0 names the calling thread, and lowering one's own is always allowed.
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
  }

  /// Lets the calling thread run only where nobody else wants to: for work on the whole
  /// population, which can take as long as it takes.
  static func giveWayToAll() {
    var parameters = sched_param()
    // Allowed for everybody; where it is not, `giveWay` still is.
    if unsafe sched_setscheduler(0, idleScheduling, &parameters) != 0 { giveWay() }
  }

  /// SCHED_IDLE, of linux/sched.h.
  private static let idleScheduling: Int32 = 5

  /// Lets another thread go first, now. A kernel that preempts nobody by itself would let the
  /// caller finish its millisecond before one that was just woken.
  static func yield() { sched_yield() }

  static func rest(nanoseconds: Int) {
    var time = timespec(tv_sec: 0, tv_nsec: nanoseconds)
    unsafe nanosleep(&time, nil)
  }

  /// Lets the calling thread go before others, where the process may: for work that
  /// everybody waits for. As root, or with `LimitNICE` or CAP_SYS_NICE.
  static func goFirst() {
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -10)
  }

  package init(_ run: @escaping @Sendable () -> Void) {
    var handle = pthread_t()
    // Safe: the body is retained here and released by the thread itself.
    let context = unsafe Unmanaged.passRetained(Body(run)).toOpaque()
    let status = unsafe pthread_create(
      &handle, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, unsafe context)
    precondition(status == 0, "pthread_create failed with \(status)")
    self.handle = handle
  }

  /// Waits for the closure to return. Once only.
  package func join() { pthread_join(handle, nil) }
}
