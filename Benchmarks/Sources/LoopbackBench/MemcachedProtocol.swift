import BenchmarkMachine
import LoadGenerator

/// memcached's meta get of random keys with values of 33 bytes, pipelined.
struct MemcachedProtocol: BenchedProtocol {
  var requestBytesMax: Int { RequestRing.strideBytes }

  private static let replyBytes =
    "VA \(RedisProtocol.valueBytes)\r\n".utf8.count
    + RedisProtocol.valueBytes + 2
  private static let missBytes = "EN\r\n".utf8.count
  private var ring: RequestRing

  init(accountCount: UInt64, seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    ring = RequestRing(first: 0) {
      Array(MemcachedCommand.get(random.account(of: accountCount) - 1).utf8)
    }
  }

  var greeting: [UInt8] { [] }

  @inline(__always)
  mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    ring.copyNext(to: space)
  }

  @inline(__always)
  mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    if bytes.count < Self.missBytes { return .incomplete }
    if bytes[0] == UInt8(ascii: "V") && bytes[3] == UInt8(ascii: "3") {
      if bytes.count < Self.replyBytes { return .incomplete }
      return .answer(sizeBytes: Self.replyBytes)
    }
    if bytes[0] == UInt8(ascii: "E") && bytes[1] == UInt8(ascii: "N") {
      return .miss(sizeBytes: Self.missBytes)
    }
    return .broken("memcached says \(String(decoding: bytes.prefix(80), as: UTF8.self))")
  }
}

/// Commands of memcached's text protocol, with the keys and values that Redis gets.
/// Source: https://github.com/memcached/memcached/blob/master/doc/protocol.txt
enum MemcachedCommand {
  /// The meta command: the least text that asks for a value.
  static func get(_ number: UInt64) -> String { "mg \(RedisCommand.key(number)) v\r\n" }

  static func set(_ number: UInt64) -> String {
    "set \(RedisCommand.key(number)) 0 0 \(RedisProtocol.valueBytes)\r\n\(RedisCommand.value)\r\n"
  }
}
