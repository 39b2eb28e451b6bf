import Foundation
import Testing

/// Doc comments on what other modules use, and links that lead somewhere.
enum Documents {
  static let documentedModules: Set<Substring> = ["IntegrityCore", "AccountStore"]

  /// Public types and functions need a doc comment. Properties, cases,
  /// initializers and operators may go without: their names and types say it,
  /// or the type's comment does.
  static func missingComments(in file: SourceFile) -> [Violation] {
    guard let module = file.module, documentedModules.contains(module) else { return [] }
    return file.code.indices.compactMap { index in
      let line = words(of: file.code[index])
      guard line.contains("public"),
        let kind = line.first(where: { declarations.contains($0) }),
        let name = line.drop(while: { $0 != kind }).dropFirst().first
      else { return nil }
      // Operators have no word for a name: what follows is a parameter.
      if kind == "func" && !file.code[index].contains("func \(name)") { return nil }
      var above = index - 1
      while above >= 0, file.lines[above].drop(while: { $0 == " " }).hasPrefix("@") { above -= 1 }
      if above >= 0, file.lines[above].drop(while: { $0 == " " }).hasPrefix("///") { return nil }
      return Violation(
        path: file.path, line: index + 1,
        message: "public \(kind) \(name) has no doc comment; say in a sentence what it is for")
    }
  }

  private static let declarations: Set<Substring> = ["func", "struct", "class", "enum", "protocol"]

  /// Relative link targets of a Markdown file, with their lines. Code is skipped.
  static func links(in file: SourceFile) -> [(line: Int, target: String)] {
    var found: [(line: Int, target: String)] = []
    var isFenced = false
    for (index, line) in file.lines.enumerated() {
      if line.drop(while: { $0 == " " }).hasPrefix("```") { isFenced.toggle() }
      if isFenced { continue }
      // Even pieces stand outside of `code`.
      let pieces = line.split(separator: "`", omittingEmptySubsequences: false)
      let text = pieces.indices.map { $0 % 2 == 0 ? String(pieces[$0]) : "code" }.joined()
      for piece in text.components(separatedBy: "](").dropFirst() {
        let target = piece.prefix { $0 != ")" && $0 != " " }
        let path = target.prefix { $0 != "#" }
        if path.isEmpty || path.contains(":") { continue }
        found.append((index + 1, path.removingPercentEncoding ?? String(path)))
      }
    }
    return found
  }

  static func brokenLinks(in file: SourceFile, root: URL) -> [Violation] {
    guard file.path.hasSuffix(".md") else { return [] }
    let directory = root.appendingPathComponent(file.path).deletingLastPathComponent()
    return links(in: file).compactMap { line, target in
      let url =
        target.hasPrefix("/")
        ? root.appendingPathComponent(target) : directory.appendingPathComponent(target)
      if FileManager.default.fileExists(atPath: url.standardizedFileURL.path) { return nil }
      return Violation(
        path: file.path, line: line, message: "links to \(target), which is not there")
    }
  }
}

@Suite("Documents")
struct DocumentTests {
  @Test("public types and functions of the core and the store have doc comments")
  func comments() { report(SourceTree.project.swiftFiles.flatMap(Documents.missingComments)) }

  @Test("relative links resolve")
  func links() {
    let tree = SourceTree.project
    report(tree.files.flatMap { Documents.brokenLinks(in: $0, root: tree.root) })
  }
}
