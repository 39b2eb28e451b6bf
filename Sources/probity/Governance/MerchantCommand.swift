import ArgumentParser
import IntegrityCore
import ProbityClient
import ProbityWire

struct MerchantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merchant",
    abstract: "See and decide where merchants stand, and certify them.",
    discussion: """
      A merchant stands at NORMAL, WATCH, RESTRICTED, CLEAR_OUT_NOTICE or CLEARED_OUT. `probity \
      sweep` moves all of them by their evidence, one step at most; a human alone clears out. The \
      policy's section `governance` has the limits.
      """,
    subcommands: [
      Show.self, List.self, Assess.self, Decide.self, Appeal.self, DecideAppeal.self,
      Certify.self, Revoke.self,
    ])

  /// Prints a standing as text or as JSON.
  static func show(_ reply: StandingReply, json: Bool) throws {
    if json { return try Output.printJSON(StandingOutput(reply)) }
    StandingText.lines(reply).forEach(Output.print)
  }
}

/// The name of a merchant: [merchant:]ID; digits are that number, any other text is hashed.
struct MerchantArgument: ExpressibleByArgument {
  let id: AccountID

  init?(argument: String) {
    if argument.hasPrefix("buyer:") { return nil }
    let name = argument.hasPrefix("merchant:") ? argument : "merchant:" + argument
    guard let account = AccountArgument(argument: name) else { return nil }
    id = account.key.id
  }
}

extension MerchantCommand {
  /// What every command about one merchant takes.
  struct Subject: ParsableArguments {
    @Argument(help: "The merchant: [merchant:]ID.")
    var merchant: MerchantArgument

    @Flag(help: "Print one JSON object.")
    var json = false
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show where a merchant stands, since when, why, and what its evidence calls for.")

    @OptionGroup var subject: Subject
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient {
        try await $0.standing(of: subject.merchant.id)
      }
      try MerchantCommand.show(reply, json: subject.json)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List merchants that stand at WATCH or worse, the newest steps first.")

    @Option(help: "Only those that stand so.")
    var standing: Standing?

    @Flag(
      help: """
        Only those that wait for a human: a notice that is over, an open appeal, or certified \
        ones whose evidence calls for notice.
        """)
    var waiting = false

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @OptionGroup var client: ClientOptions

    func validate() throws {
      if standing == .normal {
        throw ValidationError("--standing NORMAL: those are not listed, as any merchant may be one")
      }
    }

    func run() async throws {
      let filter = StandingFilter(standing: standing, isWaiting: waiting)
      let count = try await client.withClient { client in
        var (count, below) = (0, UInt32(0))
        while true {
          let page = try await client.standings(filter, below: below)
          for reply in page.standings {
            if json {
              try Output.printJSON(StandingOutput(reply))
            } else {
              Output.print(StandingText.row(reply.report))
            }
          }
          count += page.standings.count
          guard let next = page.next else { return count }
          below = next
        }
      }
      if count == 0 && !json { Output.print("no merchant") }
    }
  }

  struct Assess: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have one merchant's standing follow its evidence, as a sweep would.")

    @OptionGroup var subject: Subject
    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient {
        try await $0.assess(
          subject.merchant.id, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      try MerchantCommand.show(reply, json: subject.json)
    }
  }

  struct Decide: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decide about a merchant's standing, as a human does.",
      discussion: """
        giveNotice: to one that is RESTRICTED and certified, so that a sweep does not do it; its \
        evidence has to call for it. clearOut: when its notice is over and was not met. dismiss: \
        of one at WATCH, RESTRICTED or under notice nothing is held against it for the policy's \
        `holdDays`. reinstate: one that was cleared out is watched, and nothing held against it as \
        long.
        """)

    @OptionGroup var subject: Subject

    @Argument(help: "What is decided.")
    var decision: StandingDecision

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient {
        try await $0.decideStanding(
          subject.merchant.id, decision, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      try MerchantCommand.show(reply, json: subject.json)
    }
  }

  struct Appeal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Note that a merchant appeals against the last step: nothing gets worse meanwhile.",
      discussion: """
        Once, against a step to the worse, within the policy's `appealDays` and before the next \
        step.
        """)

    @OptionGroup var subject: Subject
    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient {
        try await $0.appealStanding(
          subject.merchant.id, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      try MerchantCommand.show(reply, json: subject.json)
    }
  }

  struct DecideAppeal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decide a merchant's appeal. Upholding it takes the step back.")

    @OptionGroup var subject: Subject

    @Argument(help: "upheld or rejected.")
    var decision: AppealCommand.Decision

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient {
        try await $0.decideStandingAppeal(
          subject.merchant.id, isUpheld: decision == .upheld, actor: actor.name,
          reason: actor.reason, at: actor.time)
      }
      try MerchantCommand.show(reply, json: subject.json)
    }
  }

  struct Certify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Certify a merchant as a factory, or as an aggregator of a region's produce.",
      discussion: """
        What that is worth, in rankings and towards sweeps, is in the policy's section \
        `governance.support`. srdiFactory: on a state's list of specialised, refined, distinctive \
        and innovative small firms. Example: probity merchant certify 42 srdiFactory --until \
        2027-12-31
        """)

    @OptionGroup var subject: Subject

    @Argument(help: "As what.")
    var certification: Certification

    @Option(help: "When it ends (RFC 3339, a date, or Unix seconds).")
    var until: TimeArgument

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient {
        try await $0.certify(
          subject.merchant.id, certification, endsAt: until.time, actor: actor.name,
          reason: actor.reason, at: actor.time)
      }
      try MerchantCommand.show(reply, json: subject.json)
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End a merchant's certification.")

    @OptionGroup var subject: Subject
    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient {
        try await $0.revokeCertification(
          subject.merchant.id, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      try MerchantCommand.show(reply, json: subject.json)
    }
  }
}

extension Standing: ExpressibleByArgument {
  public init?(argument: String) {
    guard let standing = Self.allCases.first(where: { $0.name == argument.uppercased() }) else {
      return nil
    }
    self = standing
  }
  public static var allValueStrings: [String] { allCases.map(\.name) }
}

extension StandingDecision: ExpressibleByArgument {
  public init?(argument: String) {
    guard let decision = Self.allCases.first(where: { $0.name == argument }) else { return nil }
    self = decision
  }
  public static var allValueStrings: [String] { allCases.map(\.name) }
}

extension Certification: ExpressibleByArgument {
  public init?(argument: String) {
    guard let certification = Self.allCases.first(where: { $0.name == argument }) else {
      return nil
    }
    self = certification
  }
  public static var allValueStrings: [String] { allCases.map(\.name) }
}
