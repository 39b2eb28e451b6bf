import BenchmarkMachine
import LoadGenerator

/// Redis `GET` of random keys with values of 33 bytes, pipelined.
struct RedisProtocol: BenchedProtocol {
  var requestBytesMax: Int { RequestRing.strideBytes }
  /// About what a score takes on the wire without its basis.
  static let valueBytes = 33

  private static let replyBytes = 5 + valueBytes + 2
  private var ring: RequestRing

  init(accountCount: UInt64, seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    ring = RequestRing(first: 0) {
      Array(RedisCommand.get(random.account(of: accountCount) - 1).utf8)
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
    if bytes.count < 5 { return .incomplete }
    if bytes[0] == UInt8(ascii: "$") && bytes[1] == UInt8(ascii: "3") {
      if bytes.count < Self.replyBytes { return .incomplete }
      return .answer(sizeBytes: Self.replyBytes)
    }
    if bytes[0] == UInt8(ascii: "$") && bytes[1] == UInt8(ascii: "-") {
      return .miss(sizeBytes: 5)
    }
    return .broken("Redis says \(String(decoding: bytes.prefix(80), as: UTF8.self))")
  }
}

/// Commands in RESP. Keys are those of `redis-benchmark -r`, so that it reads the same ones.
/// Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
enum RedisCommand {
  static func get(_ number: UInt64) -> String {
    "*2\r\n$3\r\nGET\r\n$16\r\n\(key(number))\r\n"
  }

  static func set(_ number: UInt64) -> String {
    "*3\r\n$3\r\nSET\r\n" + keyAndValue(number)
  }

  /// The two arguments of SET, and of each pair of MSET.
  static func keyAndValue(_ number: UInt64) -> String {
    "$16\r\n\(key(number))\r\n$\(value.utf8.count)\r\n\(value)\r\n"
  }

  static let value = String(repeating: "v", count: RedisProtocol.valueBytes)
  static let keyPrefix = "key:"
  static let keyDigits = 12

  /// 16 bytes; `number` from 0.
  static func key(_ number: UInt64) -> String {
    let digits = String(number)
    return keyPrefix + String(repeating: "0", count: keyDigits - digits.count) + digits
  }

  /// Where the number stands in text that holds a key.
  static func digitsOffset(in text: String) -> Int {
    let start = text.range(of: keyPrefix)?.upperBound ?? text.startIndex
    return text.utf8.distance(from: text.startIndex, to: start)
  }

  /// Puts another number into a key that stands at `digits`.
  @inline(__always)
  static func writeDigits(of number: UInt64, to digits: UnsafeMutableRawPointer) {
    var rest = UInt32(truncatingIfNeeded: number % 1_000_000_000)
    for place in stride(from: keyDigits - 1, through: 0, by: -1) {
      digits.storeBytes(
        of: UInt8(ascii: "0") + UInt8(rest % 10), toByteOffset: place, as: UInt8.self)
      rest /= 10
    }
  }
}
