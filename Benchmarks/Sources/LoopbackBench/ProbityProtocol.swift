import BenchmarkMachine
import IntegrityCore
import ProbityWire

/// `Score` of random buyers.
struct ProbityProtocol: BenchedProtocol {
  var requestBytesMax: Int { RequestRing.strideBytes }

  private var ring: RequestRing
  private let codec = Codec()
  private var sinceSample = 0

  /// Every so many replies one is decoded, to see that the account is known.
  private static let sampleInterval = 256

  init(accountCount: UInt64, seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let codec = Codec()
    ring = RequestRing(first: 0) {
      let id = AccountID(random.account(of: accountCount))
      let request = AccountRequest(account: AccountKey(.buyer, id), asOf: nil)
      var bytes = ByteArraySink()
      codec.encodeScoreRequest(request, Codec.Call(stream: 1), to: &bytes)
      return bytes.bytes
    }
  }

  var greeting: [UInt8] { ByteArraySink.hello }

  @inline(__always)
  mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    let sizeBytes = ring.copyNext(to: space)
    let header = FrameHeader(
      type: .request, flags: .end, stream: number, code: Method.score.rawValue,
      payloadBytes: UInt32(sizeBytes - FrameHeader.sizeBytes))
    header.seal(UnsafeMutableRawBufferPointer(start: space, count: sizeBytes))
    return sizeBytes
  }

  @inline(__always)
  mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    if bytes.count < FrameHeader.sizeBytes { return .incomplete }
    let payloadBytes = bytes.loadUnaligned(as: UInt32.self)
    let sizeBytes = FrameHeader.sizeBytes + Int(payloadBytes)
    if bytes.count < sizeBytes { return .incomplete }
    let status = bytes.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
    let stream = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    guard bytes[8] == FrameType.response.rawValue, stream == number else {
      return unexpected(bytes, number, sizeBytes)
    }
    if status != 0 { return .refused(sizeBytes: sizeBytes, status: Int(status)) }
    sinceSample += 1
    if sinceSample < Self.sampleInterval { return .answer(sizeBytes: sizeBytes) }
    sinceSample = 0
    return sample(bytes, sizeBytes)
  }

  private func unexpected(
    _ bytes: UnsafeRawBufferPointer, _ number: UInt32, _ sizeBytes: Int
  ) -> ReplyScan {
    if bytes[8] == FrameType.hello.rawValue { return .greeted(sizeBytes: sizeBytes) }
    let stream = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    return .broken("a frame of type \(bytes[8]) on stream \(stream), not the reply to \(number)")
  }

  /// Reads one reply as a client would.
  private func sample(_ bytes: UnsafeRawBufferPointer, _ sizeBytes: Int) -> ReplyScan {
    let frame = UnsafeRawBufferPointer(rebasing: bytes[..<sizeBytes])
    guard case .frame = FrameHeader.scan(frame, payloadBytesMax: ProtocolLimits.payloadBytesMax)
    else { return .broken("a frame whose checksum does not match") }
    let payload = UnsafeRawBufferPointer(rebasing: frame[FrameHeader.sizeBytes...])
    do throws(CallFailure) {
      let reply = try codec.decodeScoreReply(payload)
      return reply.isKnown ? .answer(sizeBytes: sizeBytes) : .miss(sizeBytes: sizeBytes)
    } catch {
      return .broken(error.message)
    }
  }
}

/// Frames in an array of bytes.
struct ByteArraySink: FrameSink {
  var bytes: [UInt8] = []

  mutating func append(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: count))
    bytes.withUnsafeMutableBytes { fill(UnsafeMutableRawBufferPointer(rebasing: $0[start...])) }
  }

  /// The client's first frame, without a token.
  static var hello: [UInt8] {
    var sink = ByteArraySink()
    let hello = Hello(
      schemaHash: Codec.schemaHash, payloadBytesMax: ProtocolLimits.payloadBytesMax,
      inFlightMax: 0, token: [], agent: "loopback-bench")
    Codec().encodeHello(hello, to: &sink)
    return sink.bytes
  }
}
