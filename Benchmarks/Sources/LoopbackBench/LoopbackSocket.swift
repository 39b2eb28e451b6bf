import Glibc

/// A system call failed.
struct SocketFailure: Error, CustomStringConvertible {
  let description: String

  init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
  init(reason: String) { description = reason }
}

/// TCP to 127.0.0.1.
enum LoopbackSocket {
  /// A connected descriptor without Nagle's delay, blocking.
  static func connect(port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if descriptor < 0 { throw SocketFailure("socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if result != 0 { throw SocketFailure("connect to 127.0.0.1:\(port)") }
    var one: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    return descriptor
  }

  static func makeNonblocking(_ descriptor: Int32) throws {
    if fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0 { throw SocketFailure("fcntl") }
  }

  /// Sends all of `bytes` on a blocking socket.
  static func sendAll(_ bytes: [UInt8], to descriptor: Int32) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(
          descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { throw SocketFailure("send") }
      sent += count
    }
  }

  /// Receives at least one byte on a blocking socket.
  static func receiveSome(from descriptor: Int32) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 256 << 10)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    if count <= 0 { throw SocketFailure(reason: "the server closed the connection") }
    return Array(bytes[..<count])
  }
}
