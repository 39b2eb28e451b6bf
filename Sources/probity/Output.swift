import Foundation
import Glibc

/// Standard output and what it is connected to.
enum Output {
  static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

  static func printError(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

  static func write(_ text: String, to file: Int32) { write(Array(text.utf8), to: file) }

  /// Writes all bytes; ends the process quietly if nobody reads them any more.
  static func write(_ bytes: [UInt8], to file: Int32) {
    var start = 0
    while start < bytes.count {
      // Safe: the span covers the array's rest, which outlives the call.
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(file, $0.baseAddress?.advanced(by: start), bytes.count - start)
      }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { exit(errno == EPIPE ? 0 : 1) }
      start += count
    }
  }

  /// One JSON object on one line, keys in alphabetical order.
  static func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
  static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

/// Colours and widths, where a terminal is there to show them.
struct Style {
  let isColoured: Bool

  init() {
    let environment = ProcessInfo.processInfo.environment
    isColoured =
      Output.isTerminal && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
  }

  enum Colour: Int {
    case red = 31
    case green = 32
    case yellow = 33
    case grey = 90
  }

  func paint(_ text: String, _ colour: Colour) -> String {
    isColoured ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
  }

  func bold(_ text: String) -> String { isColoured ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
}

extension UInt64 {
  /// "512 bytes", "4 KiB", "12 MiB": for people.
  var sizeText: String {
    switch self {
    case ..<1_024: "\(self) bytes"
    case ..<1_048_576: "\(self / 1_024) KiB"
    default: "\(self / 1_048_576) MiB"
    }
  }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  func rightAligned(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
