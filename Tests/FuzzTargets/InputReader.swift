/// Takes a fuzzer's bytes apart; zeros follow when there are no more.
struct InputReader {
  private let input: [UInt8]
  private var offset = 0

  init(_ input: [UInt8]) { self.input = input }

  var isAtEnd: Bool { offset >= input.count }

  mutating func byte() -> UInt8 { word(UInt8.self) }

  mutating func word<Word: FixedWidthInteger & UnsignedInteger>(_: Word.Type) -> Word {
    var value: Word = 0
    for index in 0..<Word.bitWidth / 8 where offset + index < input.count {
      value |= Word(input[offset + index]) << (8 * index)
    }
    offset += Word.bitWidth / 8
    return value
  }

  /// Up to `count` bytes.
  mutating func bytes(_ count: Int) -> [UInt8] {
    let start = min(offset, input.count)
    let end = min(start + count, input.count)
    offset = end
    return Array(input[start..<end])
  }

  mutating func rest() -> [UInt8] { bytes(input.count) }
}
