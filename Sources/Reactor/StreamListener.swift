import CEpoll
import Glibc

/// A TCP socket that listens, and hands over what it accepts.
///
/// Where the process has no descriptors left it stops accepting for a moment: the
/// kernel keeps who comes, up to `backlog`.
public final class StreamListener: EventSource {
  public let host: String
  public let port: Int
  private let descriptor: Int32
  private var isClosed = false
  private var watch: EventLoop.Watch?
  private var loop: EventLoop?
  private var accepted: (StreamSocket) -> Void = { _ in }
  private var refused: (SocketError) -> Void = { _ in }

  /// Accepted before other sockets of the loop get their turn.
  private static let acceptsMax = 64
  private static let pauseNanoseconds: UInt64 = 100_000_000

  /// Binds and listens: from here on the kernel takes connections.
  ///
  /// - Parameters:
  ///   - host: a name or an address; the first that can be bound is.
  ///   - port: 0 = any free one.
  ///   - backlog: connections that wait to be accepted; the kernel refuses more.
  public init(host: String, port: Int, backlog: Int32) throws(SocketError) {
    descriptor = try Self.bind(host: host, port: port)
    if listen(descriptor, backlog) != 0 {
      let error = SocketError("listen")
      Glibc.close(descriptor)
      throw error
    }
    (self.host, self.port) = Self.localAddress(of: descriptor) ?? (host, port)
  }

  deinit { if !isClosed { Glibc.close(descriptor) } }

  /// Begins to accept. The loop's thread.
  ///
  /// - Parameters:
  ///   - accepted: gets each socket, and is to close it.
  ///   - refused: told why nothing could be accepted.
  public func start(
    on loop: EventLoop, refused: @escaping (SocketError) -> Void,
    accepted: @escaping (StreamSocket) -> Void
  ) throws(SocketError) {
    self.loop = loop
    self.accepted = accepted
    self.refused = refused
    watch = try loop.add(self, descriptor: descriptor, .reading)
  }

  /// Closes the socket: who comes, and who waits to be accepted, is refused. The
  /// loop's thread; more than once is as good as once.
  public func close() {
    if isClosed { return }
    if let watch { loop?.remove(watch) }
    watch = nil
    loop = nil
    accepted = { _ in }
    refused = { _ in }
    isClosed = true
    Glibc.close(descriptor)
  }

  public func ready(_ readiness: Readiness) {
    for _ in 0..<Self.acceptsMax {
      let socket = probity_accept(descriptor)
      if socket >= 0 {
        accepted(StreamSocket(descriptor: socket))
        continue
      }
      switch errno {
      case EAGAIN, EWOULDBLOCK: return
      // Somebody who went before being accepted.
      case ECONNABORTED, EINTR, EPROTO: continue
      default: return pause()
      }
    }
  }

  private func pause() {
    refused(SocketError("accept4"))
    guard let watch, let loop else { return }
    loop.change(watch, [])
    loop.schedule(afterNanoseconds: Self.pauseNanoseconds) { [self] in
      if let watch = self.watch { loop.change(watch, .reading) }
    }
  }

  // MARK: Addresses

  private static func bind(host: String, port: Int) throws(SocketError) -> Int32 {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_PASSIVE
    var list: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(host, "\(port)", &hints, &list)
    if status != 0 {
      throw SocketError(reason: unsafe String(cString: gai_strerror(status)))
    }
    defer { unsafe freeaddrinfo(list) }
    var failure = SocketError(reason: "the name has no address")
    var next = unsafe list
    while let address = unsafe next?.pointee {
      do throws(SocketError) {
        return unsafe try bind(address)
      } catch {
        failure = error
      }
      unsafe next = unsafe address.ai_next
    }
    throw failure
  }

  private static func bind(_ address: addrinfo) throws(SocketError) -> Int32 {
    let type = unsafe address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = unsafe socket(address.ai_family, type, 0)
    if descriptor < 0 { throw SocketError("socket") }
    var one: Int32 = 1
    // A daemon that takes another's place need not wait for its old connections.
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    if unsafe address.ai_family == AF_INET6 {
      var no: Int32 = 0
      // `::` means IPv4 as well, whatever the system's default.
      unsafe setsockopt(
        descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &no,
        socklen_t(MemoryLayout<Int32>.size))
    }
    if unsafe Glibc.bind(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
      let error = SocketError("bind")
      Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  /// In numbers.
  private static func localAddress(of descriptor: Int32) -> (String, Int)? {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    // Safe: the storage has room for any address, and the size says how much is used.
    let status = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        if unsafe getsockname(descriptor, address, &size) != 0 { return EAI_SYSTEM }
        return unsafe getnameinfo(
          address, size, &host, socklen_t(host.count), &service, socklen_t(service.count),
          NI_NUMERICHOST | NI_NUMERICSERV)
      }
    }
    guard status == 0 else { return nil }
    func text(_ chars: [CChar]) -> String {
      String(decoding: chars.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return Int(text(service)).map { (text(host), $0) }
  }
}
