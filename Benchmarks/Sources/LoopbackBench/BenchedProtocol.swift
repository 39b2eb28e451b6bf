/// A protocol under load: what the closed loop needs to know of it.
///
/// The loop is compiled for each of them, so both servers meet the same client.
protocol BenchedProtocol {
  /// Most bytes of one request.
  var requestBytesMax: Int { get }

  /// What a fresh connection says first; empty = nothing.
  var greeting: [UInt8] { get }

  /// Writes the next request and returns its size; `number` counts from 1 on
  /// each connection, connections from 0. `space` has `requestBytesMax` bytes.
  mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int

  /// Looks at the first reply in `bytes`, which should be that to request `number`.
  mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan
}

/// What the bytes at hand begin with.
enum ReplyScan {
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

/// Requests encoded before the clock starts: what the loop does for each is a copy.
///
/// So many that a server sees uniformly random accounts, not a set that fits a
/// cache; read in order, so that they cost the client little.
struct RequestRing {
  static let count = 1 << 20
  /// One cache line each, at most.
  static let strideBytes = 64

  // Lives as long as the process.
  private let bytes: UnsafeMutableRawPointer
  private let sizes: UnsafeMutablePointer<UInt8>
  private var next: Int

  /// - Parameters:
  ///   - first: where in the ring to begin.
  ///   - request: the bytes of request number n, at most `strideBytes`.
  init(first: Int, _ request: () -> [UInt8]) {
    bytes = .allocate(byteCount: Self.count * Self.strideBytes, alignment: 64)
    sizes = .allocate(capacity: Self.count)
    next = first & (Self.count - 1)
    for index in 0..<Self.count {
      let encoded = request()
      precondition(encoded.count <= Self.strideBytes, "the request does not fit the ring")
      (bytes + index * Self.strideBytes).copyMemory(from: encoded, byteCount: encoded.count)
      sizes[index] = UInt8(encoded.count)
    }
  }

  /// Copies the next request and returns its size; `space` has `strideBytes`.
  @inline(__always)
  mutating func copyNext(to space: UnsafeMutableRawPointer) -> Int {
    let index = next
    next = (next + 1) & (Self.count - 1)
    space.copyMemory(from: bytes + index * Self.strideBytes, byteCount: Self.strideBytes)
    return Int(sizes[index])
  }
}
