import ArgumentParser
import IntegrityCore
import ProbityClient
import ProbityWire

struct OverrideCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "override",
    abstract: "Set what an account gets, whatever it has done; link accounts of one identity.",
    discussion: """
      An override says who set it and why, ends when it is told to, and shows in every answer \
      that it touches, as O01 or O02.
      """,
    subcommands: [Show.self, Set.self, Clear.self, Link.self, Unlink.self])
}

extension OverrideCommand {
  /// A sort of override.
  enum Sort: String, CaseIterable, ExpressibleByArgument {
    case tier, outcome, listed

    var kind: OverrideKind {
      switch self {
      case .tier: .tier
      case .outcome: .outcome
      case .listed: .listed
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show an account's overrides in force, and the accounts linked with it.")

    @Argument(help: "The account: [buyer:|merchant:]ID.")
    var account: AccountArgument

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient { try await $0.overrides(of: account.key) }
      let (overrides, linked) = (reply.overrides, reply.linked)
      if json { return try Output.printJSON(OverridesOutput(overrides, linked)) }
      if overrides.isEmpty && linked.isEmpty { Output.print("nothing is set") }
      for override in overrides {
        let ends = override.endsAt == .zero ? "" : " until \(override.endsAt.iso8601)"
        let why = override.reason.isEmpty ? "" : ": \(override.reason)"
        Output.print(
          "\(override.setting.words)\(ends), set by \(override.actor) at "
            + "\(override.at.iso8601)\(why)")
      }
      for other in linked { Output.print("linked with \(other.kind.name) \(other.id.rawValue)") }
    }
  }

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set an account's tier, the outcome of its claims, or put it on the list.",
      discussion: """
        Example: probity override set buyer:42 outcome MANUAL_REVIEW --until 2026-12-31 \
        --actor anna --reason "chargeback ring"
        """)

    @Argument(help: "The account: [buyer:|merchant:]ID.")
    var account: AccountArgument

    @Argument(help: "What is set. listed: a human looks at all its claims.")
    var sort: Sort

    @Argument(help: "The tier A to E, or the outcome; nothing for `listed`.")
    var value: String?

    @Option(help: "When it ends (RFC 3339, a date, or Unix seconds); never if not given.")
    var until: TimeArgument?

    @OptionGroup var answer: OrderAnswer
    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let setting = try setting()
      let position = try await client.withClient {
        try await $0.setOverride(
          account.key, setting, endsAt: until?.time ?? .zero, actor: actor.name,
          reason: actor.reason, at: actor.time)
      }
      try answer.print(position)
    }

    private func setting() throws -> OverrideSetting {
      switch sort {
      case .tier:
        if let tier = Tier.allCases.first(where: { $0.name == value?.uppercased() }) {
          return .tier(tier)
        }
        throw ValidationError("name the tier: A, B, C, D or E")
      case .outcome:
        if let outcome = Outcome.allCases.first(where: { $0.name == value?.uppercased() }) {
          return .outcome(outcome)
        }
        let names = Outcome.allCases.map(\.name).joined(separator: ", ")
        throw ValidationError("name the outcome: \(names)")
      case .listed:
        if value == nil { return .listed }
        throw ValidationError("`listed` takes no value")
      }
    }
  }

  struct Clear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End an override.")

    @Argument(help: "The account: [buyer:|merchant:]ID.")
    var account: AccountArgument

    @Argument(help: "Which.")
    var sort: Sort

    @OptionGroup var answer: OrderAnswer
    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let position = try await client.withClient {
        try await $0.clearOverride(
          account.key, sort.kind, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      try answer.print(position)
    }
  }

  struct Link: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that two accounts are one identity: their claims count together.")

    @Argument(help: "An account: [buyer:|merchant:]ID.")
    var account: AccountArgument

    @Argument(help: "The other.")
    var other: AccountArgument

    @OptionGroup var answer: OrderAnswer
    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let position = try await client.withClient {
        try await $0.link(
          account.key, other.key, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      try answer.print(position)
    }
  }

  struct Unlink: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that two accounts that were linked are not one identity after all.")

    @Argument(help: "An account: [buyer:|merchant:]ID.")
    var account: AccountArgument

    @Argument(help: "The other.")
    var other: AccountArgument

    @OptionGroup var answer: OrderAnswer
    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let position = try await client.withClient {
        try await $0.unlink(
          account.key, other.key, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      try answer.print(position)
    }
  }
}

extension OverrideSetting {
  var words: String {
    switch self {
    case .tier(let tier): "tier \(tier.name)"
    case .outcome(let outcome): "outcome \(outcome.name)"
    case .listed: "listed"
    }
  }
}

/// Overrides as `--json` prints them.
struct OverridesOutput: Encodable {
  struct Entry: Encodable {
    let setting: String
    let actor: String
    let reason: String
    let at: String
    let endsAt: String?
  }

  let overrides: [Entry]
  let linked: [String]

  init(_ overrides: [OverrideStanding], _ linked: [AccountKey]) {
    self.overrides = overrides.map {
      Entry(
        setting: $0.setting.words, actor: $0.actor, reason: $0.reason, at: $0.at.iso8601,
        endsAt: $0.endsAt == .zero ? nil : $0.endsAt.iso8601)
    }
    self.linked = linked.map { "\($0.kind.name):\($0.id.rawValue)" }
  }
}
