import ArgumentParser
import Foundation
import IntegrityCore
import MarketplaceSimulator
import ProbityClient
import ProbityWire

// A quarter of a marketplace that does not exist, against a real daemon: its events, its claims,
// a sweep every week and humans who decide what is theirs; and what became of whom, by the
// simulator's truth.
//
//     make quarter

@main
struct MarketQuarter: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "market-quarter",
    abstract: "Walk a daemon through a quarter and compare who was cleared out with the truth.",
    discussion: """
      The daemon should be new: `make quarter` starts one. Exits with 1 if a merchant was cleared \
      out that is honest.
      """)

  @Option(help: "Port of the daemon on 127.0.0.1.")
  var port: Int

  @Option(help: "Buyers and merchants together; one in twenty is a merchant.")
  var accounts = 16_000

  @Option(help: "Orders in the quarter.")
  var orders = 320_000

  @Option(help: "Seed of the marketplace.")
  var seed: UInt64 = 3

  @Option(help: "Write what came of it as JSON.")
  var output: String?

  static let start = UnixSeconds(1_767_225_600)  // 2026-01-01T00:00:00Z
  static let days = 90

  func run() async throws {
    let client = ProbityClient(
      ProbityClient.Configuration(host: "127.0.0.1", port: port, agent: "market-quarter"))
    let found: Verdicts
    do {
      found = try await walk(client)
    } catch let failure as CallFailure {
      await client.shutdown()
      throw ValidationError("the daemon says \(failure.status.name): \(failure.message)")
    }
    await client.shutdown()
    found.print()
    if let output { try found.json.write(to: URL(fileURLWithPath: output)) }
    if found.honestOut > 0 { throw ExitCode.failure }
  }

  private func walk(_ client: ProbityClient) async throws -> Verdicts {
    let simulator = MarketplaceSimulator(
      accounts: accounts, orders: orders, seed: seed, start: Self.start, days: Self.days)
    let desk = QuarterDesk(client)
    let committee = Committee(client, simulator)
    try await committee.certify(at: Self.start)
    var nextSweep = Self.day(7)
    for event in simulator {
      while event.at >= nextSweep {
        try await desk.flush()
        try await committee.meet(at: nextSweep)
        nextSweep = UnixSeconds(nextSweep.rawValue + 7 * 86_400)
      }
      if event.at >= Self.day(UInt32(Self.days)) { break }
      try await desk.take(event)
    }
    try await desk.flush()
    return Verdicts(
      committee.standings, worst: committee.worst, settled: desk.settled, simulator,
      claims: desk.openedCount)
  }

  static func day(_ day: UInt32) -> UnixSeconds { UnixSeconds(start.rawValue + day * 86_400) }
}
