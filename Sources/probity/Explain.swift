import ArgumentParser
import IntegrityCore
import ProbityClient
import ProbityWire

struct Explain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show everything that went into an account's score, and what would raise it.")

  @Argument(help: "The account: [buyer:|merchant:]ID.")
  var account: AccountArgument

  @Option(help: "Judge as of this time (RFC 3339, a date, or Unix seconds), not now.")
  var asOf: TimeArgument?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let reply = try await client.withClient { try await $0.explain(account.key, asOf: asOf?.time) }
    if json { return try Output.printJSON(ExplainOutput(account, reply)) }
    for line in ScoreCard().lines(account, reply.verdict) { Output.print(line) }
    Output.print(
      "  the next order goes wrong through its fault: \(percent(reply.probability)), to be safe "
        + percent(reply.probabilityAtFloor))
    Output.print("")
    for line in dimensions(reply) { Output.print(line) }
    Output.print("")
    Output.print("  evidence, faded to now")
    for entry in reply.evidence where entry.value >= 0.005 {
      Output.print("    \(entry.name.padded(to: 26))\(number(entry.value).rightAligned(to: 12))")
    }
    Output.print(
      "    \("distinct counterparties".padded(to: 26))"
        + "\(reply.distinctCounterparties)".rightAligned(to: 12))
    if !reply.changes.isEmpty {
      Output.print("")
      Output.print("  what would change it")
      for change in reply.changes { Output.print("    \(change.text)") }
    }
  }

  /// A table of the scorecard: rates against what is usual, and points.
  private func dimensions(_ reply: ExplainReply) -> [String] {
    let head =
      "  dimension".padded(to: 20) + "events".rightAligned(to: 9) + "of".rightAligned(to: 10)
      + "rate".rightAligned(to: 9) + "at most".rightAligned(to: 9) + "usual".rightAligned(to: 9)
      + "points".rightAligned(to: 9)
    let base = "  base".padded(to: 66) + number(reply.pointsBase).rightAligned(to: 9)
    return [Style().paint(head, .grey), base]
      + reply.dimensions.map { d in
        let rates =
          d.ratePrior == 0 ? ["", "", ""] : [d.rate, d.rateUpper, d.ratePrior].map(percent)
        return "  \(d.name)".padded(to: 20) + number(d.events).rightAligned(to: 9)
          + number(d.exposure).rightAligned(to: 10) + rates[0].rightAligned(to: 9)
          + rates[1].rightAligned(to: 9) + rates[2].rightAligned(to: 9)
          + signed(d.points).rightAligned(to: 9)
      }
  }

  private func number(_ value: Double) -> String {
    value >= 1_000 ? "\(Int(value.rounded()))" : "\((value * 100).rounded() / 100)"
  }

  private func percent(_ rate: Double) -> String { "\((rate * 1_000).rounded() / 10) %" }

  private func signed(_ points: Double) -> String {
    let rounded = Int(points.rounded())
    return rounded > 0 ? "+\(rounded)" : "\(rounded)"
  }
}
