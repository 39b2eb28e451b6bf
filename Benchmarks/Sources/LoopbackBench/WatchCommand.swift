import ArgumentParser
import Foundation
import LoadGenerator

struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Watch accounts on many connections, and take what is told.",
    discussion: """
      Prints a line when all watch, then one JSON object: what they were told in that time. The \
      accounts are the buyers that `fill` and `record` know, dealt out to the watchers.
      """)

  @Option(help: "Port of the daemon on 127.0.0.1.")
  var port: UInt16

  @Option(help: "Watchers, each with a connection of its own.")
  var watchers = 1_000

  @Option(help: "Accounts of each.")
  var accountsEach = 1_000

  @Option(help: "Seconds.")
  var duration = 10.0

  func validate() throws {
    guard (1...10_000).contains(watchers), (1...65_536).contains(accountsEach) else {
      throw ValidationError("--watchers must be 1 to 10000, --accounts-each 1 to 65536")
    }
  }

  func run() throws {
    var crowd = try WatcherCrowd(port: port, watchers: watchers, accountsEach: accountsEach)
    defer { crowd.close() }
    FileHandle.standardOutput.write(Data("watching\n".utf8))
    let told = try crowd.listen(seconds: duration)
    try printJSON(
      Report(
        changes: told.changeCount, parts: told.partCount, bytes: told.byteCount,
        seconds: told.seconds))
  }

  private struct Report: Encodable {
    let changes: UInt64
    let parts: UInt64
    let bytes: UInt64
    let seconds: Double
  }
}
