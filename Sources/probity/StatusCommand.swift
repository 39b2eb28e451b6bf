import ArgumentParser
import ProbityClient
import ProbityWire

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show what a daemon holds and how it is doing.")

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let (status, health) = try await client.withClient { client in
      (try await client.status(), try await client.health("recording"))
    }
    let output = StatusOutput(status, recording: health)
    if json { return try Output.printJSON(output) }
    for (name, value) in output.rows { Output.print("\(name.padded(to: 20)) \(value)") }
  }
}

/// A status as `--json` prints it, and as rows for people.
struct StatusOutput: Encodable {
  let version: String
  let uptimeSeconds: UInt64
  let logPosition: UInt64
  let stateHash: String
  let buyers: UInt64
  let merchants: UInt64
  let memoryBytes: UInt64
  let policyName: String
  let policyVersion: UInt32
  let policyHash: String
  let durability: String
  let recording: Bool
  let draining: Bool
  let connections: UInt32
  let commandsQueued: UInt64
  let commandsApplied: UInt64
  let commandsDuplicate: UInt64
  let lookups: UInt64
  let callsRefused: UInt64
  let eventLoops: UInt32
  let halfLifeSeconds: UInt64

  init(_ status: StatusReply, recording: ServingStatus) {
    version = status.version
    uptimeSeconds = status.uptimeSeconds
    logPosition = status.logPosition.rawValue
    stateHash = status.stateHash.hex
    buyers = status.buyers
    merchants = status.merchants
    memoryBytes = status.memoryBytes
    policyName = status.policyName
    policyVersion = status.policyVersion
    policyHash = status.policyHash.hex
    durability = status.durability
    self.recording = recording == .serving
    draining = status.isDraining
    connections = status.connections
    commandsQueued = status.commandsQueued
    commandsApplied = status.commandsApplied
    commandsDuplicate = status.commandsDuplicate
    lookups = status.lookups
    callsRefused = status.callsRefused
    eventLoops = status.eventLoops
    halfLifeSeconds = status.halfLifeSeconds
  }

  var rows: [(String, String)] {
    [
      ("version", version),
      ("up for", "\(uptimeSeconds) s\(draining ? ", draining" : "")"),
      ("accounts", "\(buyers) buyers, \(merchants) merchants, \(memoryBytes / 1_048_576) MiB"),
      ("log position", "\(logPosition)"),
      ("state hash", stateHash),
      ("durability", durability == "memory" ? "memory: nothing survives a restart" : durability),
      ("policy", "\(policyName), version \(policyVersion), hash \(policyHash)"),
      ("half-life", "\(halfLifeSeconds / 86_400) days"),
      (
        "commands",
        "\(commandsApplied) applied, \(commandsDuplicate) duplicates, "
          + "\(commandsQueued) waiting\(recording ? "" : "; NOT RECORDING")"
      ),
      ("lookups", "\(lookups)"),
      ("connections", "\(connections) on \(eventLoops) event loops, \(callsRefused) calls refused"),
    ]
  }
}
