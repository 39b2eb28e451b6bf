import IntegrityCore

// What the engine says about its disk, and what it is asked for there.

/// What is kept on disk, and how well: figures of one moment.
///
/// The defaults are those of an engine that keeps nothing.
public struct DurabilityStatus: Sendable, Equatable {
  /// What an acknowledgement promises: "memory", "always", "interval=100ms".
  public var mode = "memory"
  /// Highest position known to be on disk.
  public var durablePosition = LogPosition.zero
  public var snapshotPosition = LogPosition.zero
  /// When the newest snapshot was made; `.zero` = there is none.
  public var snapshotAt = UnixSeconds.zero
  public var snapshotBytes: UInt64 = 0
  /// Of the newest snapshot, if this engine made it.
  public var snapshotDurationNanoseconds: UInt64 = 0
  /// Longest that commands were kept waiting for it.
  public var snapshotPauseNanoseconds: UInt64 = 0
  public var logBytes: UInt64 = 0
  public var logSegments = 0
  public var diskFreeBytes: UInt64 = 0
  /// Sources whose highest sequence is remembered.
  public var sources = 0
  /// Replayed from the log at start.
  public var recoveredCommands: UInt64 = 0
  /// From start until the state was there.
  public var recoveryNanoseconds: UInt64 = 0
  /// Incomplete ends of the log that were set aside at a start, since the store was made.
  public var tornTails = 0
  /// Why nothing is recorded now; empty = commands are recorded.
  public var recordingRefused = ""

  public init() {}
}

/// A snapshot that is on disk and was read back.
public struct SnapshotReport: Sendable, Equatable {
  public var position: LogPosition
  public var stateHash: UInt64
  public var accounts: UInt64
  public var bytes: UInt64
  public var durationNanoseconds: UInt64
  /// Longest that commands were kept waiting for it.
  public var pauseNanoseconds: UInt64

  public init(
    position: LogPosition, stateHash: UInt64, accounts: UInt64, bytes: UInt64,
    durationNanoseconds: UInt64, pauseNanoseconds: UInt64
  ) {
    self.position = position
    self.stateHash = stateHash
    self.accounts = accounts
    self.bytes = bytes
    self.durationNanoseconds = durationNanoseconds
    self.pauseNanoseconds = pauseNanoseconds
  }
}

/// Why there is no new snapshot.
public enum SnapshotFailure: Error, Sendable, Equatable {
  /// The engine keeps nothing on disk.
  case notDurable
  /// Another one is being made.
  case underWay
  /// There is not enough room on the disk; with the figures.
  case noSpace(String)
  /// It could not be written or did not read back as it was written.
  case failed(String)
  /// The engine is stopping or its log has failed.
  case closed
}
