import ArgumentParser
import IntegrityCore
import ProbityClient
import ProbityWire

struct RankCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rank",
    abstract: "Sort candidate suppliers by their weight: score, standing and certification.",
    discussion: """
      The weight is the score that is safe to assume, times what the policy's section \
      `governance` makes of standing and certification, in thousandths. Example: probity rank 42 \
      77 merchant:alice
      """)

  @Argument(help: "Merchants: [merchant:]ID. Any number of them, 65,536 in each call.")
  var merchants: [MerchantArgument] = []

  @Option(
    help: ArgumentHelp(
      "File with one merchant a line, as well; \"-\" is standard input.", valueName: "file"))
  var from: String?

  @Option(help: "Judge as of this time (RFC 3339, a date, or Unix seconds), not now.")
  var asOf: TimeArgument?

  @Flag(help: "Print one JSON object a line.")
  var json = false

  @OptionGroup var client: ClientOptions

  func validate() throws {
    if merchants.isEmpty && from == nil {
      throw ValidationError("name merchants, or --from a file")
    }
  }

  func run() async throws {
    let listed: [MerchantArgument] =
      try from.map { try NamesFile.read($0, as: "[merchant:]ID") } ?? []
    let merchants = merchants + listed
    let ranked = try await client.withClient { client in
      var rows: [Row] = []
      for start in stride(from: 0, to: merchants.count, by: ProtocolLimits.batchAccountsMax) {
        let ids = merchants[start...].prefix(ProtocolLimits.batchAccountsMax).map(\.id)
        let reply = try await client.scoreBatch(
          ids, kind: .merchant, asOf: asOf?.time, sourcing: true)
        for (index, id) in ids.enumerated() where index < reply.sourcing.count {
          rows.append(Row(id, reply.verdicts[index], reply.sourcing[index]))
        }
      }
      // Those of one weight stay in the order in which they were named.
      return rows.enumerated().sorted {
        ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset)
      }.map(\.element)
    }
    for row in ranked {
      if json { try Output.printJSON(row) } else { Output.print(row.line) }
    }
  }

  private struct Row: Encodable {
    let merchant: UInt64
    let weight: Int
    let score: Int
    let scoreFloor: Int
    let tier: String
    let known: Bool
    let standing: String
    let certification: String?

    init(_ id: AccountID, _ verdict: PackedVerdict, _ sourcing: PackedSourcing) {
      merchant = id.rawValue
      weight = sourcing.weight
      score = verdict.score
      scoreFloor = verdict.scoreFloor
      tier = verdict.tier.name
      known = verdict.isKnown
      standing = sourcing.standing.name
      certification = sourcing.certification?.name
    }

    var line: String {
      let certified = certification.map { ", \($0)" } ?? ""
      let unknown = known ? "" : ", not known"
      return "\("\(weight)".rightAligned(to: 5))  merchant \(merchant)  tier \(tier)  "
        + "score \(score), floor \(scoreFloor), \(standing)\(certified)\(unknown)"
    }
  }
}
