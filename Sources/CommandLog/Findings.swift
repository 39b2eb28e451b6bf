/// What a file of a store is, with the identity that its header names.
package enum StoreFileKind: Equatable, Sendable {
  case segment(StoreIdentity)
  case snapshot(StoreIdentity)
  /// Without a header: a part of a segment, say.
  case other
}

/// What an inspection found in one snapshot's file.
package struct SnapshotFinding: Sendable {
  package var name: String
  /// As `Disk.path` gives it.
  package var path: String
  /// That the name gives; 0 where it gives none.
  package var position: UInt64
  /// nil where it cannot be read.
  package var sizeBytes: Int?
  /// What the trailer says; nil where there is none that is right.
  package var summary: SnapshotSummary?
  /// nil = every checksum is right.
  package var fault: StoreFault?
}

/// What an inspection found in one segment.
package struct SegmentFinding: Sendable {
  package var name: String
  /// As `Disk.path` gives it.
  package var path: String
  /// That the name gives, or where it gives none, the header; 0 = neither does.
  package var firstPosition: UInt64
  /// nil where it is damaged or of another store.
  package var header: SegmentHeader?
  package var groupCount = 0
  /// Of the last valid group; the position before the first where there is none.
  package var lastPosition: UInt64
  /// Behind the last valid group, from the beginning of the file.
  package var usedBytes = 0
  /// Checksum of the last valid group, or of the header: what a segment behind
  /// it names.
  package var chain: UInt32 = 0
  /// Highest position that its groups call durable.
  package var durablePosition: UInt64 = 0
  /// What is behind the last valid group, where that is not all zeros.
  package var tail: TailFinding?
  /// nil = everything up to the last valid group is right, and the segment goes
  /// on where the one before it ends.
  package var fault: StoreFault?

  /// In valid groups.
  package var commandCount: UInt64 { lastPosition + 1 - firstPosition }
}

/// Bytes behind the last valid group of a segment.
package struct TailFinding: Equatable, Sendable {
  package var offset: Int
  package var sizeBytes: Int
  /// First and last position that headers of groups there name.
  package var positions: ClosedRange<UInt64>?
}

/// A file that recovery or repair took out of the way.
package struct AsideFinding: Equatable, Sendable {
  package var name: String
  package var sizeBytes: Int?
}

/// What a start would do with the log.
package struct LogForecast: Sendable {
  /// Of the last command.
  package var endPosition: UInt64
  package var replayedCount: UInt64
  /// What would be put aside.
  package var tornTail: TornTail?
  /// When the last segment was made, UTC seconds.
  package var segmentCreatedAt: UInt32
}
