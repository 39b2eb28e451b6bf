import IntegrityCore

/// A step of an order's story that is still to come. 16 bytes.
package struct PendingStep: Comparable {
  package let at: UnixSeconds
  package let step: UInt8
  package let order: UInt64

  package init(at: UnixSeconds, step: UInt8, order: UInt64) {
    self.at = at
    self.step = step
    self.order = order
  }

  package static func < (a: PendingStep, b: PendingStep) -> Bool {
    a.at != b.at ? a.at < b.at : a.order < b.order
  }
}

/// Pending steps, the earliest first: a binary heap.
///
/// An order has one step in it at a time, so no two are equal and the order in
/// which they come out depends on nothing else.
package struct PendingSteps {
  private var heap: [PendingStep] = []

  package init() {}

  package var first: PendingStep? { heap.first }
  package var count: Int { heap.count }

  package mutating func insert(_ step: PendingStep) {
    heap.append(step)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if heap[parent] < step { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = step
  }

  /// - Precondition: not empty.
  package mutating func removeFirst() {
    let last = heap.removeLast()
    if !heap.isEmpty { replaceFirst(with: last) }
  }

  /// - Precondition: not empty.
  package mutating func replaceFirst(with step: PendingStep) {
    var parent = 0
    while true {
      var child = 2 * parent + 1
      if child >= heap.count { break }
      if child + 1 < heap.count && heap[child + 1] < heap[child] { child += 1 }
      if step < heap[child] { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = step
  }
}
