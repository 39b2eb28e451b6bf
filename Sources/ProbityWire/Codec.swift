import CProbityMessages
import CProtobufC
import IntegrityCore

/// Messages to bytes and back, on libprotobuf-c, in bounded memory.
///
/// One thread at a time: each event loop has its own. Decoding a small message costs
/// 50 to 90 ns, encoding its reply 165 to 280; neither allocates from the heap. `Score`
/// goes past the library, in the forms of `ScoreRequestForm` and `ScoreReplyForm`.
public final class Codec {
  package let arena: Arena

  public init() { arena = Arena() }

  /// Runs one of the generated `…__unpack` functions on `bytes`.
  ///
  /// - Throws: INVALID_ARGUMENT for bytes that are no such message,
  ///   RESOURCE_EXHAUSTED for those that would take more than the arena gives.
  /// - Returns: a message that lives until the next call of this codec.
  func unpack<Message>(
    _ bytes: UnsafeRawBufferPointer, _ name: String,
    _ function: (
      UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?
    ) -> UnsafeMutablePointer<Message>?
  ) throws(CallFailure) -> UnsafeMutablePointer<Message> {
    arena.reset()
    let data = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    if let message = unsafe function(arena.allocator, bytes.count, data) { return unsafe message }
    if arena.isExhausted {
      throw CallFailure(
        .resourceExhausted,
        "decoding this \(name) would take more than \(ProtocolLimits.decodeBytesMax) bytes: send fewer elements"
      )
    }
    throw CallFailure(.invalidArgument, "the payload is not a probity.v1.\(name)")
  }

  /// A string that protobuf-c decoded, at most `bytesMax` bytes of it.
  func text(_ pointer: UnsafePointer<CChar>?, bytesMax: Int = 4096) -> String {
    guard let pointer = unsafe pointer else { return "" }
    var count = 0
    while unsafe count < bytesMax && pointer[count] != 0 { count += 1 }
    return unsafe String(
      decoding: UnsafeBufferPointer(start: pointer, count: count).lazy.map {
        UInt8(bitPattern: $0)
      },
      as: UTF8.self)
  }

  /// Number that changes when any message's fields change; the same in every
  /// build of one schema.
  public static let schemaHash: UInt64 = SchemaHash.compute()
}

/// What a request's field cannot be.
func invalid(_ field: String, _ remedy: String) -> CallFailure {
  CallFailure(.invalidArgument, "\(field) \(remedy)", field: field)
}
