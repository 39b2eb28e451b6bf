import LoadGenerator

/// TCP to 127.0.0.1.
enum LoopbackSocket {
  /// A connected descriptor without Nagle's delay, blocking.
  static func connect(port: UInt16) throws -> Int32 {
    try ClientSocket.connect(to: .loopback(port: port))
  }

  /// Sends all of `bytes` on a blocking socket.
  static func sendAll(_ bytes: [UInt8], to descriptor: Int32) throws {
    try ClientSocket.sendAll(bytes, to: descriptor)
  }

  /// Receives at least one byte on a blocking socket.
  static func receiveSome(from descriptor: Int32) throws -> [UInt8] {
    try ClientSocket.receiveSome(from: descriptor)
  }
}
