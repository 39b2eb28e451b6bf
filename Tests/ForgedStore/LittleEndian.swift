/// CRC32C, a bit at a time, as RFC 3720 defines it: written anew here, so that a
/// test does not check a format with the code that writes it.
package func referenceCRC32C(_ bytes: some Sequence<UInt8>, seed: UInt32 = 0) -> UInt32 {
  var crc = ~seed
  for byte in bytes { crc = crcTable[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
  return ~crc
}

private let crcTable: [UInt32] = (0..<256 as Range<UInt32>).map { index in
  (0..<8).reduce(index) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
}

extension [UInt8] {
  /// The bytes of a word, least significant first.
  package mutating func append(word: some FixedWidthInteger & UnsignedInteger) {
    for shift in stride(from: 0, to: word.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  /// Appends zeros up to a size.
  package mutating func fill(to count: Int) {
    if self.count < count { append(contentsOf: repeatElement(0, count: count - self.count)) }
  }

  /// Puts a word in place of bytes that are there.
  package mutating func replace(at offset: Int, with word: some FixedWidthInteger & UnsignedInteger)
  {
    var bytes: [UInt8] = []
    bytes.append(word: word)
    replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }
}
