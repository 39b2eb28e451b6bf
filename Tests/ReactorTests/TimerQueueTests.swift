import Reactor
import Testing

@Suite("Timers")
struct TimerQueueTests {
  @Test("come in the order in which they are due", arguments: 0..<20 as Range<UInt64>)
  func order(seed: UInt64) {
    var generator = Sequence64(state: seed)
    var queue = TimerQueue()
    let times = (0..<200).map { _ in generator.next() % 100 }
    for time in times { queue.insert(LoopTimer(dueNanoseconds: time) {}) }
    var taken: [UInt64] = []
    for now in 0..<100 as Range<UInt64> {
      while let timer = queue.takeDue(now: now) {
        #expect(timer.dueNanoseconds <= now)
        taken.append(timer.dueNanoseconds)
      }
      #expect(queue.nextDueNanoseconds ?? .max > now)
    }
    #expect(taken == times.sorted())
  }

  @Test("leave at once when they are taken out", arguments: 0..<20 as Range<UInt64>)
  func removal(seed: UInt64) {
    var generator = Sequence64(state: seed)
    var queue = TimerQueue()
    var left: [LoopTimer] = []
    for _ in 0..<500 {
      if generator.next() % 3 == 0, !left.isEmpty {
        let timer = left.remove(at: Int(generator.next() % UInt64(left.count)))
        queue.remove(timer)
        queue.remove(timer)
      } else {
        let timer = LoopTimer(dueNanoseconds: generator.next() % 100) {}
        queue.insert(timer)
        left.append(timer)
      }
      #expect(queue.count == left.count)
      #expect(queue.nextDueNanoseconds == left.map(\.dueNanoseconds).min())
    }
    var taken: [UInt64] = []
    while let timer = queue.takeDue(now: .max) { taken.append(timer.dueNanoseconds) }
    #expect(taken == left.map(\.dueNanoseconds).sorted())
  }

  @Test("do what they do once, and not when cancelled")
  func firing() {
    var count = 0
    let timer = LoopTimer(dueNanoseconds: 1) { count += 1 }
    timer.fire()
    timer.fire()
    #expect(count == 1)
    let other = LoopTimer(dueNanoseconds: 1) { count += 1 }
    other.cancel()
    other.fire()
    #expect(count == 1)
  }
}
