import Foundation
import IntegrityCore
import IntegrityPolicy

/// The policy that `--policy` names.
enum PolicyFile {
  /// The built-in one where no path is given.
  static func read(_ path: String?) throws -> PolicyDocument {
    guard let path else { return .standard }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure("cannot read the policy file \(path)")
    }
    do {
      return try PolicyDocument.load(bytes: Array(data), file: path)
    } catch {
      throw CommandFailure("\(error)")
    }
  }
}
