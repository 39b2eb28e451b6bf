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
  /// Remembered.
  let claims: UInt64
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
  let durablePosition: UInt64
  let sources: UInt64
  let snapshotPosition: UInt64
  let snapshotAt: Nullable<String>
  let snapshotBytes: UInt64
  let snapshotSeconds: Double
  let snapshotPauseSeconds: Double
  let logBytes: UInt64
  let logSegments: UInt32
  let diskFreeBytes: UInt64
  let recoveredCommands: UInt64
  let recoverySeconds: Double
  let tornTails: UInt32
  /// Empty = commands are recorded.
  let recordingRefused: String

  init(_ status: StatusReply, recording: ServingStatus) {
    version = status.version
    uptimeSeconds = status.uptimeSeconds
    logPosition = status.logPosition.rawValue
    stateHash = status.stateHash.hex
    buyers = status.buyers
    merchants = status.merchants
    memoryBytes = status.memoryBytes
    claims = status.claims
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
    durablePosition = status.durablePosition.rawValue
    sources = status.sources
    snapshotPosition = status.snapshotPosition.rawValue
    snapshotAt = Nullable(status.snapshotAt == .zero ? nil : status.snapshotAt.iso8601)
    snapshotBytes = status.snapshotBytes
    snapshotSeconds = Double(status.snapshotDurationMicroseconds) / 1_000_000
    snapshotPauseSeconds = Double(status.snapshotPauseMicroseconds) / 1_000_000
    logBytes = status.logBytes
    logSegments = status.logSegments
    diskFreeBytes = status.diskFreeBytes
    recoveredCommands = status.recoveredCommands
    recoverySeconds = Double(status.recoveryMicroseconds) / 1_000_000
    tornTails = status.tornTails
    recordingRefused = status.recordingRefused
  }

  var rows: [(String, String)] {
    let isDurable = durability != "memory"
    return [
      ("version", version),
      ("up for", "\(uptimeSeconds) s\(draining ? ", draining" : "")"),
      ("accounts", "\(buyers) buyers, \(merchants) merchants, \(memoryBytes / 1_048_576) MiB"),
      ("claims", "\(claims)"),
      ("log position", "\(logPosition)"),
      ("state hash", stateHash),
      (
        "durability",
        isDurable
          ? "\(durability); on disk up to \(durablePosition)"
          : "memory: nothing survives a restart"
      ),
    ] + (isDurable ? diskRows : []) + [
      ("policy", "\(policyName), version \(policyVersion), hash \(policyHash)"),
      ("half-life", "\(halfLifeSeconds / 86_400) days"),
      (
        "commands",
        "\(commandsApplied) applied, \(commandsDuplicate) duplicates, "
          + "\(commandsQueued) waiting"
      ),
      ("recording", recording ? "yes" : "NO: \(recordingRefused)"),
      ("lookups", "\(lookups)"),
      ("connections", "\(connections) on \(eventLoops) event loops, \(callsRefused) calls refused"),
    ]
  }

  private var diskRows: [(String, String)] {
    [
      (
        "snapshot",
        snapshotAt.value.map { "at \(snapshotPosition), made \($0), \(snapshotBytes.sizeText)" }
          ?? "none yet"
      ),
      ("log", "\(logBytes.sizeText) in \(logSegments) segments; \(diskFreeBytes.sizeText) free"),
      (
        "recovery",
        "\(recoveredCommands) commands replayed at start in \(recoverySeconds) s; "
          + "\(tornTails) torn tails set aside"
      ),
      ("sources", "\(sources)"),
    ]
  }
}

/// A value that `--json` prints as null where there is none, in place of leaving its key out.
struct Nullable<Value: Encodable>: Encodable {
  let value: Value?

  init(_ value: Value?) { self.value = value }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let value { try container.encode(value) } else { try container.encodeNil() }
  }
}
