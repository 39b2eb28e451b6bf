import ProbityEngine
import Testing

@Suite(.timeLimit(.minutes(1))) struct WaitingQueueTests {
  @Test func itIsBoundedAndInOrder() {
    let queue = WaitingQueue<Int>(countMax: 2)
    #expect(queue.poll() == nil && queue.isEmpty)
    #expect(queue.offer(1) == .accepted)
    #expect(queue.offer(2) == .accepted)
    #expect(queue.offer(3) == .full)
    #expect(queue.put(3, waitNanosecondsMax: 1_000) == .full)
    #expect(queue.poll() == 1)
    #expect(queue.offer(3) == .accepted)
    queue.close()
    #expect(queue.offer(4) == .closed)
    #expect(queue.put(4, waitNanosecondsMax: 1_000) == .closed)
    #expect(queue.take() == 2)
    #expect(queue.take() == 3)
    #expect(queue.take() == nil)
  }

  @Test func whoPutsWaitsForWhoTakes() {
    let queue = WaitingQueue<Int>(countMax: 1)
    let thread = EngineThread {
      for number in 0..<1_000 { _ = queue.put(number, waitNanosecondsMax: 60_000_000_000) }
      queue.close()
    }
    var taken: [Int] = []
    while let number = queue.take() { taken.append(number) }
    thread.join()
    #expect(taken == Array(0..<1_000))
  }

  @Test func whoIsTakenOutMakesRoom() {
    let queue = WaitingQueue<Int>(countMax: 3)
    for number in 1...3 { _ = queue.offer(number) }
    #expect(queue.remove { $0 == 2 } == [2])
    #expect(queue.offer(4) == .accepted)
    #expect([queue.poll(), queue.poll(), queue.poll()] == [1, 3, 4])
  }

  @Test func closingWakesWhoWaits() {
    let queue = WaitingQueue<Int>(countMax: 1)
    _ = queue.offer(1)
    let thread = EngineThread {
      _ = queue.put(2, waitNanosecondsMax: 60_000_000_000)
    }
    queue.close()
    thread.join()
    #expect(queue.take() == 1)
  }
}
