import ProbityWire
import Testing

@Suite("Arena")
struct ArenaTests {
  /// Whether `count` bytes are zero; makes them not so.
  static func takeZeroed(_ count: Int, _ arena: Arena) -> Bool? {
    guard let pointer = unsafe arena.allocate(count) else { return nil }
    // Safe: the arena gave `count` bytes, which live until its `reset`.
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: pointer, count: count)
    let isZeroed = unsafe bytes.allSatisfy { $0 == 0 }
    for index in 0..<count { unsafe bytes[index] = 0xff }
    return isZeroed && Int(bitPattern: pointer) % 16 == 0
  }

  @Test("gives zeroed, aligned memory, again after each reset", arguments: [31, 32])
  func zeroed(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let arena = Arena(blockBytes: 4 << 10, capBytes: 1 << 20)
    for round in 0..<20 {
      for _ in 0..<60 {
        let count = generator.below(generator.below(10) == 0 ? 20_000 : 200)
        guard let isZeroed = Self.takeZeroed(count, arena) else { continue }
        #expect(isZeroed, "seed \(seed), round \(round), \(count) bytes")
      }
      arena.reset()
      #expect(arena.allocatedBytes == 0)
      #expect(!arena.isExhausted)
      #expect(arena.heldBytes == 4 << 10, "what was added is given back")
    }
  }

  @Test("allocations do not overlap")
  func disjoint() {
    let arena = Arena(blockBytes: 64, capBytes: 1 << 20)
    var ranges: [Range<Int>] = []
    for count in (1...100) + [70_000, 1, 65_536, 65_537, 3] {
      let address = unsafe arena.allocate(count).map { Int(bitPattern: $0) } ?? 0
      ranges.append(address..<address + count)
    }
    ranges.sort { $0.lowerBound < $1.lowerBound }
    for (range, next) in zip(ranges, ranges.dropFirst()) {
      #expect(range.upperBound <= next.lowerBound)
    }
  }

  @Test(
    "the cap holds to the byte, and is over after a reset", arguments: [1, 15, 16, 17, 160, 70_000])
  func cap(size: Int) {
    // Not a multiple of 16: the rest must not be given away.
    let capBytes = 1 << 20 | 15
    let arena = Arena(capBytes: capBytes)
    let rounded = (size + 15) / 16 * 16
    for _ in 0..<capBytes / rounded { #expect(unsafe arena.allocate(size) != nil) }
    #expect(!arena.isExhausted)
    #expect(unsafe arena.allocate(size) == nil)
    #expect(arena.isExhausted)
    #expect(arena.allocatedBytes == capBytes / rounded * rounded)
    arena.reset()
    #expect(unsafe arena.allocate(size) != nil)
  }

  @Test("sizes that no memory has are refused", arguments: [-1, Int.min, Int.max, Int.max - 15])
  func impossible(size: Int) {
    let arena = Arena()
    #expect(unsafe arena.allocate(size) == nil)
    #expect(arena.isExhausted && arena.allocatedBytes == 0)
  }

  @Test("costs little more than it gives", arguments: [1, 1_000, 65_536, 65_537, 300_000])
  func overhead(size: Int) {
    let arena = Arena()
    let count = ProtocolLimits.decodeBytesMax / size + 1
    for _ in 0..<count where unsafe arena.allocate(size) == nil { break }
    #expect(arena.isExhausted)
    #expect(arena.heldBytes <= arena.allocatedBytes * 4 / 3 + (320 << 10))
  }
}
