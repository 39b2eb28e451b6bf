/// One directory of files: all that the log and the snapshots ask of a machine.
///
/// A parameter, so that tests put a simulated one here that loses what was not
/// synced, tears writes and fails any call. Every call may throw at any time.
public protocol Disk: Sendable {
  associatedtype File: DiskFile

  /// Names of the files in the directory, in no order.
  func names() throws(DiskError) -> [String]

  /// Opens a file that exists.
  func open(_ name: String, for access: DiskAccess) throws(DiskError) -> File

  /// Makes an empty file for reading and writing; an error if it exists. Whether
  /// it outlives a power cut is open until `syncDirectory`.
  func create(_ name: String) throws(DiskError) -> File

  /// Gives a file another name, in place of the file that had it. Durable after
  /// `syncDirectory`.
  func rename(_ name: String, to newName: String) throws(DiskError)

  /// Durable after `syncDirectory`.
  func remove(_ name: String) throws(DiskError)

  /// Makes the names of files durable.
  func syncDirectory() throws(DiskError)

  /// Bytes that may still be written.
  func freeBytes() throws(DiskError) -> Int

  /// `name` as a person finds it.
  func path(of name: String) -> String
}

/// What a file is opened for.
public enum DiskAccess: Sendable { case reading, writing }

/// An open file; closed when the last reference goes. Used by one thread at a time.
public protocol DiskFile: AnyObject, Sendable {
  var sizeBytes: Int { get throws(DiskError) }

  /// Reads up to `count` bytes at `offset` to the beginning of `buffer`, which
  /// grows if it is too small.
  ///
  /// - Returns: bytes read: fewer than `count` only at the end of the file.
  func read(_ count: Int, at offset: Int, into buffer: inout [UInt8]) throws(DiskError) -> Int

  /// Writes all of `bytes`; the file grows as needed. After an error any part
  /// of them may be there.
  func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError)

  /// Takes room on disk, so that the file is `sizeBytes` long; new bytes are zero.
  func allocate(_ sizeBytes: Int) throws(DiskError)

  /// Makes what was written durable. After an error nothing is known of any
  /// write since the last success, and asking again proves nothing: the
  /// system may have dropped what it could not write.
  func sync() throws(DiskError)

  /// Asks that later reads come from the disk, not from memory.
  func dropCache()
}

/// A call to the disk that failed.
public struct DiskError: Error, Equatable, Sendable {
  public enum Operation: String, Sendable {
    case list, open, create, read, write, allocate, sync, rename, remove, lock
    case syncDirectory = "sync directory"
    case freeSpace = "ask for free space"
  }

  /// What an error number asks for.
  public enum Kind: Sendable { case noSpace, denied, readOnly, missing, exists, storage }

  public let operation: Operation
  /// As `Disk.path` gives it.
  public let file: String
  /// For reads and writes.
  public let offset: Int?
  public let kind: Kind
  /// The system's words.
  public let reason: String

  public init(
    _ operation: Operation, file: String, offset: Int? = nil, kind: Kind, reason: String
  ) {
    self.operation = operation
    self.file = file
    self.offset = offset
    self.kind = kind
    self.reason = reason
  }
}

extension DiskError: CustomStringConvertible {
  public var description: String {
    let place = offset.map { " at offset \($0)" } ?? ""
    return "cannot \(operation.rawValue) \(file)\(place): \(reason)"
  }
}
