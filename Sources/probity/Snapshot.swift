import ArgumentParser
import ProbityClient
import ProbityWire

struct Snapshot: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have a daemon write its state to disk now, and wait until it has.",
    discussion: """
      After a restart the daemon reads its newest snapshot and replays the log from there: a \
      fresh one makes the next start short. Lookups and commands go on meanwhile. The snapshot is \
      read back before the command returns.
      """)

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let timeout = Duration.seconds(client.timeout ?? ClientOptions.timeoutMax)
    let reply = try await client.withClient { try await $0.snapshot(timeout: timeout) }
    let output = SnapshotOutput(reply)
    if json { return try Output.printJSON(output) }
    for (name, value) in output.rows { Output.print("\(name.padded(to: 20)) \(value)") }
  }
}

/// A snapshot as `--json` prints it, and as rows for people.
struct SnapshotOutput: Encodable {
  let logPosition: UInt64
  let stateHash: String
  let accounts: UInt64
  let bytes: UInt64
  let seconds: Double
  let pauseSeconds: Double

  init(_ reply: SnapshotReply) {
    logPosition = reply.logPosition.rawValue
    stateHash = reply.stateHash.hex
    accounts = reply.accounts
    bytes = reply.bytes
    seconds = Double(reply.durationMicroseconds) / 1_000_000
    pauseSeconds = Double(reply.pauseMicroseconds) / 1_000_000
  }

  var rows: [(String, String)] {
    [
      ("log position", "\(logPosition)"),
      ("state hash", stateHash),
      ("accounts", "\(accounts)"),
      ("size", bytes.sizeText),
      ("took", "\(seconds) s; commands waited \(pauseSeconds) s at most"),
    ]
  }
}
