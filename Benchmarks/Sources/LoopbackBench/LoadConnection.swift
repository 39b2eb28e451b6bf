import Glibc

/// One connection with up to `depth` requests in flight.
///
/// Replies are expected in the order of the requests, as both servers send them
/// for lookups: so the time of sending is a queue.
final class LoadConnection {
  /// Its place among the connections of its loop.
  let index: Int
  let descriptor: Int32
  let depth: Int
  /// Requests sent and replies taken, ever.
  private(set) var sentCount: UInt64 = 0
  private(set) var answeredCount: UInt64 = 0
  var isWaitingToSend = false

  // Allocated here, freed in deinit.
  private let sendTimes: UnsafeMutablePointer<UInt64>
  private let timeMask: Int
  private let input: UnsafeMutableRawPointer
  private let output: UnsafeMutableRawPointer
  private var inputFilled = 0
  private var outputStart = 0
  private var outputEnd = 0

  private static let inputBytes = 256 << 10

  init(index: Int, descriptor: Int32, depth: Int, requestBytesMax: Int) {
    self.index = index
    self.descriptor = descriptor
    self.depth = depth
    var capacity = 1
    while capacity < depth { capacity *= 2 }
    timeMask = capacity - 1
    sendTimes = .allocate(capacity: capacity)
    input = .allocate(byteCount: Self.inputBytes, alignment: 64)
    output = .allocate(byteCount: (depth + 1) * requestBytesMax, alignment: 64)
  }

  deinit {
    close(descriptor)
    sendTimes.deallocate()
    input.deallocate()
    output.deallocate()
  }

  var inFlight: Int { Int(sentCount &- answeredCount) }

  // MARK: Replies

  /// Bytes received and not yet taken.
  var received: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: input, count: inputFilled) }

  /// - Returns: whether anything came.
  @inline(__always)
  func receive() throws -> Bool {
    let count = recv(descriptor, input + inputFilled, Self.inputBytes - inputFilled, 0)
    if count > 0 {
      inputFilled += count
      return true
    }
    if count < 0 && errno == EAGAIN { return false }
    throw SocketFailure(reason: "the server closed the connection")
  }

  /// Forgets the first `count` bytes received.
  @inline(__always)
  func consume(_ count: Int) {
    inputFilled -= count
    if inputFilled > 0 && count > 0 { memmove(input, input + count, inputFilled) }
  }

  /// Number of the request whose reply comes next: from 1.
  @inline(__always)
  var nextReplyNumber: UInt32 { UInt32(truncatingIfNeeded: answeredCount &+ 1) }

  /// Takes note of a reply and returns when its request was sent.
  @inline(__always)
  func takeReply() -> UInt64 {
    defer { answeredCount &+= 1 }
    return sendTimes[Int(truncatingIfNeeded: answeredCount) & timeMask]
  }

  // MARK: Requests

  /// Writes `count` requests, with `inFlight + count ≤ depth`.
  @inline(__always)
  func write<P: BenchedProtocol>(_ count: Int, _ bench: inout P, now: UInt64) {
    if outputStart == outputEnd {
      outputStart = 0
      outputEnd = 0
    } else if outputStart > 0 {
      memmove(output, output + outputStart, outputEnd - outputStart)
      outputEnd -= outputStart
      outputStart = 0
    }
    for _ in 0..<count {
      sendTimes[Int(truncatingIfNeeded: sentCount) & timeMask] = now
      sentCount &+= 1
      outputEnd += bench.writeRequest(
        UInt32(truncatingIfNeeded: sentCount), connection: index, to: output + outputEnd)
    }
  }

  /// - Returns: whether all is sent.
  @inline(__always)
  func flush() throws -> Bool {
    while outputStart < outputEnd {
      let count = send(
        descriptor, output + outputStart, outputEnd - outputStart, Int32(MSG_NOSIGNAL))
      if count < 0 && errno == EAGAIN { return false }
      if count <= 0 { throw SocketFailure("send") }
      outputStart += count
    }
    return true
  }
}
