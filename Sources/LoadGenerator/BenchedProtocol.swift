/// A protocol under load: what the loop needs to know of it.
///
/// The loop is compiled for each of them, so all servers meet the same client.
public protocol BenchedProtocol {
  /// Most bytes of one request.
  var requestBytesMax: Int { get }

  /// Most bytes of one reply; 256 KiB if not said.
  var replyBytesMax: Int { get }

  /// What a fresh connection says first; empty = nothing.
  var greeting: [UInt8] { get }

  /// Writes the next request and returns its size; `number` counts from 1 on
  /// each connection, connections from 0. `space` has `requestBytesMax` bytes.
  mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int

  /// Looks at the first reply in `bytes`, which should be that to request `number`.
  mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan

  // What follows has a default for protocols that answer in order, with calls of one kind.

  /// Whether replies come in the order of their requests.
  static var isOrdered: Bool { get }

  /// How many kinds of calls there are; each is counted by itself.
  var kindCount: Int { get }

  /// As above, and leaves in `note` what is to be known when the reply comes.
  mutating func writeRequest(
    _ number: UInt32, connection: Int, note: inout CallNote, to space: UnsafeMutableRawPointer
  ) -> Int

  /// Number of the request that the first reply in `bytes` answers, where replies
  /// may overtake one another; `next` is the oldest that has none.
  func replyNumber(_ bytes: UnsafeRawBufferPointer, next: UInt32) -> UInt32

  /// As above, with what `writeRequest` noted of the request.
  mutating func scanReply(
    _ bytes: UnsafeRawBufferPointer, number: UInt32, connection: Int, note: CallNote
  ) -> ReplyScan
}

extension BenchedProtocol {
  public var replyBytesMax: Int { 256 << 10 }
  public static var isOrdered: Bool { true }
  public var kindCount: Int { 1 }

  @inlinable @inline(__always)
  public mutating func writeRequest(
    _ number: UInt32, connection: Int, note: inout CallNote, to space: UnsafeMutableRawPointer
  ) -> Int {
    unsafe writeRequest(number, connection: connection, to: space)
  }

  @inlinable @inline(__always)
  public func replyNumber(_ bytes: UnsafeRawBufferPointer, next: UInt32) -> UInt32 { next }

  @inlinable @inline(__always)
  public mutating func scanReply(
    _ bytes: UnsafeRawBufferPointer, number: UInt32, connection: Int, note: CallNote
  ) -> ReplyScan {
    unsafe scanReply(bytes, number: number)
  }
}

/// What a protocol remembers of a request until its reply comes.
public struct CallNote: Sendable {
  /// Which of the protocol's kinds of calls it is, from 0.
  public var kind: UInt8 = 0
  /// Of a Record: which of its connection's sources sent it.
  public var place: UInt8 = 0

  @inlinable public init() {}
}

/// What the bytes at hand begin with.
public enum ReplyScan {
  case incomplete
  /// The answer to the greeting.
  case greeted(sizeBytes: Int)
  case answer(sizeBytes: Int)
  /// An answer that the account or the key is not known.
  case miss(sizeBytes: Int)
  /// The call was answered, but not with a success.
  case refused(sizeBytes: Int, status: Int)
  /// Not what this protocol's server says: the run ends.
  case broken(String)
}
