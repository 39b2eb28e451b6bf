import Synchronization

/// Lets one Record per source be in flight; the others wait in order.
final class SourceGates: Sendable {
  private let waiting = Mutex<[UInt64: [CheckedContinuation<Void, Never>]]>([:])

  func enter(_ source: UInt64) async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let isOpen = waiting.withLock {
        guard $0[source] != nil else {
          $0[source] = []
          return true
        }
        $0[source]?.append(continuation)
        return false
      }
      if isOpen { continuation.resume() }
    }
  }

  func leave(_ source: UInt64) {
    let next: CheckedContinuation<Void, Never>? = waiting.withLock {
      guard let queue = $0[source], !queue.isEmpty else {
        $0[source] = nil
        return nil
      }
      return $0[source]?.removeFirst()
    }
    next?.resume()
  }
}
