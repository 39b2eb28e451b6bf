import ClaimStore
import Testing

@Suite("Index of numbers")
struct NumberIndexTests {
  /// Keys by number, as records hold them.
  private final class Keys {
    var keys: [UInt64] = []
    func key(_ number: UInt32) -> UInt64 { keys[Int(number)] }
  }

  @Test(
    "finds what a dictionary finds, whatever is inserted, replaced and removed",
    arguments: [UInt64(1), 2, 3, 4])
  func oracle(seed: UInt64) {
    var random = SplitMix(seed)
    var index = NumberIndex(seed: random.next())
    var expected: [UInt64: UInt32] = [:]
    let keys = Keys()
    for step in 0..<20_000 {
      // Few enough keys that they come again, many enough that the table grows often.
      let key = 1 + random.next() % (step < 10_000 ? 6_000 : 400)
      let number = UInt32(keys.keys.count)
      switch (random.next() % 4, expected[key]) {
      case (0, .some):
        index.remove(key: key, keys.key)
        expected[key] = nil
      case (_, nil):
        keys.keys.append(key)
        index.insert(number, key: key, keys.key)
        expected[key] = number
      case (1, .some):
        keys.keys.append(key)
        let isReplaced = index.replace(number, key: key, keys.key)
        #expect(isReplaced)
        expected[key] = number
      default: break
      }
      let (found, count) = (index.number(of: key, keys.key), index.count)
      #expect(found == expected[key] && count == expected.count)
    }
    for key in UInt64(1)...6_000 {
      let found = index.number(of: key, keys.key)
      #expect(found == expected[key])
    }
  }

  @Test("removing and replacing what is not there changes nothing")
  func absent() {
    var index = NumberIndex(seed: 7)
    index.insert(0, key: 5) { _ in 5 }
    index.remove(key: 6) { _ in 5 }
    let isReplaced = index.replace(1, key: 6) { _ in 5 }
    let (found, count) = (index.number(of: 5) { _ in 5 }, index.count)
    #expect(!isReplaced && count == 1 && found == 0)
  }
}

/// A small generator with a seed: a failure names it.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
