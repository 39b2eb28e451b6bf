/// Commands in RESP. Keys are those of `redis-benchmark -r`, so that it reads the same ones.
/// Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
enum RedisCommand {
  static func get(_ number: UInt64) -> String {
    "*2\r\n$3\r\nGET\r\n$\(keyBytes)\r\n\(key(number))\r\n"
  }

  static func set(_ number: UInt64) -> String {
    "*3\r\n$3\r\nSET\r\n" + keyAndValue(number)
  }

  /// The two arguments of SET, and of each pair of MSET.
  static func keyAndValue(_ number: UInt64) -> String {
    "$\(keyBytes)\r\n\(key(number))\r\n" + valueReply
  }

  /// What answers GET where the key is there; as an argument a value looks the same.
  static let valueReply = "$\(valueBytes)\r\n\(value)\r\n"

  /// About what a score takes on the wire without its basis.
  static let valueBytes = 33
  static let value = String(repeating: "v", count: valueBytes)
  static let keyPrefix = "key:"
  static let keyDigits = 12
  static let keyBytes = keyPrefix.utf8.count + keyDigits

  /// `keyBytes` long; `number` from 0.
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
