import Foundation
import Testing

/// Protos/PROTOCOL.md, as the tests read it.
struct ProtocolDocument {
  private let lines: [String]

  init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let path = root.appending(path: "Protos/PROTOCOL.md")
    lines = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "\n")
  }

  /// Fenced blocks "```hex name": their bytes, without the comments.
  func examples() throws -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    var name: String?
    for line in lines {
      if line.hasPrefix("```hex") {
        let words = line.split(separator: " ")
        try #require(words.count == 2, "a name must follow ```hex")
        try #require(found[String(words[1])] == nil, "two examples are named \(words[1])")
        name = String(words[1])
        found[String(words[1])] = []
      } else if line.hasPrefix("```") {
        name = nil
      } else if let name {
        for word in line.prefix(while: { $0 != "#" }).split(separator: " ") {
          let byte = try #require(UInt8(word, radix: 16), "in \(name): \(word)")
          try #require(word.utf8.count == 2, "in \(name): \(word)")
          found[name]?.append(byte)
        }
      }
    }
    return found
  }

  /// Rows of the first table under a heading, cells trimmed, without its head.
  func table(under heading: String) throws -> [[String]] {
    let start = try #require(
      lines.firstIndex { $0.drop { $0 == "#" } == " " + heading }, "no heading \(heading)")
    let section = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }
    let table = section.drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
    let rows = table.map { line in
      line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
    }
    try #require(rows.count > 2, "no table under \(heading)")
    return Array(rows.dropFirst(2))
  }
}
