import Glibc

/// A system call on a socket failed.
public struct SocketError: Error, CustomStringConvertible, Sendable {
  /// As errno has it.
  public let code: Int32
  public let description: String

  /// Takes errno as the call left it.
  init(_ call: String) {
    code = errno
    description = unsafe "\(call): \(String(cString: strerror(code)))"
  }

  init(reason: String) {
    code = 0
    description = reason
  }
}

/// What came of reading or writing a socket that does not block.
public enum Transfer: Equatable, Sendable {
  /// At least one.
  case bytes(Int)
  case wouldBlock
  /// The peer sends nothing more.
  case ended
  /// The connection is broken; as errno has it.
  case failed(Int32)
}

/// A connected TCP socket that does not block. Its owner closes it, once.
public struct StreamSocket: Sendable {
  public let descriptor: Int32

  /// - Parameter descriptor: accepted with SOCK_NONBLOCK.
  init(descriptor: Int32) {
    self.descriptor = descriptor
    // Replies leave as they are written: nothing would come to fill a segment.
    set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  /// Has the kernel ask a silent peer's machine whether it is there, and fail the
  /// connection where it has not answered for so long.
  ///
  /// - Parameter seconds: at least 6; a third of them passes before the first of four probes.
  public func probePeer(seconds: Int32) {
    set(SOL_SOCKET, SO_KEEPALIVE, 1)
    set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, seconds / 3)
    set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, seconds / 6)
    set(Int32(IPPROTO_TCP), TCP_KEEPCNT, 4)
  }

  private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    // Safe: the kernel reads one number of that size.
    unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  /// recv(2), again where a signal interrupts it.
  @inline(__always)
  public func receive(into space: UnsafeMutableRawBufferPointer) -> Transfer {
    while true {
      // Safe: the kernel writes at most as many bytes as the space has.
      let count = unsafe recv(descriptor, space.baseAddress, space.count, 0)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .ended }
      if errno != EINTR { return Self.fault }
    }
  }

  /// send(2) without SIGPIPE, again where a signal interrupts it.
  @inline(__always)
  public func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    while true {
      // Safe: the kernel reads the bytes of the buffer.
      let count = unsafe Glibc.send(
        descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count >= 0 { return .bytes(count) }
      if errno != EINTR { return Self.fault }
    }
  }

  private static var fault: Transfer {
    let code = errno
    return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(code)
  }

  /// Tells the peer that nothing more comes, behind what was sent.
  public func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  public func close() { Glibc.close(descriptor) }
}
