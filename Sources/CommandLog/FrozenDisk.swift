/// A directory as it was at one moment, to be read alone: nothing can be changed
/// through it, and a daemon may be at work there meanwhile.
///
/// Segments and snapshots are opened at once, so that they can be read though
/// they are removed. The last segment is read at once too, from its end to its
/// beginning: a group that is found then was written after all groups before it,
/// which are read later. Read the other way round, or copied by another program,
/// it may lack a group and have the next. Memory: what is used of that segment.
package struct FrozenDisk<Base: Disk>: Disk {
  private let base: Base
  private let fileNames: [String]
  private let files: [String: Result<FrozenFile<Base.File>, DiskError>]

  /// Most attempts to list a directory that changes.
  private static var attemptsMax: Int { 20 }

  package init(_ base: Base) throws(DiskError) {
    self.base = base
    var names = try base.names().sorted()
    var files: [String: Result<FrozenFile<Base.File>, DiskError>] = [:]
    for _ in 0..<Self.attemptsMax {
      let contents = names.filter(Self.isKept)
      files = Dictionary(uniqueKeysWithValues: contents.map { ($0, Self.open(base, $0)) })
      let again = try base.names().sorted()
      if again.filter(Self.isKept) == contents { break }
      names = again
    }
    fileNames = names
    if let last = names.last(where: { FileNames.segmentPosition($0) != nil }),
      case .success(let file) = files[last]
    {
      files[last] = .success(file.readBackwards())
    }
    self.files = files
  }

  private static func isKept(_ name: String) -> Bool {
    FileNames.segmentPosition(name) != nil || FileNames.snapshotPosition(name) != nil
  }

  private static func open(
    _ base: Base, _ name: String
  ) -> Result<FrozenFile<Base.File>, DiskError> {
    do throws(DiskError) {
      return .success(FrozenFile(try base.open(name, for: .reading), path: base.path(of: name)))
    } catch {
      return .failure(error)
    }
  }

  package func names() -> [String] { fileNames }

  package func open(
    _ name: String, for access: DiskAccess
  ) throws(DiskError) -> FrozenFile<Base.File> {
    if access == .writing { throw refusal(.open, name) }
    if let file = files[name] { return try file.get() }
    return FrozenFile(try base.open(name, for: .reading), path: base.path(of: name))
  }

  package func create(_ name: String) throws(DiskError) -> FrozenFile<Base.File> {
    throw refusal(.create, name)
  }

  package func rename(_ name: String, to newName: String) throws(DiskError) {
    throw refusal(.rename, name)
  }

  package func remove(_ name: String) throws(DiskError) { throw refusal(.remove, name) }

  package func syncDirectory() throws(DiskError) { throw refusal(.syncDirectory, "") }

  package func freeBytes() throws(DiskError) -> Int { try base.freeBytes() }

  package func path(of name: String) -> String { base.path(of: name) }

  private func refusal(_ operation: DiskError.Operation, _ name: String) -> DiskError {
    .frozen(operation, path(of: name))
  }
}

/// A file of a frozen directory.
package final class FrozenFile<Base: DiskFile>: DiskFile {
  private let base: Base
  private let path: String
  /// The file's beginning; behind it, up to its size, are zeros. nil = read the file.
  private let frozen: (bytes: [UInt8], sizeBytes: Int)?

  init(_ base: Base, path: String, frozen: (bytes: [UInt8], sizeBytes: Int)? = nil) {
    self.base = base
    self.path = path
    self.frozen = frozen
  }

  /// This file as it is now; itself where it cannot be read, so that whoever
  /// reads it finds out where.
  func readBackwards() -> FrozenFile {
    do throws(DiskError) {
      let sizeBytes = try base.sizeBytes
      // In blocks: the system reads each of them forwards.
      var bytes: [UInt8] = []
      var block: [UInt8] = []
      let blockBytes = LogFormat.blockBytes
      for start in stride(from: 0, to: sizeBytes, by: blockBytes).reversed() {
        let count = try base.read(min(blockBytes, sizeBytes - start), at: start, into: &block)
        if bytes.isEmpty {
          if block.isZero(0..<count) { continue }
          bytes = [UInt8](repeating: 0, count: start + count)
        }
        bytes.replaceSubrange(start..<start + count, with: block[0..<count])
      }
      return FrozenFile(base, path: path, frozen: (bytes, sizeBytes))
    } catch {
      return self
    }
  }

  package var sizeBytes: Int {
    get throws(DiskError) {
      if let frozen { return frozen.sizeBytes }
      return try base.sizeBytes
    }
  }

  package func read(
    _ count: Int, at offset: Int, into buffer: inout [UInt8]
  ) throws(DiskError) -> Int {
    guard let frozen else { return try base.read(count, at: offset, into: &buffer) }
    if buffer.count < count {
      buffer.append(contentsOf: repeatElement(0, count: count - buffer.count))
    }
    let end = max(offset, min(offset + count, frozen.sizeBytes))
    let kept = min(offset, frozen.bytes.count)..<min(end, frozen.bytes.count)
    buffer.replaceSubrange(0..<kept.count, with: frozen.bytes[kept])
    for index in kept.count..<end - offset { buffer[index] = 0 }
    return end - offset
  }

  package func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) {
    throw .frozen(.write, path)
  }

  package func allocate(_ sizeBytes: Int) throws(DiskError) { throw .frozen(.allocate, path) }

  package func sync() throws(DiskError) { throw .frozen(.sync, path) }

  package func dropCache() {}
}

extension DiskError {
  fileprivate static func frozen(_ operation: Operation, _ path: String) -> DiskError {
    DiskError(operation, file: path, kind: .readOnly, reason: "it is being inspected")
  }
}
