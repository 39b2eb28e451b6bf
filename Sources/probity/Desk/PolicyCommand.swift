import ArgumentParser
import IntegrityCore
import IntegrityPolicy
import ProbityClient
import ProbityWire

struct PolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Fit and judge a policy, check it, try it in shadow, put it in force.",
    discussion: """
      A policy goes through three steps: `check` it, `put` it, then `shadow` it for a while, \
      which has every claim decided under it as well, or `activate` it. One whose `governance` is \
      stricter than what is in force has to be in shadow for the `shadowDays` of that first. \
      Activating the one before rolls back. A policy is named by its version or by its hash.
      """,
    subcommands: [
      Check.self, Put.self, Shadow.self, Activate.self, Show.self, Diff.self, Default.self,
      Fit.self, Judge.self,
    ])
}

extension PolicyCommand {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say all that is wrong with a policy's document, with line and column.")

    @Argument(help: "The document, in YAML.")
    var file: String

    @Flag(help: "Print one JSON object, with `faults`. The exit code says the same.")
    var json = false

    func run() throws {
      switch try PolicyFile.load(file) {
      case .success(let document):
        if json { return try Output.printJSON(PolicyCheckOutput(document)) }
        Output.print(
          "\(document.name), version \(document.policy.version), hash "
            + "\(document.policy.hash.hex): nothing is wrong with it")
      case .failure(let fault):
        if !json { throw CommandFailure("\(fault)") }
        try Output.printJSON(PolicyCheckOutput(fault))
        throw ExitCode.failure
      }
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

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let document = try PolicyFile.read(file)
      let reply = try await client.withClient {
        try await $0.putPolicy(
          document.text, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      if json { return try Output.printJSON(PolicyChangeOutput(reply)) }
      Output.print("version \(reply.version), hash \(reply.hash.hex), is there")
      Output.print("Next: probity policy shadow \(reply.version), or activate \(reply.version)")
    }
  }

  struct Activate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a policy in force, for everything from now on.")

    @Argument(help: "Its version, or the first digits of its hash.")
    var policy: PolicyArgument

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient { client in
        let entry = try policy.choose(from: try await client.policies().report)
        return try await client.activatePolicy(
          entry.hash, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      if json { return try Output.printJSON(PolicyChangeOutput(reply)) }
      Output.print("version \(reply.version), hash \(reply.hash.hex), is in force")
    }
  }

  struct Shadow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have every claim decided under another policy as well, or show what came of it.",
      discussion: """
        Without a policy it shows how often the one in shadow would have decided otherwise, and \
        the newest such claims. `probity sweep` says which merchants it would have stand worse, \
        `probity kpi` how scores would differ.
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
        let reply = try await client.shadowPolicy(
          entry?.hash, actor: actor.name, reason: actor.reason, at: actor.time)
        if json { return try Output.printJSON(PolicyChangeOutput(reply)) }
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

    @Flag(help: "Print one JSON object a value that differs.")
    var json = false

    @OptionGroup var client: ClientOptions

    func run() async throws {
      let document = try PolicyFile.read(file)
      let report = try await client.withClient { try await $0.policies().report }
      let hash = try with?.choose(from: report).hash ?? report.activeHash
      let text = try await client.document(of: hash)
      let differences = PolicyDifference.all(from: text, to: document.text)
      if json { return try differences.forEach(Output.printJSON) }
      for difference in differences { Output.print(difference.line) }
      if differences.isEmpty { Output.print("no value differs") }
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
