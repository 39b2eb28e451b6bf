import Glibc

/// One connection with up to `depth` requests in flight.
///
/// A value in memory of the loop's own, so that touching it costs neither a
/// reference count nor a check of exclusive access. What was noted of a request
/// stands in a ring under its number; where replies may overtake one another,
/// that ring is longer than `depth`, and no request is sent that would take the
/// place of one without a reply.
@safe struct LoadConnection {
  /// Its place among the connections of its loop.
  let index: Int
  let descriptor: Int32
  let depth: Int
  /// Requests sent and replies taken, ever.
  private(set) var sentCount: UInt64 = 0
  private(set) var repliedCount: UInt64 = 0
  /// Requests up to this number all have their replies.
  private(set) var settledCount: UInt64 = 0
  /// Requests that were due so far, with a rate.
  var dueCount: UInt64 = 0
  /// Whether what was due had to wait for the most that may be in flight.
  var isHeldBack = false
  var isWaitingToSend = false

  /// When a request was written or due; 0 once it has its reply.
  struct Slot {
    var nanoseconds: UInt64
    var note: CallNote
  }

  // Safe: allocated in `init`, freed in `end`; nothing filled exceeds its size.
  private let slots: UnsafeMutablePointer<Slot>
  private let slotMask: UInt64
  private let input: UnsafeMutableRawPointer
  private let inputBytes: Int
  private let output: UnsafeMutableRawPointer
  private var inputFilled = 0
  private var outputStart = 0
  private var outputEnd = 0

  /// Where replies may overtake one another: how many lookups may go by while one
  /// Record waits for the disk.
  private static let overtakingMax = 4_096

  init<P: BenchedProtocol>(index: Int, descriptor: Int32, depth: Int, for bench: P) {
    self.index = index
    self.descriptor = descriptor
    self.depth = depth
    var capacity = 1
    while capacity < (P.isOrdered ? depth : max(depth, Self.overtakingMax)) { capacity *= 2 }
    slotMask = UInt64(capacity - 1)
    unsafe slots = .allocate(capacity: capacity)
    unsafe slots.initialize(
      repeating: Slot(nanoseconds: 0, note: CallNote()), count: capacity)
    inputBytes = max(256 << 10, 2 * bench.replyBytesMax)
    unsafe input = .allocate(byteCount: inputBytes, alignment: 64)
    unsafe output = .allocate(byteCount: (depth + 1) * bench.requestBytesMax, alignment: 64)
  }

  /// Closes the connection. Nothing may be called afterwards.
  func end() {
    close(descriptor)
    unsafe slots.deallocate()
    unsafe input.deallocate()
    unsafe output.deallocate()
  }

  @inline(__always)
  var inFlight: Int { Int(truncatingIfNeeded: sentCount &- repliedCount) }

  /// How many requests may be written now.
  @inline(__always)
  var room: Int {
    let ring = Int(truncatingIfNeeded: slotMask &+ 1 &- (sentCount &- settledCount))
    return min(depth &- inFlight, ring)
  }

  // MARK: Replies

  /// Bytes received and not yet taken.
  @inline(__always)
  var received: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: input, count: inputFilled)
  }

  /// - Returns: whether anything came.
  @inline(__always)
  mutating func receive() throws(SocketFailure) -> Bool {
    // Safe: what is free of the buffer lies behind what is filled.
    let count = unsafe recv(descriptor, input + inputFilled, inputBytes &- inputFilled, 0)
    if count > 0 {
      inputFilled &+= count
      return true
    }
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return false }
    if count < 0 { throw SocketFailure("the connection failed") }
    throw SocketFailure(reason: "the server closed the connection")
  }

  /// Forgets the first `count` bytes received.
  @inline(__always)
  mutating func consume(_ count: Int) throws(SocketFailure) {
    inputFilled &-= count
    if inputFilled > 0 && count > 0 { unsafe memmove(input, input + count, inputFilled) }
    if inputFilled == inputBytes {
      throw SocketFailure(reason: "a reply of more than \(inputBytes) bytes")
    }
  }

  /// Number of the oldest request without a reply: from 1.
  @inline(__always)
  var nextReplyNumber: UInt32 { UInt32(truncatingIfNeeded: settledCount &+ 1) }

  /// What was noted of request `number`; nil if it was not sent, or has its reply.
  @inline(__always)
  func slot(_ number: UInt32) -> Slot? {
    let ahead = UInt64(number &- nextReplyNumber)
    if ahead >= sentCount &- settledCount { return nil }
    // Safe: the mask is that of the ring.
    let slot = unsafe slots[Int(truncatingIfNeeded: (settledCount &+ ahead) & slotMask)]
    return slot.nanoseconds == 0 ? nil : slot
  }

  /// Takes note of the reply to request `number`, of which there is a `slot`.
  @inline(__always)
  mutating func takeReply(_ number: UInt32) {
    let ahead = UInt64(number &- nextReplyNumber)
    repliedCount &+= 1
    if ahead > 0 {
      unsafe slots[Int(truncatingIfNeeded: (settledCount &+ ahead) & slotMask)].nanoseconds = 0
      return
    }
    settledCount &+= 1
    while settledCount < sentCount,
      unsafe slots[Int(truncatingIfNeeded: settledCount & slotMask)].nanoseconds == 0
    { settledCount &+= 1 }
  }

  // MARK: Requests

  /// Makes room for as many requests as may be in flight.
  @inline(__always)
  mutating func prepareOutput() {
    if outputStart == outputEnd {
      outputStart = 0
      outputEnd = 0
    } else if outputStart > 0 {
      unsafe memmove(output, output + outputStart, outputEnd - outputStart)
      outputEnd -= outputStart
      outputStart = 0
    }
  }

  /// Writes one request, where there is `room` and behind `prepareOutput`.
  @inline(__always)
  mutating func write<P: BenchedProtocol>(_ bench: inout P, at nanoseconds: UInt64) {
    sentCount &+= 1
    var note = CallNote()
    // Safe: `depth` requests and one that is partly sent fit the buffer.
    outputEnd &+= unsafe bench.writeRequest(
      UInt32(truncatingIfNeeded: sentCount), connection: index, note: &note, to: output + outputEnd)
    unsafe slots[Int(truncatingIfNeeded: (sentCount &- 1) & slotMask)] = Slot(
      nanoseconds: nanoseconds, note: note)
  }

  /// - Returns: whether all is sent.
  @inline(__always)
  mutating func flush() throws(SocketFailure) -> Bool {
    while outputStart < outputEnd {
      let count = unsafe send(
        descriptor, output + outputStart, outputEnd &- outputStart, Int32(MSG_NOSIGNAL))
      if count < 0 && errno == EAGAIN { return false }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { throw SocketFailure("the connection failed") }
      outputStart &+= count
    }
    return true
  }
}
