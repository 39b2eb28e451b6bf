// The ordered log of commands and the snapshots beside it, as files.
//
// For: giving positions to groups of commands, keeping them through crashes,
// finding out after one what is there, and files of snapshots. Not for: what a
// command or a record means (ProbityEngine, IntegrityCore): payloads are opaque.
// Formats and rules of recovery: Docs/STORAGE.md.

/// Where commands are ordered and kept. Called by one thread.
///
/// Position 1 is the first command ever; a group of n commands takes n
/// positions. Nothing outside this module may assume that a log is a file.
public protocol GroupLog: AnyObject, Sendable {
  /// Appends a group and makes it as durable as `durability` says.
  ///
  /// - Parameters:
  ///   - payload: the group's commands, one after the other.
  ///   - count: how many, 1 or more.
  /// - Returns: position of the group's first command.
  /// - Throws: `full`: the group is not in the log, and it may be tried again;
  ///   `failed`: nobody can tell, the caller must stop acknowledging.
  func append(_ payload: [UInt8], count: Int) throws(LogError) -> UInt64

  /// Makes everything appended durable. Any error is final.
  func sync() throws(LogError)

  /// When `sync` is due at the latest, in monotonic nanoseconds; nil while
  /// nothing is appended that is not durable.
  var syncDueNanoseconds: UInt64? { get }

  /// Highest position that is known to be durable. Any thread.
  var durablePosition: UInt64 { get }

  /// What an acknowledgement promises. Any thread.
  var durability: Durability { get }
}

/// What an acknowledgement of a command promises.
public enum Durability: Equatable, Sendable, CustomStringConvertible {
  /// Nothing: a log that keeps nothing.
  case memory
  /// The command is on disk: it survives a power cut.
  case always
  /// The command is with the operating system, and on disk at most so many
  /// milliseconds later: it survives a crash of the process, not a power cut.
  case interval(milliseconds: Int)

  /// As `Status` shows it: `memory`, `always`, `interval=100ms`.
  public var description: String {
    switch self {
    case .memory: "memory"
    case .always: "always"
    case .interval(let milliseconds): "interval=\(milliseconds)ms"
    }
  }
}

/// Why a log could not do its work.
public enum LogError: Error, Equatable, Sendable {
  /// There is no room; nothing was appended.
  case full(String)
  /// The storage failed and cannot be trusted further.
  case failed(String)
}

/// A log that keeps nothing: order without durability.
public final class MemoryLog: GroupLog {
  // Safe: `append` is called by one thread only, as `GroupLog` demands.
  private nonisolated(unsafe) var position: UInt64 = 0

  public init() {}

  public func append(_ payload: [UInt8], count: Int) throws(LogError) -> UInt64 {
    let first = unsafe position + 1
    unsafe position += UInt64(count)
    return first
  }

  public func sync() throws(LogError) {}

  public var syncDueNanoseconds: UInt64? { nil }

  public let durablePosition: UInt64 = 0

  public let durability = Durability.memory
}
