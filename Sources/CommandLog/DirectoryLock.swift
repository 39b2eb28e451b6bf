import Glibc

/// Keeps a store's directory to one process, while it lives.
///
/// The system releases the lock when the process ends, however it ends.
public final class DirectoryLock: Sendable {
  private let descriptor: Int32

  /// Makes the directory if it is not there, and takes it.
  ///
  /// - Throws: `inUse`, naming the process that has it; `disk`.
  public init(directory: String) throws(StoreFault) {
    try Self.makeDirectories(directory)
    let disk = PosixDisk(directory: directory)
    let path = disk.path(of: FileNames.lock)
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    if descriptor < 0 { throw StoreFault(DiskError(.lock, file: path, code: errno)) }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      let owner = Self.readOwner(descriptor)
      close(descriptor)
      if code != EWOULDBLOCK { throw StoreFault(DiskError(.lock, file: path, code: code)) }
      throw StoreFault(
        .inUse, file: path, what: "this directory is in use by process \(owner)",
        remedy: "stop that process, or name another directory")
    }
    self.descriptor = descriptor
    writeOwner()
  }

  deinit { close(descriptor) }

  /// The process that has a store's directory, as far as this one can see;
  /// takes no lock and writes nothing.
  ///
  /// - Returns: its number; nil where there is none, or it is out of sight, such
  ///   as in another container.
  package static func owner(of directory: String) -> String? {
    let path = PosixDisk(directory: directory).path(of: FileNames.lock)
    var figures = stat()
    if unsafe stat(path, &figures) != 0 { return nil }
    var table: [UInt8] = []
    let proc = PosixDisk(directory: "/proc")
    guard let count = try? proc.open("locks", for: .reading).read(4 << 20, at: 0, into: &table)
    else { return nil }
    let inode = ":\(figures.st_ino)"
    for line in String(decoding: table[..<count], as: UTF8.self).split(separator: "\n") {
      // "1: FLOCK  ADVISORY  WRITE 4711 fd:01:1234 0 EOF"
      let words = line.split(separator: " ")
      if words.count >= 6, words[1] == "FLOCK", words[5].hasSuffix(inode) {
        return String(words[4])
      }
    }
    return nil
  }

  /// Each is durable in the one above it: else a power cut could take the
  /// directory with all that was acknowledged in it.
  private static func makeDirectories(_ directory: String) throws(StoreFault) {
    var path = ""
    for part in directory.split(separator: "/", omittingEmptySubsequences: false) {
      let above = path.isEmpty ? "." : path
      path += part + "/"
      if path == "/" || part.isEmpty { continue }
      if unsafe mkdir(path, 0o750) == 0 {
        try faulting { () throws(DiskError) in
          try PosixDisk(directory: above).syncDirectory()
        }
      } else if errno != EEXIST {
        throw StoreFault(DiskError(.create, file: String(path.dropLast()), code: errno))
      }
    }
    var figures = stat()
    if unsafe stat(directory, &figures) != 0 {
      throw StoreFault(DiskError(.open, file: directory, code: errno))
    }
    if figures.st_mode & S_IFMT != S_IFDIR {
      throw StoreFault(
        .access, file: directory, what: "this is a file", remedy: "name a directory")
    }
  }

  /// For the message only; the lock is the system's.
  private func writeOwner() {
    let bytes = Array("\(getpid())\n".utf8)
    _ = ftruncate(descriptor, 0)
    _ = unsafe pwrite(descriptor, bytes, bytes.count, 0)
  }

  private static func readOwner(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
    let digits = bytes.prefix(max(0, count)).prefix { $0 >= 48 && $0 <= 57 }
    return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
  }
}
