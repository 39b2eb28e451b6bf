import ProbityWire

/// A status in Prometheus's text exposition format, version 0.0.4.
///
/// Names and units are a promise: dashboards are built on them. They are listed
/// in Docs/OPERATIONS.md.
package struct MetricsText {
  private var text = ""

  /// The whole page.
  package static func of(_ status: StatusReply) -> String {
    var metrics = MetricsText()
    metrics.addDaemon(status)
    metrics.addState(status)
    metrics.addCommands(status)
    metrics.addDisk(status)
    return metrics.text
  }

  private mutating func addDaemon(_ s: StatusReply) {
    gauge("build_info", "The daemon's version, as a label.", "1", [("version", s.version)])
    gauge("uptime_seconds", "Time since the daemon started.", "\(s.uptimeSeconds)")
    gauge("draining", "1 while the daemon shuts down.", s.isDraining ? "1" : "0")
    gauge("event_loops", "Threads that serve connections.", "\(s.eventLoops)")
    gauge("connections", "Open connections of clients.", "\(s.connections)")
    counter("lookups_total", "Accounts judged.", "\(s.lookups)")
    counter("calls_refused_total", "Calls and connections refused.", "\(s.callsRefused)")
  }

  private mutating func addState(_ s: StatusReply) {
    head("accounts", "gauge", "Accounts held.")
    sample("accounts", "\(s.buyers)", [("kind", "buyer")])
    sample("accounts", "\(s.merchants)", [("kind", "merchant")])
    gauge("sources", "Sources of commands whose sequence is remembered.", "\(s.sources)")
    gauge("claims", "Claims remembered.", "\(s.claims)")
    gauge("memory_bytes", "Memory that the accounts take.", "\(s.memoryBytes)")
    let policy = [
      ("name", s.policyName), ("version", "\(s.policyVersion)"),
      ("hash", Self.hex(s.policyHash)),
    ]
    gauge("policy_info", "The policy in force, as labels.", "1", policy)
    gauge(
      "half_life_seconds", "Time in which evidence loses half its weight.",
      "\(s.halfLifeSeconds)")
  }

  private mutating func addCommands(_ s: StatusReply) {
    gauge("log_position", "Position of the last command applied.", "\(s.logPosition.rawValue)")
    counter("commands_applied_total", "Commands that changed the state.", "\(s.commandsApplied)")
    counter(
      "commands_duplicate_total", "Commands that had been applied before.",
      "\(s.commandsDuplicate)")
    gauge("commands_queued", "Commands that wait to be applied.", "\(s.commandsQueued)")
    gauge(
      "recording", "1 while commands are recorded, 0 while they are refused.",
      s.recordingRefused.isEmpty ? "1" : "0")
  }

  private mutating func addDisk(_ s: StatusReply) {
    gauge(
      "durability_info", "What an acknowledgement promises, as a label.", "1",
      [("mode", s.durability)])
    gauge(
      "durable_position", "Highest log position known to be on disk.",
      "\(s.durablePosition.rawValue)")
    gauge("log_bytes", "Size of the log on disk.", "\(s.logBytes)")
    gauge("log_segments", "Files of the log.", "\(s.logSegments)")
    gauge("disk_free_bytes", "Free on the disk that holds the data.", "\(s.diskFreeBytes)")
    gauge(
      "snapshot_position", "Log position of the newest snapshot.",
      "\(s.snapshotPosition.rawValue)")
    gauge(
      "snapshot_timestamp_seconds", "When the newest snapshot was made; 0 = there is none.",
      "\(s.snapshotAt.rawValue)")
    gauge("snapshot_bytes", "Size of the newest snapshot.", "\(s.snapshotBytes)")
    gauge(
      "snapshot_duration_seconds", "How long the newest snapshot took.",
      Self.seconds(s.snapshotDurationMicroseconds))
    gauge(
      "snapshot_pause_seconds", "Longest that commands waited for the newest snapshot.",
      Self.seconds(s.snapshotPauseMicroseconds))
    gauge(
      "recovered_commands", "Commands replayed from the log at start.",
      "\(s.recoveredCommands)")
    gauge(
      "recovery_seconds", "Time from start until the state was there.",
      Self.seconds(s.recoveryMicroseconds))
    counter(
      "torn_tails_total", "Incomplete ends of the log set aside at a start.",
      "\(s.tornTails)")
  }

  // MARK: Format

  private mutating func gauge(
    _ name: String, _ help: String, _ value: String, _ labels: [(String, String)] = []
  ) {
    head(name, "gauge", help)
    sample(name, value, labels)
  }

  private mutating func counter(_ name: String, _ help: String, _ value: String) {
    head(name, "counter", help)
    sample(name, value, [])
  }

  private mutating func head(_ name: String, _ type: String, _ help: String) {
    text += "# HELP probity_\(name) \(help)\n# TYPE probity_\(name) \(type)\n"
  }

  private mutating func sample(_ name: String, _ value: String, _ labels: [(String, String)]) {
    let pairs = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
    text += "probity_\(name)\(pairs.isEmpty ? "" : "{\(pairs)}") \(value)\n"
  }

  /// As within the quotes of a label's value.
  private static func escaped(_ value: String) -> String {
    var escaped = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  private static func seconds(_ microseconds: UInt64) -> String {
    "\(Double(microseconds) / 1_000_000)"
  }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
