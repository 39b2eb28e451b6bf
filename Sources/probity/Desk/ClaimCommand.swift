import ArgumentParser
import IntegrityCore
import ProbityClient
import ProbityWire

struct ClaimCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claim",
    abstract: "Open claims, show them, decide them, take them back, settle their money.",
    subcommands: [Open.self, Show.self, Decide.self, Withdraw.self, Settle.self])

  /// What every answer about a claim prints.
  static func show(_ reply: ClaimReply, json: Bool) throws {
    if json { return try Output.printJSON(ClaimOutput(reply)) }
    for line in ClaimCard().lines(reply) { Output.print(line) }
  }
}

extension ClaimCommand {
  struct Open: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Open a claim: who pays is decided at once.",
      discussion: """
        The same claim again, with the same --opened-at, gives the same answer; the same id with \
        other content is refused.

        Example: probity claim open 1001 --buyer 42 --merchant 7 --order 9 --amount 80.00 \
        --kind quality --alleges defective --proof buyerEvidence
        """)

    @Argument(help: "The claim's id, chosen by you: digits, or any text.")
    var claim: ClaimArgument

    @Option(help: "Who claims.")
    var buyer: AccountArgument

    @Option(help: "Who sold.")
    var merchant: AccountArgument

    @Option(help: "What is asked back, like 80.00.")
    var amount: MoneyArgument

    @Option(help: "Is it about the quality of the goods?")
    var kind = KindArgument.quality

    @Option(help: "What is alleged.")
    var alleges: Allegation

    @Option(help: "Number of the order.")
    var order: UInt64 = 0

    @Option(help: "When it was ordered (RFC 3339, a date, or Unix seconds).")
    var orderedAt: TimeArgument?

    @Option(help: "When the claim was opened, if not now.")
    var openedAt: TimeArgument?

    @Option(help: "Category of the goods, 1 to 65535.")
    var category: UInt32 = 0

    @Option(
      help: """
        What speaks for or against it; may be given more than once. recorded: what the carrier \
        proves was recorded as an event, and counts against the merchant already.
        """)
    var proof: [ProofArgument] = []

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var client: ClientOptions

    func run() async throws {
      let opened = openedAt?.time ?? .now
      let claim = Claim(
        id: claim.id, buyer: buyer.key.id, merchant: merchant.key.id, order: order,
        orderedAt: orderedAt?.time ?? .zero, openedAt: opened, amount: amount.amount,
        category: category, kind: kind.kind, allegation: alleges,
        proofs: proof.reduce(into: []) { $0.formUnion($1.proof) })
      let reply = try await client.withClient {
        try await $0.openClaim(claim, explain: true, at: opened)
      }
      try ClaimCommand.show(reply, json: json)
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a claim: its outcome and why, its money, what was done about it.")

    @Argument(help: "The claim's id.")
    var claim: ClaimArgument

    @Flag(help: "Print one JSON object, the receipt included.")
    var json = false

    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient { try await $0.claim(claim.id) }
      try ClaimCommand.show(reply, json: json)
    }
  }

  struct Decide: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give a human's verdict on a claim.",
      discussion: """
        upheld: the buyer is right. rejected: the claim is not founded. abuse: it was made up; \
        this counts against the buyer.
        """)

    @Argument(help: "The claim's id.")
    var claim: ClaimArgument

    @Argument(help: "The verdict.")
    var verdict: Verdict

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient {
        try await $0.decideClaim(
          claim.id, verdict, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      try ClaimCommand.show(reply, json: json)
    }
  }

  struct Withdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a claim back: it is as if it had not been opened.",
      discussion: """
        Not behind a verdict or a payment, and not while a human is to look at it: then it is \
        decided, as rejected if the buyer does not stand by it.
        """)

    @Argument(help: "The claim's id.")
    var claim: ClaimArgument

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient {
        try await $0.withdrawClaim(
          claim.id, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      try ClaimCommand.show(reply, json: json)
    }
  }

  struct Settle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that the money reserved for a claim was paid, or set it free.")

    @Argument(help: "The claim's id.")
    var claim: ClaimArgument

    @Argument(help: "commit: it was paid. release: it will not be.")
    var settlement: SettlementArgument

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient {
        try await $0.settleSubsidy(
          claim.id, settlement == .commit ? .commit : .release, actor: actor.name,
          reason: actor.reason, at: actor.time)
      }
      try ClaimCommand.show(reply, json: json)
    }
  }
}

/// `commit` or `release`.
enum SettlementArgument: String, CaseIterable, ExpressibleByArgument { case commit, release }
