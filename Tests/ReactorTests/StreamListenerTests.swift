import Glibc
import Reactor
import Testing

@Suite("Listener")
struct StreamListenerTests {
  /// A blocking connection to a port of loopback, or nil where it is refused.
  private func connect(_ port: Int) -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if status == 0 { return descriptor }
    close(descriptor)
    return nil
  }

  private func option(_ socket: StreamSocket, _ level: Int32, _ name: Int32) -> Int32 {
    var value: Int32 = -1
    var size = socklen_t(MemoryLayout<Int32>.size)
    unsafe getsockopt(socket.descriptor, level, name, &value, &size)
    return value
  }

  @Test("says where it listens, hands over who comes, and refuses when closed")
  func life() throws {
    let loop = try EventLoop()
    let listener = try StreamListener(host: "127.0.0.1", port: 0, backlog: 16)
    #expect(listener.host == "127.0.0.1")
    #expect(listener.port > 0)
    // The kernel takes connections before the loop runs.
    let clients = (0..<3).compactMap { _ in connect(listener.port) }
    #expect(clients.count == 3)
    var sockets: [StreamSocket] = []
    try listener.start(on: loop) { error in
      Issue.record("refused: \(error)")
    } accepted: { socket in
      sockets.append(socket)
      if sockets.count == 3 {
        listener.close()
        listener.close()
        loop.stop()
      }
    }
    loop.run()
    #expect(sockets.count == 3)
    #expect(connect(listener.port) == nil)
    #expect(sockets.allSatisfy { fcntl($0.descriptor, F_GETFL) & O_NONBLOCK != 0 })
    for socket in sockets {
      #expect(option(socket, Int32(IPPROTO_TCP), TCP_NODELAY) != 0)
      #expect(option(socket, SOL_SOCKET, SO_KEEPALIVE) == 0)
      socket.probePeer(seconds: 90)
      #expect(option(socket, SOL_SOCKET, SO_KEEPALIVE) == 1)
      let silence = [TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT].map {
        option(socket, Int32(IPPROTO_TCP), $0)
      }
      #expect(silence == [30, 15, 4])
    }
    for socket in sockets { socket.close() }
    for client in clients { close(client) }
  }

  @Test("a socket says what came of each call")
  func transfers() throws {
    let loop = try EventLoop()
    let listener = try StreamListener(host: "localhost", port: 0, backlog: 1)
    let client = try #require(connect(listener.port))
    var accepted: StreamSocket?
    try listener.start(on: loop, refused: { _ in }) { socket in
      accepted = socket
      loop.stop()
    }
    loop.run()
    let socket = try #require(accepted)
    var space = [UInt8](repeating: 0, count: 8)
    func receive() -> Transfer {
      unsafe space.withUnsafeMutableBytes { unsafe socket.receive(into: $0) }
    }
    func send() -> Transfer {
      unsafe [UInt8](repeating: 7, count: 3).withUnsafeBytes { unsafe socket.send($0) }
    }
    #expect(receive() == .wouldBlock)
    #expect(send() == .bytes(3))
    unsafe #expect(recv(client, &space, 8, 0) == 3)
    shutdown(client, Int32(SHUT_WR))
    #expect(receive() == .ended)
    close(client)
    // The first finds the peer gone, the second is told so.
    _ = send()
    var last = send()
    for _ in 0..<1_000 where last == .bytes(3) { last = send() }
    #expect([.failed(EPIPE), .failed(ECONNRESET)].contains(last))
    socket.close()
  }

  @Test("what cannot be bound is said")
  func refusals() throws {
    let taken = try StreamListener(host: "127.0.0.1", port: 0, backlog: 1)
    #expect(throws: SocketError.self) {
      _ = try StreamListener(host: "127.0.0.1", port: taken.port, backlog: 1)
    }
    for host in ["192.0.2.1", "no such host.invalid"] {
      #expect(throws: SocketError.self) { _ = try StreamListener(host: host, port: 0, backlog: 1) }
    }
  }
}
