import ArgumentParser
import IntegrityCore
import ProbityClient
import ProbityWire

// A day at the dispute desk of a marketplace that does not exist, against a real daemon:
// what is decided, why, what it costs, and how often it is wrong by the simulator's truth.
//
//     make dispute-day

@main
struct DisputeDay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dispute-day",
    abstract: "Walk a daemon through a day of disputes and say what came of it.",
    discussion: "The daemon should be new: `make dispute-day` starts one.")

  @Option(help: "Port of the daemon on 127.0.0.1.")
  var port: Int

  @Option(help: "Buyers and merchants together.")
  var accounts = 40_000

  @Option(help: "Orders in the 300 days before.")
  var orders = 1_200_000

  @Option(help: "Seed of the marketplace.")
  var seed: UInt64 = 7

  func run() async throws {
    let client = ProbityClient(
      ProbityClient.Configuration(host: "127.0.0.1", port: port, agent: "dispute-day"))
    do {
      try await walk(client)
    } catch let failure as CallFailure {
      await client.shutdown()
      throw ValidationError("the daemon says \(failure.status.name): \(failure.message)")
    }
    await client.shutdown()
  }

  private func walk(_ client: ProbityClient) async throws {
    let market = Market(accounts: accounts, orders: orders, seed: seed)
    let desk = Desk(client, market)
    title("Three hundred days of history")
    let events = try await market.recordHistory(client)
    print("\(events) events of \(accounts) accounts and \(orders) orders are recorded")

    title("The day's claims, each decided as it comes")
    try await desk.setBudgets()
    try await desk.openTheDaysClaims()
    desk.printOutcomes()

    title("A budget runs out")
    desk.printExhausted()

    title("A ring of throwaway accounts against one honest merchant")
    let leakedToRing = try await Ring(client, market).attack()

    title("An abuse case, confirmed by a human; then an appeal, upheld")
    try await Wronged(client, market).story()

    title("The desk works off what was left to humans")
    try await desk.decideReviews()

    title("Receipts")
    try await desk.verifyReceipts()

    title("The day's figures")
    desk.printFigures(leakedToRing: leakedToRing)
  }

  private func title(_ text: String) {
    print("\n\(text)\n\(String(repeating: "─", count: text.count))")
  }
}

extension Minor {
  /// "1,234.50".
  var text: String {
    var units = "\(rawValue / 100)"
    var index = units.count - 3
    while index > 0 {
      units.insert(",", at: units.index(units.startIndex, offsetBy: index))
      index -= 3
    }
    let cents = rawValue % 100
    return "\(units).\(cents < 10 ? "0" : "")\(cents)"
  }
}
