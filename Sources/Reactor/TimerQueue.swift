/// Something to be done once, later, on the thread of its loop.
public final class LoopTimer {
  package let dueNanoseconds: UInt64
  private var body: (() -> Void)?

  package init(dueNanoseconds: UInt64, _ body: @escaping () -> Void) {
    self.dueNanoseconds = dueNanoseconds
    self.body = body
  }

  /// Does nothing if it has fired. The loop's thread.
  public func cancel() { body = nil }

  package func fire() {
    let body = body
    self.body = nil
    body?()
  }
}

/// Timers by when they are due: a binary heap.
///
/// A cancelled timer stays until it would have been due, without what it would
/// have done: timers here are seconds long and few a connection.
package struct TimerQueue {
  private var heap: [LoopTimer] = []

  package init() {}

  package var nextDueNanoseconds: UInt64? { heap.first?.dueNanoseconds }

  package mutating func insert(_ timer: LoopTimer) {
    heap.append(timer)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if heap[parent].dueNanoseconds <= heap[child].dueNanoseconds { return }
      heap.swapAt(parent, child)
      child = parent
    }
  }

  /// Takes out the earliest, if it is due.
  package mutating func takeDue(now: UInt64) -> LoopTimer? {
    guard let first = heap.first, first.dueNanoseconds <= now else { return nil }
    removeFirst()
    return first
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].dueNanoseconds < heap[least].dueNanoseconds { least = child }
      }
      if least == parent { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
