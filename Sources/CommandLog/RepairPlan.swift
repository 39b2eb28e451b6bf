/// What has to be done to a store whose log lost commands, so that it starts again.
package struct RepairPlan: Sendable {
  /// What a start refuses with.
  package var fault: StoreFault
  /// The last position that is kept: everything up to it is there.
  package var intactPosition: UInt64
  /// Highest position of the log that is known to be lost; nil where nobody can
  /// tell how far it went.
  package var lostThrough: UInt64?
  /// Segments that are moved aside, by first position, ascending.
  package var segmentsAside: [UInt64] = []
  /// Snapshots that are moved aside: they cannot be read now, and must not come
  /// back among what is recorded from now on.
  package var snapshotsAside: [UInt64] = []
  /// The part of a segment that is kept in a file of its own and erased.
  package var cut: Cut?
  /// Where the log goes on in a new segment; nil where it does in the last that is left.
  package var newSegment: NewSegment?

  /// The end of a segment.
  package struct Cut: Equatable, Sendable {
    /// Of the segment.
    package var firstPosition: UInt64
    package var offset: Int
    package var sizeBytes: Int
  }

  /// A segment to be made.
  package struct NewSegment: Equatable, Sendable {
    package var firstPosition: UInt64
    package var sizeBytes: Int
    package var rules: ReplayRules
  }
}

/// What a repair did.
package struct RepairReport: Equatable, Sendable {
  /// What was taken away, and the file that keeps it.
  package var kept: [Kept] = []
  /// The name of the segment that was made.
  package var newSegment: String?

  /// Something that was taken away.
  package struct Kept: Equatable, Sendable {
    /// The file it was taken from, or that it was.
    package var name: String
    /// In that file; nil = all of it.
    package var range: Range<Int>?
    package var asideName: String
  }
}
