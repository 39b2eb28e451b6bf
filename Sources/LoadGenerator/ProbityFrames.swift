import ProbityWire

/// Frames in an array of bytes.
package struct ByteArraySink: FrameSink {
  package var bytes: [UInt8] = []

  package init() {}

  package mutating func append(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: count))
    // Safe: `fill` gets what was added just now, within the closure.
    unsafe bytes.withUnsafeMutableBytes {
      unsafe fill(UnsafeMutableRawBufferPointer(rebasing: $0[start...]))
    }
  }

  /// The client's first frame.
  package static func hello(token: [UInt8], agent: String) -> [UInt8] {
    var sink = ByteArraySink()
    let hello = Hello(
      schemaHash: Codec.schemaHash, payloadBytesMax: ProtocolLimits.payloadBytesMax,
      inFlightMax: 0, token: token, agent: agent)
    Codec().encodeHello(hello, to: &sink)
    return sink.bytes
  }
}

/// Who presents itself to the daemon.
public struct ClientIdentity: Sendable {
  /// What the daemon's token file holds; empty = none.
  public var token: [UInt8]
  /// For logs of the daemon: "name/version".
  public var agent: String

  public init(token: [UInt8] = [], agent: String = "load-generator") {
    self.token = token
    self.agent = agent
  }

  var hello: [UInt8] { ByteArraySink.hello(token: token, agent: agent) }
}

/// The first reply among received bytes, as far as all of Probity's calls are alike.
enum ReplyFrame {
  case incomplete
  /// A success with its payload behind the header.
  case success(sizeBytes: Int)
  /// Anything else, already put into the loop's words.
  case other(ReplyScan)

  /// Looks at the header alone: the checksum is left to whoever reads the payload.
  @inline(__always)
  static func scan(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyFrame {
    if bytes.count < FrameHeader.sizeBytes { return .incomplete }
    // Safe: the header is there.
    let payloadBytes = unsafe UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
    let sizeBytes = FrameHeader.sizeBytes &+ Int(payloadBytes)
    if bytes.count < sizeBytes {
      return payloadBytes <= ProtocolLimits.payloadBytesMax
        ? .incomplete : unsafe .other(unexpected(bytes))
    }
    let word = unsafe UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    let stream = unsafe UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    // Type and status are in one word, with the flags between them.
    if word & 0xffff_00ff == UInt32(FrameType.response.rawValue) && stream == number {
      return .success(sizeBytes: sizeBytes)
    }
    if UInt8(truncatingIfNeeded: word) == FrameType.response.rawValue && stream == number {
      return .other(.refused(sizeBytes: sizeBytes, status: Int(word >> 16)))
    }
    return unsafe .other(unexpected(bytes))
  }

  /// Number of the request that the first reply answers: its stream.
  @inline(__always)
  static func number(_ bytes: UnsafeRawBufferPointer, next: UInt32) -> UInt32 {
    if bytes.count < FrameHeader.sizeBytes { return next }
    // Safe: the header is there.
    let stream = unsafe UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    // Stream 0 is the connection: `scan` says what that means.
    return stream == 0 ? next : stream
  }

  /// Reads a success as a client would: its checksum, then its payload by `judge`.
  @inline(never)
  static func read(
    _ bytes: UnsafeRawBufferPointer, _ sizeBytes: Int,
    _ judge: (UnsafeRawBufferPointer) throws(CallFailure) -> ReplyScan
  ) -> ReplyScan {
    // Safe: the frame is whole.
    let frame = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<sizeBytes])
    guard
      case .frame = unsafe FrameHeader.scan(
        frame, payloadBytesMax: ProtocolLimits.payloadBytesMax)
    else { return .broken("a frame whose checksum does not match") }
    do throws(CallFailure) {
      return try unsafe judge(
        UnsafeRawBufferPointer(rebasing: frame[FrameHeader.sizeBytes...]))
    } catch {
      return .broken(error.message)
    }
  }

  private static func unexpected(_ bytes: UnsafeRawBufferPointer) -> ReplyScan {
    switch unsafe FrameHeader.scan(bytes, payloadBytesMax: ProtocolLimits.payloadBytesMax) {
    case .incomplete: return .incomplete
    case .fault(let fault): return .broken("the server sent no frame: \(fault.message)")
    case .frame(let header):
      let sizeBytes = FrameHeader.sizeBytes + Int(header.payloadBytes)
      if header.type == .hello { return .greeted(sizeBytes: sizeBytes) }
      let payload = unsafe UnsafeRawBufferPointer(
        rebasing: bytes[FrameHeader.sizeBytes..<sizeBytes])
      if header.type == .goAway, let notice = unsafe try? Codec().decodeGoAway(payload) {
        return .broken("the server leaves with \(notice.status.name): \(notice.message)")
      }
      return .broken("a frame of type \(header.type) on stream \(header.stream) out of turn")
    }
  }
}

/// Which replies are read, of many that are only looked at: each `interval`th.
struct Sampling {
  let interval: Int
  private var sinceLast = 0

  init(interval: Int) { self.interval = interval }

  /// Whether this one is.
  @inline(__always)
  mutating func takesNext() -> Bool {
    sinceLast &+= 1
    if sinceLast < interval { return false }
    sinceLast = 0
    return true
  }
}

/// A column of a batch as protobuf has it: a packed field.
enum PackedColumn {
  /// Tag and length, which stand before the values.
  static func start(field: UInt8, sizeBytes: Int) -> [UInt8] {
    var bytes = [field << 3 | 2]
    var rest = sizeBytes
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f | 0x80))
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
