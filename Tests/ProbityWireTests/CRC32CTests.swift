import ProbityWire
import Testing

@Suite("CRC32C")
struct CRC32CTests {
  /// Source: RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  static let vectors: [([UInt8], UInt32)] = [
    ([], 0),
    (Array("123456789".utf8), 0xe306_9283),
    (Array(repeating: 0, count: 32), 0x8a91_36aa),
    (Array(repeating: 0xff, count: 32), 0x62a8_ab43),
    (Array(0..<32), 0x46dd_794e),
    (Array((0..<32).reversed()), 0x113f_db5c),
  ]

  @Test("published vectors", arguments: vectors)
  func published(bytes: [UInt8], expected: UInt32) {
    unsafe bytes.withUnsafeBytes {
      #expect(unsafe CRC32C.update(0, $0) == expected)
      #expect(unsafe CRC32C.updateInSoftware(0, $0) == expected)
    }
  }

  @Test(
    "instruction, tables and definition agree at every length and alignment", arguments: [11, 12])
  func agreement(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = generator.bytes(700)
    unsafe bytes.withUnsafeBytes { all in
      for _ in 0..<2_000 {
        let start = generator.below(64)
        let count = generator.below(600)
        let crc = UInt32(truncatingIfNeeded: generator.next())
        let part = unsafe UnsafeRawBufferPointer(rebasing: all[start..<start + count])
        let fast = unsafe CRC32C.update(crc, part)
        let slow = unsafe CRC32C.updateInSoftware(crc, part)
        let bitwise = Self.byDefinition(crc, bytes[start..<start + count])
        let place = "seed \(seed), \(count) bytes at \(start), from \(crc)"
        #expect(fast == bitwise && slow == bitwise, "\(place)")
      }
    }
  }

  @Test("a checksum goes on where another stopped", arguments: [13])
  func continuation(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = generator.bytes(100)
    let whole = crc32c(bytes)
    unsafe bytes.withUnsafeBytes { all in
      for cut in 0...bytes.count {
        let head = unsafe UnsafeRawBufferPointer(rebasing: all[..<cut])
        let tail = unsafe UnsafeRawBufferPointer(rebasing: all[cut...])
        #expect(unsafe CRC32C.update(CRC32C.update(0, head), tail) == whole, "cut at \(cut)")
      }
    }
  }

  /// Bit by bit, from the definition in PROTOCOL.md.
  private static func byDefinition(_ start: UInt32, _ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc = ~start
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0x82f6_3b78 : 0) }
    }
    return ~crc
  }
}
