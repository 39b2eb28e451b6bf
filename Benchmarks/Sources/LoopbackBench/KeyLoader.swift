import Glibc
import LoadGenerator

/// Fills Redis with keys 0…N − 1.
struct KeyLoader {
  private static let pipelineCommands: UInt64 = 1_000

  /// - Returns: the number of keys set.
  static func load(port: UInt16, keyCount: UInt64) throws -> UInt64 {
    let descriptor = try LoopbackSocket.connect(port: port)
    defer { close(descriptor) }
    var first: UInt64 = 0
    while first < keyCount {
      let end = min(first + pipelineCommands, keyCount)
      let commands = (first..<end).map(RedisCommand.set).joined()
      try LoopbackSocket.sendAll(Array(commands.utf8), to: descriptor)
      var awaited = Int(end - first) * "+OK\r\n".utf8.count
      while awaited > 0 {
        let reply = try LoopbackSocket.receiveSome(from: descriptor)
        if reply.contains(UInt8(ascii: "-")) {
          throw SocketFailure(reason: "Redis says \(String(decoding: reply, as: UTF8.self))")
        }
        awaited -= reply.count
      }
      first = end
    }
    return keyCount
  }
}
