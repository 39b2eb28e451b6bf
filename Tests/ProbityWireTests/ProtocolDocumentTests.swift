import IntegrityCore
import ProbityWire
import Testing

@Suite("PROTOCOL.md is what the code does")
struct ProtocolDocumentTests {
  let document: ProtocolDocument
  let codec = Codec()

  init() throws { document = try ProtocolDocument() }

  static let clientHello = Hello(
    schemaHash: 0, payloadBytesMax: 4 << 20, inFlightMax: 0, token: Array("s3cret".utf8),
    agent: "example/1.0")
  static let serverHello = Hello(
    schemaHash: 0x0123_4567_89ab_cdef, payloadBytesMax: 4 << 20, inFlightMax: 64, token: [],
    agent: "probity/0.1.0")
  static let scoreRequest = AccountRequest(
    account: AccountKey(.merchant, AccountID(42)), asOf: Sample.newYear)
  static let noAccount = CallFailure(
    .invalidArgument, "account must be a number from 1 to 2^64-1", field: "account")
  static let queueFull = CallFailure(
    .unavailable, "the queue is full: try again later", retryAfterMilliseconds: 20)
  static let settled = Command(
    source: 9, sequence: 1,
    event: Event(
      at: Sample.newYear, buyer: AccountID(7), merchant: AccountID(42), order: 1_001,
      amount: Minor(12_900), detail: .settled(orderedAt: .zero)))
  static let recorded = RecordReply(
    applied: 1, duplicates: 0, highestSequence: 1, logPosition: LogPosition(1_235))
  static let opening = DeskRequest.command(
    DeskCommand(
      .openClaim(
        Claim(
          id: ClaimID(77), buyer: AccountID(7), merchant: AccountID(42), openedAt: Sample.newYear,
          amount: Minor(12_900), kind: .quality, allegation: .notReceived,
          proofs: .trackingInvalid)), at: .zero), explains: false)
  static let draining = GoAway(lastStream: 4, status: .unavailable, message: "draining")

  static let encoders: [String: @Sendable (Codec, inout ByteSink) -> Void] = [
    "client-hello": { $0.encodeHello(clientHello, to: &$1) },
    "server-hello": { $0.encodeHello(serverHello, to: &$1) },
    "score-request": {
      $0.encodeScoreRequest(scoreRequest, .init(stream: 1, timeoutMicroseconds: 50_000), to: &$1)
    },
    "score-reply": { $0.encodeScore(Sample.score, stream: 1, to: &$1) },
    "error-reply": { $0.encodeFailure(noAccount, stream: 2, to: &$1) },
    "unavailable-reply": { $0.encodeFailure(queueFull, stream: 3, to: &$1) },
    "record-request": { $0.encodeRecordRequest([settled], .init(stream: 4), to: &$1) },
    "record-reply": { $0.encodeRecord(recorded, stream: 4, to: &$1) },
    "open-claim-request": { $0.encodeDeskRequest(opening, .init(stream: 6), to: &$1) },
    "snapshot-request": { $0.encodeSnapshotRequest(.init(stream: 5), to: &$1) },
    "snapshot-reply": { $0.encodeSnapshot(Sample.snapshot, stream: 5, to: &$1) },
    "ping": { $1.bytes += FrameHeader(type: .ping).frame(Array(1...8)) },
    "pong": { $1.bytes += FrameHeader(type: .pong).frame(Array(1...8)) },
    "cancel": { FrameHeader(type: .cancel, stream: 4).write(to: &$1) },
    "goaway": { $0.encodeGoAway(draining, to: &$1) },
  ]

  @Test("the examples are complete")
  func completeness() throws {
    #expect(try Set(document.examples().keys) == Set(Self.encoders.keys))
  }

  @Test("the code sends each example, byte for byte", arguments: encoders.keys.sorted())
  func sends(name: String) throws {
    let encode = try #require(Self.encoders[name])
    #expect(try codec.frames(encode) == document.examples()[name])
  }

  @Test("the code reads each example")
  func reads() throws {
    let examples = try document.examples()
    func frame(_ name: String) throws -> [UInt8] { try #require(examples[name]) }
    #expect(try codec.decodeHello(payload(of: frame("client-hello"))) == Self.clientHello)
    #expect(try codec.decodeHello(payload(of: frame("server-hello"))) == Self.serverHello)
    #expect(try codec.decodeScore(payload(of: frame("score-request"))) == Self.scoreRequest)
    #expect(try codec.decodeScoreReply(payload(of: frame("score-reply"))) == Sample.score)
    #expect(try codec.decodeRecord(payload(of: frame("record-request"))) == [Self.settled])
    #expect(try codec.decodeRecordReply(payload(of: frame("record-reply"))) == Self.recorded)
    let claim = try codec.decodeDesk(.openClaim, payload(of: frame("open-claim-request")))
    #expect(claim == Self.opening)
    #expect(try codec.decodeSnapshotReply(payload(of: frame("snapshot-reply"))) == Sample.snapshot)
    #expect(try codec.decodeGoAway(payload(of: frame("goaway"))) == Self.draining)
    for (name, expected) in [
      ("error-reply", Self.noAccount), ("unavailable-reply", Self.queueFull),
    ] {
      let header = try #require(frameHeader(of: frame(name)))
      let failure = try codec.decodeFailure(header, payload(of: frame(name)))
      #expect(failure == expected, "\(name)")
    }
  }

  @Test("frame types")
  func types() throws {
    let rows = try document.table(under: "Types").map { "\($0[0]) \($0[1])" }
    #expect(rows == FrameType.allCases.map { "\($0.rawValue) \("\($0)".uppercased())" })
  }

  @Test("flags")
  func flags() throws {
    let rows = try document.table(under: "Flags").map { $0[0...2].joined(separator: " ") }
    #expect(rows == ["0 1 END", "1 2 DETAILS", "2 4 NOT_EXECUTED"])
    #expect(FrameFlags.end.rawValue == 1)
    #expect(FrameFlags.details.rawValue == 2)
    #expect(FrameFlags.notExecuted.rawValue == 4)
  }

  @Test("methods")
  func methods() throws {
    let rows = try document.table(under: "Methods").map { Array($0[0...3]) }
    #expect(
      rows
        == Method.allCases.map {
          ["\($0.rawValue)", $0.name, "`\($0.name)Request`", "`\(Self.reply(to: $0))`"]
        })
  }

  /// The desk's commands share their replies.
  private static func reply(to method: Method) -> String {
    switch method {
    case .openClaim, .decideClaim, .withdrawClaim, .getClaim, .settleSubsidy, .openAppeal,
      .decideAppeal:
      "ClaimReply"
    case .setBudget, .setOverride, .clearOverride, .linkAccounts, .unlinkAccounts: "DoneReply"
    case .putPolicy, .activatePolicy, .shadowPolicy: "PolicyReply"
    case .assess, .decideStanding, .appealStanding, .decideStandingAppeal, .certify,
      .revokeCertification:
      "StandingReply"
    case .getStanding, .getStandings, .getBudgets, .getOverrides, .getPolicies, .getShadow:
      "\(method.name.dropFirst("Get".count))Reply"
    default: "\(method.name)Reply"
    }
  }

  @Test("statuses")
  func statuses() throws {
    let rows = try document.table(under: "Statuses").map { Array($0[0...1]) }
    #expect(rows == StatusCode.allCases.map { ["\($0.rawValue)", $0.name] })
  }

  @Test("reason codes")
  func reasons() throws {
    let rows = try document.table(under: "Reason codes")
    #expect(rows == ReasonCode.allCases.map { ["\($0.rawValue)", $0.label, $0.text] })
  }

  @Test("the receipt ends where the table says")
  func receipt() throws {
    let rows = try document.table(under: "Receipts").map { ($0[0], $0[1]) }
    var end = 0
    for (offset, size) in rows {
      #expect(Int(offset) == end)
      end += try #require(Int(size))
    }
    #expect(end == Receipt.sizeBytes)
  }

  @Test("vectors of the checksum")
  func vectors() throws {
    let values = try document.table(under: "CRC32C").map(\.[1])
    let expected = CRC32CTests.vectors.prefix(5).map { bytes, _ in
      let digits = String(crc32c(bytes), radix: 16, uppercase: true)
      return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
    #expect(values == expected)
  }

  @Test("limits")
  func limits() throws {
    let rows = try document.table(under: "Limits")
    func number(_ name: String) -> Int? {
      let value = rows.first { $0[0] == name }?[1].prefix { $0 != " " } ?? ""
      return Int(value.filter { $0 != "," })
    }
    #expect(
      number("payload before the client's HELLO") == Int(ProtocolLimits.payloadBytesMaxBeforeHello))
    #expect(number("payload after it") == Int(ProtocolLimits.payloadBytesMax))
    #expect(number("memory to decode one message") == ProtocolLimits.decodeBytesMax)
    #expect(number("accounts in a ScoreBatch") == ProtocolLimits.batchAccountsMax)
    #expect(number("commands in a Record") == ProtocolLimits.recordCommandsMax)
    #expect(number("token") == ProtocolLimits.tokenBytesMax)
    #expect(number("document of a policy") == ProtocolLimits.policyBytesMax)
    #expect(number("documents in one GetPolicies") == ProtocolLimits.policyTextsBytesMax)
    #expect(number("claims listed by one GetShadow") == Int(ProtocolLimits.shadowCountMax))
    #expect(number("accounts of a Watch") == ProtocolLimits.watchAccountsMax)
    #expect(number("credit of a stream at its begin") == ProtocolLimits.streamCreditBytes)
    #expect(number("credit of a connection at its begin") == ProtocolLimits.connectionCreditBytes)
    #expect(number("credit at most") == ProtocolLimits.creditBytesMax)
  }

  @Test("event types are numbered as in the table, which names what each reads")
  func events() throws {
    let rows = try document.table(under: "Events")
    #expect(
      rows.map { "\($0[0]) \($0[1])" }
        == EventCodingTests.wireTypes.map { "\($0.number) \($0.name)" })
  }
}
