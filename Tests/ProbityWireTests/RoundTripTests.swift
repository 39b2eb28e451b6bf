import IntegrityCore
import ProbityWire
import Testing

@Suite("Messages come back as they went")
struct RoundTripTests {
  let codec = Codec()

  @Test(
    "Hello",
    arguments: [
      ProtocolDocumentTests.clientHello, ProtocolDocumentTests.serverHello,
      Hello(schemaHash: 0, payloadBytesMax: 0, inFlightMax: 0, token: [], agent: ""),
      Hello(
        schemaHash: .max, payloadBytesMax: .max, inFlightMax: .max,
        token: Array(repeating: 0, count: ProtocolLimits.tokenBytesMax),
        agent: String(repeating: "诚", count: 42)),
    ])
  func hello(_ hello: Hello) throws {
    let frame = codec.frames { $0.encodeHello(hello, to: &$1) }
    #expect(frameHeader(of: frame)?.type == .hello)
    #expect(frame.count - FrameHeader.sizeBytes <= Int(ProtocolLimits.payloadBytesMaxBeforeHello))
    #expect(try codec.decodeHello(payload(of: frame)) == hello)
  }

  @Test("GoAway", arguments: StatusCode.allCases)
  func goAway(status: StatusCode) throws {
    for (stream, message) in [(UInt32.min, ""), (.max, "排空")] {
      let goAway = GoAway(lastStream: stream, status: status, message: message)
      let frame = codec.frames { $0.encodeGoAway(goAway, to: &$1) }
      #expect(frameHeader(of: frame)?.type == .goAway)
      #expect(try codec.decodeGoAway(payload(of: frame)) == goAway)
    }
  }

  @Test("Score and Explain requests", arguments: [UInt64(1), 1 << 32, .max])
  func accountRequests(id: UInt64) throws {
    for kind in AccountKind.allCases {
      for asOf in [nil, UnixSeconds(1), UnixSeconds(.max)] {
        let request = AccountRequest(account: AccountKey(kind, AccountID(id)), asOf: asOf)
        let call = Codec.Call(stream: .max, timeoutMicroseconds: .max)
        let score = codec.frames { $0.encodeScoreRequest(request, call, to: &$1) }
        #expect(try codec.decodeScore(payload(of: score)) == request)
        let explain = codec.frames { $0.encodeExplainRequest(request, call, to: &$1) }
        #expect(try codec.decodeExplain(payload(of: explain)) == request)
        #expect(frameHeader(of: explain)?.code == Method.explain.rawValue)
        #expect(
          frameHeader(of: score)
            == FrameHeader(
              type: .request, flags: .end, stream: .max, code: Method.score.rawValue, time: .max,
              payloadBytes: UInt32(score.count - FrameHeader.sizeBytes)))
      }
    }
  }

  @Test("ScoreBatch, both ways", arguments: [1, 2, 1_000, ProtocolLimits.batchAccountsMax])
  func scoreBatch(count: Int) throws {
    let ids = (0..<count).map { AccountID(UInt64.max - UInt64($0)) }
    let request = codec.frames {
      $0.encodeScoreBatchRequest(
        ids, kind: .merchant, asOf: Sample.newYear, .init(stream: 3), to: &$1)
    }
    #expect(frameHeader(of: request)?.code == Method.scoreBatch.rawValue)
    func verdict(_ index: Int) -> PackedVerdict {
      PackedVerdict(
        score: index % 1_001, scoreFloor: index % 997, tier: Tier.allCases[index % 5],
        isKnown: index % 2 == 0)
    }
    var reply = ByteSink()
    try codec.decodeScoreBatch(payload(of: request)) { kind, asOf, accounts, columns in
      #expect(kind == .merchant)
      #expect(asOf == Sample.newYear)
      #expect(accounts.count == count && columns.count == count)
      for index in 0..<count {
        if accounts[index] != ids[index].rawValue { Issue.record("id \(index)") }
        columns.set(index, verdict(index), confidence: Float(index))
      }
      codec.encodeScoreBatch(columns, Sample.basis, stream: 3, to: &reply)
    }
    let decoded = try codec.decodeScoreBatchReply(payload(of: reply.bytes))
    #expect(decoded.basis == Sample.basis)
    #expect(decoded.verdicts == (0..<count).map(verdict))
    #expect(decoded.confidences == (0..<count).map(Float.init))
  }

  @Test("columns are packed")
  func packedColumns() throws {
    let ids: [UInt64] = [7, .max]
    let request = codec.frames {
      $0.encodeScoreBatchRequest(
        ids.map(AccountID.init), kind: .merchant, asOf: nil, .init(stream: 1), to: &$1)
    }
    let expected = ProtobufWriter.message {
      $0.varint(1, 2)
      $0.bytes(2, ids.flatMap { littleEndian($0) })
    }
    #expect(try payload(of: request) == expected)
    var reply = ByteSink()
    try codec.decodeScoreBatch(expected) { _, _, _, columns in
      columns.set(0, PackedVerdict(rawValue: 0x00a1_b2c3), confidence: 1)
      columns.set(1, PackedVerdict(rawValue: 0), confidence: 0)
      codec.encodeScoreBatch(columns, Sample.basis, stream: 1, to: &reply)
    }
    let columns = ProtobufWriter.message {
      $0.bytes(1, littleEndian(UInt32(0x00a1_b2c3)) + littleEndian(UInt32(0)))
      $0.bytes(2, littleEndian(Float(1).bitPattern) + littleEndian(UInt32(0)))
    }
    #expect(try payload(of: reply.bytes).starts(with: columns))
  }

  @Test("Score replies", arguments: [Sample.score, Sample.scoreOfExtremes, Sample.scoreOfZeros])
  func scoreReply(_ reply: ScoreReply) throws {
    let frame = codec.frames { $0.encodeScore(reply, stream: 1, to: &$1) }
    #expect(frameHeader(of: frame)?.code == StatusCode.ok.rawValue)
    #expect(try codec.decodeScoreReply(payload(of: frame)) == reply)
  }

  @Test("Explain replies")
  func explainReply() throws {
    var large = Sample.explain
    large.verdict = Sample.scoreOfExtremes
    large.evidence = (0..<5_000).map { ExplainReply.Entry(name: "entry \($0)", value: Double($0)) }
    var empty = Sample.explain
    empty.verdict = Sample.scoreOfZeros
    empty.dimensions = []
    empty.evidence = []
    empty.changes = []
    for reply in [Sample.explain, large, empty] {
      let frame = codec.frames { $0.encodeExplain(reply, stream: 1, to: &$1) }
      #expect(try codec.decodeExplainReply(payload(of: frame)) == reply)
    }
  }

  @Test("Record of as many commands as there may be, with the largest values")
  func largestRecord() throws {
    let commands = (0..<ProtocolLimits.recordCommandsMax).map { index in
      let event = Event(
        at: UnixSeconds(.max), buyer: AccountID(.max), merchant: AccountID(.max), order: .max,
        claim: .max, amount: Minor(.min),
        detail: .claimWithdrawn(openedAt: UnixSeconds(.max), .other))
      return Command(source: .max, sequence: .max - UInt64(20_000 - index), event: event)
    }
    let frame = codec.frames { $0.encodeRecordRequest(commands, .init(stream: 1), to: &$1) }
    #expect(frame.count - FrameHeader.sizeBytes < Int(ProtocolLimits.payloadBytesMax))
    #expect(try codec.decodeRecord(payload(of: frame)) == commands)
  }

  @Test("Record replies")
  func recordReply() throws {
    for reply in [
      RecordReply(applied: 0, duplicates: 0, highestSequence: 0, logPosition: .zero),
      RecordReply(
        applied: .max, duplicates: .max, highestSequence: .max, logPosition: LogPosition(.max)),
    ] {
      let frame = codec.frames { $0.encodeRecord(reply, stream: 1, to: &$1) }
      #expect(try codec.decodeRecordReply(payload(of: frame)) == reply)
    }
  }

  @Test("Status")
  func status() throws {
    let request = codec.frames { $0.encodeStatusRequest(.init(stream: 1), to: &$1) }
    #expect(frameHeader(of: request)?.code == Method.status.rawValue)
    #expect(request.count == FrameHeader.sizeBytes)
    try codec.decodeStatus(payload(of: request))
    for reply in [Sample.status, StatusReply()] {
      let frame = codec.frames { $0.encodeStatus(reply, stream: 1, to: &$1) }
      #expect(try codec.decodeStatusReply(payload(of: frame)) == reply)
    }
  }

  @Test("Health", arguments: ["", "lookups", "recording", "没有"])
  func health(service: String) throws {
    let request = codec.frames {
      $0.encodeHealthRequest(service: service, .init(stream: 1), to: &$1)
    }
    #expect(frameHeader(of: request)?.code == Method.health.rawValue)
    #expect(try codec.decodeHealth(payload(of: request)) == service)
    for status in [ServingStatus.unknown, .serving, .notServing] {
      let frame = codec.frames { $0.encodeHealth(status, stream: 1, to: &$1) }
      #expect(try codec.decodeHealthReply(payload(of: frame)) == status)
    }
  }

  @Test("Snapshot")
  func snapshot() throws {
    let request = codec.frames { $0.encodeSnapshotRequest(.init(stream: 1), to: &$1) }
    #expect(frameHeader(of: request)?.code == Method.snapshot.rawValue)
    #expect(request.count == FrameHeader.sizeBytes)
    try codec.decodeSnapshot(payload(of: request))
    let extremes = SnapshotReply(
      logPosition: LogPosition(.max), stateHash: .max, accounts: .max, bytes: .max,
      durationMicroseconds: .max, pauseMicroseconds: .max)
    for reply in [Sample.snapshot, extremes] {
      let frame = codec.frames { $0.encodeSnapshot(reply, stream: 1, to: &$1) }
      #expect(try codec.decodeSnapshotReply(payload(of: frame)) == reply)
    }
  }

  @Test("failures", arguments: StatusCode.allCases.dropFirst())
  func failures(status: StatusCode) throws {
    for failure in [
      CallFailure(status, "", notExecuted: false),
      CallFailure(
        status, "不行", field: "commands[9999].amount", commandIndex: 9_999,
        notExecuted: true, retryAfterMilliseconds: .max, incident: .max),
      CallFailure(status, "first", field: "commands[0].at", commandIndex: 0),
    ] {
      let frame = codec.frames { $0.encodeFailure(failure, stream: 5, to: &$1) }
      let header = try #require(frameHeader(of: frame))
      #expect(header.type == .response && header.stream == 5)
      #expect(header.flags.contains([.end, .details]))
      #expect(try codec.decodeFailure(header, payload(of: frame)) == failure)
    }
  }

  @Test("a failure without details, or with unreadable ones, still has its status")
  func bareFailure() throws {
    let header = FrameHeader(type: .response, flags: .end, stream: 1, code: 14, time: 5)
    var detailed = header
    detailed.flags = [.end, .details]
    let expected = CallFailure(
      .unavailable, "UNAVAILABLE", notExecuted: false, retryAfterMilliseconds: 5)
    #expect(codec.decodeFailure(header, []) == expected)
    #expect(codec.decodeFailure(detailed, [0xff]) == expected)
    var unknown = header
    unknown.code = 999
    #expect(codec.decodeFailure(unknown, []).status == .unknown)
  }

  @Test("packed verdicts, bit by bit")
  func packedVerdicts() {
    let verdict = PackedVerdict(score: 1_000, scoreFloor: 803, tier: .d, isKnown: true)
    #expect(verdict.rawValue == 1_000 + 803 << 10 + 4 << 20 + 1 << 23)
    for score in stride(from: 0, through: 1_000, by: 7) {
      for tier in Tier.allCases {
        for isKnown in [false, true] {
          let verdict = PackedVerdict(
            score: score, scoreFloor: 1_000 - score, tier: tier, isKnown: isKnown)
          #expect(verdict.rawValue >> 24 == 0)
          #expect(verdict.score == score && verdict.scoreFloor == 1_000 - score)
          #expect(verdict.tier == tier && verdict.isKnown == isKnown)
        }
      }
    }
  }

  @Test("the schema hash is the same each time and is not nothing")
  func schemaHash() {
    #expect(Codec.schemaHash != 0)
    #expect(Codec.schemaHash == Codec.schemaHash)
  }
}
