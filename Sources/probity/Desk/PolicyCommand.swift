import ArgumentParser
import Foundation
import IntegrityCore
import IntegrityPolicy
import ProbityClient
import ProbityWire

struct PolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Check a policy, put it into a daemon, try it in shadow, put it in force.",
    discussion: """
      A policy goes through three steps: `check` it, `put` it, then `shadow` it for a while, \
      which has every claim decided under it as well, or `activate` it. Activating the one before \
      rolls back. A policy is named by its version or by its hash.
      """,
    subcommands: [
      Check.self, Put.self, Shadow.self, Activate.self, Show.self, Diff.self, Default.self,
    ])
}

extension PolicyCommand {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say all that is wrong with a policy's document, with line and column.")

    @Argument(help: "The document, in YAML.")
    var file: String

    func run() throws {
      let document = try PolicyFile.read(file)
      Output.print(
        "\(document.name), version \(document.policy.version), hash \(document.policy.hash.hex): "
          + "nothing is wrong with it")
    }
  }

  struct Default: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the built-in policy's document, to start one's own from.")

    func run() { Output.write(PolicyDocument.standardText, to: 1) }
  }

  struct Put: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a policy into a daemon's store. It is not in force yet.")

    @Argument(help: "The document, in YAML.")
    var file: String

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let document = try PolicyFile.read(file)
      let reply = try await client.withClient {
        try await $0.putPolicy(
          document.text, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      Output.print("version \(reply.version), hash \(reply.hash.hex), is there")
      Output.print("Next: probity policy shadow \(reply.version), or activate \(reply.version)")
    }
  }

  struct Activate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a policy in force, for everything from now on.")

    @Argument(help: "Its version, or the first digits of its hash.")
    var policy: PolicyArgument

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient { client in
        let entry = try policy.choose(from: try await client.policies().report)
        return try await client.activatePolicy(
          entry.hash, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      Output.print("version \(reply.version), hash \(reply.hash.hex), is in force")
    }
  }

  struct Shadow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have every claim decided under another policy as well, or show what came of it.",
      discussion: """
        Without a policy it shows how often the one in shadow would have decided otherwise, and \
        the newest such claims.
        """)

    @Argument(help: "Its version, or the first digits of its hash.")
    var policy: PolicyArgument?

    @Flag(help: "End it.")
    var off = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @Option(help: "Claims to show, 1 to 1000.")
    var claims = 10

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
      if off && policy != nil { throw ValidationError("name a policy, or --off, not both") }
      if !(1...1_000).contains(claims) { throw ValidationError("--claims must be 1 to 1000") }
    }

    func run() async throws {
      if policy != nil || off { return try await choose() }
      let report = try await client.withClient { client in
        try await client.shadow(countMax: UInt32(claims)).report
      }
      if json { return try Output.printJSON(ShadowOutput(report)) }
      for line in ShadowTable.lines(report) { Output.print(line) }
    }

    private func choose() async throws {
      try await client.withClient { client in
        let entry = try policy?.choose(from: try await client.policies().report)
        _ = try await client.shadowPolicy(
          entry?.hash, actor: actor.name, reason: actor.reason, at: actor.time)
        Output.print(
          entry.map { "version \($0.version) is tried in shadow: probity policy shadow shows it" }
            ?? "no policy is tried in shadow")
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a daemon's policies, or print the document of one.")

    @Argument(help: "Its version, or the first digits of its hash.")
    var policy: PolicyArgument?

    @Flag(help: "Print one JSON object a policy.")
    var json = false

    @OptionGroup var client: ClientOptions

    func run() async throws {
      let report = try await client.withClient { try await $0.policies().report }
      if let policy {
        let hash = try policy.choose(from: report).hash
        return Output.write(try await client.document(of: hash), to: 1)
      }
      for entry in report.entries {
        let state =
          entry.hash == report.activeHash
          ? "in force" : entry.hash == report.shadowHash ? "in shadow" : ""
        if json {
          try Output.printJSON(PolicyOutput(entry, state: state))
        } else {
          Output.print(
            "version \("\(entry.version)".padded(to: 6)) \(entry.hash.hex)  "
              + "\(entry.name.padded(to: 24)) \(state)")
        }
      }
    }
  }

  struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show how a document differs from a daemon's policy, value by value.")

    @Argument(help: "The document, in YAML.")
    var file: String

    @Option(help: "The policy to compare with: its version or hash; that in force if not given.")
    var with: PolicyArgument?

    @OptionGroup var client: ClientOptions

    func run() async throws {
      let document = try PolicyFile.read(file)
      let report = try await client.withClient { try await $0.policies().report }
      let hash = try with?.choose(from: report).hash ?? report.activeHash
      let text = try await client.document(of: hash)
      let lines = PolicyDifference.lines(from: text, to: document.text)
      for line in lines { Output.print(line) }
      if lines.isEmpty { Output.print("no value differs") }
    }
  }
}

extension ClientOptions {
  /// The document of a daemon's policy.
  func document(of hash: UInt64) async throws -> String {
    let entries = try await withClient { try await $0.policies(hash).report.entries }
    guard let entry = entries.first(where: { $0.hash == hash }), !entry.text.isEmpty else {
      throw CommandFailure("the daemon has no document of the policy with the hash \(hash.hex)")
    }
    return entry.text
  }
}

/// Values of two documents that differ, by key.
enum PolicyDifference {
  static func lines(from old: String, to new: String) -> [String] {
    let (before, after) = (values(old), values(new))
    let keys =
      before.map(\.key) + after.map(\.key).filter { key in !before.contains { $0.key == key } }
    return keys.compactMap { key in
      let (a, b) = (before.first { $0.key == key }?.value, after.first { $0.key == key }?.value)
      return a == b ? nil : "\(key): \(a ?? "absent") → \(b ?? "absent")"
    }
  }

  /// Keys with the sections that they are in, in the document's order. Documents are plain:
  /// one `key: value` a line, two spaces a level.
  private static func values(_ text: String) -> [(key: String, value: String)] {
    var path: [(indentation: Int, name: String)] = []
    var found: [(key: String, value: String)] = []
    for line in text.split(separator: "\n") {
      let content = line.split(separator: "#", omittingEmptySubsequences: false)[0]
      guard let colon = content.firstIndex(of: ":") else { continue }
      let indentation = content.prefix { $0 == " " }.count
      let name = content[..<colon].drop { $0 == " " }
      let value = content[content.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      path.removeAll { $0.indentation >= indentation }
      path.append((indentation, String(name)))
      if value.isEmpty { continue }
      found.append((path.map(\.name).joined(separator: "."), value))
    }
    return found
  }
}

/// A policy as `--json` prints it.
struct PolicyOutput: Encodable {
  let name: String
  let version: UInt32
  let hash: String
  let logPosition: UInt64
  let state: String

  init(_ entry: PolicyReport.Entry, state: String) {
    name = entry.name
    version = entry.version
    hash = entry.hash.hex
    logPosition = entry.position.rawValue
    self.state = state
  }
}

/// What a policy in shadow would have decided, as a table.
enum ShadowTable {
  static func lines(_ report: ShadowReport) -> [String] {
    let tally = report.tally
    if tally.claimCount == 0 { return ["no claim was decided under another policy yet"] }
    let share = Double(tally.differingCount) / Double(tally.claimCount) * 100
    var lines = [
      "\(tally.differingCount) of \(tally.claimCount) claims would have been decided otherwise "
        + "(\((share * 10).rounded() / 10) %)"
    ]
    for outcome in Outcome.allCases {
      for other in Outcome.allCases where other != outcome && tally.count(outcome, other) > 0 {
        lines.append(
          "  \(outcome.name.padded(to: 22)) → \(other.name.padded(to: 22)) "
            + "\(tally.count(outcome, other))".rightAligned(to: 10))
      }
    }
    for difference in report.differences {
      lines.append(
        "  claim \(difference.claim.id.rawValue), \(difference.claim.amount.text): "
          + "\(difference.outcome.name), would be \(difference.other.name)")
    }
    return lines
  }
}

/// The same as `--json` prints it.
struct ShadowOutput: Encodable {
  struct Flip: Encodable {
    let outcome: String
    let wouldBe: String
    let count: UInt64
  }

  struct Difference: Encodable {
    let claim: UInt64
    let amount: Int64
    let outcome: String
    let wouldBe: String
  }

  let claims: UInt64
  let differing: UInt64
  let flips: [Flip]
  let newest: [Difference]

  init(_ report: ShadowReport) {
    claims = report.tally.claimCount
    differing = report.tally.differingCount
    flips = Outcome.allCases.flatMap { outcome in
      Outcome.allCases.filter { $0 != outcome && report.tally.count(outcome, $0) > 0 }.map {
        Flip(outcome: outcome.name, wouldBe: $0.name, count: report.tally.count(outcome, $0))
      }
    }
    newest = report.differences.map {
      Difference(
        claim: $0.claim.id.rawValue, amount: $0.claim.amount.rawValue, outcome: $0.outcome.name,
        wouldBe: $0.other.name)
    }
  }
}
