import Glibc

/// A system call failed, or a server did not do what it should.
public struct SocketFailure: Error, Sendable, CustomStringConvertible {
  public let description: String

  /// - Parameter call: what failed just now, for the reason in `errno`.
  public init(_ call: String) {
    // Safe: the string is copied at once.
    description = unsafe "\(call): \(String(cString: strerror(errno)))"
  }

  public init(reason: String) { description = reason }
}

/// TCP as the generator needs it: blocking until the load begins.
public enum ClientSocket {
  /// A connected descriptor without Nagle's delay, blocking.
  ///
  /// - Parameter timeoutSeconds: longest that connecting, and each later call on
  ///   the blocking socket, may take.
  public static func connect(
    to address: ServerAddress, timeoutSeconds: Double = 60
  ) throws(SocketFailure) -> Int32 {
    let result = try unsafe address.withSocketAddress {
      (pointer, size) -> Result<Int32, SocketFailure> in
      // Safe: the address lives for this closure.
      let descriptor = unsafe socket(
        Int32(pointer.pointee.sa_family), Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      if descriptor < 0 { return .failure(SocketFailure("socket")) }
      setTimeouts(descriptor, seconds: timeoutSeconds)
      setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
      if unsafe Glibc.connect(descriptor, pointer, size) == 0 { return .success(descriptor) }
      let isLate = errno == EINPROGRESS || errno == EAGAIN
      let failure =
        isLate
        ? SocketFailure(
          reason: "cannot connect to \(address): no answer within \(timeoutSeconds) s")
        : SocketFailure("cannot connect to \(address)")
      close(descriptor)
      return .failure(failure)
    }
    return try result.get()
  }

  /// Longest that a call on the blocking socket may take.
  static func setTimeouts(_ descriptor: Int32, seconds: Double) {
    // No time at all would be no limit.
    let microseconds = max(Int(seconds * 1e6), 1)
    let time = timeval(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
    setOption(descriptor, SOL_SOCKET, SO_RCVTIMEO, time)
    setOption(descriptor, SOL_SOCKET, SO_SNDTIMEO, time)
  }

  private static func setOption<Value: BitwiseCopyable>(
    _ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Value
  ) {
    var value = value
    // Safe: the value lives for the call and has the size that is said.
    _ = unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Value>.size))
  }

  public static func makeNonblocking(_ descriptor: Int32) throws(SocketFailure) {
    if fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0 { throw SocketFailure("fcntl") }
  }

  /// Sends all of `bytes` on a blocking socket.
  public static func sendAll(_ bytes: [UInt8], to descriptor: Int32) throws(SocketFailure) {
    var sent = 0
    while sent < bytes.count {
      // Safe: the span covers the array's rest, which outlives the call.
      let count = unsafe bytes.withUnsafeBytes {
        unsafe send(
          descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { throw SocketFailure("send") }
      sent += count
    }
  }

  /// Receives at least one byte on a blocking socket.
  public static func receiveSome(from descriptor: Int32) throws(SocketFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 256 << 10)
    while true {
      // Safe: the array is as long as is said.
      let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN {
        throw SocketFailure(reason: silence)
      }
      if count <= 0 { throw SocketFailure(reason: "the server closed the connection") }
      return Array(bytes[..<count])
    }
  }

  static let silence = "the server said nothing in time"

  /// Lets this process open `count` sockets besides the few files it has.
  ///
  /// - Throws: if it may not have so many.
  public static func allowOpen(_ count: Int) throws(SocketFailure) {
    let needed = rlim_t(count + 64)
    var limit = rlimit()
    // Safe: the pointers live for the calls.
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
      limit.rlim_cur < needed
    else { return }
    limit.rlim_cur = min(needed, limit.rlim_max)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    if limit.rlim_cur < needed {
      throw SocketFailure(
        reason: "\(count) sockets need \(needed) open files, and this process may have "
          + "\(limit.rlim_max): raise it with ulimit -n, or use fewer connections")
    }
  }
}
