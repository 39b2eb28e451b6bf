import IntegrityPolicy
import Testing

/// Documents that are no policy at all, or meant to do harm.
struct HostileDocumentTests {
  private static func faults(_ bytes: [UInt8]) -> [String] {
    do {
      _ = try PolicyDocument.load(bytes: bytes, file: "p.yaml")
      return []
    } catch {
      return error.description.split(separator: "\n").map(String.init)
    }
  }

  private static func faults(_ yaml: String) -> [String] { faults(Array(yaml.utf8)) }

  @Test(arguments: ["", "\n", "\n\n# only a comment\n", "   ", "\r\n"])
  func emptyDocument(yaml: String) {
    #expect(
      Self.faults(yaml) == ["p.yaml: the document is empty: start from the default policy"])
  }

  @Test func notAMapping() {
    #expect(
      Self.faults("policy") == [
        "p.yaml:1:1: must be a section with the keys"
          + " version, name, tiers, credibility, claims, subsidy, governance, buyer, merchant"
      ])
  }

  @Test(arguments: [
    // No colon; a value that goes on; wrong indentation; two documents.
    ("version: 1\nname\n", 3, 1),
    ("version: 1: 2\n", 1, 11),
    ("tiers:\n  A: 1\n B: 2\n", 3, 2),
  ])
  func syntaxError(yaml: String, line: Int, column: Int) {
    let faults = Self.faults(yaml)
    #expect(faults.count == 1)
    #expect(faults[0].hasPrefix("p.yaml:\(line):\(column): the document is not valid YAML: "))
  }

  @Test func notUTF8() {
    let bytes = Array("version: 1\nname: ".utf8) + [0xff, 0xfe] + Array("\n".utf8)
    #expect(
      Self.faults(bytes) == [
        "p.yaml:2:1: the document is not UTF-8: save the document in that encoding"
      ])
  }

  @Test func largestSizeIsReadAndOneMoreIsNot() {
    let text = PolicyDocument.standardText
    let padding = String(repeating: "# padding\n", count: 110_000)
    let full = String((text + padding).utf8.prefix(1_048_576)) ?? ""
    #expect(full.utf8.count == 1_048_576)
    #expect(Self.faults(full) == [])
    #expect(
      Self.faults(full + "x") == [
        "p.yaml: the document has 1048577 bytes: must be at most 1048576"
      ])
  }

  /// Nine lines that would stand for 10^9 values, and other things YAML can do.
  @Test(arguments: [
    ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "1:4: anchors are refused"),
    ("a: *a\n", "1:4: aliases are refused"),
    ("? *a\n: 1\n", "1:1: complex keys are refused"),
    ("name: \"# hidden\n  &a\"\n", "1:7: quotes are not needed"),
    ("name: it's # ', *a\n", "1:9: quotes are not needed"),
    ("version: !!int 1\n", "1:10: tags are refused"),
    ("%YAML 1.1\n", "1:1: directives are refused"),
    ("---\nversion: 1\n", "1:1: lists and document marks"),
    ("- version: 1\n", "1:1: lists and document marks"),
    ("tiers: [1, 2]\n", "1:8: lists are refused"),
    ("tiers: {A: 1}\n", "1:8: braces are refused"),
    ("name: |\n  text\n", "1:7: block texts are refused"),
    ("name: >\n  text\n", "1:7: block texts are refused"),
    ("tiers:\n\tA: 1\n", "2:1: tabs are refused"),
    ("version: 1 # fine \u{0}\n", "1:19: control character"),
    ("# a comment\rname: &a x\n", "1:12: control character or unusual line break"),
    ("# a comment\u{2028}name: &a x\n", "1:12: control character or unusual line break"),
    ("# a comment\u{85}name: &a x\n", "1:12: control character or unusual line break"),
  ])
  func notPlain(yaml: String, message: String) {
    let faults = Self.faults(yaml)
    #expect(faults.first?.hasPrefix("p.yaml:\(message)") == true, "\(faults)")
  }

  @Test func commentsMayHoldAnything() {
    let comments = "# \"quotes\", it's, &anchors *aliases [lists] {braces} | > ! % @ ` ? – 中文\n"
    #expect(Self.faults(comments + PolicyDocument.standardText) == [])
  }

  @Test func windowsLineEndsAreFine() {
    let windows = PolicyDocument.standardText.split(
      separator: "\n", omittingEmptySubsequences: false
    ).joined(separator: "\r\n")
    #expect(Self.faults(windows) == [])
  }

  /// Without bounds, deep nesting overflows the stack of a recursive reader.
  @Test func deepNestingIsRefused() {
    var deep = ""
    for level in 0..<1400 { deep += String(repeating: " ", count: level) + "a:\n" }
    #expect(Self.faults(deep).first?.hasPrefix("p.yaml:42:42: indented by more than") == true)
    let inLine = String(repeating: "- ", count: 500_000)
    #expect(Self.faults(inLine).count == 1)
  }

  @Test func atMostTwentyFaultsAreReported() {
    #expect(Self.faults(String(repeating: "\ta\n", count: 1000)).count == 20)
    let unknown = (1...1000).map { "unknown\($0): 1\n" }.joined()
    #expect(Self.faults(unknown).count == 20)
  }

  /// No cut and no changed byte of the standard policy brings the reader down.
  @Test func everyTruncationIsReadOrRefused() {
    let bytes = Array(PolicyDocument.standardText.utf8)
    for length in stride(from: 0, to: bytes.count, by: 97) {
      #expect(!Self.faults(Array(bytes.prefix(length))).isEmpty, "\(length) bytes")
    }
  }

  @Test func flippedBytesAreReadOrRefused() {
    let bytes = Array(PolicyDocument.standardText.utf8)
    for index in stride(from: 0, to: bytes.count, by: 53) {
      for bit in [0, 3, 6, 7] {
        var changed = bytes
        changed[index] ^= 1 << bit
        let faults = Self.faults(changed)
        #expect(faults.count <= 20)
      }
    }
  }
}
