import IntegrityCore
import ProbityWire
import Testing

@Suite("Hostile input")
struct HostileInputTests {
  // MARK: Made to cost much

  /// Decodes and holds the codec to its bound of memory.
  private func failure(of payload: [UInt8], _ method: Method) -> CallFailure? {
    let codec = Codec()
    let failure = DecodeFaultTests.failure(of: payload, method, codec)
    Self.checkMemory(codec, "\(method.name)")
    return failure
  }

  /// The largest payload there can be, all of it `pattern`: a power of two long.
  private static func filled(with pattern: [UInt8]) -> [UInt8] {
    var payload = pattern
    while payload.count < ProtocolLimits.payloadBytesMax { payload += payload }
    return payload
  }

  private static func checkMemory(_ codec: Codec, _ place: String) {
    let cap = ProtocolLimits.decodeBytesMax
    #expect(codec.arena.allocatedBytes <= cap, "\(place)")
    #expect(codec.arena.heldBytes <= cap * 4 / 3 + (512 << 10), "\(place)")
  }

  @Test("two million empty commands are refused in bounded memory")
  func emptyCommands() {
    let payload = Self.filled(with: [0x12, 0x00])
    #expect(failure(of: payload, .record)?.status == .resourceExhausted)
  }

  @Test("4 MiB of unknown fields are refused in bounded memory", arguments: Method.allCases)
  func unknownFields(method: Method) {
    let payload = Self.filled(with: [0x60, 0x00])  // field 12, which no request has
    #expect(failure(of: payload, method)?.status == .resourceExhausted)
  }

  @Test("one unknown field of 4 MiB is ignored", arguments: Method.allCases)
  func largeUnknownField(method: Method) {
    let junk = [UInt8](repeating: 0xff, count: (4 << 20) - 8)
    let payload = ProtobufWriter.message {
      $0.bytes(12, junk)
    }
    let failure = failure(of: payload, method)
    #expect(failure?.status != .resourceExhausted)
    #expect(failure == nil || failure?.field != "", "read, then found wanting")
  }

  @Test("half a million singular fields, repeated: the last one counts")
  func repeatedSingular() throws {
    let payload = ProtobufWriter.message {
      for account in 1...1_000 as ClosedRange<UInt64> {
        $0.varint(2, 2)
        $0.fixed64(1, account)
        $0.varint(2, 1)
      }
    }
    let request = try Codec().decodeScore(payload)
    #expect(request.account == AccountKey(.buyer, AccountID(1_000)))
    let many = Self.filled(with: [0x10, 0x01])
    #expect(failure(of: many, .score)?.status == .resourceExhausted)
  }

  @Test("a singular message, repeated, is merged in bounded memory, not in quadratic")
  func repeatedMessage() {
    let verdict = ProtobufWriter.message {
      $0.bytes(6, Array(repeating: 0x65, count: 4_000))
    }
    let payload = ProtobufWriter.message {
      for _ in 0..<1_000 { $0.bytes(1, verdict) }
    }
    #expect(payload.count < Int(ProtocolLimits.payloadBytesMax))
    let codec = Codec()
    do {
      _ = try codec.decodeExplainReply(payload)
      Issue.record("4,000,000 reasons were accepted")
    } catch {
      #expect((error as? CallFailure)?.status == .resourceExhausted)
    }
    Self.checkMemory(codec, "ExplainReply")
  }

  @Test("a string, repeated 100,000 times, is the last one, in bounded memory")
  func repeatedString() throws {
    let codec = Codec()
    let payload = ProtobufWriter.message {
      for number in 0..<100_000 { $0.text(1, number % 2 == 0 ? "lookups" : "recording") }
    }
    #expect(try codec.decodeHealth(payload) == "recording")
    Self.checkMemory(codec, "HealthRequest")
  }

  @Test("ids that are not packed, packed in parts, or both, are the same ids")
  func unpackedIds() throws {
    let ids = (1...UInt64(ProtocolLimits.batchAccountsMax)).map { $0 &* 0x9e37_79b9_7f4a_7c15 }
    let unpacked = ProtobufWriter.message {
      $0.varint(1, 2)
      for id in ids { $0.fixed64(2, id) }
    }
    let mixed = ProtobufWriter.message {
      for id in ids[..<100] { $0.fixed64(2, id) }
      $0.bytes(2, [])
      $0.bytes(2, ids[100..<50_000].flatMap { littleEndian($0) })
      $0.varint(1, 2)
      $0.bytes(2, ids[50_000...].flatMap { littleEndian($0) })
    }
    for payload in [unpacked, mixed] {
      let codec = Codec()
      var read: [UInt64] = []
      try codec.decodeScoreBatch(payload) { _, _, accounts, _ in
        read = accounts.indices.map { accounts[$0] }
      }
      #expect(read == ids)
      Self.checkMemory(codec, "ScoreBatchRequest")
    }
  }

  @Test("4 MiB of unpacked ids are refused")
  func tooManyUnpackedIds() {
    var ids = ProtobufWriter.message { $0.fixed64(2, 1) }
    while ids.count < 2 << 20 { ids += ids }
    let payload = [0x08, 0x01] + ids
    let failure = failure(of: payload, .scoreBatch)
    #expect(failure?.status == .resourceExhausted || failure?.field == "accounts")
  }

  @Test("a codec that refused a message reads the next one")
  func recovery() throws {
    let codec = Codec()
    let junk = Self.filled(with: [0x12, 0x00])
    for _ in 0..<3 {
      #expect(DecodeFaultTests.failure(of: junk, .record, codec)?.status == .resourceExhausted)
      let good = EventCodingTests.written(type: 12, fields: [])
      #expect(try codec.decodeRecord(good) == [Sample.command(.compensated)])
    }
  }

  @Test("strings that are no UTF-8, or hold a zero byte, are read without harm")
  func badStrings() throws {
    let codec = Codec()
    let invalid = ProtobufWriter.message { $0.bytes(1, [0xff, 0xfe, 0xc0, 0x80]) }
    #expect(try codec.decodeHealth(invalid).unicodeScalars.allSatisfy { $0 == "\u{fffd}" })
    let zero = ProtobufWriter.message { $0.bytes(1, Array("lookups\0x".utf8)) }
    #expect(try codec.decodeHealth(zero) == "lookups")
    let long = ProtobufWriter.message { $0.bytes(1, Array(repeating: 0x61, count: 1 << 20)) }
    #expect(try codec.decodeHealth(long).utf8.count == 64)
  }

  // MARK: Generated

  /// Each decoder, with a valid message to start from and, where there is one,
  /// the way back: what was read and is written again must read the same.
  struct Target {
    let name: String
    let seed: [UInt8]
    let decode: (Codec, [UInt8]) throws -> [UInt8]?
  }

  static func target(
    _ name: String, _ encode: (Codec, inout ByteSink) -> Void,
    _ decode: @escaping (Codec, [UInt8]) throws -> ((Codec, inout ByteSink) -> Void)?
  ) -> Target {
    Target(name: name, seed: Array(Codec().frames(encode)[FrameHeader.sizeBytes...])) {
      codec, payload in
      try decode(codec, payload).map { Array(codec.frames($0)[FrameHeader.sizeBytes...]) }
    }
  }

  private static func targets() -> [Target] {
    connectionAndRequestTargets() + replyTargets() + HostileDesk.targets(target)
  }

  private static func connectionAndRequestTargets() -> [Target] {
    let call = Codec.Call(stream: 1)
    let account = ProtocolDocumentTests.scoreRequest
    let commands = Sample.everyDetail.prefix(6).enumerated().map {
      Sample.command($1, sequence: UInt64($0 + 1))
    }
    let ids = (1...5).map { AccountID($0) }
    return [
      target("Hello", { $0.encodeHello(ProtocolDocumentTests.clientHello, to: &$1) }) {
        let hello = try $0.decodeHello($1)
        return { $0.encodeHello(hello, to: &$1) }
      },
      target("GoAway", { $0.encodeGoAway(ProtocolDocumentTests.draining, to: &$1) }) {
        let goAway = try $0.decodeGoAway($1)
        return { $0.encodeGoAway(goAway, to: &$1) }
      },
      target("ScoreRequest", { $0.encodeScoreRequest(account, call, to: &$1) }) {
        let request = try $0.decodeScore($1)
        return { $0.encodeScoreRequest(request, call, to: &$1) }
      },
      target("ExplainRequest", { $0.encodeExplainRequest(account, call, to: &$1) }) {
        let request = try $0.decodeExplain($1)
        return { $0.encodeExplainRequest(request, call, to: &$1) }
      },
      target(
        "ScoreBatchRequest",
        { $0.encodeScoreBatchRequest(ids, kind: .buyer, asOf: nil, call, to: &$1) }
      ) {
        var read: (AccountKind, UnixSeconds?, [AccountID])?
        try $0.decodeScoreBatch($1) { kind, asOf, accounts, _ in
          read = (kind, asOf, accounts.indices.map { AccountID(accounts[$0]) })
        }
        return read.map { read in
          { $0.encodeScoreBatchRequest(read.2, kind: read.0, asOf: read.1, call, to: &$1) }
        }
      },
      target("RecordRequest", { $0.encodeRecordRequest(commands, call, to: &$1) }) {
        let commands = try $0.decodeRecord($1)
        return { $0.encodeRecordRequest(commands, call, to: &$1) }
      },
      target("StatusRequest", { $0.encodeStatusRequest(call, to: &$1) }) {
        try $0.decodeStatus($1)
        return nil
      },
      target("HealthRequest", { $0.encodeHealthRequest(service: "lookups", call, to: &$1) }) {
        let service = try $0.decodeHealth($1)
        return { $0.encodeHealthRequest(service: service, call, to: &$1) }
      },
      target("SnapshotRequest", { $0.encodeSnapshotRequest(call, to: &$1) }) {
        try $0.decodeSnapshot($1)
        return nil
      },
    ]
  }

  private static func replyTargets() -> [Target] {
    let failure = CallFailure(.invalidArgument, "no", field: "kind", commandIndex: 3)
    let response = FrameHeader(type: .response, flags: [.end, .details], stream: 1, code: 3)
    return [
      target("ScoreReply", { $0.encodeScore(Sample.score, stream: 1, to: &$1) }) {
        let reply = try $0.decodeScoreReply($1)
        return { $0.encodeScore(reply, stream: 1, to: &$1) }
      },
      target("ExplainReply", { $0.encodeExplain(Sample.explain, stream: 1, to: &$1) }) {
        let reply = try $0.decodeExplainReply($1)
        return { $0.encodeExplain(reply, stream: 1, to: &$1) }
      },
      target("StatusReply", { $0.encodeStatus(Sample.status, stream: 1, to: &$1) }) {
        let reply = try $0.decodeStatusReply($1)
        return { $0.encodeStatus(reply, stream: 1, to: &$1) }
      },
      target("RecordReply", { $0.encodeRecord(ProtocolDocumentTests.recorded, stream: 1, to: &$1) })
      {
        let reply = try $0.decodeRecordReply($1)
        return { $0.encodeRecord(reply, stream: 1, to: &$1) }
      },
      target("HealthReply", { $0.encodeHealth(.serving, stream: 1, to: &$1) }) {
        let status = try $0.decodeHealthReply($1)
        return { $0.encodeHealth(status, stream: 1, to: &$1) }
      },
      target("SnapshotReply", { $0.encodeSnapshot(Sample.snapshot, stream: 1, to: &$1) }) {
        let reply = try $0.decodeSnapshotReply($1)
        return { $0.encodeSnapshot(reply, stream: 1, to: &$1) }
      },
      target("ErrorDetail", { $0.encodeFailure(failure, stream: 1, to: &$1) }) {
        let failure = $0.decodeFailure(response, $1)
        return { $0.encodeFailure(failure, stream: 1, to: &$1) }
      },
    ]
  }

  /// Spoils a valid message in 1 to 4 places.
  private static func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    for _ in 0...generator.below(4) {
      let position = generator.below(bytes.count + 1)
      let byte = UInt8(truncatingIfNeeded: generator.next())
      switch generator.below(6) {
      case 0: bytes.insert(byte, at: position)
      case 1 where position < bytes.count: bytes.remove(at: position)
      case 2: bytes.removeSubrange(position...)
      case 3: bytes += bytes[position...]
      case 4 where position < bytes.count:
        bytes[position] = [0x00, 0x7f, 0x80, 0xff][Int(byte) & 3]
      default: if position < bytes.count { bytes[position] ^= 1 << (byte & 7) }
      }
    }
  }

  @Test("50,000 spoilt or random messages each", arguments: [1, 2])
  func generated(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let targets = Self.targets()
    let codec = Codec()
    var acceptedCount = 0
    var refusedCount = 0
    var heldBytesMax = 0
    for iteration in 0..<50_000 {
      let target = targets[iteration % targets.count]
      var bytes = target.seed
      if generator.below(8) == 0 {
        bytes = generator.bytes(generator.below(60))
      } else {
        Self.mutate(&bytes, &generator)
      }
      do {
        let written = try target.decode(codec, bytes)
        acceptedCount += 1
        guard let written else { continue }
        let again = try target.decode(codec, written)
        try #require(
          again == written, "seed \(seed), iteration \(iteration), \(target.name): \(bytes)")
      } catch let failure as CallFailure {
        refusedCount += 1
        try #require(
          failure.status == .invalidArgument,
          "seed \(seed), iteration \(iteration), \(target.name): \(failure)")
      } catch is HelloFault {
        refusedCount += 1
      }
      heldBytesMax = max(heldBytesMax, codec.arena.heldBytes)
    }
    #expect(heldBytesMax <= 1 << 20, "seed \(seed): small messages cost little")
    #expect(acceptedCount > 5_000 && refusedCount > 5_000, "both ways were tried")
  }
}
