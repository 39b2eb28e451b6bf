import CEpoll
import Glibc
import Synchronization

// Sockets on one thread: who is ready, what is due, what other threads ask for.
//
// For: descriptors that wait for bytes (epoll), timers, tasks from other threads.
// Not for: what the bytes mean, threads (whoever runs a loop brings one), files.

/// Something with a descriptor that an `EventLoop` watches.
public protocol EventSource: AnyObject {
  /// Called on the loop's thread when something watched for came, or the other
  /// side hung up, which is always watched for.
  func ready(_ readiness: Readiness)
}

/// What a descriptor is ready for, or watched for.
public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let reading = Readiness(rawValue: 1)
  public static let writing = Readiness(rawValue: 4)

  /// Whether both directions are closed, or the socket failed.
  public var hasHungUp: Bool { rawValue & (8 | 16) != 0 }
}

/// A loop around `epoll_wait`: level-triggered, one call for all descriptors.
///
/// `run` belongs to one thread, and so does everything else but `execute` and `stop`.
@safe public final class EventLoop: @unchecked Sendable {
  // Safe: `inbox` and `isWoken` are locked or atomic; the rest is touched by the
  // thread in `run`, or before it begins.
  private struct Entry {
    var source: (any EventSource)?
    /// Tells an event for who had the slot before from one for who has it now.
    var generation: UInt32 = 0
  }

  private struct Inbox {
    var tasks: [@Sendable () -> Void] = []
    var isStopping = false
    /// Nothing runs any more, so that what is given is let go of.
    var hasEnded = false
  }

  private let epoll: Int32
  private let wakeUp: Int32
  private var entries: [Entry] = []
  private var freeSlots: [Int] = []
  private var timers = TimerQueue()
  private let inbox = Mutex(Inbox())
  private let isWoken = Atomic<Bool>(false)

  /// Descriptors that one call reports; the others come with the next.
  private static let eventsMax = 256
  /// In place of an entry's number: somebody has called `execute` or `stop`.
  private static let wakeUpNumber = UInt64.max

  /// - Throws: if the system has no descriptors left.
  public init() throws(SocketError) {
    epoll = probity_make_epoll()
    if epoll < 0 { throw SocketError("epoll_create1") }
    wakeUp = probity_make_eventfd()
    if wakeUp < 0 {
      let error = SocketError("eventfd")
      close(epoll)
      throw error
    }
    if !control(EPOLL_CTL_ADD, wakeUp, .reading, Self.wakeUpNumber) {
      let error = SocketError("epoll_ctl")
      close(wakeUp)
      close(epoll)
      throw error
    }
  }

  deinit {
    close(wakeUp)
    close(epoll)
  }

  // MARK: Any thread

  /// Runs `task` on the loop, in the order of the calls; never if the loop has ended.
  public func execute(_ task: @escaping @Sendable () -> Void) {
    inbox.withLock { inbox in
      if !inbox.hasEnded { inbox.tasks.append(task) }
    }
    wake()
  }

  /// Ends `run` once the tasks are done that were given before.
  public func stop() {
    inbox.withLock { $0.isStopping = true }
    wake()
  }

  private func wake() {
    if isWoken.exchange(true, ordering: .acquiringAndReleasing) { return }
    // Its counter cannot overflow: it is read before the next is written.
    eventfd_write(wakeUp, 1)
  }

  // MARK: The loop's thread

  /// Works until it is told to stop.
  public func run() {
    var events = unsafe [epoll_event](repeating: epoll_event(), count: Self.eventsMax)
    while true {
      let isStopping = runTasks()
      let now = monotonicNanoseconds
      // One by one: what a timer does can set others.
      while let timer = timers.takeDue(now: now) { timer.fire() }
      if isStopping { break }
      unsafe wait(&events)
    }
    // Who outlives the loop may still cancel timers, and lets go of what they hold.
    while timers.takeDue(now: .max) != nil {}
    entries.removeAll()
    // Let go of outside the lock: what a task holds may give another as it goes.
    _ = inbox.withLock { inbox in
      defer { inbox = Inbox(isStopping: true, hasEnded: true) }
      return inbox.tasks
    }
  }

  /// Tasks that these give are for the next round, so that sockets get their turn.
  ///
  /// - Returns: whether to stop.
  private func runTasks() -> Bool {
    let (tasks, isStopping) = inbox.withLock { inbox in
      defer { inbox.tasks = [] }
      return (inbox.tasks, inbox.isStopping)
    }
    for task in tasks { task() }
    return isStopping
  }

  private func wait(_ events: inout [epoll_event]) {
    let count = unsafe epoll_wait(epoll, &events, Int32(events.count), waitMilliseconds)
    if count <= 0 { return }
    for index in 0..<Int(count) {
      let event = unsafe (number: events[index].data.u64, bits: events[index].events)
      if event.number == Self.wakeUpNumber {
        var value: eventfd_t = 0
        unsafe eventfd_read(wakeUp, &value)
        // Before the tasks are taken: what is given from here on wakes again.
        isWoken.store(false, ordering: .sequentiallyConsistent)
      } else {
        dispatch(event.number, Readiness(rawValue: event.bits))
      }
    }
  }

  private func dispatch(_ number: UInt64, _ readiness: Readiness) {
    let slot = Int(number & 0xffff_ffff)
    // Who was removed a moment ago, by an event before this one, hears nothing more.
    guard slot < entries.count, entries[slot].generation == UInt32(number >> 32) else { return }
    entries[slot].source?.ready(readiness)
  }

  /// Rounded up, so that a timer never comes early; −1 = for ever.
  private var waitMilliseconds: Int32 {
    guard let due = timers.nextDueNanoseconds else { return -1 }
    let now = monotonicNanoseconds
    return due <= now ? 0 : Int32(clamping: (due - now + 999_999) / 1_000_000)
  }

  /// Calls `body` on the loop in so many nanoseconds, to a millisecond.
  @discardableResult
  public func schedule(afterNanoseconds: UInt64, _ body: @escaping () -> Void) -> LoopTimer {
    let timer = LoopTimer(
      dueNanoseconds: monotonicNanoseconds + afterNanoseconds, on: self, body)
    timers.insert(timer)
    return timer
  }

  func forget(_ timer: LoopTimer) { timers.remove(timer) }

  // MARK: Descriptors

  /// Names a watched descriptor to its loop.
  public struct Watch: Sendable {
    fileprivate let slot: Int
    fileprivate let generation: UInt32
    fileprivate let descriptor: Int32
    fileprivate var number: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
  }

  /// Watches a descriptor until `remove`, which must come before it is closed.
  ///
  /// - Throws: if the system takes no more.
  public func add(
    _ source: any EventSource, descriptor: Int32, _ readiness: Readiness
  ) throws(SocketError) -> Watch {
    let slot = freeSlots.popLast() ?? entries.count
    if slot == entries.count { entries.append(Entry()) }
    let watch = Watch(
      slot: slot, generation: entries[slot].generation, descriptor: descriptor)
    if !control(EPOLL_CTL_ADD, descriptor, readiness, watch.number) {
      freeSlots.append(slot)
      throw SocketError("epoll_ctl")
    }
    entries[slot].source = source
    return watch
  }

  /// Changes what is watched for. About 0.2 µs.
  public func change(_ watch: Watch, _ readiness: Readiness) {
    let isDone = control(EPOLL_CTL_MOD, watch.descriptor, readiness, watch.number)
    precondition(isDone, "a descriptor was closed before its watch was removed")
  }

  public func remove(_ watch: Watch) {
    precondition(entries[watch.slot].generation == watch.generation, "a watch was removed twice")
    control(EPOLL_CTL_DEL, watch.descriptor, [], 0)
    entries[watch.slot].source = nil
    entries[watch.slot].generation &+= 1
    freeSlots.append(watch.slot)
  }

  @discardableResult
  private func control(
    _ operation: Int32, _ descriptor: Int32, _ readiness: Readiness, _ number: UInt64
  ) -> Bool {
    // Safe: the kernel copies it.
    var event = unsafe epoll_event()
    unsafe event.events = readiness.rawValue
    unsafe event.data.u64 = number
    return unsafe epoll_ctl(epoll, operation, descriptor, &event) == 0
  }
}

/// Nanoseconds since some start, never back: the machine's clock, about 20 ns.
var monotonicNanoseconds: UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
