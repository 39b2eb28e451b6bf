import IntegrityCore

/// A policy as people write it: a YAML document, checked and compiled.
///
/// For: reading a document, refusing it with everything that is wrong with it,
/// and the default policy. Not for: what the numbers do (`IntegrityCore`), or
/// activating a policy (`ProbityEngine`).
///
/// The document is described by the comments of the default policy,
/// Resources/default-policy.yaml. All keys are required and no others allowed.
public struct PolicyDocument: Sendable, Equatable {
  /// What people call the policy: "standard".
  public let name: String
  public let policy: Policy
  /// As it was read.
  public let text: String

  /// Reads and checks a document.
  ///
  /// - Parameters:
  ///   - yaml: the text, at most 1 MiB.
  ///   - file: where it came from, for messages.
  /// - Throws: `PolicyFault` with up to 20 things that are wrong.
  public static func load(yaml: String, file: String) throws(PolicyFault) -> PolicyDocument {
    try DocumentReader(source: file).read(yaml)
  }

  /// Reads and checks a document that should be UTF-8.
  ///
  /// - Throws: `PolicyFault`, also where it is not.
  public static func load(bytes: [UInt8], file: String) throws(PolicyFault) -> PolicyDocument {
    let reader = DocumentReader(source: file)
    return try reader.read(try reader.decode(bytes))
  }

  /// The default policy, which is part of the program.
  public static let standard: PolicyDocument = {
    do {
      return try load(bytes: PackageResources.default_policy_yaml, file: "default-policy.yaml")
    } catch {
      preconditionFailure("the default policy is faulty:\n\(error)")
    }
  }()

  /// Text of the default policy: what to start one's own from.
  public static var standardText: String {
    String(decoding: PackageResources.default_policy_yaml, as: UTF8.self)
  }

  /// The same as another version: another policy by its hash.
  package static func standardText(version: UInt32) -> String {
    standardText.replacing(
      "\nversion: \(standard.policy.version)\n", with: "\nversion: \(version)\n")
  }

  /// The same with caps that are amounts alone and without lots: what is decided hangs on nobody's
  /// trade, nor on chance. For tests of all else.
  package static func unboundText(version: UInt32) -> String {
    let most = "\(SubsidyAmounts.capMax.rawValue)"
    return standardText(version: version)
      .replacing("buyerBase: 0\n", with: "buyerBase: \(most)\n")
      .replacing("merchantBase: 0\n", with: "merchantBase: \(most)\n")
      .replacing(
        "spotCheckShare: \(standard.policy.claims.spotCheckShare)\n", with: "spotCheckShare: 0\n")
  }

  package static let unbound: PolicyDocument = {
    do { return try load(yaml: unboundText(version: 11), file: "unbound") } catch {
      preconditionFailure("the default policy, unbound, is faulty:\n\(error)")
    }
  }()
}
