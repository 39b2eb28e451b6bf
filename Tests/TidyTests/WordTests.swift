import Testing

/// Words that mean "not done" or "no idea where to put it". Written in two
/// halves, so that this file does not find itself.
enum Words {
  static let inFileNames: Set<String> = [
    "Util", "Utils", "Utilities", "Helper", "Helpers", "Manager", "Common", "Misc",
  ]
  static let anywhere: Set<String> = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
  static let inCode = ["tr" + "y!", "a" + "s!"]
  static let notImplemented = "fatalError(\"not " + "implemented\")"
  static let sleeps: Set<String> = ["sleep", "usleep", "nanosleep"]

  /// `SessionManager+Log.swift` is Session, Manager, Log.
  static func camelWords(_ name: Substring) -> [String] {
    var words: [String] = []
    for character in name {
      if character.isUppercase || words.isEmpty || !character.isLetter {
        words.append(String(character))
      } else {
        words[words.count - 1].append(character)
      }
    }
    return words.map { $0.prefix(1).uppercased() + $0.dropFirst() }
  }

  static func nameViolations(_ path: String) -> [Violation] {
    let name = (path.split(separator: "/").last ?? "").prefix { $0 != "." }
    return camelWords(name).filter(inFileNames.contains).map {
      Violation(
        path: path, line: 1, message: "\($0) in a file name; name it after the type it holds")
    }
  }

  static func violations(in file: SourceFile) -> [Violation] {
    var violations: [Violation] = []
    func complain(_ index: Int, _ message: String) {
      violations.append(Violation(path: file.path, line: index + 1, message: message))
    }
    for (index, line) in file.lines.enumerated() where !file.isGenerated {
      for word in words(of: line) where anywhere.contains(String(word)) {
        complain(index, "\(word); do it, or file an issue and say here what holds until then")
      }
      if file.isSwift && line.contains(notImplemented) {
        complain(index, "\(notImplemented); implement it, or do not declare it")
      }
    }
    let isTest =
      file.path.hasPrefix("Tests/") && file.path.split(separator: "/")[1].hasSuffix("Tests")
    for (index, line) in file.code.enumerated() {
      for word in inCode where contains(line, word) {
        complain(index, "\(word) hides a failure; handle it, or state a precondition")
      }
      if isTest, let word = words(of: line).first(where: { sleeps.contains(String($0)) }) {
        complain(
          index, "\(word) in a test; wait for the event itself, or take a clock as parameter")
      }
    }
    return violations
  }

  /// Whether `word` stands in `line` and is not the end of a longer one.
  private static func contains(_ line: Substring, _ word: String) -> Bool {
    var rest = line
    while let range = rest.firstRange(of: word) {
      let before = rest[..<range.lowerBound].last ?? " "
      if !before.isLetter && !before.isNumber && before != "_" { return true }
      rest = rest[range.upperBound...]
    }
    return false
  }
}

@Suite("Words")
struct WordTests {
  @Test("file names say what is inside")
  func names() { report(SourceTree.project.paths.flatMap(Words.nameViolations)) }

  @Test("nothing is left undone, forced or slept through")
  func text() { report(SourceTree.project.files.flatMap(Words.violations)) }
}
