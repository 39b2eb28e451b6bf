/// Where a log goes on: what recovery hands to `SegmentedLog`.
public struct LogEnd<Storage: Disk>: Sendable {
  /// The last segment, open for writing; nil when there is none yet.
  public internal(set) var file: Storage.File?
  public internal(set) var fileBytes = 0
  /// Behind the last group.
  public internal(set) var offset = 0
  /// Checksum of the last group's header, or of the segment's where it has none.
  public internal(set) var chain: UInt32 = 0
  /// Where the last segment has no group: what its header follows, as a segment
  /// in its place has to.
  public internal(set) var emptySegmentChain: UInt32?
  /// Position of the next command, from 1.
  public internal(set) var nextPosition: UInt64 = 1
  /// Rules of the last segment.
  public internal(set) var rules: ReplayRules?
  /// When the last segment was made, UTC seconds.
  public internal(set) var segmentCreatedAt: UInt32 = 0
  /// What was found behind the last group and put aside.
  public internal(set) var tornTail: TornTail?

  /// A log without commands.
  public init() {}
}

/// Bytes behind the last group that belong to none: of a group, never
/// acknowledged, that was being written when the power went.
public struct TornTail: Equatable, Sendable {
  /// As `Disk.path` gives them.
  public let file: String
  public let asideFile: String
  public let offset: Int
  public let sizeBytes: Int
}

/// A group as it is read: the body is in the reader's buffer.
public struct LogGroup {
  public let firstPosition: UInt64
  public let count: Int
  public let bodyBytes: Int
}
