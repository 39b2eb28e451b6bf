/// Reads one segment from its header on, group by group, checking everything.
///
/// Memory: the largest body, at most `LogFormat.bodyBytesMax`, and one block.
struct SegmentReader<Storage: Disk> {
  let disk: Storage
  let name: String
  let file: Storage.File
  let header: SegmentHeader
  private let seed: UInt32
  /// What a snapshot holds of it: no fault calls that lost.
  private let held: UInt64
  private(set) var offset = LogFormat.blockBytes
  /// Of the last valid group, or of the segment's header.
  private(set) var chain: UInt32
  private(set) var nextPosition: UInt64
  /// Highest position that any group read so far says was durable.
  private(set) var durableSeen: UInt64 = 0
  /// Where the groups begin that no later group has called durable.
  private(set) var unvouchedOffset = LogFormat.blockBytes
  private var unvouched: [(offset: Int, last: UInt64)] = []
  private(set) var groupCount = 0
  private var block: [UInt8] = []

  var path: String { disk.path(of: name) }

  /// Opens a segment and checks its header against the store and its name.
  ///
  /// - Parameter held: what a snapshot holds: no fault calls that lost.
  init(
    _ disk: Storage, _ identity: StoreIdentity, firstPosition: UInt64, for access: DiskAccess,
    held: UInt64 = 0
  ) throws(StoreFault) {
    let name = FileNames.segment(firstPosition: firstPosition)
    try self.init(disk, identity, name: name, for: access, from: firstPosition, held: held)
    if header.firstPosition != firstPosition {
      throw .damagedSegment(
        path, "the header says position \(header.firstPosition), the name \(firstPosition)",
        from: max(firstPosition, held + 1))
    }
  }

  /// Opens a segment whatever its name.
  ///
  /// - Parameter from: what a fault calls lost, unless `held` is more.
  init(
    _ disk: Storage, _ identity: StoreIdentity, name: String, for access: DiskAccess,
    from firstPosition: UInt64, held: UInt64 = 0
  ) throws(StoreFault) {
    self.disk = disk
    self.name = name
    self.held = held
    seed = identity.checksumSeed
    let path = disk.path(of: name)
    (file, block) = try faulting { () throws(DiskError) in
      let file = try disk.open(name, for: access)
      var block: [UInt8] = []
      let count = try file.read(LogFormat.segmentHeaderBytes, at: 0, into: &block)
      block.removeLast(block.count - count)
      return (file, block)
    }
    let lost = max(firstPosition, held + 1)
    guard let (header, version, crc) = SegmentHeader.decode(block) else {
      throw .damagedSegment(path, "the segment's header is damaged", from: lost)
    }
    if version != StoreIdentity.formatVersion { throw .version(path, found: version) }
    if header.identifier != identity.identifier || header.schema != identity.schema {
      throw .otherStore(path)
    }
    let opened = file
    let sizeBytes = try faulting { () throws(DiskError) in try opened.sizeBytes }
    if sizeBytes != Int(header.sizeBytes) {
      throw .damagedSegment(
        path, "the file has \(sizeBytes) bytes and was made with \(header.sizeBytes)",
        from: lost)
    }
    self.header = header
    chain = crc
    nextPosition = header.firstPosition
  }

  /// The next group, its body at the beginning of `body`; nil where what follows
  /// is not a valid group that continues the chain.
  mutating func next(into body: inout [UInt8]) throws(StoreFault) -> LogGroup? {
    guard offset + LogFormat.groupHeaderBytes <= Int(header.sizeBytes) else { return nil }
    try read(LogFormat.groupHeaderBytes, at: offset, into: &block)
    guard let (group, crc) = GroupHeader.decode(block, seed: seed),
      group.firstPosition == nextPosition, group.chain == chain,
      offset + group.extentBytes <= Int(header.sizeBytes)
    else { return nil }
    let bodyBytes = Int(group.bodyBytes)
    try read(bodyBytes, at: offset + LogFormat.groupHeaderBytes, into: &body)
    if body.checksum(0..<bodyBytes) != group.bodyCRC { return nil }
    accept(group, crc)
    return LogGroup(
      firstPosition: group.firstPosition, count: Int(group.count), bodyBytes: bodyBytes)
  }

  private mutating func accept(_ group: GroupHeader, _ crc: UInt32) {
    durableSeen = max(durableSeen, group.durablePosition)
    unvouched.append((offset, group.lastPosition))
    unvouched.removeFirst(unvouched.prefix { $0.last <= durableSeen }.count)
    offset += group.extentBytes
    unvouchedOffset = unvouched.first?.offset ?? offset
    chain = crc
    nextPosition = group.lastPosition + 1
    groupCount += 1
  }

  private func read(
    _ count: Int, at offset: Int, into buffer: inout [UInt8]
  ) throws(StoreFault) {
    let file = file
    let read: Int
    do throws(DiskError) {
      read = try file.read(count, at: offset, into: &buffer)
    } catch {
      throw StoreFault(error)
    }
    if read == count { return }
    throw .damagedSegment(
      path, "the file ends early", at: offset, from: max(nextPosition, held + 1))
  }

  /// What lies behind the last valid group.
  struct Remainder {
    /// Behind the last byte that is not zero; nil = all zeros.
    var end: Int?
    /// Highest position that a group's header there calls durable.
    var durableSeen: UInt64 = 0
    /// First and last position that group headers there name.
    var positions: ClosedRange<UInt64>?
  }

  /// Looks at everything behind the last valid group. Reads the segment to its end.
  func remainder() throws(StoreFault) -> Remainder {
    var found = Remainder()
    var buffer: [UInt8] = []
    var start = offset
    while start < Int(header.sizeBytes) {
      let count = min(256 * LogFormat.blockBytes, Int(header.sizeBytes) - start)
      try read(count, at: start, into: &buffer)
      for block in stride(from: 0, to: count, by: LogFormat.blockBytes) {
        let end = min(block + LogFormat.blockBytes, count)
        if buffer.isZero(block..<end) { continue }
        found.end = start + (buffer[block..<end].lastIndex { $0 != 0 } ?? block) + 1
        if let (group, _) = GroupHeader.decode(buffer, at: block, seed: seed),
          group.firstPosition >= nextPosition
        {
          found.durableSeen = max(found.durableSeen, group.durablePosition)
          let first = min(found.positions?.lowerBound ?? .max, group.firstPosition)
          let last = max(found.positions?.upperBound ?? 0, group.lastPosition)
          found.positions = first...last
        }
      }
      start += count
    }
    return found
  }
}

extension StoreFault {
  /// - Parameters:
  ///   - position: the first one that is lost.
  ///   - last: the last one that is known to be; nil or less than `position`:
  ///     nobody can tell.
  static func damagedSegment(
    _ path: String, _ what: String, at offset: Int = 0, from position: UInt64,
    through last: UInt64? = nil
  ) -> StoreFault {
    let lost =
      last.flatMap { $0 < position ? nil : "positions \(position) to \($0)" }
      ?? "positions from \(position) on"
    return StoreFault(
      .dataLoss, file: path, offset: offset, what: "\(what); \(lost) cannot be read",
      remedy: "restore this file from a back-up" + .acceptLoss(after: position - 1),
      intactPosition: position - 1)
  }
}

extension String {
  /// What follows "restore …" in the remedy of a loss.
  static func acceptLoss(after position: UInt64) -> String {
    position == 0
      ? "; nothing before it is there, so that no loss can be accepted"
      : "; or, to go on without them, run `probity repair --accept-loss-after \(position)`"
  }
}
