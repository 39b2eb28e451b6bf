import Foundation
import IntegrityCore
import IntegrityPolicy

/// The policy that `--policy` names.
enum PolicyFile {
  /// The built-in one where no path is given.
  static func read(_ path: String?) throws -> PolicyDocument {
    guard let path else { return .standard }
    switch try load(path) {
    case .success(let document): return document
    case .failure(let fault): throw CommandFailure("\(fault)")
    }
  }

  /// Or all that is wrong with it. Throws where there is no file to read.
  static func load(_ path: String) throws -> Result<PolicyDocument, PolicyFault> {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure("cannot read the policy file \(path)")
    }
    return Result { () throws(PolicyFault) in
      try PolicyDocument.load(bytes: Array(data), file: path)
    }
  }
}
