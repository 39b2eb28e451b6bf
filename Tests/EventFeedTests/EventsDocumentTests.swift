import EventFeed
import Foundation
import IntegrityCore
import Testing

/// Docs/EVENTS.md is what people write their feeds after: it must be true.
struct EventsDocumentTests {
  private let document: String

  init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    document = try String(contentsOf: root.appending(path: "Docs/EVENTS.md"), encoding: .utf8)
  }

  /// The lines between ```` ```LANGUAGE ```` and ```` ``` ````.
  private func lines(inBlocksOf language: String) -> [String] {
    var isInside = false
    return document.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line in
      if line.hasPrefix("```") {
        isInside = line == "```\(language)"
        return nil
      }
      return isInside ? String(line) : nil
    }
  }

  @Test("Every example is read, and every type and field has one")
  func examples() throws {
    let examples = lines(inBlocksOf: "json")
    var seen: Set<FeedType> = []
    for (index, line) in examples.enumerated() {
      let parsed = try parser.parse(line, number: index + 1)
      seen.insert(FeedType(of: parsed.event.detail))
    }
    #expect(seen == Set(FeedType.allCases))
    for field in FeedField.names {
      #expect(examples.contains { $0.contains("\"\(field)\":") }, "no example has `\(field)`")
    }
  }

  @Test("Every field, type and word is described")
  func words() {
    let words =
      FeedField.names + FeedType.names + CancelledBy.words + CancelCause.words + ClaimKind.words
      + Allegation.words + Verdict.words + ReturnCondition.words
    for word in words {
      #expect(document.contains("`\(word)`"), "`\(word)` is not described")
    }
  }

  /// What stands in backquotes in the first column of the table of fields.
  private var fieldsOfTable: [String] {
    document.split(separator: "\n")
      .drop { $0 != "## Fields" }.dropFirst().prefix { !$0.hasPrefix("## ") }
      .filter { $0.hasPrefix("| `") }
      .flatMap { row in
        row.split(separator: "|")[0].split(separator: "`").map(String.init)
          .filter { FeedField(rawValue: $0) != nil }
      }
  }

  @Test("The fields of a canonical line come in the order of the table of fields")
  func order() throws {
    let fields = fieldsOfTable
    #expect(fields == FeedField.names)
    var events = GeneratedEvents(seed: 41)
    for _ in 0..<500 {
      let command = Command(source: 1, sequence: 1, event: events.next())
      let line = EventLineWriter().line(command)
      let names = line.dropFirst().dropLast().split(separator: ",").compactMap {
        $0.split(separator: "\"").first.map(String.init)
      }
      try #require(names == fields.filter { names.contains($0) }, "\(line)")
    }
  }

  @Test("The faults shown are those that a reader gets")
  func faults() {
    let start = #""at":1519905600,"buyer":1"#
    let lines = [
      12: #"{"type":"settled","buyr":1}"#,
      13: #"{"type":"claimDecided",\#(start),"claimKind":"quality","verdict":"rejcted"}"#,
      14: #"{"type":"settled",\#(start),"amount":9.5}"#,
      15: #"{"type":"settled",\#(start)}"#,
      16: #"{"type":"settled","at":"2018-03-01T12:00:00"}"#,
      17: #"{"type":"settled","at":"2018-03"#,
    ]
    let faults = lines.sorted { $0.key < $1.key }.map { number, line in
      #expect(throws: FeedFault.self) { try parser.parse(line, number: number) }?.description
    }
    #expect(faults == self.lines(inBlocksOf: "text"))
  }
}
