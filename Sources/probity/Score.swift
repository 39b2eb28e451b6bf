import ArgumentParser
import IntegrityCore
import ProbityClient
import ProbityWire

struct Score: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score accounts: how far each can be trusted, and why.",
    discussion: """
      An account is buyer:ID or merchant:ID; ID alone is a buyer's. An ID of digits is that \
      number, any other text is hashed (XXH3-64). Accounts never heard of get a newcomer's score.

      Example: probity score 42 merchant:7 buyer:alice
      """)

  @Argument(help: "Accounts: [buyer:|merchant:]ID.")
  var accounts: [AccountArgument]

  @Option(help: "Judge as of this time (RFC 3339, a date, or Unix seconds), not now.")
  var asOf: TimeArgument?

  @Flag(help: "Print one JSON object a line.")
  var json = false

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let replies = try await client.withClient { client in
      try await withThrowingTaskGroup(of: (Int, ScoreReply).self) { group in
        for (index, account) in accounts.enumerated() {
          let asOf = asOf?.time
          group.addTask { (index, try await client.score(account.key, asOf: asOf)) }
        }
        return try await group.reduce(into: [Int: ScoreReply]()) { $0[$1.0] = $1.1 }
      }
    }
    let card = ScoreCard()
    for (index, account) in accounts.enumerated() {
      guard let reply = replies[index] else { continue }
      if json {
        try Output.printJSON(ScoreOutput(account, reply))
      } else {
        if index > 0 { Output.print("") }
        for line in card.lines(account, reply) { Output.print(line) }
      }
    }
  }
}
