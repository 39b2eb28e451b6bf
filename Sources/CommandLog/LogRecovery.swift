/// Reads a log after a start and decides what its end is.
///
/// | found | done |
/// |---|---|
/// | zeros behind the last valid group | normal |
/// | bytes behind it, no header among them or before calls them durable, and no more of them than can be in flight | kept aside, erased, counted |
/// | a header that calls durable what is not there; more bytes than can be in flight; a segment missing, short, or not following the one before | refused: `dataLoss` |
/// | a segment of another store, version or rules | refused |
package struct LogRecovery<Storage: Disk> {
  let disk: Storage
  let identity: StoreIdentity
  /// The rules in force: groups to be replayed must have been recorded under
  /// them. nil = any, where nothing is applied.
  let rules: ReplayRules?
  /// Whether anything may be changed on disk.
  let access: DiskAccess

  package init(
    _ disk: Storage, identity: StoreIdentity, rules: ReplayRules?, for access: DiskAccess
  ) {
    self.disk = disk
    self.identity = identity
    self.rules = rules
    self.access = access
  }

  /// Gives every group behind `position` to `apply`, in order, and finds the end.
  ///
  /// With access for writing the end is made good: a torn tail is put aside, and
  /// what the last sync may not have reached is read from the disk and, if it is
  /// not there, written again: after a failed sync, or in another process, a file
  /// that reads well proves nothing about the disk.
  ///
  /// - Parameters:
  ///   - position: what the snapshot holds; 0 = nothing.
  ///   - apply: given a group, and its body at the beginning of an array.
  package func run(
    after position: UInt64, _ apply: (LogGroup, [UInt8]) throws(StoreFault) -> Void
  ) throws(StoreFault) -> LogEnd<Storage> {
    let firsts = try segments(after: position)
    var end = LogEnd<Storage>()
    end.nextPosition = position + 1
    var body: [UInt8] = []
    for (index, first) in firsts.enumerated() {
      let previous = index > 0 ? firsts[index - 1] : nil
      var reader = try open(first, after: position, end, previous)
      while let group = try reader.next(into: &body) {
        try replay(group, body, reader, after: position, apply)
      }
      let isLast = index == firsts.count - 1
      end.tornTail = isLast ? try examineEnd(&reader, after: position) : nil
      end.file = reader.file
      end.fileBytes = Int(reader.header.sizeBytes)
      end.offset = reader.offset
      end.chain = reader.chain
      end.emptySegmentChain = reader.groupCount == 0 ? reader.header.chain : nil
      end.nextPosition = reader.nextPosition
      end.rules = reader.header.rules
      end.segmentCreatedAt = reader.header.createdAt
    }
    if end.nextPosition <= position {
      throw .logBehindSnapshot(
        disk.path(of: FileNames.segment(firstPosition: firsts.last ?? 1)),
        logEnd: end.nextPosition - 1, snapshot: position)
    }
    return end
  }

  /// First positions of the segments that are needed, from the one that holds
  /// the command behind `position`.
  private func segments(after position: UInt64) throws(StoreFault) -> [UInt64] {
    let all = try faulting { () throws(DiskError) in try disk.segmentPositions() }
    guard let start = all.lastIndex(where: { $0 <= position + 1 }) else {
      let first = all.first.map { "begins at position \($0)" } ?? "has no segment"
      throw StoreFault(
        .dataLoss, file: disk.path(of: ""),
        what: position == 0
          ? "there is no valid snapshot, and the log \(first)"
          : "the snapshot ends at position \(position), and the log \(first)",
        remedy: position == 0
          ? "restore the missing files from a back-up: a snapshot, or the log from position 1 on"
          : "restore the missing files from a back-up: the log from position \(position + 1) on, "
            + "or a later snapshot" + .acceptLoss(after: position),
        intactPosition: position)
    }
    return Array(all[start...])
  }

  /// Opens a segment, and checks that it goes on where the one before ends.
  private func open(
    _ first: UInt64, after position: UInt64, _ end: LogEnd<Storage>, _ previous: UInt64?
  ) throws(StoreFault) -> SegmentReader<Storage> {
    do throws(StoreFault) {
      let reader = try SegmentReader(
        disk, identity, firstPosition: first, for: access, held: position)
      if let previous, first != end.nextPosition || reader.header.chain != end.chain {
        throw .gap(disk, behind: previous, offset: end.offset, end.nextPosition, first, position)
      }
      return reader
    } catch {
      // What is lost begins where the segment before ends.
      guard let previous, error.kind == .dataLoss, first != end.nextPosition else { throw error }
      throw .gap(disk, behind: previous, offset: end.offset, end.nextPosition, first, position)
    }
  }

  private func replay(
    _ group: LogGroup, _ body: [UInt8], _ reader: SegmentReader<Storage>, after position: UInt64,
    _ apply: (LogGroup, [UInt8]) throws(StoreFault) -> Void
  ) throws(StoreFault) {
    if group.firstPosition + UInt64(group.count) - 1 <= position { return }
    if group.firstPosition <= position {
      throw .damagedSegment(
        reader.path, "the snapshot's position \(position) lies inside a group", at: reader.offset,
        from: position + 1)
    }
    if let rules, reader.header.rules != rules {
      throw .rules(reader.path, reader.header.rules, now: rules)
    }
    try apply(group, body)
  }

  /// The end of the last segment: zeros, a torn tail, or loss.
  private func examineEnd(
    _ reader: inout SegmentReader<Storage>, after position: UInt64
  ) throws(StoreFault) -> TornTail? {
    let rest = try reader.remainder()
    if let end = rest.end {
      let durable = max(reader.durableSeen, rest.durableSeen, position)
      let tooLong = end - reader.offset > LogFormat.tornBytesMax
      if durable >= reader.nextPosition || tooLong {
        throw .damagedSegment(
          reader.path,
          tooLong && durable < reader.nextPosition
            ? "\(end - reader.offset) bytes that are no groups, more than a crash leaves"
            : "a damaged group that was acknowledged",
          at: reader.offset, from: max(reader.nextPosition, position + 1),
          through: max(durable, rest.positions?.upperBound ?? 0))
      }
      if access == .reading {
        return TornTail(
          file: reader.path, asideFile: "", offset: reader.offset, sizeBytes: end - reader.offset)
      }
      let tail = try putAside(reader, through: end)
      try secure(reader)
      return tail
    }
    if access == .writing { try secure(reader) }
    return nil
  }

  /// Keeps the tail in a file of its own, then erases it.
  private func putAside(
    _ reader: SegmentReader<Storage>, through end: Int
  ) throws(StoreFault) -> TornTail {
    try faulting { () throws(DiskError) in
      var bytes: [UInt8] = []
      let count = try reader.file.read(end - reader.offset, at: reader.offset, into: &bytes)
      let name = try disk.freeAsideName("tail-\(reader.nextPosition)")
      let aside = try disk.create(name)
      try aside.write(bytes.span.extracting(0..<count), at: 0)
      try aside.sync()
      try disk.syncDirectory()
      let zeros = [UInt8](repeating: 0, count: count)
      try reader.file.write(zeros.span, at: reader.offset)
      try reader.file.sync()
      return TornTail(
        file: reader.path, asideFile: disk.path(of: name), offset: reader.offset, sizeBytes: count)
    }
  }

  /// Makes sure that the groups that no later one vouches for are on the disk.
  ///
  /// They read well, but perhaps from memory only: a sync before may have failed.
  /// So they are read once more from the disk, and written again only if they are
  /// not there: a write that tears would damage what was acknowledged.
  private func secure(_ reader: SegmentReader<Storage>) throws(StoreFault) {
    try faulting { () throws(DiskError) in
      let range = reader.unvouchedOffset..<reader.offset
      var bytes: [UInt8] = []
      if try reader.file.read(range.count, at: range.lowerBound, into: &bytes) != range.count {
        throw DiskError(
          .read, file: reader.path, offset: range.lowerBound, kind: .storage,
          reason: "the file became shorter")
      }
      try reader.file.sync()
      if try !isOnDisk(bytes, range, reader.file) {
        try reader.file.write(bytes.span.extracting(0..<range.count), at: range.lowerBound)
        try reader.file.sync()
      }
      try disk.syncDirectory()
    }
  }

  private func isOnDisk(
    _ bytes: [UInt8], _ range: Range<Int>, _ file: Storage.File
  ) throws(DiskError) -> Bool {
    file.dropCache()
    var found: [UInt8] = []
    let count = try file.read(range.count, at: range.lowerBound, into: &found)
    return count == range.count && found[..<count] == bytes[..<count]
  }
}

extension StoreFault {
  static func logBehindSnapshot(_ path: String, logEnd: UInt64, snapshot: UInt64) -> StoreFault {
    StoreFault(
      .dataLoss, file: path,
      what: "the log ends at position \(logEnd), before the snapshot at \(snapshot): "
        + "commands behind \(snapshot) may have been acknowledged and are not here",
      remedy: "restore the log's newest segments from a back-up" + .acceptLoss(after: snapshot),
      intactPosition: snapshot)
  }

  /// - Parameters:
  ///   - first: where the segment behind the gap begins.
  ///   - held: what the snapshot holds.
  static func gap(
    _ disk: some Disk, behind previous: UInt64, offset: Int, _ next: UInt64, _ first: UInt64,
    _ held: UInt64
  ) -> StoreFault {
    .damagedSegment(
      disk.path(of: FileNames.segment(firstPosition: previous)),
      "behind the last valid group, \(FileNames.segment(firstPosition: first)) does not follow",
      at: offset, from: max(next, held + 1), through: first - 1)
  }

  static func rules(_ path: String, _ found: ReplayRules, now: ReplayRules) -> StoreFault {
    let isPolicy = found.semantics == now.semantics
    return StoreFault(
      .rules, file: path, offset: isPolicy ? 48 : 56,
      what: isPolicy
        ? "its commands were recorded under the policy with hash \(hex(found.policyHash)), "
          + "the one given has \(hex(now.policyHash))"
        : "its commands were recorded by a core of semantics \(found.semantics), "
          + "this one has \(now.semantics)",
      remedy: isPolicy
        ? "start with the policy it was recorded under and stop cleanly (which takes a "
          + "snapshot); then start with the new policy"
        : "start the version that recorded them and stop it cleanly (which takes a snapshot); "
          + "then start this one")
  }

  private static func hex(_ value: UInt64) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}
