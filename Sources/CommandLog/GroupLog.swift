// The ordered log of commands, as groups of opaque bytes.
//
// For: giving positions to commands, keeping groups, giving them back in order.
// Not for: what a command means or does (ProbityEngine, IntegrityCore).

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
  /// - Throws: when the group is certainly not in the log, or nobody can tell:
  ///   the caller must stop acknowledging.
  func append(_ payload: [UInt8], count: Int) throws(LogError) -> UInt64

  /// Calls `body` with each group from the first on: payload, first position and count.
  func replay(_ body: ([UInt8], UInt64, Int) -> Void) throws(LogError)

  /// What an acknowledgement promises: shown by `Status`.
  var durability: String { get }
}

/// Why a log could not do its work.
public enum LogError: Error, Equatable, Sendable {
  /// There is no room; nothing was appended.
  case full
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

  public func replay(_ body: ([UInt8], UInt64, Int) -> Void) throws(LogError) {}

  public let durability = "memory"
}
