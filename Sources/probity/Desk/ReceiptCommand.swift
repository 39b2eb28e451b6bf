import ArgumentParser
import Foundation
import IntegrityCore
import IntegrityPolicy
import ProbityClient
import ProbityWire

struct ReceiptCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receipt",
    abstract: "Check that a decision is what its receipt says.",
    subcommands: [Verify.self])
}

extension ReceiptCommand {
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decide a claim once more from its receipt, and compare bit for bit.",
      discussion: """
        A receipt holds everything that the decision read: the claim, both records of evidence, \
        what was spent and what was allowed. It comes from `claim open --json` or `claim show \
        --json`, as the field `receipt`. The policy is asked of the daemon by its hash, unless \
        its document is named with --policy or it is the built-in one.

        Exit code 0: it is the same. 1: it is not, or something is missing.

        Example: probity claim show 1001 --json > r.json; probity receipt verify r.json
        """)

    @Argument(help: "A file with the receipt (JSON, or its 448 bytes), or the claim's id.")
    var subject: String

    @Option(help: "The policy's document, in YAML.")
    var policy: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var client: ClientOptions

    func run() async throws {
      let bytes = try await receiptBytes()
      let receipt: Receipt
      do {
        receipt = try Receipt(bytes)
      } catch {
        throw CommandFailure("the receipt is refused: \(error.words)")
      }
      let policy = try await policy(of: receipt)
      do {
        try receipt.verify(under: policy)
      } catch {
        if json { try Output.printJSON(VerifyOutput(receipt, error.words)) }
        throw CommandFailure("claim \(receipt.claimCase.claim.id.rawValue): \(error.words)")
      }
      if json { return try Output.printJSON(VerifyOutput(receipt, nil)) }
      Output.print(
        "claim \(receipt.claimCase.claim.id.rawValue): \(receipt.decision.outcome.name), decided "
          + "once more under policy \(policy.version): the same, bit for bit")
    }

    private func receiptBytes() async throws -> [UInt8] {
      if let data = FileManager.default.contents(atPath: subject) {
        return try ReceiptFile.bytes(Array(data), path: subject)
      }
      guard let claim = ClaimArgument(argument: subject), claim.text == nil else {
        throw CommandFailure("there is no file \(subject), and it is no claim's number")
      }
      let reply = try await client.withClient { try await $0.claim(claim.id) }
      if reply.receipt.isEmpty {
        throw CommandFailure("the daemon has no receipt of claim \(subject) that can be read")
      }
      return reply.receipt
    }

    private func policy(of receipt: Receipt) async throws -> Policy {
      if let policy { return try PolicyFile.read(policy).policy }
      if receipt.policyHash == PolicyDocument.standard.policy.hash {
        return PolicyDocument.standard.policy
      }
      let entries = try await client.withClient {
        try await $0.policies(receipt.policyHash).report.entries
      }
      guard let entry = entries.first(where: { $0.hash == receipt.policyHash }) else {
        throw CommandFailure(
          "the receipt is of the policy with the hash \(receipt.policyHash.hex), which is not "
            + "at hand: name its document with --policy")
      }
      return try PolicyDocument.load(yaml: entry.text, file: "policy").policy
    }
  }
}

/// A file with a receipt.
enum ReceiptFile {
  private struct Fields: Decodable { let receipt: String }

  static func bytes(_ bytes: [UInt8], path: String) throws -> [UInt8] {
    if bytes.count == Receipt.sizeBytes && bytes.starts(with: Array("PRCT".utf8)) { return bytes }
    guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(bytes)),
      let data = Data(base64Encoded: fields.receipt)
    else {
      throw CommandFailure(
        "\(path) holds no receipt: it must be JSON with a field `receipt`, or 448 bytes")
    }
    return Array(data)
  }
}

extension ReceiptFault {
  /// What is wrong, for people.
  var words: String {
    switch self {
    case .damaged(let reason): reason
    case .otherSemantics(let found, let own):
      "it was decided by a core of semantics \(found), this one has \(own)"
    case .otherPolicy(let needed, let given):
      "it was decided under the policy with the hash \(needed.hex), the one given has \(given.hex)"
    case .differs(let decision):
      "decided once more it is \(decision.outcome.name), and the receipt says otherwise: it was "
        + "changed"
    }
  }
}

/// The result as `--json` prints it.
struct VerifyOutput: Encodable {
  let claim: UInt64
  let outcome: String
  let logPosition: UInt64
  let policyHash: String
  let isSame: Bool
  let fault: String?

  init(_ receipt: Receipt, _ fault: String?) {
    claim = receipt.claimCase.claim.id.rawValue
    outcome = receipt.decision.outcome.name
    logPosition = receipt.position.rawValue
    policyHash = receipt.policyHash.hex
    isSame = fault == nil
    self.fault = fault
  }
}
