import CProbityShims

/// CRC32C (Castagnoli), continuing from `seed`. About 0.12 ns a byte.
enum Checksum {
  static func of(_ bytes: Span<UInt8>, seed: UInt32 = 0) -> UInt32 {
    // Safe: the pointer is used within the closure.
    unsafe bytes.withUnsafeBytes { unsafe probity_crc32c(seed, $0.baseAddress, $0.count) }
  }
}

/// Little-endian words into and out of the headers of files.
extension [UInt8] {
  mutating func put(_ value: some FixedWidthInteger & UnsignedInteger, at offset: Int) {
    for index in 0..<(value.bitWidth / 8) {
      self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }

  /// - Precondition: the word lies within the array.
  func word<Word: FixedWidthInteger & UnsignedInteger>(_: Word.Type, at offset: Int) -> Word {
    var value: Word = 0
    for index in 0..<(Word.bitWidth / 8) { value |= Word(self[offset + index]) << (8 * index) }
    return value
  }

  /// Whether all bytes of `range` are zero. About 0.1 ns a byte.
  func isZero(_ range: Range<Int>) -> Bool {
    // Safe: the pointer is used within the closure, and the range checked by the slice.
    unsafe span.extracting(range).withUnsafeBytes { bytes in
      let wordCount = bytes.count / 8
      var any: UInt64 = 0
      for index in 0..<wordCount {
        any |= unsafe bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
      }
      for index in wordCount * 8..<bytes.count { any |= unsafe UInt64(bytes[index]) }
      return any == 0
    }
  }

  func checksum(_ range: Range<Int>, seed: UInt32 = 0) -> UInt32 {
    Checksum.of(span.extracting(range), seed: seed)
  }
}
