import ArgumentParser
import IntegrityCore
import ProbityClient
import ProbityWire

struct AppealCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "appeal",
    abstract: "Appeal decisions, decide appeals, and see what an upheld one changes.",
    subcommands: [Open.self, Decide.self, Affected.self])
}

extension AppealCommand {
  /// Who appeals.
  enum Party: String, CaseIterable, ExpressibleByArgument { case buyer, merchant }

  /// How an appeal is decided.
  enum Decision: String, CaseIterable, ExpressibleByArgument { case upheld, rejected }

  struct Open: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Appeal the decision on a claim, within the policy's window.")

    @Argument(help: "The claim's id.")
    var claim: ClaimArgument

    @Option(help: "Who appeals.")
    var by: Party

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let reply = try await client.withClient {
        try await $0.openAppeal(
          claim.id, by: by == .buyer ? .buyer : .merchant, actor: actor.name,
          reason: actor.reason, at: actor.time)
      }
      try ClaimCommand.show(reply, json: json)
    }
  }

  struct Decide: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decide an appeal. Upholding it takes the claim's evidence and money back.",
      discussion: """
        Later decisions that would be others without that evidence are listed; `probity appeal \
        affected` lists them again.
        """)

    @Argument(help: "The claim's id.")
    var claim: ClaimArgument

    @Argument(help: "upheld or rejected.")
    var decision: Decision

    @Flag(help: "Print one JSON object; upheld, one more a line for each later decision.")
    var json = false

    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      try await client.withClient { client in
        let reply = try await client.decideAppeal(
          claim.id, isUpheld: decision == .upheld, actor: actor.name, reason: actor.reason,
          at: actor.time)
        try ClaimCommand.show(reply, json: json)
        if let page = reply.affected {
          try await Affected.list(claim.id, from: page, client, json: json)
        }
      }
    }
  }

  struct Affected: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List later decisions that an undone claim would have changed, newest first.")

    @Argument(help: "The claim's id.")
    var claim: ClaimArgument

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @OptionGroup var client: ClientOptions

    func run() async throws {
      try await client.withClient { client in
        let page = try await client.affectedDecisions(by: claim.id).report
        try await Self.list(claim.id, from: page, client, json: json)
      }
    }

    /// Page by page, to the end.
    static func list(
      _ claim: ClaimID, from first: AffectedReport, _ client: ProbityClient, json: Bool
    ) async throws {
      var (differing, lookedAt, unreadable) = (0, 0, 0)
      var page: AffectedReport? = first
      while let report = page {
        for decision in report.decisions { try show(decision, json: json) }
        differing += report.decisions.count
        lookedAt += report.lookedAt
        unreadable += report.unreadable
        page = nil
        if let below = report.next {
          page = try await client.affectedDecisions(by: claim, below: below).report
        }
      }
      if json { return }
      let missing = unreadable == 0 ? "" : "; \(unreadable) receipts could not be read"
      Output.print("  \(differing) of \(lookedAt) later decisions would differ" + missing)
    }

    private static func show(_ decision: AffectedDecision, json: Bool) throws {
      if json { return try Output.printJSON(AffectedOutput(decision)) }
      Output.print(
        "  claim \(decision.claim.rawValue) of buyer \(decision.buyer.rawValue) against "
          + "merchant \(decision.merchant.rawValue): \(decision.outcome.name), would be "
          + decision.other.name)
    }
  }
}

/// A decision that would differ, as `--json` prints it.
struct AffectedOutput: Encodable {
  let claim: UInt64
  let buyer: UInt64
  let merchant: UInt64
  let logPosition: UInt64
  let outcome: String
  let wouldBe: String

  init(_ decision: AffectedDecision) {
    claim = decision.claim.rawValue
    buyer = decision.buyer.rawValue
    merchant = decision.merchant.rawValue
    logPosition = decision.position.rawValue
    outcome = decision.outcome.name
    wouldBe = decision.other.name
  }
}
