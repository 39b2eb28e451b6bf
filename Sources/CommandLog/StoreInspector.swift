/// Looks at a store and changes nothing: no lock, no file, no byte.
///
/// Give it a `FrozenDisk` where a daemon may be at work.
package struct StoreInspector<Storage: Disk> {
  private let disk: Storage
  private let identity: StoreIdentity
  /// Called with bytes that were read.
  private let progress: (Int) -> Void

  package init(
    _ disk: Storage, _ identity: StoreIdentity, progress: @escaping (Int) -> Void = { _ in }
  ) {
    self.disk = disk
    self.identity = identity
    self.progress = progress
  }

  /// The identity of the store in a directory.
  ///
  /// - Throws: `missing` where there is none; what is wrong with it.
  package static func identity(_ disk: Storage) throws(StoreFault) -> StoreIdentity {
    let names = try faulting { () throws(DiskError) in try disk.names() }
    if names.contains(FileNames.store) { return try StoreIdentity.read(disk) }
    // Beside a draft of it, a first segment is what a crash in the making leaves.
    let isHalfMade = names.contains(FileNames.storeDraft)
    let ours = FileNames.segment(firstPosition: 1)
    if let fault = StoreFault.stray(names.filter { !(isHalfMade && $0 == ours) }, disk) {
      throw fault
    }
    if isHalfMade {
      throw StoreFault(
        .missing, file: disk.path(of: FileNames.store),
        what: "a store was being made here, and nothing was ever recorded in it",
        remedy: "start a daemon, which makes it anew")
    }
    throw StoreFault(
      .missing, file: disk.path(of: FileNames.store), what: "there is no store here",
      remedy: "check the path and that the file system is mounted")
  }

  /// What a file of a store is, by its first bytes, and the store that it says
  /// it belongs to.
  package static func kind(of name: String, _ disk: Storage) throws(StoreFault) -> StoreFileKind {
    let (bytes, count) = try faulting { () throws(DiskError) in
      var bytes: [UInt8] = []
      let count = try disk.open(name, for: .reading)
        .read(LogFormat.segmentHeaderBytes, at: 0, into: &bytes)
      return (bytes, count)
    }
    if count == LogFormat.segmentHeaderBytes, Array(bytes[0..<8]) == SegmentHeader.magic {
      return .segment(
        StoreIdentity(
          identifier: Array(bytes[16..<32]), schema: bytes.word(UInt64.self, at: 40), createdAt: 0))
    }
    if count == LogFormat.segmentHeaderBytes, Array(bytes[0..<8]) == SnapshotFormat.magic {
      return .snapshot(
        StoreIdentity(
          identifier: Array(bytes[16..<32]), schema: bytes.word(UInt64.self, at: 32), createdAt: 0))
    }
    return .other
  }

  /// Finds groups in a part of a segment that was kept: those whose checksums
  /// are right, whether they hang together or not.
  ///
  /// - Returns: how many there are.
  package func strayGroups(
    in name: String, each: (LogGroup, [UInt8]) -> Void
  ) throws(StoreFault) -> Int {
    try faulting { () throws(DiskError) in
      let file = try disk.open(name, for: .reading)
      let sizeBytes = try file.sizeBytes
      var groupCount = 0
      var offset = 0
      var block: [UInt8] = []
      var body: [UInt8] = []
      while offset < sizeBytes {
        let count = try file.read(LogFormat.groupHeaderBytes, at: offset, into: &block)
        var extent = LogFormat.blockBytes
        if count == LogFormat.groupHeaderBytes,
          let (header, _) = GroupHeader.decode(block, seed: identity.checksumSeed)
        {
          let bodyBytes = Int(header.bodyBytes)
          let read = try file.read(
            bodyBytes, at: offset + LogFormat.groupHeaderBytes, into: &body)
          // A torn tail is kept without the zeros at its end.
          for index in read..<bodyBytes { body[index] = 0 }
          if body.checksum(0..<bodyBytes) == header.bodyCRC {
            extent = header.extentBytes
            groupCount += 1
            each(
              LogGroup(
                firstPosition: header.firstPosition, count: Int(header.count),
                bodyBytes: bodyBytes), body)
          }
        }
        offset += extent
        progress(extent)
      }
      return groupCount
    }
  }

  /// Bytes that `snapshots` and `segments` read.
  package func sizeBytes() throws(StoreFault) -> Int {
    try faulting { () throws(DiskError) in
      var sum = 0
      for name in try disk.names()
      where FileNames.segmentPosition(name) != nil || FileNames.snapshotPosition(name) != nil {
        sum += (try? disk.open(name, for: .reading).sizeBytes) ?? 0
      }
      return sum
    }
  }

  // MARK: Snapshots

  /// Reads every snapshot to its end, oldest first.
  package func snapshots() throws(StoreFault) -> [SnapshotFinding] {
    let positions = try faulting { () throws(DiskError) in try disk.snapshotPositions() }
    return positions.map { snapshot(named: FileNames.snapshot(position: $0)) }
  }

  /// Reads a snapshot to its end, whatever its name.
  package func snapshot(named name: String) -> SnapshotFinding {
    let position = FileNames.snapshotPosition(name)
    var finding = SnapshotFinding(
      name: name, path: disk.path(of: name), position: position ?? 0)
    finding.sizeBytes = try? disk.open(name, for: .reading).sizeBytes
    do throws(StoreFault) {
      let reader = try SnapshotReader(disk, identity, name: name)
      finding.summary = reader.summary
      if let position { try reader.check(position: position) }
      try reader.verify(pause: progress)
    } catch {
      finding.fault = error
    }
    return finding
  }

  // MARK: The log

  /// Reads every segment to its end, oldest first, whether a start needs it or not.
  package func segments() throws(StoreFault) -> [SegmentFinding] {
    let firsts = try faulting { () throws(DiskError) in try disk.segmentPositions() }
    var findings: [SegmentFinding] = []
    for (index, first) in firsts.enumerated() {
      let name = FileNames.segment(firstPosition: first)
      var finding = segment(named: name)
      if let previous = findings.last, previous.fault == nil, finding.fault == nil,
        previous.lastPosition + 1 != first || finding.header?.chain != previous.chain
      {
        finding.fault =
          StoreFault.gap(
            disk, behind: previous.firstPosition, offset: previous.usedBytes,
            previous.lastPosition + 1, first, 0
          ).asFinding
      }
      if index < firsts.count - 1, finding.fault == nil, let tail = finding.tail {
        finding.fault =
          StoreFault.damagedSegment(
            finding.path, "a damaged group in the midst of the log", at: tail.offset,
            from: finding.lastPosition + 1, through: tail.positions?.upperBound
          ).asFinding
      }
      findings.append(finding)
    }
    return findings
  }

  /// Reads a segment to its end, whatever its name.
  ///
  /// - Parameter each: given its valid groups, and their bodies at the beginning of an array.
  package func segment(
    named name: String, each: (LogGroup, [UInt8]) -> Void = { _, _ in }
  ) -> SegmentFinding {
    let first = FileNames.segmentPosition(name)
    var finding = SegmentFinding(
      name: name, path: disk.path(of: name), firstPosition: first ?? 0,
      lastPosition: (first ?? 1) - 1)
    do throws(StoreFault) {
      var reader = try open(name)
      finding.header = reader.header
      finding.firstPosition = reader.header.firstPosition
      do throws(StoreFault) {
        try walk(&reader, &finding, each)
      } catch {
        finding.fault = error.asFinding
      }
      finding.note(reader)
    } catch {
      finding.fault = error.asFinding
    }
    return finding
  }

  private func walk(
    _ reader: inout SegmentReader<Storage>, _ finding: inout SegmentFinding,
    _ each: (LogGroup, [UInt8]) -> Void
  ) throws(StoreFault) {
    var body: [UInt8] = []
    while let group = try reader.next(into: &body) {
      each(group, body)
      progress(group.bodyBytes)
    }
    let rest = try reader.remainder()
    progress(Int(reader.header.sizeBytes) - reader.offset)
    finding.tail = rest.end.map {
      TailFinding(offset: reader.offset, sizeBytes: $0 - reader.offset, positions: rest.positions)
    }
  }

  private func open(_ name: String) throws(StoreFault) -> SegmentReader<Storage> {
    if let first = FileNames.segmentPosition(name) {
      return try SegmentReader(disk, identity, firstPosition: first, for: .reading)
    }
    return try SegmentReader(disk, identity, name: name, for: .reading, from: 1)
  }

  /// What a start would do with the log, or its refusal.
  ///
  /// - Parameters:
  ///   - position: what the snapshot holds.
  ///   - rules: in force at that start; nil = those that the log needs.
  ///   - apply: given every group behind `position`.
  package func forecast(
    after position: UInt64, rules: ReplayRules?,
    _ apply: (LogGroup, [UInt8]) throws(StoreFault) -> Void = { _, _ in }
  ) throws(StoreFault) -> LogForecast {
    let recovery = LogRecovery(disk, identity: identity, rules: rules, for: .reading)
    var count: UInt64 = 0
    let progress = progress
    let end = try recovery.run(after: position) { (group, body) throws(StoreFault) in
      try apply(group, body)
      count += UInt64(group.count)
      progress(group.bodyBytes)
    }
    return LogForecast(
      endPosition: end.nextPosition - 1, replayedCount: count, tornTail: end.tornTail,
      segmentCreatedAt: end.segmentCreatedAt)
  }

  // MARK: What lies beside

  /// Files that recovery or repair kept, by name.
  package func asides() throws(StoreFault) -> [AsideFinding] {
    try files { $0.hasPrefix(FileNames.asidePrefix) }
  }

  /// Files that were being made and that a start removes, by name.
  package func drafts() throws(StoreFault) -> [AsideFinding] {
    try files { FileNames.drafts.contains($0) }
  }

  private func files(_ isWanted: (String) -> Bool) throws(StoreFault) -> [AsideFinding] {
    let names = try faulting { () throws(DiskError) in try disk.names() }
    return names.filter(isWanted).sorted().map {
      AsideFinding(name: $0, sizeBytes: try? disk.open($0, for: .reading).sizeBytes)
    }
  }
}

extension SegmentFinding {
  fileprivate mutating func note<Storage: Disk>(_ reader: SegmentReader<Storage>) {
    groupCount = reader.groupCount
    lastPosition = reader.nextPosition - 1
    usedBytes = reader.offset
    durablePosition = reader.durableSeen
    chain = reader.chain
  }
}

extension StoreFault {
  /// A loss as it is found in one file: what it means is for a start to say,
  /// which may not need the file.
  fileprivate var asFinding: StoreFault {
    if kind != .dataLoss { return self }
    return StoreFault(
      .damage, file: file, offset: offset, what: what,
      remedy: "restore this file from a back-up, if there is one; a start that needs it refuses",
      intactPosition: intactPosition)
  }
}
