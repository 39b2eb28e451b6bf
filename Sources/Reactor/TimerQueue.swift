/// Something to be done once, later, on the thread of its loop.
public final class LoopTimer {
  package let dueNanoseconds: UInt64
  private var body: (() -> Void)?
  private unowned let loop: EventLoop?
  /// Where the queue has it; nil = nowhere.
  fileprivate var place: Int?

  package init(dueNanoseconds: UInt64, on loop: EventLoop? = nil, _ body: @escaping () -> Void) {
    self.dueNanoseconds = dueNanoseconds
    self.loop = loop
    self.body = body
  }

  /// Does nothing if it has fired. The loop's thread.
  public func cancel() {
    body = nil
    loop?.forget(self)
  }

  package func fire() {
    let body = body
    self.body = nil
    body?()
  }
}

/// Timers by when they are due: a binary heap, each knowing its place in it.
package struct TimerQueue {
  private var heap: [LoopTimer] = []

  package init() {}

  package var count: Int { heap.count }

  package var nextDueNanoseconds: UInt64? { heap.first?.dueNanoseconds }

  package mutating func insert(_ timer: LoopTimer) {
    timer.place = heap.count
    heap.append(timer)
    rise(from: heap.count - 1)
  }

  /// Takes out the earliest, if it is due.
  package mutating func takeDue(now: UInt64) -> LoopTimer? {
    guard let first = heap.first, first.dueNanoseconds <= now else { return nil }
    remove(first)
    return first
  }

  /// Takes it out, if it is in.
  package mutating func remove(_ timer: LoopTimer) {
    guard let place = timer.place else { return }
    swap(place, heap.count - 1)
    heap.removeLast().place = nil
    if place < heap.count {
      rise(from: place)
      sink(from: place)
    }
  }

  private mutating func swap(_ a: Int, _ b: Int) {
    heap.swapAt(a, b)
    heap[a].place = a
    heap[b].place = b
  }

  private mutating func rise(from start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      if heap[parent].dueNanoseconds <= heap[child].dueNanoseconds { return }
      swap(parent, child)
      child = parent
    }
  }

  private mutating func sink(from start: Int) {
    var parent = start
    while true {
      var least = parent
      for child in (2 * parent + 1)..<(2 * parent + 3) where child < heap.count {
        if heap[child].dueNanoseconds < heap[least].dueNanoseconds { least = child }
      }
      if least == parent { return }
      swap(parent, least)
      parent = least
    }
  }
}
