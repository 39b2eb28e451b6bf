import IntegrityCore

/// A record that is kept, hashed and copied as words of 64 bits.
package protocol WordRecord: BitwiseCopyable, Sendable {
  static var wordCount: Int { get }
  init(word: (Int) -> UInt64)
  func word(_ index: Int) -> UInt64
}

extension WordRecord {
  /// Bytes of a record in a copy: its number, and its words, little-endian.
  package static var copiedBytes: Int { 8 + wordCount * 8 }

  /// For the sum over all records of a table. About 1.5 ns a word.
  func hash(number: UInt32) -> UInt64 {
    var hash = StateHash.mix(UInt64(number), 0x8ebc_6af0_9c88_c6e3)
    for index in 0..<Self.wordCount {
      hash = StateHash.mix(hash, word(index) ^ 0x5896_36fc_46f6_3a9b)
    }
    return hash
  }
}

extension NumberedRecords where Record: WordRecord {
  /// Appends a record to a copy.
  func appendCopied(_ number: UInt32, to bytes: inout [UInt8]) {
    bytes.appendWord(UInt64(number))
    let record = self[number]
    for index in 0..<Record.wordCount { bytes.appendWord(record.word(index)) }
  }

  /// Puts whole records of a copy in, the later over the earlier of the same number. Bears
  /// any bytes.
  mutating func load(_ bytes: [UInt8]) throws(ClaimLoadFault) {
    if bytes.count % Record.copiedBytes != 0 { throw .partialRecord(byteCount: bytes.count) }
    for start in stride(from: 0, to: bytes.count, by: Record.copiedBytes) {
      guard let number = UInt32(exactly: bytes.word(at: start)), number < .max else {
        throw .numberOutOfRange
      }
      let record = Record { bytes.word(at: start + 8 + $0 * 8) }
      // Those left out before it were forgotten before their turn to be copied came.
      if count == 0 || number > next { self = NumberedRecords(first: number) }
      if number == next {
        append(record)
      } else if contains(number) {
        self[number] = record
      } else {
        throw .numberLeftOut(next)
      }
    }
  }

  /// Leaves the records from `first` to before `next`, which must all be there.
  mutating func finishLoad(first: UInt32, next: UInt32) throws(ClaimLoadFault) {
    while self.first < first && count > 0 { removeFirst() }
    if count == 0 { self = NumberedRecords(first: first) }
    if self.first != first || self.next != next { throw .numberLeftOut(self.next) }
  }
}

extension [UInt8] {
  package mutating func appendWord(_ word: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  /// - Precondition: the word lies within the array.
  package func word(at offset: Int) -> UInt64 {
    var word: UInt64 = 0
    for byte in 0..<8 { word |= UInt64(self[offset + byte]) << UInt64(byte * 8) }
    return word
  }
}
