import ProbityEngine
import ProbityWire

/// Where the server learns what is on disk, and asks for snapshots: the engine,
/// or what a test puts in its place.
package protocol DurabilitySource: Sendable {
  /// Any thread.
  var durabilityStatus: DurabilityStatus { get }

  /// Calls `done` exactly once, on any thread, before the engine has stopped.
  func snapshot(_ done: @escaping @Sendable (Result<SnapshotReport, SnapshotFailure>) -> Void)
}

extension Engine: DurabilitySource {}

extension SnapshotReply {
  init(_ report: SnapshotReport) {
    self.init(
      logPosition: report.position, stateHash: report.stateHash, accounts: report.accounts,
      bytes: report.bytes, durationMicroseconds: report.durationNanoseconds / 1_000,
      pauseMicroseconds: report.pauseNanoseconds / 1_000)
  }
}

extension StatusReply {
  /// Takes in what is said about the disk.
  mutating func set(_ durability: DurabilityStatus) {
    self.durability = durability.mode
    durablePosition = durability.durablePosition
    snapshotPosition = durability.snapshotPosition
    snapshotAt = durability.snapshotAt
    snapshotBytes = durability.snapshotBytes
    snapshotDurationMicroseconds = durability.snapshotDurationNanoseconds / 1_000
    snapshotPauseMicroseconds = durability.snapshotPauseNanoseconds / 1_000
    logBytes = durability.logBytes
    logSegments = UInt32(clamping: durability.logSegments)
    diskFreeBytes = durability.diskFreeBytes
    sources = UInt64(clamping: durability.sources)
    recoveredCommands = durability.recoveredCommands
    recoveryMicroseconds = durability.recoveryNanoseconds / 1_000
    tornTails = UInt32(clamping: durability.tornTails)
  }
}
