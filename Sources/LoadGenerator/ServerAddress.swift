import Glibc

/// Where a server listens: a host by name or number, and a port.
public struct ServerAddress: Sendable, CustomStringConvertible {
  public let host: String
  public let port: UInt16
  /// What the name stood for when it was looked up.
  var numericHost: String

  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
    numericHost = host
  }

  public static func loopback(port: UInt16) -> ServerAddress {
    ServerAddress(host: "127.0.0.1", port: port)
  }

  /// As it was given: "127.0.0.1:7420", "[::1]:7420", "scores.example:7420".
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// The same with each of the name's addresses, in the resolver's order. May ask
  /// the network.
  func lookedUp() throws(SocketFailure) -> [ServerAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    // Safe: the strings and the hints live for the call; the list is freed below.
    let status = unsafe getaddrinfo(host, "\(port)", &hints, &list)
    if status != 0 {
      let reason = unsafe String(cString: gai_strerror(status))
      throw SocketFailure(
        reason: "the name \(host) has no address: \(reason). "
          + "Name the daemon's address: --server HOST:PORT")
    }
    defer { unsafe freeaddrinfo(list) }
    var found: [ServerAddress] = []
    var next = unsafe list
    while let entry = unsafe next?.pointee {
      var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      // Safe: the entry is the resolver's, the buffer is as long as is said.
      let isNamed = unsafe getnameinfo(
        entry.ai_addr, entry.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
      if isNamed == 0 {
        var address = self
        address.numericHost = String(
          decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        found.append(address)
      }
      unsafe next = unsafe entry.ai_next
    }
    return found
  }

  /// Runs `body` with the socket address of the number.
  func withSocketAddress<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) throws(SocketFailure) -> Result {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = numericHost == host ? 0 : AI_NUMERICHOST
    var list: UnsafeMutablePointer<addrinfo>?
    // Safe: as in `lookedUp`.
    let status = unsafe getaddrinfo(numericHost, "\(port)", &hints, &list)
    defer { unsafe freeaddrinfo(list) }
    guard status == 0, let first = unsafe list?.pointee, let address = unsafe first.ai_addr else {
      throw SocketFailure(reason: "the name \(host) has no address")
    }
    return unsafe body(address, first.ai_addrlen)
  }
}
