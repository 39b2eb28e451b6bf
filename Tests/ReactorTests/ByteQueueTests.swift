import Reactor
import Testing

@Suite("Byte queue")
struct ByteQueueTests {
  private func append(_ bytes: [UInt8], to queue: ByteQueue) {
    unsafe bytes.withUnsafeBytes { unsafe queue.append($0) }
  }

  private func contents(_ queue: ByteQueue) -> [UInt8] { unsafe Array(queue.bytes) }

  @Test("holds no memory until it is used")
  func empty() {
    let queue = ByteQueue()
    #expect(queue.isEmpty)
    #expect(queue.heldBytes == 0)
    append([], to: queue)
    #expect(queue.heldBytes == 0)
    queue.drop(0)
    queue.clear(keepingBytesMax: 0)
    #expect(contents(queue) == [])
  }

  @Test("gives back what came, in order, whatever the pieces")
  func order() {
    var random = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0 ... .max, using: &random)
    var generator = Sequence64(state: seed)
    let queue = ByteQueue()
    var model: [UInt8] = []
    var next: UInt8 = 0
    for _ in 0..<5_000 {
      let count = Int(generator.next() % 3_000)
      if generator.next() % 2 == 0 {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) &+ next }
        next = next &+ UInt8(truncatingIfNeeded: count)
        append(bytes, to: queue)
        model += bytes
      } else {
        let dropped = min(count * 2, model.count)
        queue.drop(dropped)
        model.removeFirst(dropped)
      }
      #expect(contents(queue) == model, "seed \(seed)")
    }
  }

  @Test("space is taken in only as far as it is committed")
  func space() {
    let queue = ByteQueue()
    let space = unsafe queue.space(atLeast: 10)
    #expect(space.count >= 10)
    unsafe space[0] = 7
    unsafe space[1] = 8
    queue.commit(1)
    #expect(contents(queue) == [7])
  }

  @Test("memory follows what is held, not what has passed")
  func memory() {
    let queue = ByteQueue()
    let piece = [UInt8](repeating: 1, count: 1_000)
    for _ in 0..<10_000 {
      append(piece, to: queue)
      append(piece, to: queue)
      queue.drop(1_999)
      queue.drop(1)
    }
    #expect(queue.heldBytes <= 8 << 10)
    // Also where it never runs empty.
    append(piece, to: queue)
    for _ in 0..<10_000 {
      append(piece, to: queue)
      queue.drop(1_000)
    }
    #expect(queue.heldBytes <= 8 << 10)
    append([UInt8](repeating: 2, count: 1 << 20), to: queue)
    queue.clear(keepingBytesMax: 64 << 10)
    #expect(queue.heldBytes == 0)
  }
}

/// A generator whose seed can be told.
struct Sequence64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
