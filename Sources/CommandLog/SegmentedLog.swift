import Synchronization

/// The log as a row of files of fixed size, each written once from end to end.
///
/// A group is written over zeros that were put on disk before, then synced:
/// the file system has nothing to note, and one sync costs one flush.
/// `append` and `sync` belong to one thread, `makeSpare` to another, `prune` to a
/// third; the rest may be called by any.
public final class SegmentedLog<Storage: Disk>: GroupLog, @unchecked Sendable {
  public struct Options: Sendable {
    /// Bytes of a segment: a multiple of `LogFormat.blockBytes`, less than 2^31.
    public var segmentBytes: Int
    public var durability: Durability
    /// Left free on the disk: below it no segment is begun and commands are refused.
    public var reserveBytes: Int

    public init(
      segmentBytes: Int = 64 << 20, durability: Durability = .always,
      reserveBytes: Int = 256 << 20
    ) {
      self.segmentBytes = segmentBytes
      self.durability = durability
      self.reserveBytes = reserveBytes
    }
  }

  public let options: Options
  private let disk: Storage
  private let identity: StoreIdentity
  private let rules: ReplayRules
  private let clock: LogClock
  private let durable: Atomic<UInt64>
  private let appended = Atomic<Int>(0)
  /// Whether a segment of zeros is ready under the spare's name.
  private let hasSpare = Atomic<Bool>(false)

  // Safe to send: what follows is touched by the thread that appends, alone; the
  // rest is constant or atomic.
  private var file: Storage.File?
  private var fileBytes = 0
  private var offset = 0
  private var chain: UInt32
  /// While the segment has no group: what it follows, and what a segment that
  /// takes its place, and its name, has to follow.
  private var emptySegmentChain: UInt32?
  private var nextPosition: UInt64
  private var unsyncedBytes = 0
  private var unsyncedSince: UInt64?
  /// What a write that failed may have left behind `offset`.
  private var spoiledBytes = 0
  private var failure: String?
  private var buffer: [UInt8] = []

  /// Goes on where recovery found the end.
  ///
  /// - Parameter clock: monotonic and wall time.
  public init(
    _ disk: Storage, identity: StoreIdentity, rules: ReplayRules, resuming end: LogEnd<Storage>,
    options: Options, clock: LogClock
  ) {
    precondition(options.segmentBytes % LogFormat.blockBytes == 0 && options.segmentBytes < 1 << 31)
    self.disk = disk
    self.identity = identity
    self.rules = rules
    self.options = options
    self.clock = clock
    durable = Atomic(end.nextPosition - 1)
    chain = end.chain
    nextPosition = end.nextPosition
    emptySegmentChain = end.emptySegmentChain
    // Under other rules a new segment begins.
    file = end.rules == rules ? end.file : nil
    fileBytes = end.fileBytes
    offset = end.offset
  }

  // MARK: Any thread

  public var durability: Durability { options.durability }

  public var durablePosition: UInt64 { durable.load(ordering: .acquiring) }

  /// Bytes appended since the log was opened.
  public var appendedBytes: Int { appended.load(ordering: .relaxed) }

  // MARK: The appending thread

  public var syncDueNanoseconds: UInt64? {
    guard case .interval(let milliseconds) = options.durability else { return nil }
    return unsyncedSince.map { $0 + UInt64(milliseconds) * 1_000_000 }
  }

  public func append(_ payload: [UInt8], count: Int) throws(LogError) -> UInt64 {
    if let failure = failure { throw .failed(failure) }
    let first = nextPosition
    let crc = encodeGroup(payload, count: count)
    let extent = buffer.count
    precondition(
      extent <= options.segmentBytes - LogFormat.blockBytes, "a group is larger than a segment")
    if file == nil || offset + extent > fileBytes {
      try rotate()
      // The new segment's checksum is what this group follows.
      return try append(payload, count: count)
    }
    try write(extent)
    offset += extent
    chain = crc
    emptySegmentChain = nil
    nextPosition += UInt64(count)
    unsyncedBytes += extent
    appended.wrappingAdd(extent, ordering: .relaxed)
    if unsyncedSince == nil { unsyncedSince = clock.monotonicNanoseconds() }
    if isSyncDue { try sync() }
    return first
  }

  public func sync() throws(LogError) {
    if let failure = failure { throw .failed(failure) }
    guard unsyncedBytes > 0, let file = file else { return }
    do throws(DiskError) {
      try file.sync()
    } catch {
      throw fail(error)
    }
    unsyncedBytes = 0
    unsyncedSince = nil
    durable.store(nextPosition - 1, ordering: .releasing)
  }

  private var isSyncDue: Bool {
    guard case .interval = options.durability else { return true }
    if unsyncedBytes >= LogFormat.unsyncedBytesMax { return true }
    return syncDueNanoseconds.map { clock.monotonicNanoseconds() >= $0 } ?? false
  }

  /// Puts header, body and filling into `buffer`; returns the header's checksum.
  private func encodeGroup(_ payload: [UInt8], count: Int) -> UInt32 {
    precondition(count >= 1 && payload.count <= LogFormat.bodyBytesMax)
    let header = GroupHeader(
      bodyBytes: UInt32(payload.count), firstPosition: nextPosition,
      durablePosition: durablePosition, count: UInt32(count),
      bodyCRC: payload.checksum(0..<payload.count), chain: chain)
    buffer.removeAll(keepingCapacity: true)
    buffer.append(contentsOf: LogFormat.zeros[..<LogFormat.groupHeaderBytes])
    buffer.append(contentsOf: payload)
    buffer.append(contentsOf: LogFormat.zeros[..<(header.extentBytes - buffer.count)])
    return header.encode(into: &buffer, seed: identity.checksumSeed)
  }

  private func write(_ extent: Int) throws(LogError) {
    guard let file = file else { return }
    do throws(DiskError) {
      if spoiledBytes > 0 { try erase(file) }
      let bytes = buffer
      try file.write(bytes.span, at: offset)
    } catch {
      // Preallocated as it is, the segment may still find no room where the
      // file system copies on write. What is half there is erased before the
      // next group, and nobody was told of it.
      spoiledBytes = max(spoiledBytes, extent)
      throw refusal(error)
    }
  }

  private func erase(_ file: Storage.File) throws(DiskError) {
    let zeros = [UInt8](repeating: 0, count: spoiledBytes)
    try file.write(zeros.span, at: offset)
    unsyncedBytes += spoiledBytes
    spoiledBytes = 0
  }

  private func refusal(_ error: DiskError) -> LogError {
    error.kind == .noSpace ? .full(error.description) : fail(error)
  }

  private func fail(_ error: DiskError) -> LogError {
    failure = error.description
    return .failed(error.description)
  }

  // MARK: Segments

  /// Begins the next segment. What was appended is synced first, and so is that
  /// nothing is behind it, so that only the last segment can have a torn end.
  private func rotate() throws(LogError) {
    if spoiledBytes > 0, let file = file {
      do throws(DiskError) { try erase(file) } catch { throw refusal(error) }
    }
    try sync()
    let header = SegmentHeader(
      sizeBytes: UInt32(options.segmentBytes), identifier: identity.identifier,
      firstPosition: nextPosition, schema: identity.schema, rules: rules,
      chain: emptySegmentChain ?? chain,
      createdAt: clock.wallSeconds())
    let encoded = header.encoded
    do throws(DiskError) {
      let ready = hasSpare.load(ordering: .acquiring)
      let draft = ready ? FileNames.segmentSpare : FileNames.segmentInline
      let next = ready ? try disk.open(draft, for: .writing) : try makeInline()
      try next.write(encoded.span, at: 0)
      try next.sync()
      // From here on the next segment may be there, even if the call fails:
      // nothing may be appended to the one before.
      file = nil
      try disk.rename(draft, to: FileNames.segment(firstPosition: nextPosition))
      if ready { hasSpare.store(false, ordering: .releasing) }
      try disk.syncDirectory()
      file = next
    } catch {
      throw refusal(error)
    }
    fileBytes = options.segmentBytes
    offset = LogFormat.blockBytes
    chain = encoded.word(UInt32.self, at: 72)
    emptySegmentChain = header.chain
  }

  /// A segment made in a hurry: its room is taken but not written, so that
  /// syncs cost more until the next.
  private func makeInline() throws(DiskError) -> Storage.File {
    try checkFreeSpace()
    if try disk.names().contains(FileNames.segmentInline) {
      try disk.remove(FileNames.segmentInline)
    }
    let file = try disk.create(FileNames.segmentInline)
    try file.allocate(options.segmentBytes)
    return file
  }

  private func checkFreeSpace() throws(DiskError) {
    let free = try disk.freeBytes()
    if free >= options.segmentBytes + options.reserveBytes { return }
    throw DiskError(
      .allocate, file: disk.path(of: ""), kind: .noSpace,
      reason: "\(free >> 20) MiB are free; a segment takes \(options.segmentBytes >> 20) MiB "
        + "and \(options.reserveBytes >> 20) MiB are kept in reserve")
  }

  // MARK: Beside the thread that appends

  /// Writes the next segment's zeros ahead of time, if that is not done.
  ///
  /// - Parameter pause: called between pieces of `pieceBytes`, to leave the disk to others.
  /// - Returns: whether it was made now; false if it was there.
  /// - Throws: `DiskError`; the log works on without a spare.
  @discardableResult
  public func makeSpare(
    pieceBytes: Int = 1 << 20, pause: (Int) -> Void = { _ in }
  ) throws(DiskError) -> Bool {
    if hasSpare.load(ordering: .acquiring) { return false }
    try checkFreeSpace()
    if try disk.names().contains(FileNames.segmentDraft) {
      try disk.remove(FileNames.segmentDraft)
    }
    let file = try disk.create(FileNames.segmentDraft)
    do throws(DiskError) {
      try file.allocate(options.segmentBytes)
      let zeros = [UInt8](repeating: 0, count: pieceBytes)
      for start in stride(from: 0, to: options.segmentBytes, by: pieceBytes) {
        let count = min(pieceBytes, options.segmentBytes - start)
        try file.write(zeros.span.extracting(0..<count), at: start)
        try file.sync()
        pause(count)
      }
    } catch {
      try? disk.remove(FileNames.segmentDraft)
      throw error
    }
    try disk.rename(FileNames.segmentDraft, to: FileNames.segmentSpare)
    try disk.syncDirectory()
    hasSpare.store(true, ordering: .releasing)
    return true
  }

  /// Removes the segments that hold only positions up to `position`, oldest
  /// first, so that a row without a gap is left whatever happens meanwhile.
  ///
  /// - Returns: bytes of the segments that are left.
  @discardableResult
  public func prune(through position: UInt64) throws(DiskError) -> Int {
    let firsts = try disk.segmentPositions()
    var removed = 0
    // A segment ends where the next begins; the last is never removed.
    for (first, next) in zip(firsts, firsts.dropFirst()) where next <= position + 1 {
      try disk.remove(FileNames.segment(firstPosition: first))
      removed += 1
    }
    if removed > 0 { try disk.syncDirectory() }
    return (firsts.count - removed) * options.segmentBytes
  }
}

/// The times that a log notes and waits by.
public struct LogClock: Sendable {
  public let monotonicNanoseconds: @Sendable () -> UInt64
  /// UTC.
  public let wallSeconds: @Sendable () -> UInt32

  public init(
    monotonicNanoseconds: @escaping @Sendable () -> UInt64,
    wallSeconds: @escaping @Sendable () -> UInt32
  ) {
    self.monotonicNanoseconds = monotonicNanoseconds
    self.wallSeconds = wallSeconds
  }
}
