import ArgumentParser
import Foundation

/// A file of accounts' names, one a line.
enum NamesFile {
  /// - Parameter path: "-" = standard input.
  static func read<Name: ExpressibleByArgument>(_ path: String, as names: String) throws -> [Name] {
    guard
      let text = path == "-"
        ? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
        : try? String(contentsOfFile: path, encoding: .utf8)
    else { throw CommandFailure("cannot read \(path)") }
    return try text.split(whereSeparator: \.isWhitespace).map { word in
      guard let name = Name(argument: String(word)) else {
        throw CommandFailure("\(path): \"\(word)\" names no account: \(names)")
      }
      return name
    }
  }
}
