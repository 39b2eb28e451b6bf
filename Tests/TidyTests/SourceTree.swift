import Foundation

/// The project's own text files, found from this file's place in it.
struct SourceTree {
  let files: [SourceFile]
  /// Paths of all files, text or not, relative to the root.
  let paths: [String]
  let root: URL

  static let textEndings: Set<String> = [
    "swift", "c", "h", "md", "proto", "yaml", "yml", "json", "sh", "py", "txt", "service", "toml",
    "modulemap",
  ]

  /// Read once for all tests.
  static let project = SourceTree(
    root: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent())

  init(root: URL) {
    self.root = root
    var paths: [String] = []
    var directories = [""]
    while let directory = directories.popLast() {
      let url = root.appendingPathComponent(directory)
      let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
      for name in names where !name.hasPrefix(".") && name != "probity-data" {
        let path = directory.isEmpty ? name : "\(directory)/\(name)"
        var isDirectory: ObjCBool = false
        let file = root.appendingPathComponent(path).path
        // Safe: the pointer lives for the call.
        guard unsafe FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory) else {
          continue  // A dangling link, or gone since it was listed.
        }
        if isDirectory.boolValue { directories.append(path) } else { paths.append(path) }
      }
    }
    self.paths = paths.sorted()
    files = self.paths.compactMap { path in
      let name = path.split(separator: "/").last ?? ""
      let ending = name.contains(".") ? String(name.split(separator: ".").last ?? "") : ""
      guard Self.textEndings.contains(ending) || name == "Makefile" else { return nil }
      guard let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path)
      else { return nil }
      return SourceFile(path: path, text: String(decoding: data, as: UTF8.self))
    }
  }

  var swiftFiles: [SourceFile] { files.filter(\.isSwift) }
}

/// One file's text, and for Swift the same without comments and literals.
struct SourceFile {
  let path: String
  let lines: [Substring]
  /// Swift only: as `lines`, with blanks for comments and string literals.
  let code: [Substring]

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    code =
      path.hasSuffix(".swift")
      ? SwiftCode.only(text).split(separator: "\n", omittingEmptySubsequences: false) : []
  }

  var isSwift: Bool { path.hasSuffix(".swift") }
  var isGenerated: Bool { lines.prefix(3).contains { $0.contains("enerated") } }
  var name: Substring { path.split(separator: "/").last ?? "" }

  /// The module that the file belongs to: `Sources/X/…` is X.
  var module: Substring? {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? parts[1] : nil
  }
}

/// Something that the house does not do: where it stands and what would be right.
struct Violation: CustomStringConvertible {
  let path: String
  /// From 1.
  let line: Int
  let message: String

  var description: String { "\(path):\(line): \(message)" }
}
