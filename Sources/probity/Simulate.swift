import ArgumentParser
import EventFeed
import Foundation
import IntegrityCore
import MarketplaceSimulator
import ProbityClient
import ProbityWire

struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make the events of a synthetic marketplace, with known cheats among its accounts.",
    discussion: """
      Prints newline-delimited JSON for `probity record -`, or records it itself with --send. The \
      same numbers and seed make the same marketplace on every machine. --truth FILE gets what \
      each account is: honestBuyer, serialRefunder, emptyBoxClaimant, colludingBuyer, \
      honestMerchant, lateMerchant, noStockMerchant, falseShippingMerchant or colludingMerchant.
      """)

  @Option(help: "Buyers and merchants together; one in twenty is a merchant.")
  var accounts = 1_000

  @Option(help: "Orders placed.")
  var orders = 10_000

  @Option(help: "Seed of the marketplace.")
  var seed: UInt64 = 1

  @Option(help: "When the first order may be placed.")
  var start: TimeArgument?

  @Option(help: "Days over which orders are placed.")
  var days = 365

  @Option(help: ArgumentHelp("Write what each account is, as NDJSON.", valueName: "file"))
  var truth: String?

  @Flag(help: "Record the events with a daemon, not print them.")
  var send = false

  @Flag(help: "With --send: print the result as one JSON object.")
  var json = false

  @OptionGroup var client: ClientOptions

  /// So that a year of orders, and what follows of them, lies in the past.
  private static let startStandard = UnixSeconds(1_735_689_600)

  func validate() throws {
    guard (3...1 << 32).contains(accounts) else {
      throw ValidationError("--accounts must be from 3 to 4294967296")
    }
    guard (0...1 << 40).contains(orders) else {
      throw ValidationError("--orders must be from 0 to 1099511627776")
    }
    guard (1...3_650).contains(days) else {
      throw ValidationError("--days must be from 1 to 3650")
    }
    let start = start?.time ?? Self.startStandard
    guard start >= Event.earliest, start < UnixSeconds(3_900_000_000) else {
      throw ValidationError("--start must lie between 2000 and 2093")
    }
  }

  func run() async throws {
    let market = MarketplaceSimulator(
      accounts: accounts, orders: orders, seed: seed, start: start?.time ?? Self.startStandard,
      days: days)
    if let truth { try writeTruth(market, to: truth) }
    if send { try await record(market) } else { printEvents(market) }
  }

  private func printEvents(_ market: MarketplaceSimulator) {
    let writer = EventLineWriter()
    var bytes: [UInt8] = []
    for event in market {
      writer.append(event, to: &bytes)
      bytes.append(0x0a)
      if bytes.count > 64 << 10 {
        Output.write(bytes, to: STDOUT_FILENO)
        bytes.removeAll(keepingCapacity: true)
      }
    }
    Output.write(bytes, to: STDOUT_FILENO)
  }

  private func writeTruth(_ market: MarketplaceSimulator, to path: String) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let file = FileHandle(forWritingAtPath: path)
    else { throw CommandFailure("cannot write \(path)") }
    defer { try? file.close() }
    var text = ""
    for (account, role) in market.truth {
      text += "{\"kind\":\"\(account.kind.name)\",\"account\":\(account.id.rawValue),"
      text += "\"role\":\"\(role)\",\"honest\":\(role.isHonest)}\n"
      if text.utf8.count > 64 << 10 {
        try file.write(contentsOf: Data(text.utf8))
        text = ""
      }
    }
    try file.write(contentsOf: Data(text.utf8))
  }

  private func record(_ market: MarketplaceSimulator) async throws {
    let started = ContinuousClock.now
    let interrupt = Interrupt()
    let source = UInt64.random(in: 1 ... .max)
    let result = try await client.withClient { client in
      var result = RecordResult(source: source)
      var progress = Progress(total: nil, unit: "events", isShown: Output.isErrorTerminal)
      var batch: [Command] = []
      var sequence: UInt64 = 0
      for event in market where !interrupt.isRaised {
        sequence += 1
        batch.append(Command(source: source, sequence: sequence, event: event))
        if batch.count == 1_000 { try await Self.flush(&batch, client, &result) }
        progress.update(done: 0, items: result.applied)
      }
      try await Self.flush(&batch, client, &result)
      progress.finish()
      return result
    }
    var timed = result
    timed.seconds = (ContinuousClock.now - started) / .seconds(1)
    if json { try Output.printJSON(timed) } else { Output.print(timed.summary) }
    if interrupt.isRaised { throw ExitCode.interrupted }
  }

  private static func flush(
    _ batch: inout [Command], _ client: ProbityClient, _ result: inout RecordResult
  ) async throws {
    if batch.isEmpty { return }
    let reply = try await client.record(batch)
    result.applied += Int(reply.applied)
    result.duplicates += Int(reply.duplicates)
    result.logPosition = reply.logPosition.rawValue
    batch.removeAll(keepingCapacity: true)
  }
}
