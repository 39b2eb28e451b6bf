/// Commands of memcached's text protocol, with the keys and values that Redis gets.
/// Source: https://github.com/memcached/memcached/blob/master/doc/protocol.txt
enum MemcachedCommand {
  /// The meta command: the least text that asks for a value.
  static func get(_ number: UInt64) -> String { "mg \(RedisCommand.key(number)) v\r\n" }

  /// What answers `get` where the key is there.
  static let valueReply = "VA \(RedisCommand.valueBytes)\r\n\(RedisCommand.value)\r\n"

  static func set(_ number: UInt64) -> String {
    "set \(RedisCommand.key(number)) 0 0 \(RedisCommand.valueBytes)\r\n\(RedisCommand.value)\r\n"
  }
}
