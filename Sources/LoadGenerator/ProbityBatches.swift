import IntegrityCore
import ProbityWire

/// `ScoreBatch` of random buyers.
@safe struct ProbityBatches: BenchedProtocol, @unchecked Sendable {
  let requestBytesMax: Int
  let replyBytesMax: Int
  let greeting: [UInt8]

  // Safe: sealed frames of one size, written in `init` alone, for as long as the process lives.
  private let frames: UnsafeRawPointer
  private let frameCount: Int
  private let accountsPerBatch: Int
  private let checksum: StreamChecksum
  private var next = 0
  private var sinceSample = 0
  private let codec = Codec()

  /// Every so many replies one is decoded.
  private static let sampleInterval = 64
  /// Together the frames are too many for a cache, and hold about 8 million accounts.
  private static let framesBytes = 64 << 20
  private static let frameCountMax = 1 << 18

  init(_ choice: AccountChoice, accountsPerBatch: Int, _ identity: ClientIdentity) {
    var choice = choice
    self.accountsPerBatch = accountsPerBatch
    greeting = identity.hello
    let first = Self.frame(accountsPerBatch, &choice)
    requestBytesMax = first.count
    // Verdicts and confidences, four bytes each, and the basis.
    replyBytesMax = 8 * accountsPerBatch + 256
    checksum = StreamChecksum(payloadBytes: first.count - FrameHeader.sizeBytes)
    frameCount = min(max(Self.framesBytes / first.count, 16), Self.frameCountMax)
    let frames = UnsafeMutableRawPointer.allocate(
      byteCount: frameCount * first.count, alignment: 64)
    for index in 0..<frameCount {
      let frame = index == 0 ? first : Self.frame(accountsPerBatch, &choice)
      unsafe (frames + index * first.count).copyMemory(from: frame, byteCount: frame.count)
    }
    unsafe self.frames = UnsafeRawPointer(frames)
  }

  private static func frame(_ count: Int, _ choice: inout AccountChoice) -> [UInt8] {
    let ids = (0..<count).map { _ in AccountID(choice.next()) }
    var sink = ByteArraySink()
    Codec().encodeScoreBatchRequest(
      ids, kind: .buyer, asOf: nil, Codec.Call(stream: 0), to: &sink)
    return sink.bytes
  }

  @inline(__always)
  mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    // Safe: all frames have one size, which is what `space` has.
    unsafe space.copyMemory(
      from: frames + next &* requestBytesMax, byteCount: requestBytesMax)
    next = next &+ 1 == frameCount ? 0 : next &+ 1
    unsafe checksum.put(number, into: space)
    return requestBytesMax
  }

  @inline(__always)
  mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    switch unsafe ReplyFrame.scan(bytes, number: number) {
    case .incomplete: return .incomplete
    case .other(let scan): return scan
    case .success(let sizeBytes):
      sinceSample &+= 1
      if sinceSample < Self.sampleInterval {
        return sizeBytes > 8 &* accountsPerBatch
          ? .answer(sizeBytes: sizeBytes) : .broken("a ScoreBatch answered in \(sizeBytes) bytes")
      }
      sinceSample = 0
      return unsafe sample(bytes, sizeBytes)
    }
  }

  @inline(never)
  private func sample(_ bytes: UnsafeRawBufferPointer, _ sizeBytes: Int) -> ReplyScan {
    guard let payload = unsafe ReplyFrame.payload(bytes, sizeBytes) else {
      return ReplyFrame.badChecksum
    }
    do throws(CallFailure) {
      let reply = try unsafe codec.decodeScoreBatchReply(payload)
      guard reply.verdicts.count == accountsPerBatch else {
        return .broken("\(reply.verdicts.count) verdicts of \(accountsPerBatch) accounts")
      }
      return reply.verdicts.allSatisfy(\.isKnown)
        ? .answer(sizeBytes: sizeBytes) : .miss(sizeBytes: sizeBytes)
    } catch {
      return .broken(error.message)
    }
  }
}
