import BenchmarkMachine
import LoadGenerator

/// One random key in each request, pipelined: Redis's `GET`, or memcached's meta get.
///
/// Of each reply the first four bytes are looked at, which say what it is.
struct KeyProtocol: BenchedProtocol, Sendable {
  /// How a reply begins, and how long it is.
  private struct Reply {
    let start: UInt32
    let sizeBytes: Int

    init(_ text: String) {
      let bytes = Array(text.utf8)
      start = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
      sizeBytes = bytes.count
    }
  }

  private var ring: RequestRing
  private let value: Reply
  private let miss: Reply

  static func redis(keyCount: UInt64, seed: UInt64) -> Self {
    Self(
      RedisCommand.get, value: RedisCommand.valueReply, miss: "$-1\r\n", keyCount: keyCount,
      seed: seed)
  }

  static func memcached(keyCount: UInt64, seed: UInt64) -> Self {
    Self(
      MemcachedCommand.get, value: MemcachedCommand.valueReply, miss: "EN\r\n",
      keyCount: keyCount, seed: seed)
  }

  private init(
    _ request: (UInt64) -> String, value: String, miss: String, keyCount: UInt64, seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    ring = RequestRing { Array(request(random.account(of: keyCount) - 1).utf8) }
    self.value = Reply(value)
    self.miss = Reply(miss)
  }

  var requestBytesMax: Int { RequestRing.strideBytes }
  var greeting: [UInt8] { [] }

  @inline(__always)
  mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    ring.copyNext(to: space)
  }

  @inline(__always)
  mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    if bytes.count < MemoryLayout<UInt32>.size { return .incomplete }
    let start = bytes.loadUnaligned(as: UInt32.self)
    if start == value.start {
      return bytes.count < value.sizeBytes ? .incomplete : .answer(sizeBytes: value.sizeBytes)
    }
    if start == miss.start {
      return bytes.count < miss.sizeBytes ? .incomplete : .miss(sizeBytes: miss.sizeBytes)
    }
    return .broken("the server says \(String(decoding: bytes.prefix(80), as: UTF8.self))")
  }
}

/// Requests encoded before the clock starts: what the loop does for each is a copy.
///
/// So many that a server sees uniformly random accounts, not a set that fits a
/// cache; read in order, so that they cost the client little.
struct RequestRing: @unchecked Sendable {
  private static let count = 1 << 20
  /// One cache line each, at most.
  static let strideBytes = 64

  // Safe: `count` places, written in `init` alone; live as long as the process.
  private let bytes: UnsafeMutableRawPointer
  private let sizes: UnsafeMutablePointer<UInt8>
  private var next = 0

  /// - Parameter request: the bytes of the next request, at most `strideBytes`.
  init(_ request: () -> [UInt8]) {
    bytes = .allocate(byteCount: Self.count * Self.strideBytes, alignment: 64)
    sizes = .allocate(capacity: Self.count)
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
