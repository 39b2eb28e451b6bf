import ArgumentParser
import IntegrityCore
import ProbityClient
import ProbityWire

struct BudgetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "budget",
    abstract: "Set and show how much of the platform's money may be spent.",
    discussion: """
      Scopes: globalDay and categoryDay are counted by the UTC day; buyer30Days, buyer365Days, \
      merchant30Days and pair90Days by so many days up to now. What no budget is set for is as \
      the policy has it.
      """,
    subcommands: [Show.self, Set.self, Clear.self])
}

extension BudgetCommand {
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show all budgets.")

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @OptionGroup var client: ClientOptions

    func run() async throws {
      let budgets = try await client.withClient { try await $0.budgets().budgets }
      if json {
        for budget in budgets { try Output.printJSON(BudgetOutput(budget)) }
        return
      }
      Output.print(
        Style().paint(
          "scope".padded(to: 16) + "of".padded(to: 22) + "budget".rightAligned(to: 18)
            + "used today".rightAligned(to: 18) + "  set by", .grey))
      for budget in budgets { Output.print(line(budget)) }
    }

    private func line(_ budget: BudgetStanding) -> String {
      let setter = budget.isSet ? budget.actor : "the policy"
      let reason = budget.reason.isEmpty ? "" : " (\(budget.reason))"
      return budget.scope.name.padded(to: 16)
        + (budget.key == 0 ? "all" : "\(budget.key)").padded(to: 22)
        + budget.cap.text.rightAligned(to: 18)
        + (budget.used?.text ?? "").rightAligned(to: 18) + "  \(setter)\(reason)"
    }
  }

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set a budget, at once.",
      discussion: """
        A buyer's and a merchant's cap follow their trade as well, unless a budget of their own is \
        set: probity budget set buyer365Days 900.00 --of 42.
        Example: probity budget set globalDay 50000.00 --actor anna --reason "end of month"
        """)

    @Argument(help: "The scope.")
    var scope: SubsidyScope

    @Argument(help: "The most that may be spent, like 50000.00.")
    var cap: MoneyArgument

    @Option(help: "Of one category, buyer or merchant alone: its number.")
    var of: UInt64 = 0

    @OptionGroup var answer: OrderAnswer
    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let position = try await client.withClient {
        try await $0.setBudget(
          scope, key: of, cap: cap.amount, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      try answer.print(position)
    }
  }

  struct Clear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a budget back: what the policy has is in force again.")

    @Argument(help: "The scope.")
    var scope: SubsidyScope

    @Option(help: "Of one category, buyer or merchant alone: its number.")
    var of: UInt64 = 0

    @OptionGroup var answer: OrderAnswer
    @OptionGroup var actor: ActorOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
      let position = try await client.withClient {
        try await $0.setBudget(
          scope, key: of, cap: nil, actor: actor.name, reason: actor.reason, at: actor.time)
      }
      try answer.print(position)
    }
  }
}

/// A budget as `--json` prints it.
struct BudgetOutput: Encodable {
  let scope: String
  let key: UInt64
  let cap: Int64
  let used: Int64?
  let isSet: Bool
  let actor: String
  let reason: String

  init(_ budget: BudgetStanding) {
    scope = budget.scope.name
    key = budget.key
    cap = budget.cap.rawValue
    used = budget.used?.rawValue
    isSet = budget.isSet
    actor = budget.actor
    reason = budget.reason
  }
}
