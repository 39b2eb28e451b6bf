import Glibc
import Synchronization

/// A directory of this machine's file system.
///
/// Calls that a signal interrupts are made again; short writes are continued.
public struct PosixDisk: Disk {
  /// Without a slash at its end.
  public let directory: String

  public init(directory: String) {
    var directory = directory
    while directory.count > 1 && directory.hasSuffix("/") { directory.removeLast() }
    self.directory = directory
  }

  public func path(of name: String) -> String {
    name.isEmpty ? directory : directory == "/" ? "/" + name : directory + "/" + name
  }

  public func names() throws(DiskError) -> [String] {
    guard let stream = unsafe opendir(directory) else { throw error(.list, "", errno) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(cString: $0)
        }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    if errno != 0 { throw error(.list, "", errno) }
    return names
  }

  public func open(_ name: String, for access: DiskAccess) throws(DiskError) -> PosixFile {
    let flags = access == .reading ? O_RDONLY : O_RDWR
    return try file(.open, name, flags)
  }

  public func create(_ name: String) throws(DiskError) -> PosixFile {
    try file(.create, name, O_RDWR | O_CREAT | O_EXCL)
  }

  private func file(
    _ operation: DiskError.Operation, _ name: String, _ flags: Int32
  ) throws(DiskError) -> PosixFile {
    while true {
      let descriptor = unsafe Glibc.open(path(of: name), flags | O_CLOEXEC, 0o640)
      if descriptor >= 0 { return PosixFile(descriptor, path: path(of: name)) }
      if errno != EINTR { throw error(operation, name, errno) }
    }
  }

  public func rename(_ name: String, to newName: String) throws(DiskError) {
    if unsafe Glibc.rename(path(of: name), path(of: newName)) != 0 {
      throw error(.rename, name, errno)
    }
  }

  public func remove(_ name: String) throws(DiskError) {
    if unsafe unlink(path(of: name)) != 0 { throw error(.remove, name, errno) }
  }

  public func syncDirectory() throws(DiskError) {
    let descriptor = unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { throw error(.syncDirectory, "", errno) }
    defer { close(descriptor) }
    if fsync(descriptor) != 0 { throw error(.syncDirectory, "", errno) }
  }

  public func freeBytes() throws(DiskError) -> Int {
    var figures = statvfs()
    if unsafe statvfs(directory, &figures) != 0 { throw error(.freeSpace, "", errno) }
    return Int(figures.f_bavail) * Int(figures.f_frsize)
  }

  private func error(
    _ operation: DiskError.Operation, _ name: String, _ code: Int32
  ) -> DiskError {
    DiskError(operation, file: path(of: name), code: code)
  }
}

/// A file descriptor, closed with the last reference.
public final class PosixFile: DiskFile {
  private let descriptor: Int32
  private let path: String

  init(_ descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  public var sizeBytes: Int {
    get throws(DiskError) {
      var figures = stat()
      if unsafe fstat(descriptor, &figures) != 0 {
        throw DiskError(.read, file: path, code: errno)
      }
      return Int(figures.st_size)
    }
  }

  public func read(
    _ count: Int, at offset: Int, into buffer: inout [UInt8]
  ) throws(DiskError) -> Int {
    if buffer.count < count {
      buffer.append(contentsOf: repeatElement(0, count: count - buffer.count))
    }
    var done = 0
    var failure: Int32 = 0
    unsafe buffer.withUnsafeMutableBytes { bytes in
      // Without bytes there is nothing to read.
      guard let base = bytes.baseAddress else { return }
      while done < count {
        // Safe: done < count ≤ the buffer's size.
        let read = unsafe pread(descriptor, base + done, count - done, off_t(offset + done))
        if read < 0 && errno == EINTR { continue }
        if read < 0 { failure = errno }
        if read <= 0 { break }
        done += read
      }
    }
    if failure != 0 { throw DiskError(.read, file: path, offset: offset + done, code: failure) }
    return done
  }

  public func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) {
    var done = 0
    var failure: Int32 = 0
    unsafe bytes.withUnsafeBytes { bytes in
      // Without bytes there is nothing to write.
      guard let base = bytes.baseAddress else { return }
      while done < bytes.count {
        // Safe: done < the span's size.
        let written = unsafe pwrite(
          descriptor, base + done, bytes.count - done, off_t(offset + done))
        if written < 0 && errno == EINTR { continue }
        if written < 0 {
          failure = errno
          break
        }
        done += written
      }
    }
    if failure != 0 { throw DiskError(.write, file: path, offset: offset + done, code: failure) }
  }

  public func allocate(_ sizeBytes: Int) throws(DiskError) {
    var code = EINTR
    while code == EINTR { code = posix_fallocate(descriptor, 0, off_t(sizeBytes)) }
    if code != 0 { throw DiskError(.allocate, file: path, code: code) }
  }

  public func sync() throws(DiskError) {
    // Not made again after EINTR or anything else: see `DiskFile.sync`.
    if fdatasync(descriptor) != 0 { throw DiskError(.sync, file: path, code: errno) }
  }

  public func dropCache() { posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }
}

extension DiskError {
  /// - Parameter code: an `errno`.
  init(_ operation: Operation, file: String, offset: Int? = nil, code: Int32) {
    let kind: Kind =
      switch code {
      case ENOSPC, EDQUOT: .noSpace
      case EACCES, EPERM: .denied
      case EROFS: .readOnly
      case ENOENT, ENOTDIR: .missing
      case EEXIST: .exists
      default: .storage
      }
    self.init(
      operation, file: file, offset: offset, kind: kind,
      reason: unsafe String(cString: strerror(code)))
  }
}
