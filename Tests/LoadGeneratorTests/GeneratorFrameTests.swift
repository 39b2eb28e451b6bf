import BenchmarkMachine
import IntegrityCore
import LoadGenerator
import ProbityWire
import Testing

@Suite("Frames of the generator")
struct GeneratorFrameTests {
  @Test("a stream put into a sealed frame leaves it intact", arguments: [0, 1, 11, 33, 4_000])
  func streams(payloadBytes: Int) {
    let checksum = StreamChecksum(payloadBytes: payloadBytes)
    var random = SeededGenerator(seed: UInt64(payloadBytes))
    for stream in [1, 2, 255, 256, 0x1234_5678, .max] as [UInt32] {
      var sink = ByteArraySink()
      let payload = (0..<payloadBytes).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let header = FrameHeader(
        type: .request, flags: .end, code: 1, time: 77, payloadBytes: UInt32(payloadBytes))
      unsafe header.write(to: &sink) { unsafe $0.copyBytes(from: payload) }
      // Safe: the array is the frame, and lives for the closures.
      unsafe sink.bytes.withUnsafeMutableBytes {
        if let frame = $0.baseAddress { unsafe checksum.put(stream, into: frame) }
      }
      let scan = unsafe sink.bytes.withUnsafeBytes {
        unsafe FrameHeader.scan($0, payloadBytesMax: 1 << 20)
      }
      var expected = header
      expected.stream = stream
      #expect(scan == .frame(expected))
    }
  }

  @Test("the bare responder's replies are whole, and decode", arguments: [1, 100, 1_000])
  func canned(items: Int) throws {
    let codec = Codec()
    for (method, bytes) in CannedFrames.all(itemsPerCall: items) {
      try unsafe bytes.withUnsafeBytes { bytes in
        guard case .frame(let header) = unsafe FrameHeader.scan(bytes, payloadBytesMax: 1 << 20)
        else {
          Issue.record("the reply to method \(method) is no frame")
          return
        }
        #expect(Int(header.payloadBytes) == bytes.count - FrameHeader.sizeBytes)
        let payload = unsafe UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.sizeBytes...])
        switch Method(rawValue: method) {
        case .score:
          let reply = try unsafe codec.decodeScoreReply(payload)
          #expect(reply.isKnown && reply.score == 660 && reply.scoreFloor == 440)
          #expect(reply.tier == .c && reply.confidence == 12.5)
          #expect(reply.reasons.map(\.points) == [60, 0])
          #expect(reply.basis.policyVersion == 1 && reply.basis.policyHash == .max)
        case .scoreBatch:
          let reply = try unsafe codec.decodeScoreBatchReply(payload)
          #expect(reply.verdicts.count == items && reply.confidences.count == items)
          #expect(reply.verdicts.allSatisfy { $0.isKnown && $0.score == 660 })
        case .record:
          #expect(try unsafe codec.decodeRecordReply(payload).applied == UInt32(items))
        case .status: #expect(try unsafe codec.decodeStatusReply(payload).buyers == .max)
        default: #expect(header.type == .hello)
        }
      }
    }
  }

  @Test("claims are what a server reads, each another")
  func claims() throws {
    let openedAt = UnixSeconds(1_772_366_400)
    var claims = try ProbityClaims(
      AccountChoice(count: 1_000, .uniform, seed: 3), accountCount: 1_000, openedAt: openedAt,
      seed: 3, ClientIdentity())
    let codec = Codec()
    var seen: Set<ClaimID> = []
    for number in UInt32(1)...500 {
      var bytes = [UInt8](repeating: 0, count: claims.requestBytesMax)
      // Safe: the array has `requestBytesMax` bytes, and lives for the closures.
      let sizeBytes = unsafe bytes.withUnsafeMutableBytes { space in
        unsafe space.baseAddress.map { unsafe claims.writeRequest(number, connection: 0, to: $0) }
          ?? 0
      }
      try unsafe bytes.withUnsafeBytes { bytes in
        let frame = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<sizeBytes])
        let payload = unsafe UnsafeRawBufferPointer(rebasing: frame[FrameHeader.sizeBytes...])
        let request = unsafe try codec.decodeDesk(.openClaim, payload)
        guard
          case .frame(let header) = unsafe FrameHeader.scan(frame, payloadBytesMax: 1 << 20),
          header.stream == number, header.code == Method.openClaim.rawValue,
          case .command(let command, explains: false) = request,
          case .openClaim(let claim) = command.action
        else {
          Issue.record("request \(number) is no OpenClaim")
          return
        }
        #expect(claim.fault(latest: openedAt) == nil && command.at == openedAt)
        #expect((1...1_000).contains(claim.buyer.rawValue))
        #expect((1...50).contains(claim.merchant.rawValue) && claim.order == UInt64(number))
        #expect(seen.insert(claim.id).inserted)
      }
    }
  }
}
