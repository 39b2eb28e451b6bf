/// Writes one snapshot: header, chunks, table of chunks, trailer.
///
/// The file has a draft's name until all of it was read back from the disk and
/// found right. Used by one thread; the draft is removed by `abandon`, or at the
/// next start.
public final class SnapshotWriter<Storage: Disk> {
  private let disk: Storage
  private let identity: StoreIdentity
  private let file: Storage.File
  private var offset: Int
  private var unsyncedBytes = 0
  private var chunks: [SnapshotChunk] = []
  private var buffer: [UInt8] = []

  /// Between syncs: so that a sync of the log never waits behind more.
  private static var syncBytes: Int { 4 << 20 }

  /// Begins a file.
  public init(_ disk: Storage, identity: StoreIdentity) throws(DiskError) {
    self.disk = disk
    self.identity = identity
    if try disk.names().contains(FileNames.snapshotDraft) {
      try disk.remove(FileNames.snapshotDraft)
    }
    file = try disk.create(FileNames.snapshotDraft)
    var header = [UInt8](repeating: 0, count: SnapshotFormat.headerBytes)
    header.replaceSubrange(0..<8, with: SnapshotFormat.magic)
    header.put(StoreIdentity.formatVersion, at: 8)
    header.replaceSubrange(16..<32, with: identity.identifier)
    header.put(identity.schema, at: 32)
    header.put(header.checksum(0..<60), at: 60)
    try file.write(header.span, at: 0)
    offset = header.count
  }

  /// Bytes written so far.
  public var sizeBytes: Int { offset }

  /// Appends a chunk.
  ///
  /// - Parameter body: at most `SnapshotFormat.bodyBytesMax`.
  public func append(
    section: UInt32, group: UInt32, itemCount: Int, _ body: [UInt8]
  ) throws(DiskError) {
    precondition(body.count <= SnapshotFormat.bodyBytesMax)
    let chunk = SnapshotChunk(
      offset: UInt64(offset), bodyBytes: UInt32(body.count), itemCount: UInt32(itemCount),
      section: section, group: group, crc: body.checksum(0..<body.count))
    try write(body)
    chunks.append(chunk)
  }

  /// Writes the table and the trailer, syncs, reads everything back from the
  /// disk, and only then gives the file its name.
  ///
  /// - Parameter pause: called with the number of bytes read back, to leave the
  ///   disk to others.
  /// - Returns: the file's size.
  public func finish(
    _ summary: SnapshotSummary, pause: (Int) -> Void = { _ in }
  ) throws(StoreFault) -> Int {
    do throws(DiskError) {
      try writeEnd(summary)
      file.dropCache()
    } catch {
      throw StoreFault(error)
    }
    let reader = try SnapshotReader(disk, identity, name: FileNames.snapshotDraft)
    try reader.verify(pause: pause)
    try faulting { () throws(DiskError) in
      try disk.rename(
        FileNames.snapshotDraft, to: FileNames.snapshot(position: summary.position))
      try disk.syncDirectory()
    }
    return offset
  }

  private func writeEnd(_ summary: SnapshotSummary) throws(DiskError) {
    let tableOffset = offset
    var table = [UInt8](repeating: 0, count: chunks.count * SnapshotFormat.tableEntryBytes)
    for (index, chunk) in chunks.enumerated() {
      chunk.encode(into: &table, at: index * SnapshotFormat.tableEntryBytes)
    }
    try write(table)
    let trailer = SnapshotTrailer(
      summary: summary, tableOffset: UInt64(tableOffset), chunkCount: UInt64(chunks.count),
      sizeBytes: UInt64(offset + SnapshotFormat.trailerBytes), identifier: identity.identifier,
      schema: identity.schema, tableCRC: table.checksum(0..<table.count))
    try write(trailer.encoded)
    try file.sync()
  }

  private func write(_ bytes: [UInt8]) throws(DiskError) {
    try file.write(bytes.span, at: offset)
    offset += bytes.count
    unsyncedBytes += bytes.count
    if unsyncedBytes >= Self.syncBytes {
      try file.sync()
      unsyncedBytes = 0
    }
  }

  /// Removes the draft.
  public func abandon() { try? disk.remove(FileNames.snapshotDraft) }
}

extension Disk {
  /// Removes all snapshots but the newest `count`.
  ///
  /// - Returns: position of the oldest that is left; nil if there is none.
  package func pruneSnapshots(keeping count: Int) throws(DiskError) -> UInt64? {
    let positions = try snapshotPositions()
    for position in positions.dropLast(count) {
      try remove(FileNames.snapshot(position: position))
    }
    if positions.count > count { try syncDirectory() }
    return positions.suffix(count).first
  }
}
