/// Reads the members of one flat JSON object, strictly after RFC 8259.
///
/// For: objects whose values are strings, numbers, booleans and null, on one
/// line. Not for: nested values (refused, named), or JSON in general.
/// Docs/decisions/0005 says why this is not left to a library.
package struct FlatObjectScanner {
  /// Where the next byte is read.
  private var index = 0
  /// A member was read, so the next needs a comma before it.
  private var hasMembers = false

  package init() {}

  /// A value of the object. Texts stay in the line, as ranges of it.
  package enum Value: Equatable {
    /// Without fraction and exponent, written as such: exact.
    case integer(magnitude: UInt64, isNegative: Bool)
    /// An integer beyond ±(2^64−1).
    case integerTooLarge
    /// With fraction or exponent, whatever it comes to.
    case fraction
    case text(Text)
    case boolean(Bool)
    case null
  }

  /// A string of the line: what lies between the quotes, checked but not decoded.
  package struct Text: Equatable {
    package let range: Range<Int>
    package let hasEscapes: Bool
  }

  /// Takes what opens the object. Call once, first.
  package mutating func begin(_ line: Span<UInt8>) throws(Complaint) {
    skipSpace(line)
    if index == line.count { throw Complaint("is blank: must be one JSON object {…}") }
    if line[index] == 0xef {
      throw Complaint("must begin with `{`: is it a byte order mark? Save the file without one")
    }
    if !take(UInt8(ascii: "{"), line) { throw Complaint("must be one JSON object {…}") }
  }

  /// The name of the next member, or nil after the last, when nothing may follow.
  package mutating func nextName(_ line: Span<UInt8>) throws(Complaint) -> Text? {
    skipSpace(line)
    if take(UInt8(ascii: "}"), line) {
      skipSpace(line)
      if index == line.count { return nil }
      throw malformed("nothing after the closing `}`: one object a line", line)
    }
    if hasMembers {
      if !take(UInt8(ascii: ","), line) { throw malformed("`,` or `}`", line) }
      skipSpace(line)
    }
    hasMembers = true
    if !take(UInt8(ascii: "\""), line) { throw malformed("a field's name in quotes", line) }
    let name = try text(line)
    skipSpace(line)
    if !take(UInt8(ascii: ":"), line) { throw malformed("`:` after a field's name", line) }
    return name
  }

  /// The value of the member whose name was read last.
  package mutating func value(_ line: Span<UInt8>) throws(Complaint) -> Value {
    skipSpace(line)
    if index == line.count { throw malformed("a value", line) }
    switch line[index] {
    case UInt8(ascii: "\""):
      index += 1
      return .text(try text(line))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return try number(line)
    case UInt8(ascii: "t"):
      return try word("true", means: .boolean(true), line)
    case UInt8(ascii: "f"):
      return try word("false", means: .boolean(false), line)
    case UInt8(ascii: "n"):
      return try word("null", means: .null, line)
    case UInt8(ascii: "{"):
      throw Complaint("is an object: values are numbers, strings, true or false")
    case UInt8(ascii: "["):
      throw Complaint("is an array: values are numbers, strings, true or false")
    default:
      throw malformed("a value", line)
    }
  }

  // MARK: Tokens

  private mutating func skipSpace(_ line: Span<UInt8>) {
    while index < line.count {
      switch line[index] {
      case 0x20, 0x09, 0x0a, 0x0d: index += 1
      default: return
      }
    }
  }

  private mutating func take(_ byte: UInt8, _ line: Span<UInt8>) -> Bool {
    if index == line.count || line[index] != byte { return false }
    index += 1
    return true
  }

  private mutating func word(
    _ word: String, means value: Value, _ line: Span<UInt8>
  ) throws(Complaint) -> Value {
    for letter in word.utf8 where !take(letter, line) {
      throw malformed("`\(word)`", line)
    }
    return value
  }

  /// After the opening quote, up to and with the closing one.
  private mutating func text(_ line: Span<UInt8>) throws(Complaint) -> Text {
    let start = index
    var hasEscapes = false
    var isASCII = true
    while index < line.count {
      let byte = line[index]
      if byte == UInt8(ascii: "\"") {
        let range = start..<index
        if !isASCII && (try? UTF8Span(validating: line.extracting(range))) == nil {
          throw Complaint("is not valid JSON: a string that is not UTF-8 before byte \(index + 1)")
        }
        index += 1
        return Text(range: range, hasEscapes: hasEscapes)
      }
      if byte < 0x20 { throw malformed("no control character in a string: write it \\u00XX", line) }
      if byte >= 0x80 { isASCII = false }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        _ = try JSONEscape.scalar(line, &index)
      } else {
        index += 1
      }
    }
    throw malformed("a closing quote", line)
  }

  private mutating func number(_ line: Span<UInt8>) throws(Complaint) -> Value {
    let isNegative = take(UInt8(ascii: "-"), line)
    var magnitude: UInt64 = 0
    var isTooLarge = false
    let start = index
    while let digit = takeDigit(line) {
      let (tenfold, isOver) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, isSumOver) = tenfold.addingReportingOverflow(digit)
      isTooLarge = isTooLarge || isOver || isSumOver
      magnitude = sum
    }
    if index == start { throw malformed("a digit", line) }
    if index > start + 1 && line[start] == UInt8(ascii: "0") {
      index = start
      throw malformed("a number without leading zeros", line)
    }
    let isFraction = try skipFractionAndExponent(line)
    if isFraction { return .fraction }
    if isTooLarge { return .integerTooLarge }
    return .integer(magnitude: magnitude, isNegative: isNegative)
  }

  /// Whether there was one.
  private mutating func skipFractionAndExponent(_ line: Span<UInt8>) throws(Complaint) -> Bool {
    var isFraction = false
    if take(UInt8(ascii: "."), line) {
      isFraction = true
      if takeDigit(line) == nil { throw malformed("a digit", line) }
      while takeDigit(line) != nil {}
    }
    if take(UInt8(ascii: "e"), line) || take(UInt8(ascii: "E"), line) {
      isFraction = true
      if !take(UInt8(ascii: "+"), line) { _ = take(UInt8(ascii: "-"), line) }
      if takeDigit(line) == nil { throw malformed("a digit", line) }
      while takeDigit(line) != nil {}
    }
    return isFraction
  }

  private mutating func takeDigit(_ line: Span<UInt8>) -> UInt64? {
    if index == line.count { return nil }
    let digit = line[index] &- UInt8(ascii: "0")
    if digit > 9 { return nil }
    index += 1
    return UInt64(digit)
  }

  private func malformed(_ expected: String, _ line: Span<UInt8>) -> Complaint {
    if index >= line.count { return Complaint("is cut off: \(expected) must follow") }
    return Complaint("is not valid JSON: at byte \(index + 1) must be \(expected)")
  }
}
