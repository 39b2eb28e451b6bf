import IntegrityCore
import ProbityWire
import Rescoring
import Testing

@Suite("Messages of streamed calls")
struct StreamCodingTests {
  let codec = Codec()

  @Test("requests come back as they went, and there is one of each method")
  func requests() throws {
    for request in SampleStreams.requests {
      let frame = codec.frames { $0.encodeStreamRequest(request, .init(stream: 7), to: &$1) }
      #expect(frameHeader(of: frame)?.code == request.method.rawValue)
      let bytes = try payload(of: frame)
      #expect(try codec.decodeStream(request.method, bytes) == request)
    }
    #expect(
      Set(SampleStreams.requests.map(\.method)) == Set(Method.allCases.filter(\.isStreamed)))
  }

  @Test("parts go as DATA without END, and say how much credit they take")
  func parts() throws {
    for (method, part) in SampleStreams.parts {
      var bytes = 0
      let frame = codec.frames { bytes = $0.encodePart(part, stream: 7, to: &$1) }
      let header = try #require(frameHeader(of: frame))
      #expect(header.type == .data && header.flags == [] && header.stream == 7)
      #expect(bytes == Int(header.payloadBytes))
      #expect(try codec.decodePart(method, payload(of: frame)) == part)
    }
  }

  @Test("ends")
  func ends() throws {
    for (method, end) in SampleStreams.ends {
      let frame = codec.frames { $0.encodeEnd(end, stream: 7, to: &$1) }
      let header = try #require(frameHeader(of: frame))
      #expect(header.type == .response && header.flags == .end && header.code == 0)
      #expect(try codec.decodeEnd(method, payload(of: frame)) == end)
    }
  }

  @Test("stored parts are found again, and damage is")
  func stored() {
    let part = SampleStreams.rescorePart
    let bytes = codec.stored(part)
    let found = codec.storedPart(in: (bytes + [1, 2, 3])[...])
    #expect(found?.part == part && found?.byteCount == bytes.count)
    for count in stride(from: 0, to: bytes.count, by: 37) {
      #expect(codec.storedPart(in: bytes[..<count]) == nil)
    }
    for index in stride(from: 0, to: bytes.count, by: 41) {
      var broken = bytes
      broken[index] ^= 0x10
      #expect(codec.storedPart(in: broken[...]) == nil, "byte \(index)")
    }
  }

  @Test("the largest watch fits into a payload")
  func largestWatch() throws {
    let ids = (1...UInt64(ProtocolLimits.watchAccountsMax)).map { AccountID($0) }
    let request = StreamRequest.watch(WatchOrder(Set(ids.map { AccountKey(.merchant, $0) })))
    let frame = codec.frames { $0.encodeStreamRequest(request, .init(stream: 1), to: &$1) }
    #expect(try codec.decodeStream(.watch, payload(of: frame)) == request)
  }

  // MARK: Faults

  private func field(_ method: Method, _ body: (inout ProtobufWriter) -> Void) -> String? {
    let failure = DecodeFaultTests.failure(of: ProtobufWriter.message(body), method, codec)
    #expect(failure == nil || failure?.status == .invalidArgument)
    return failure?.field
  }

  @Test("what cannot be asked is refused by its field")
  func faults() {
    #expect(field(.rescore) { $0.varint(5, 3) } == "rows")
    #expect(field(.rescore) { $0.varint(4, 401) } == "claim_days")
    #expect(field(.rescore) { $0.fixed64(3, 1 << 32) } == "as_of")
    #expect(
      field(.rescore) {
        $0.bytes(1, Array("x".utf8))
        $0.fixed64(2, 1)
      } == "policy")
    #expect(
      field(.rescore) {
        $0.bytes(1, [UInt8](repeating: 35, count: ProtocolLimits.policyBytesMax + 1))
      } == "document")
    #expect(field(.watch) { $0.fixed64(1, 0) } == "buyers")
    #expect(field(.watch) { $0.fixed64(2, 0) } == "merchants")
    #expect(field(.watch) { $0.varint(3, 5) } == "kinds")
    #expect(
      field(.watch) { writer in
        for id in 1...UInt64(ProtocolLimits.watchAccountsMax) + 1 { writer.fixed64(1, id) }
      } == "buyers")
    #expect(field(.sweep) { $0.fixed64(13, 1 << 32) } == "at")
    #expect(field(.kpi) { $0.fixed64(2, 1 << 32) } == "to")
  }

  @Test("sums of another size are refused")
  func otherSums() {
    let part = ProtobufWriter.message { writer in
      writer.bytes(4, ProtobufWriter.message { $0.varint(1, 1) })
    }
    #expect(throws: CallFailure.self) { try codec.decodePart(.rescore, part) }
    #expect(throws: CallFailure.self) {
      try codec.decodeEnd(
        .kpi,
        ProtobufWriter.message { writer in
          writer.bytes(29, ProtobufWriter.message { $0.varint(1, 1) })
        })
    }
  }

  // MARK: Sourcing

  @Test("sourcing is packed and comes only where it is asked for")
  func sourcing() throws {
    for standing in Standing.allCases {
      for certification in [nil] + Certification.allCases {
        for weight in [0, 1, 999, 2_000] {
          let packed = PackedSourcing(standing, certification, weight: weight)
          #expect(packed.standing == standing && packed.certification == certification)
          #expect(packed.weight == weight && packed.rawValue >> 17 == 0)
        }
      }
    }
    let ids = [AccountID(1), AccountID(2)]
    for isAsked in [true, false] {
      let frame = codec.frames {
        $0.encodeScoreBatchRequest(
          ids, kind: .merchant, asOf: nil, sourcing: isAsked, .init(stream: 1), to: &$1)
      }
      let bytes = try payload(of: frame)
      let answer = try codec.answer(toBatch: bytes)
      #expect(answer.sourcing.count == (isAsked ? 2 : 0))
    }
    let buyers = codec.frames {
      $0.encodeScoreBatchRequest(
        ids, kind: .buyer, asOf: nil, sourcing: true, .init(stream: 1), to: &$1)
    }
    let failure = DecodeFaultTests.failure(of: try payload(of: buyers), .scoreBatch, codec)
    #expect(failure?.field == "sourcing")
  }
}
