import Testing

/// Records each violation as an issue of the running test.
func report(_ violations: [Violation]) {
  for violation in violations { Issue.record("\(violation.description)") }
}

/// Every check, shown a violation, finds it, and on the right line.
@Suite("Planted violations")
struct PlantedTests {
  struct Case: CustomTestStringConvertible {
    let path: String
    let text: String
    /// Lines complained about, in order.
    let lines: [Int]

    var testDescription: String { "\(path), lines \(lines)" }
  }

  static func file(_ c: Case) -> SourceFile { SourceFile(path: c.path, text: c.text) }

  @Test(arguments: [
    Case(path: "Sources/IntegrityCore/A.swift", text: "\nimport Foundation", lines: [2]),
    Case(path: "Sources/AccountStore/A.swift", text: "import ProbityEngine", lines: [1]),
    Case(path: "Sources/AccountStore/A.swift", text: "import IntegrityCore", lines: []),
    Case(path: "Sources/ProbityServer/A.swift", text: "import IntegrityPolicy", lines: [1]),
    Case(path: "Sources/ProbityServer/A.swift", text: "@preconcurrency import NIOCore", lines: []),
    Case(path: "Sources/probity/A.swift", text: "import NIOCore", lines: [1]),
    Case(path: "Sources/ProbityEngine/A.swift", text: "import struct Foundation.Date", lines: [1]),
    Case(path: "Sources/ProbityServer/A.swift", text: "public import CProtobufC", lines: [1]),
    Case(path: "Sources/Unheard/A.swift", text: "import IntegrityCore", lines: [1]),
    Case(path: "Sources/IntegrityCore/A.swift", text: "// import Foundation", lines: []),
    Case(path: "Tests/ATests/A.swift", text: "@testable import AccountStore", lines: [1]),
    Case(path: "Tests/ATests/A.swift", text: "import XCTest", lines: [1]),
  ])
  func imports(planted: Case) {
    #expect(Imports.violations(in: Self.file(planted)).map(\.line) == planted.lines)
  }

  static func function(lines: Int) -> String {
    "struct A {\n  func a(\n    b: () -> Void = {}\n  ) {\n"
      + String(repeating: "    let s = \"}\"\n", count: lines - 4) + "  }\n  func next() {}\n}\n"
  }

  @Test(arguments: [
    Case(path: "A.swift", text: String(repeating: "\n", count: 500), lines: []),
    Case(path: "A.swift", text: String(repeating: "\n", count: 501), lines: [501]),
    Case(path: "A.swift", text: "// Generated\n" + String(repeating: "\n", count: 501), lines: []),
    Case(path: "A.swift", text: function(lines: 70), lines: []),
    Case(path: "A.swift", text: function(lines: 71), lines: [2]),
    Case(
      path: "A.swift",
      text: "protocol P {\n  func a()\n}\n\nlet b = {\n" + String(repeating: "\n", count: 80) + "}",
      lines: []),
    Case(
      path: "A.swift",
      text: "  public static func < (a: A, b: A) -> Bool {\n" + String(repeating: "\n", count: 80)
        + "}", lines: [1]),
  ])
  func sizes(planted: Case) {
    #expect(Sizes.violations(in: Self.file(planted)).map(\.line) == planted.lines)
  }

  @Test(arguments: [
    Case(path: "A.swift", text: "let a = 1\nlet b = unsafe p.pointee", lines: [2]),
    Case(path: "A.swift", text: "nonisolated(unsafe) var a = 1", lines: [1]),
    Case(path: "A.swift", text: "let a = \"\\(unsafe b)\"", lines: [1]),
    Case(path: "A.swift", text: "// unsafe\nlet a = \"unsafe\" /* unsafe */", lines: []),
    Case(
      path: "A.swift", text: "let a = #\"\" unsafe \"#\nlet b = \"\"\"\n unsafe\n \"\"\"", lines: []
    ),
    Case(path: "Listed.swift", text: "let a = unsafe b", lines: []),
    Case(path: "Listed.swift", text: "let a = b", lines: [1]),
  ])
  func unsafeCode(planted: Case) {
    let found = Unsafe.violations(in: Self.file(planted), allowed: ["Listed.swift"])
    #expect(found.map(\.line) == planted.lines)
  }

  @Test(arguments: [
    ("Sources/A/StringUtils.swift", 1), ("Sources/A/Helpers.swift", 1), ("A/common.h", 1),
    ("Sources/A/SessionManager+Log.swift", 1), ("Docs/Misc.md", 1),
    ("Sources/A/Commons.swift", 0), ("Sources/A/Utilisation.swift", 0), ("Utils/A.swift", 0),
  ])
  func fileNames(path: String, count: Int) {
    #expect(Words.nameViolations(path).count == count)
  }

  @Test(arguments: [
    Case(path: "a.md", text: "a\n\(Words.anywhere.sorted()[1]): b", lines: [2]),
    Case(path: "a.c", text: "// \(Words.anywhere.sorted()[0])(me)", lines: [1]),
    Case(path: "Makefile", text: "# \(Words.anywhere.sorted()[2])", lines: [1]),
    Case(path: "A.swift", text: "let a = \(Words.inCode[0]) b()", lines: [1]),
    Case(path: "A.swift", text: "let a = b \(Words.inCode[1]) C", lines: [1]),
    Case(path: "A.swift", text: "has!", lines: []),
    Case(path: "A.swift", text: Words.notImplemented, lines: [1]),
    Case(path: "Tests/ATests/A.swift", text: "await Task.sleep(for: .seconds(1))", lines: [1]),
    Case(path: "Tests/ATests/A.swift", text: "// Never sleep.", lines: []),
    Case(path: "Sources/A/A.swift", text: "usleep(1)", lines: []),
  ])
  func leftUndone(planted: Case) {
    #expect(Words.violations(in: Self.file(planted)).map(\.line) == planted.lines)
  }

  @Test(arguments: [
    Case(path: "Sources/AccountStore/A.swift", text: "\npublic func a() {}", lines: [2]),
    Case(path: "Sources/AccountStore/A.swift", text: "public final class A {}", lines: [1]),
    Case(
      path: "Sources/AccountStore/A.swift", text: "/// A.\n@inlinable\npublic func a()", lines: []),
    Case(
      path: "Sources/AccountStore/A.swift", text: "@inlinable public static func < (a: A)",
      lines: []),
    Case(path: "Sources/probity/A.swift", text: "public func a() {}", lines: []),
  ])
  func docComments(planted: Case) {
    #expect(Documents.missingComments(in: Self.file(planted)).map(\.line) == planted.lines)
  }

  @Test(arguments: [
    Case(path: "a.md", text: "x\n[a](Docs/none.md#b) [c](https://d) [e](#f)", lines: [2]),
    Case(path: "a.md", text: "[a](Package.swift) `[b](none)`\n```\n[c](none)\n```", lines: []),
    Case(path: "Docs/a.md", text: "[a](../Package.swift) [b](/Package.swift)", lines: []),
    Case(path: "Docs/a.md", text: "![a](Package.swift)", lines: [1]),
  ])
  func links(planted: Case) {
    let found = Documents.brokenLinks(in: Self.file(planted), root: SourceTree.project.root)
    #expect(found.map(\.line) == planted.lines)
  }

  @Test("the tree was found")
  func tree() {
    #expect(SourceTree.project.paths.contains("Package.swift"))
    #expect(SourceTree.project.swiftFiles.count > 50)
  }
}
