import Testing

/// Files of at most 500 lines, functions of at most 70.
enum Sizes {
  static let fileLinesMax = 500
  static let functionLinesMax = 70

  static func violations(in file: SourceFile) -> [Violation] {
    if file.isGenerated { return [] }
    var violations: [Violation] = []
    let lineCount = file.lines.count - (file.lines.last == "" ? 1 : 0)
    if lineCount > fileLinesMax {
      violations.append(
        Violation(
          path: file.path, line: fileLinesMax + 1,
          message: "\(lineCount) lines; split the file by its types, at most \(fileLinesMax)"))
    }
    for index in file.code.indices where isFunction(file.code[index]) {
      let length = functionLines(file.code[index...])
      if length > functionLinesMax {
        violations.append(
          Violation(
            path: file.path, line: index + 1,
            message: "a function of \(length) lines; at most \(functionLinesMax)"))
      }
    }
    return violations
  }

  /// Whether a function, initializer or subscript is declared on this line.
  static func isFunction(_ line: Substring) -> Bool {
    let trimmed = line.drop { $0 == " " || $0 == "\t" }
    // A declaration's line starts with attributes and modifiers, never with a dot or a call.
    guard let keyword = words(of: line).first(where: { !modifiers.contains($0) }) else {
      return false
    }
    switch keyword {
    case "func", "deinit": return true
    case "init", "subscript":
      // `self.init(…)` and `init(…)` as a call do not occur at a line's start in declarations.
      return !trimmed.hasPrefix(".")
    default: return false
    }
  }

  private static let modifiers: Set<Substring> = [
    "public", "package", "internal", "fileprivate", "private", "open", "static", "class", "final",
    "override", "mutating", "nonmutating", "consuming", "borrowing", "convenience", "required",
    "nonisolated", "isolated", "inline", "__always", "never", "inlinable", "usableFromInline",
    "discardableResult", "unsafe", "safe", "Test", "Sendable", "MainActor", "optional", "prefix",
    "postfix", "infix", "_optimize", "none", "_transparent",
  ]

  /// Lines from the declaration to the brace that closes its body; 0 without a body.
  static func functionLines(_ code: ArraySlice<Substring>) -> Int {
    var round = 0
    var braces = 0
    for (index, line) in zip(code.indices, code) {
      if braces == 0 && index > code.startIndex && round == 0 && isFunction(line) { return 0 }
      for byte in line.utf8 {
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: "["): round += 1
        case UInt8(ascii: ")"), UInt8(ascii: "]"): round -= 1
        case UInt8(ascii: "{") where round == 0 || braces > 0: braces += 1
        case UInt8(ascii: "}") where round == 0 || braces > 0:
          braces -= 1
          if braces == 0 { return index - code.startIndex + 1 }
          if braces < 0 { return 0 }  // The end of a protocol whose last requirement this was.
        default: break
        }
      }
    }
    return 0
  }
}

@Suite("Sizes")
struct SizeTests {
  @Test("files and functions can be taken in at a glance")
  func sizes() { report(SourceTree.project.swiftFiles.flatMap(Sizes.violations)) }
}
