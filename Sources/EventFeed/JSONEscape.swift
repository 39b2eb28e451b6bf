/// The escapes of JSON strings, RFC 8259 section 7.
package enum JSONEscape {
  /// The character that the escape at `index` stands for; `index` moves behind it.
  package static func scalar(
    _ line: Span<UInt8>, _ index: inout Int
  ) throws(Complaint) -> Unicode.Scalar {
    let start = index
    guard index + 1 < line.count else { throw Complaint("is cut off in a string") }
    let letter = line[index + 1]
    index += 2
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default:
      throw Complaint("is not valid JSON: unknown escape at byte \(start + 1)")
    }
    let first = try unit(line, &index, escapeAt: start)
    if let scalar = Unicode.Scalar(first) { return scalar }
    // A surrogate: the first of a pair, or nothing.
    let isFollowed =
      index + 1 < line.count && line[index] == UInt8(ascii: "\\")
      && line[index + 1] == UInt8(ascii: "u")
    if first < 0xdc00 && isFollowed {
      index += 2
      let second = try unit(line, &index, escapeAt: start)
      if (0xdc00...0xdfff).contains(second) {
        let value = 0x10000 + ((UInt32(first) - 0xd800) << 10) + (UInt32(second) - 0xdc00)
        if let scalar = Unicode.Scalar(value) { return scalar }
      }
    }
    throw Complaint("is not valid JSON: half a surrogate pair at byte \(start + 1)")
  }

  /// The bytes of a string of the line, escapes resolved.
  ///
  /// - Precondition: `text` came from a scanner of the same line.
  package static func decode(_ text: FlatObjectScanner.Text, in line: Span<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.range.count)
    var index = text.range.lowerBound
    while index < text.range.upperBound {
      if line[index] == UInt8(ascii: "\\") {
        guard let scalar = try? scalar(line, &index) else {
          preconditionFailure("a scanned string has an escape that the scanner refuses")
        }
        bytes.append(contentsOf: Character(scalar).utf8)
      } else {
        bytes.append(line[index])
        index += 1
      }
    }
    return bytes
  }

  private static func unit(
    _ line: Span<UInt8>, _ index: inout Int, escapeAt start: Int
  ) throws(Complaint) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      if index >= line.count { throw Complaint("is cut off in a string") }
      let byte = line[index]
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw Complaint("is not valid JSON: \\u without 4 hex digits at byte \(start + 1)")
      }
      unit = unit << 4 | UInt16(digit)
      index += 1
    }
    return unit
  }
}
