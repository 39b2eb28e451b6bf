import BenchmarkMachine
import IntegrityCore
import ProbityWire

/// `Score` of random buyers.
@safe public struct ProbityProtocol: BenchedProtocol, @unchecked Sendable {
  public var requestBytesMax: Int { Self.strideBytes }
  public let greeting: [UInt8]

  // Safe: sealed frames, written in `init` alone, for as long as the process lives.
  private let frames: UnsafeRawPointer
  private let sizeBytes: Int
  private let checksum: StreamChecksum
  private var next = 0
  private let codec = Codec()
  /// Of replies that are decoded, to see that the account is known.
  private var sampling = Sampling(interval: 256)

  /// Requests are encoded before the clock starts, and read in order. So many that the
  /// daemon sees random accounts, not a set that fits a cache.
  private static let frameCount = 1 << 20
  private static let strideBytes = 32

  public init(accountCount: UInt64, seed: UInt64) {
    self.init(AccountChoice(count: accountCount, .uniform, seed: seed), ClientIdentity())
  }

  init(_ choice: AccountChoice, _ identity: ClientIdentity) {
    var choice = choice
    greeting = identity.hello
    let (template, place) = Self.template()
    sizeBytes = template.count
    checksum = StreamChecksum(payloadBytes: sizeBytes - FrameHeader.sizeBytes)
    precondition(sizeBytes <= Self.strideBytes, "the request does not fit its place")
    let frames = UnsafeMutableRawPointer.allocate(
      byteCount: Self.frameCount * Self.strideBytes, alignment: 64)
    let header = FrameHeader(
      type: .request, flags: .end, code: Method.score.rawValue,
      payloadBytes: UInt32(sizeBytes - FrameHeader.sizeBytes))
    for index in 0..<Self.frameCount {
      let frame = unsafe frames + index * Self.strideBytes
      unsafe frame.copyMemory(from: template, byteCount: sizeBytes)
      unsafe frame.storeBytes(of: choice.next().littleEndian, toByteOffset: place, as: UInt64.self)
      unsafe header.seal(UnsafeMutableRawBufferPointer(start: frame, count: sizeBytes))
    }
    unsafe self.frames = UnsafeRawPointer(frames)
  }

  /// A request, and where in it the account stands: eight bytes.
  private static func template() -> (frame: [UInt8], place: Int) {
    func frame(_ id: UInt64) -> [UInt8] {
      let request = AccountRequest(account: AccountKey(.buyer, AccountID(id)), asOf: nil)
      var sink = ByteArraySink()
      Codec().encodeScoreRequest(request, Codec.Call(stream: 0), to: &sink)
      return sink.bytes
    }
    // All bytes of the account differ between the two, and nothing else of the payload.
    let (ones, twos) = (frame(0x0101_0101_0101_0101), frame(0x0202_0202_0202_0202))
    let places = ones.indices.dropFirst(FrameHeader.sizeBytes).filter { ones[$0] != twos[$0] }
    guard let place = places.first, places == Array(place..<place + 8) else {
      preconditionFailure("an account takes \(places) of an encoded Score: the encoding changed")
    }
    return (ones, place)
  }

  @inline(__always)
  public mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    // Safe: the ring has a place for each index, `space` one for a request.
    unsafe space.copyMemory(
      from: frames + next &* Self.strideBytes, byteCount: Self.strideBytes)
    next = (next &+ 1) & (Self.frameCount - 1)
    unsafe checksum.put(number, into: space)
    return sizeBytes
  }

  @inline(__always)
  public mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    switch unsafe ReplyFrame.scan(bytes, number: number) {
    case .incomplete: return .incomplete
    case .other(let scan): return scan
    case .success(let sizeBytes):
      if !sampling.takesNext() { return .answer(sizeBytes: sizeBytes) }
      return unsafe ReplyFrame.read(bytes, sizeBytes) { payload throws(CallFailure) in
        let reply = try unsafe codec.decodeScoreReply(payload)
        return reply.isKnown ? .answer(sizeBytes: sizeBytes) : .miss(sizeBytes: sizeBytes)
      }
    }
  }
}
