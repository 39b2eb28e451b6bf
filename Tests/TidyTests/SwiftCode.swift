/// Swift text reduced to its code. Enough of a lexer for tidiness: it knows
/// comments, string literals of all kinds and interpolation, not regex literals.
struct SwiftCode {
  private let bytes: [UInt8]
  private var out: [UInt8] = []
  private var at = 0

  /// `text` with blanks in place of comments and of the inside of string
  /// literals; line breaks stay, and so does code inside interpolations.
  static func only(_ text: String) -> String {
    var lexer = SwiftCode(bytes: Array(text.utf8))
    lexer.code(until: nil)
    return String(decoding: lexer.out, as: UTF8.self)
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
    out.reserveCapacity(bytes.count)
  }

  private func starts(_ word: StaticString, at offset: Int = 0) -> Bool {
    // Safe: a static string's own bytes and count.
    let start = at + offset
    guard start + word.utf8CodeUnitCount <= bytes.count else { return false }
    for i in 0..<word.utf8CodeUnitCount where unsafe bytes[start + i] != word.utf8Start[i] {
      return false
    }
    return true
  }

  private mutating func keep(_ count: Int = 1) {
    out.append(contentsOf: bytes[at..<min(at + count, bytes.count)])
    at = min(at + count, bytes.count)
  }

  private mutating func blank(_ count: Int = 1) {
    for byte in bytes[at..<min(at + count, bytes.count)] {
      out.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
    }
    at = min(at + count, bytes.count)
  }

  /// Copies code up to the end, or up to the parenthesis that closes an interpolation.
  private mutating func code(until closing: UInt8?) {
    var depth = 0
    while at < bytes.count {
      let byte = bytes[at]
      if starts("//") {
        while at < bytes.count && bytes[at] != UInt8(ascii: "\n") { blank() }
      } else if starts("/*") {
        comment()
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "#") {
        stringOrHash()
      } else {
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")") {
          if closing == byte && depth == 0 { return }
          depth -= 1
        }
        keep()
      }
    }
  }

  private mutating func comment() {
    var depth = 0
    repeat {
      if starts("/*") {
        depth += 1
        blank(2)
      } else if starts("*/") {
        depth -= 1
        blank(2)
      } else {
        blank()
      }
    } while depth > 0 && at < bytes.count
  }

  private mutating func stringOrHash() {
    var hashes = 0
    while at + hashes < bytes.count && bytes[at + hashes] == UInt8(ascii: "#") { hashes += 1 }
    guard at + hashes < bytes.count && bytes[at + hashes] == UInt8(ascii: "\"") else {
      return keep(max(hashes, 1))
    }
    blank(hashes)
    let quotes = starts("\"\"\"") ? 3 : 1
    blank(quotes)
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "\\") && areHashes(hashes, at: at + 1) {
        blank(1 + hashes)
        guard at < bytes.count else { return }
        if bytes[at] == UInt8(ascii: "(") {
          blank()
          code(until: UInt8(ascii: ")"))
        }
        blank()
      } else if quotes == 3 ? starts("\"\"\"") : bytes[at] == UInt8(ascii: "\"") {
        if areHashes(hashes, at: at + quotes) { return blank(quotes + hashes) }
        blank()
      } else if quotes == 1 && bytes[at] == UInt8(ascii: "\n") {
        return  // Not a string after all: leave the rest of the file alone.
      } else {
        blank()
      }
    }
  }

  private func areHashes(_ count: Int, at start: Int) -> Bool {
    start + count <= bytes.count
      && bytes[start..<start + count].allSatisfy { $0 == UInt8(ascii: "#") }
  }
}

/// Identifiers, keywords and numbers of a line, in order.
func words(of line: Substring) -> [Substring] {
  line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
}
