import Dispatch
import Glibc
import Reactor
import Synchronization
import Testing

/// What happened on a loop, in order.
final class Journal: Sendable {
  private let entries = Mutex<[String]>([])

  func note(_ text: String) { entries.withLock { $0.append(text) } }

  var all: [String] { entries.withLock { $0 } }
}

/// One end of a pair of sockets, which tells what it is ready for.
final class Probe: EventSource, @unchecked Sendable {
  // Safe: touched on the loop, and before it runs.
  let descriptor: Int32
  var onReady: (Readiness) -> Void = { _ in }
  private var isOpen = true

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { hangUp() }

  func hangUp() {
    if isOpen { close(descriptor) }
    isOpen = false
  }

  func ready(_ readiness: Readiness) { onReady(readiness) }

  static func pair() -> (Probe, Probe) {
    var ends: [Int32] = [0, 0]
    let status = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
    precondition(status == 0)
    return (Probe(ends[0]), Probe(ends[1]))
  }

  func write(_ byte: UInt8) {
    var byte = byte
    unsafe _ = Glibc.write(descriptor, &byte, 1)
  }

  func read() {
    var byte: UInt8 = 0
    unsafe _ = Glibc.read(descriptor, &byte, 1)
  }
}

@Suite("Event loop")
struct EventLoopTests {
  @Test("tasks run in the order they were given, from whatever thread, and all before it stops")
  func tasks() throws {
    let loop = try EventLoop()
    let journal = Journal()
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) { loop.run() }
    for number in 0..<1_000 { loop.execute { journal.note("\(number)") } }
    loop.execute { loop.execute { journal.note("from within") } }
    loop.stop()
    group.wait()
    #expect(journal.all.prefix(1_000) == (0..<1_000).map { "\($0)" }[...])
  }

  @Test("a task that gives itself again does not keep others from their turn")
  func turns() throws {
    let loop = try EventLoop()
    let (here, there) = Probe.pair()
    let rounds = Atomic<Int>(0)
    @Sendable func again() {
      rounds.wrappingAdd(1, ordering: .relaxed)
      loop.execute { again() }
    }
    here.onReady = { _ in loop.stop() }
    _ = try loop.add(here, descriptor: here.descriptor, .reading)
    loop.execute { again() }
    loop.execute { there.write(1) }
    loop.run()
    #expect(rounds.load(ordering: .relaxed) >= 1)
  }

  @Test("a source that was removed hears nothing more, even of what came at the same time")
  func removal() throws {
    let loop = try EventLoop()
    let (first, firstPeer) = Probe.pair()
    let (second, secondPeer) = Probe.pair()
    let (third, thirdPeer) = Probe.pair()
    let journal = Journal()
    var watches: [String: EventLoop.Watch] = [:]
    // Both are ready: whoever is told first removes the other, and puts a third in its place.
    func meet(_ me: String, removes other: String, _ probe: Probe) -> (Readiness) -> Void {
      { readiness in
        journal.note(me)
        probe.read()
        guard let watch = watches.removeValue(forKey: other) else { return }
        loop.remove(watch)
        watches["third"] = try? loop.add(third, descriptor: third.descriptor, .reading)
      }
    }
    first.onReady = meet("first", removes: "second", first)
    second.onReady = meet("second", removes: "first", second)
    third.onReady = { readiness in
      journal.note("third \(readiness == .reading)")
      third.read()
      loop.stop()
    }
    watches["first"] = try loop.add(first, descriptor: first.descriptor, .reading)
    watches["second"] = try loop.add(second, descriptor: second.descriptor, .reading)
    firstPeer.write(1)
    secondPeer.write(1)
    loop.schedule(afterNanoseconds: 1_000_000) { thirdPeer.write(1) }
    loop.run()
    #expect(journal.all.count == 2)
    #expect(journal.all.last == "third true")
  }

  @Test("what is watched for can change, and a peer that goes is always told of")
  func changes() throws {
    let loop = try EventLoop()
    let (here, there) = Probe.pair()
    let journal = Journal()
    let watch = try loop.add(here, descriptor: here.descriptor, [])
    there.write(1)
    here.onReady = { readiness in
      if readiness.hasHungUp {
        journal.note("gone")
        loop.remove(watch)
        return loop.stop()
      }
      journal.note(readiness == .writing ? "writing" : "other")
      loop.change(watch, [])
      there.hangUp()
    }
    loop.schedule(afterNanoseconds: 2_000_000) { loop.change(watch, .writing) }
    loop.run()
    #expect(journal.all == ["writing", "gone"])
  }

  @Test("timers come after their time, in order")
  func timers() throws {
    let loop = try EventLoop()
    let journal = Journal()
    loop.schedule(afterNanoseconds: 3_000_000) {
      journal.note("3")
      loop.schedule(afterNanoseconds: 0) {
        journal.note("then")
        loop.stop()
      }
    }
    loop.schedule(afterNanoseconds: 1_000_000) { journal.note("1") }
    loop.schedule(afterNanoseconds: 2_000_000) { journal.note("never") }.cancel()
    loop.run()
    #expect(journal.all == ["1", "3", "then"])
  }

  @Test("a loop that has ended holds nothing, and bears what still comes")
  func ended() throws {
    final class Held: Sendable {}
    let loop = try EventLoop()
    let timer = loop.schedule(afterNanoseconds: 3_600_000_000_000) { Issue.record("too early") }
    // Given by the last task: it will not run.
    weak var last: Held?
    do {
      let held = Held()
      last = held
      loop.execute { loop.execute { withExtendedLifetime(held) {} } }
    }
    loop.stop()
    loop.run()
    #expect(last == nil)
    weak var late: Held?
    do {
      let held = Held()
      late = held
      loop.execute { withExtendedLifetime(held) {} }
    }
    #expect(late == nil)
    loop.stop()
    timer.cancel()
  }
}
