/// Makes a log start again that lost commands: keeps everything that was there,
/// and ends the log at the last position up to which nothing is missing.
///
/// The caller has the directory's lock. Whatever a crash leaves of `carryOut`,
/// a start refuses with the same intact position, or works.
package struct LogRepair<Storage: Disk> {
  private let disk: Storage
  private let identity: StoreIdentity
  /// Of the snapshot that a start loads.
  private let snapshot: SnapshotSummary?
  /// Of a new segment where there is none to take it from.
  private let segmentBytes: Int
  /// UTC seconds.
  private let now: UInt32

  /// - Parameter snapshot: the newest that can be loaded; nil = there is none.
  package init(
    _ disk: Storage, identity: StoreIdentity, snapshot: SnapshotSummary?,
    segmentBytes: Int = 64 << 20, now: UInt32
  ) {
    self.disk = disk
    self.identity = identity
    self.snapshot = snapshot
    self.segmentBytes = segmentBytes
    self.now = now
  }

  private var held: UInt64 { snapshot?.position ?? 0 }

  // MARK: The plan

  /// What is to be done; nil where the log needs no repair. Changes nothing.
  ///
  /// - Throws: a fault that no repair mends: nothing is intact, or a file is of
  ///   another store or version, or cannot be read.
  package func plan() throws(StoreFault) -> RepairPlan? {
    let recovery = LogRecovery(disk, identity: identity, rules: nil, for: .reading)
    do throws(StoreFault) {
      _ = try recovery.run(after: held) { _, _ in }
      return nil
    } catch {
      guard error.kind == .dataLoss, let intact = error.intactPosition, intact > 0 else {
        throw error
      }
      return try plan(error, intact)
    }
  }

  private func plan(_ fault: StoreFault, _ intact: UInt64) throws(StoreFault) -> RepairPlan {
    var plan = RepairPlan(fault: fault, intactPosition: intact)
    let (firsts, snapshots) = try faulting { () throws(DiskError) in
      (try disk.segmentPositions(), try disk.snapshotPositions())
    }
    plan.segmentsAside = firsts.filter { $0 > intact }
    plan.snapshotsAside = snapshots.filter { $0 > intact }
    let left = firsts.filter { $0 <= intact }
    var end: SegmentFinding?
    if let last = left.last { end = try examine(last) }
    let isWhole = try isWhole(left)
    if let end, end.lastPosition == intact, isWhole {
      // Whole blocks: the last command of a group ends with zeros.
      plan.cut = end.tail.map {
        .init(
          firstPosition: end.firstPosition, offset: $0.offset,
          sizeBytes: LogFormat.roundedUp($0.sizeBytes))
      }
    } else if let snapshot {
      var aside: [UInt64] = []
      let begin = start(left)
      for first in left where first >= begin {
        let isBeyond = try reaches(first, beyond: intact)
        if isBeyond { aside.append(first) }
      }
      plan.segmentsAside = aside + plan.segmentsAside
      plan.newSegment = .init(
        firstPosition: intact + 1, sizeBytes: try sizeOfSegments(firsts), rules: snapshot.rules)
    }
    plan.lostThrough = try lostThrough(firsts, intact)
    return plan
  }

  private func examine(_ first: UInt64) throws(StoreFault) -> SegmentFinding? {
    let inspector = StoreInspector(disk, identity)
    let finding = inspector.segment(named: FileNames.segment(firstPosition: first))
    if let fault = finding.fault, fault.kind != .damage { throw fault }
    return finding.header == nil ? nil : finding
  }

  /// The segment that a start reads first.
  private func start(_ firsts: [UInt64]) -> UInt64 { firsts.last { $0 <= held + 1 } ?? 0 }

  /// Whether a segment has, or may have, commands behind a position: so that it
  /// has to be kept for longer than snapshots let it be.
  private func reaches(_ first: UInt64, beyond position: UInt64) throws(StoreFault) -> Bool {
    guard let finding = try examine(first) else { return true }
    return finding.tail != nil || finding.lastPosition > position
  }

  /// Whether a start gets from the snapshot to the end of segments without a gap.
  private func isWhole(_ firsts: [UInt64]) throws(StoreFault) -> Bool {
    if firsts.isEmpty { return false }
    var before: SegmentFinding?
    for first in firsts where first >= start(firsts) {
      guard let finding = try examine(first), let header = finding.header else { return false }
      if let before, first != before.lastPosition + 1 || header.chain != before.chain {
        return false
      }
      before = finding
    }
    return true
  }

  /// Of the newest that can be read.
  private func sizeOfSegments(_ firsts: [UInt64]) throws(StoreFault) -> Int {
    for first in firsts.reversed() {
      if let header = try examine(first)?.header { return Int(header.sizeBytes) }
    }
    return segmentBytes
  }

  private func lostThrough(_ firsts: [UInt64], _ intact: UInt64) throws(StoreFault) -> UInt64? {
    var last = intact
    for first in firsts {
      last = max(last, first - 1)
      guard let finding = try examine(first) else { continue }
      last = max(last, finding.lastPosition, finding.durablePosition)
      last = max(last, finding.tail?.positions?.upperBound ?? 0)
    }
    return last > intact ? last : nil
  }

  // MARK: The repair

  /// Does what `plan` says, and makes it durable.
  ///
  /// In this order: what is cut off is copied; files are moved aside; the cut
  /// is made, or the new segment. Before the last step a start refuses as it did.
  package func carryOut(_ plan: RepairPlan) throws(StoreFault) -> RepairReport {
    try faulting { () throws(DiskError) in
      var report = RepairReport()
      if let cut = plan.cut { report.kept.append(try copy(cut)) }
      for position in plan.snapshotsAside {
        report.kept.append(
          try move(FileNames.snapshot(position: position), to: "snapshot-\(position)"))
      }
      // From the last on: the log keeps its gap until all are moved.
      for first in plan.segmentsAside.reversed() {
        report.kept.append(
          try move(FileNames.segment(firstPosition: first), to: "segment-\(first)"))
      }
      try disk.syncDirectory()
      if let cut = plan.cut { try erase(cut) }
      if let segment = plan.newSegment {
        try create(segment)
        report.newSegment = FileNames.segment(firstPosition: segment.firstPosition)
      }
      return report
    }
  }

  private static var pieceBytes: Int { 1 << 20 }

  private func copy(_ cut: RepairPlan.Cut) throws(DiskError) -> RepairReport.Kept {
    let name = FileNames.segment(firstPosition: cut.firstPosition)
    let file = try disk.open(name, for: .reading)
    let asideName = try disk.freeAsideName("cut-\(cut.firstPosition)")
    let aside = try disk.create(asideName)
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: cut.sizeBytes, by: Self.pieceBytes) {
      let count = try file.read(
        min(Self.pieceBytes, cut.sizeBytes - start), at: cut.offset + start, into: &bytes)
      try aside.write(bytes.span.extracting(0..<count), at: start)
    }
    try aside.sync()
    try disk.syncDirectory()
    return .init(name: name, range: cut.offset..<cut.offset + cut.sizeBytes, asideName: asideName)
  }

  private func move(_ name: String, to what: String) throws(DiskError) -> RepairReport.Kept {
    let asideName = try disk.freeAsideName(what)
    try disk.rename(name, to: asideName)
    return .init(name: name, range: nil, asideName: asideName)
  }

  private func erase(_ cut: RepairPlan.Cut) throws(DiskError) {
    let file = try disk.open(FileNames.segment(firstPosition: cut.firstPosition), for: .writing)
    let zeros = [UInt8](repeating: 0, count: min(Self.pieceBytes, cut.sizeBytes))
    // From the end on: until all is erased, what is left is no group's beginning.
    for start in stride(from: 0, to: cut.sizeBytes, by: zeros.count).reversed() {
      let count = min(zeros.count, cut.sizeBytes - start)
      try file.write(zeros.span.extracting(0..<count), at: cut.offset + start)
    }
    try file.sync()
  }

  private func create(_ segment: RepairPlan.NewSegment) throws(DiskError) {
    if try disk.names().contains(FileNames.segmentInline) {
      try disk.remove(FileNames.segmentInline)
    }
    let header = SegmentHeader(
      sizeBytes: UInt32(segment.sizeBytes), identifier: identity.identifier,
      firstPosition: segment.firstPosition, schema: identity.schema, rules: segment.rules,
      chain: 0, createdAt: now)
    let file = try disk.create(FileNames.segmentInline)
    try file.allocate(segment.sizeBytes)
    try file.write(header.encoded.span, at: 0)
    try file.sync()
    try disk.rename(
      FileNames.segmentInline, to: FileNames.segment(firstPosition: segment.firstPosition))
    try disk.syncDirectory()
  }
}
