/// Reads one snapshot, checking everything that its checksums can tell.
///
/// Memory: the table, 32 bytes a chunk, never more than the file is long; a
/// chunk's body at a time. `read` may be called by several threads, each with a
/// buffer of its own.
public struct SnapshotReader<Storage: Disk>: Sendable {
  public let summary: SnapshotSummary
  public let sizeBytes: Int
  /// In the order of the file.
  public let chunks: [SnapshotChunk]
  /// As `Disk.path` gives it.
  public let path: String
  private let disk: Storage
  private let name: String

  /// Opens the snapshot at a position.
  public init(
    _ disk: Storage, _ identity: StoreIdentity, position: UInt64
  ) throws(StoreFault) {
    try self.init(disk, identity, name: FileNames.snapshot(position: position))
    try check(position: position)
  }

  /// The trailer's position against the name's.
  func check(position: UInt64) throws(StoreFault) {
    if summary.position != position {
      throw .damagedSnapshot(
        path, at: sizeBytes - SnapshotFormat.trailerBytes,
        "the trailer says position \(summary.position), the name \(position)")
    }
  }

  /// Opens a snapshot whatever its name.
  package init(_ disk: Storage, _ identity: StoreIdentity, name: String) throws(StoreFault) {
    self.disk = disk
    self.name = name
    path = disk.path(of: name)
    let (file, size) = try faulting { () throws(DiskError) in
      let file = try disk.open(name, for: .reading)
      return (file, try file.sizeBytes)
    }
    sizeBytes = size
    try Self.checkHeader(file, size, path, identity)
    let trailer = try Self.trailer(file, size, path)
    if trailer.identifier != identity.identifier || trailer.schema != identity.schema {
      throw .otherStore(path)
    }
    summary = trailer.summary
    chunks = try Self.table(file, trailer, path)
  }

  /// Reads the body of a chunk to the beginning of `buffer`.
  public func read(_ chunk: SnapshotChunk, into buffer: inout [UInt8]) throws(StoreFault) {
    try read(chunk, open(), into: &buffer)
  }

  /// The file, for a thread that reads many chunks.
  package func open() throws(StoreFault) -> Storage.File {
    try faulting { () throws(DiskError) in try disk.open(name, for: .reading) }
  }

  package func read(
    _ chunk: SnapshotChunk, _ file: Storage.File, into buffer: inout [UInt8]
  ) throws(StoreFault) {
    let count = Int(chunk.bodyBytes)
    try Self.read(file, count, at: Int(chunk.offset), path, into: &buffer)
    if buffer.checksum(0..<count) != chunk.crc {
      throw .damagedSnapshot(path, at: Int(chunk.offset), "a chunk does not match its checksum")
    }
  }

  /// Reads every chunk.
  package func verify(pause: (Int) -> Void = { _ in }) throws(StoreFault) {
    let file = try open()
    var buffer: [UInt8] = []
    for chunk in chunks {
      try read(chunk, file, into: &buffer)
      pause(Int(chunk.bodyBytes))
    }
  }

  private static func checkHeader(
    _ file: Storage.File, _ size: Int, _ path: String, _ identity: StoreIdentity
  ) throws(StoreFault) {
    if size < SnapshotFormat.headerBytes + SnapshotFormat.trailerBytes {
      throw .damagedSnapshot(path, at: size, "the file ends early")
    }
    var header: [UInt8] = []
    try read(file, SnapshotFormat.headerBytes, at: 0, path, into: &header)
    guard Array(header[0..<8]) == SnapshotFormat.magic,
      header.word(UInt32.self, at: 60) == header.checksum(0..<60)
    else {
      throw .damagedSnapshot(path, at: 0, "the header is damaged, or of another kind of file")
    }
    let version = header.word(UInt32.self, at: 8)
    if version != StoreIdentity.formatVersion { throw .version(path, found: version) }
    if Array(header[16..<32]) != identity.identifier { throw .otherStore(path) }
  }

  private static func trailer(
    _ file: Storage.File, _ size: Int, _ path: String
  ) throws(StoreFault) -> SnapshotTrailer {
    let offset = size - SnapshotFormat.trailerBytes
    var bytes: [UInt8] = []
    try read(file, SnapshotFormat.trailerBytes, at: offset, path, into: &bytes)
    guard let trailer = SnapshotTrailer.decode(bytes), trailer.sizeBytes == UInt64(size) else {
      throw .damagedSnapshot(path, at: offset, "the trailer is damaged, or the file is cut short")
    }
    return trailer
  }

  private static func table(
    _ file: Storage.File, _ trailer: SnapshotTrailer, _ path: String
  ) throws(StoreFault) -> [SnapshotChunk] {
    let end = Int(trailer.sizeBytes) - SnapshotFormat.trailerBytes
    let entry = SnapshotFormat.tableEntryBytes
    guard trailer.tableOffset <= UInt64(end), trailer.tableOffset >= SnapshotFormat.headerBytes,
      (end - Int(trailer.tableOffset)) % entry == 0,
      UInt64((end - Int(trailer.tableOffset)) / entry) == trailer.chunkCount
    else { throw .damagedSnapshot(path, at: end, "the trailer contradicts the file's size") }
    let start = Int(trailer.tableOffset)
    var bytes: [UInt8] = []
    try read(file, end - start, at: start, path, into: &bytes)
    if bytes.checksum(0..<end - start) != trailer.tableCRC {
      throw .damagedSnapshot(path, at: start, "the table of chunks is damaged")
    }
    let chunks = (0..<Int(trailer.chunkCount)).map { SnapshotChunk.decode(bytes, at: $0 * entry) }
    var offset = UInt64(SnapshotFormat.headerBytes)
    for (index, chunk) in chunks.enumerated() {
      guard chunk.offset == offset, chunk.bodyBytes <= SnapshotFormat.bodyBytesMax else {
        throw .damagedSnapshot(
          path, at: start + index * entry, "entry \(index) of the table names an impossible chunk")
      }
      offset += UInt64(chunk.bodyBytes)
    }
    if offset != trailer.tableOffset {
      throw .damagedSnapshot(path, at: start, "the chunks do not fill the file")
    }
    return chunks
  }

  private static func read(
    _ file: Storage.File, _ count: Int, at offset: Int, _ path: String,
    into buffer: inout [UInt8]
  ) throws(StoreFault) {
    let read: Int
    do throws(DiskError) {
      read = try file.read(count, at: offset, into: &buffer)
    } catch {
      throw StoreFault(error)
    }
    if read != count { throw .damagedSnapshot(path, at: offset + read, "the file ends early") }
  }
}

extension StoreFault {
  public static func damagedSnapshot(_ path: String, at offset: Int, _ what: String) -> StoreFault {
    StoreFault(
      .damage, file: path, offset: offset, what: what,
      remedy: "the snapshot before it and the log behind that hold the same; remove this file, "
        + "or restore it from a back-up, if there is none before")
  }
}
