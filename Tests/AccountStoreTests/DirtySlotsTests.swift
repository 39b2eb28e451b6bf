import AccountStore
import Testing

@Suite("Dirty slots")
struct DirtySlotsTests {
  /// A class around the set: `#expect` takes no changes of a value.
  final class Slots {
    private var slots = DirtySlots()
    var count: Int { slots.count }
    var slotCount: Int { slots.slotCount }
    func grow(to slotCount: Int) { slots.grow(to: slotCount) }
    func removeAll() { slots.removeAll() }
    func contains(_ slot: Int) -> Bool { slots.contains(slot) }
    @discardableResult func insert(_ slot: Int) -> Bool { slots.insert(slot) }
    func take(_ countMax: Int, into taken: inout [UInt32]) -> Bool {
      slots.take(countMax, into: &taken)
    }
  }

  static let seeds: [UInt64] = [1, 2, 3, 4, UInt64.random(in: 0 ... .max)]

  @Test("agrees with a set of numbers", arguments: seeds)
  func oracle(seed: UInt64) {
    print("dirty slots seed: \(seed)")
    var random = SplitMix(seed)
    let slots = Slots()
    var oracle: Set<Int> = []
    var slotCount = 0
    // Where the pass stands: it takes nothing below.
    var from = 0
    for step in 0..<4_000 {
      switch UInt64.random(in: 0..<20, using: &random) {
      case 0:
        slotCount += Int.random(in: 0...700, using: &random)
        slots.grow(to: slotCount)
        slots.grow(to: slotCount / 2)
      case 1 where step % 11 == 0:
        slots.removeAll()
        (oracle, slotCount, from) = ([], 0, 0)
      case 1..<14 where slotCount > 0:
        // Half of them near one another.
        let any = Int.random(in: 0..<slotCount, using: &random)
        let slot = step % 2 == 0 ? any : any % min(slotCount, 70)
        #expect(slots.insert(slot) == oracle.insert(slot).inserted, "seed \(seed), step \(step)")
      default:
        let countMax = Int.random(in: 1...90, using: &random)
        let ahead = oracle.filter { $0 >= from }.sorted()
        let expected = ahead.prefix(countMax)
        var taken: [UInt32] = [9]
        let isPassEnded = slots.take(countMax, into: &taken)
        #expect(taken.dropFirst().map(Int.init) == Array(expected), "seed \(seed), step \(step)")
        #expect(isPassEnded == (ahead.count < countMax), "seed \(seed), step \(step)")
        oracle.subtract(expected)
        from = isPassEnded ? 0 : expected[expected.count - 1] + 1
      }
      #expect(slots.count == oracle.count && slots.slotCount == slotCount)
      let probe = Int.random(in: 0...slotCount + 10, using: &random)
      #expect(slots.contains(probe) == oracle.contains(probe))
    }
  }

  @Test("the edges of words and of their summary")
  func edges() {
    let edges = [0, 1, 63, 64, 127, 128, 4_095, 4_096, 8_191, 8_192, 12_287]
    let slots = Slots()
    slots.grow(to: 12_288)
    for slot in edges.reversed() { #expect(slots.insert(slot)) }
    for slot in edges { #expect(!slots.insert(slot)) }
    var taken: [UInt32] = []
    for n in 1...edges.count {
      let isPassEnded = slots.take(1, into: &taken)
      #expect(!isPassEnded)
      #expect(taken.map(Int.init) == Array(edges.prefix(n)))
    }
    let isPassEnded = slots.take(1, into: &taken)
    #expect(isPassEnded)
    #expect(slots.count == 0 && taken.count == edges.count)
  }

  @Test("what comes in behind a pass waits for the next")
  func behind() {
    let slots = Slots()
    slots.grow(to: 1_000)
    for slot in [10, 500] { slots.insert(slot) }
    var taken: [UInt32] = []
    var ends: [Bool] = [slots.take(1, into: &taken)]
    slots.insert(10)
    ends.append(slots.take(5, into: &taken))
    #expect(taken == [10, 500])
    ends.append(slots.take(5, into: &taken))
    #expect(taken == [10, 500, 10])
    #expect(ends == [false, true, true])
  }
}
