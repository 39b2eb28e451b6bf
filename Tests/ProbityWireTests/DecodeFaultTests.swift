import IntegrityCore
import ProbityWire
import Testing

/// A request that is refused, and what the refusal says.
struct FaultCase: CustomTestStringConvertible, Sendable {
  let name: String
  let method: Method
  let payload: [UInt8]
  var status = StatusCode.invalidArgument
  let field: String
  var commandIndex: Int?

  var testDescription: String { name }

  init(
    _ name: String, _ method: Method, field: String = "", commandIndex: Int? = nil,
    _ body: (inout ProtobufWriter) -> Void
  ) {
    self.name = name
    self.method = method
    self.field = field
    self.commandIndex = commandIndex
    payload = ProtobufWriter.message(body)
  }

  /// A Record of a good command and one that `body` finishes, from field 2 on.
  static func second(
    _ name: String, field: String, _ body: (inout ProtobufWriter) -> Void
  ) -> FaultCase {
    FaultCase(name, .record, field: "commands[1].\(field)", commandIndex: 1) {
      $0.fixed64(1, 9)
      $0.message(2) { $0.good(sequence: 5) }
      $0.message(2) {
        $0.fixed64(1, 6)
        body(&$0)
      }
    }
  }
}

extension ProtobufWriter {
  /// A command that nothing is wrong with: COMPENSATED.
  mutating func good(sequence: UInt64) {
    fixed64(1, sequence)
    varint(2, 12)
    fixed64(3, 1_767_225_600)
    fixed64(4, 7)
  }

  /// A command's type and time.
  mutating func event(_ type: UInt64) {
    varint(2, type)
    fixed64(3, 1_767_225_600)
  }
}

@Suite("What is refused, and how")
struct DecodeFaultTests {
  static let lookups: [FaultCase] = [
    FaultCase("no account", .score, field: "account") { $0.varint(2, 1) },
    FaultCase("account 0", .score, field: "account") {
      $0.fixed64(1, 0)
      $0.varint(2, 1)
    },
    FaultCase("no kind", .score, field: "kind") { $0.fixed64(1, 7) },
    FaultCase("no such kind", .score, field: "kind") {
      $0.fixed64(1, 7)
      $0.varint(2, 3)
    },
    FaultCase("a kind whose low byte is a kind", .score, field: "kind") {
      $0.fixed64(1, 7)
      $0.varint(2, 257)
    },
    FaultCase("a negative kind", .score, field: "kind") {
      $0.fixed64(1, 7)
      $0.varint(2, UInt64(bitPattern: -255))
    },
    FaultCase("as of a time after 2106", .score, field: "as_of") {
      $0.fixed64(1, 7)
      $0.varint(2, 1)
      $0.fixed64(3, 1 << 32)
    },
    FaultCase("an account as a varint", .score) {
      $0.varint(1, 7)
      $0.varint(2, 1)
    },
    FaultCase("Explain: no account", .explain, field: "account") { $0.varint(2, 1) },
    FaultCase("Explain: no kind", .explain, field: "kind") { $0.fixed64(1, 7) },
    FaultCase("Explain: as of a time after 2106", .explain, field: "as_of") {
      $0.fixed64(1, 7)
      $0.varint(2, 1)
      $0.fixed64(3, .max)
    },
    FaultCase("ScoreBatch: no kind", .scoreBatch, field: "kind") { $0.fixed64(2, 7) },
    FaultCase("ScoreBatch: no accounts", .scoreBatch, field: "accounts") { $0.varint(1, 1) },
    FaultCase("ScoreBatch: an account 0", .scoreBatch, field: "accounts[2]") {
      $0.varint(1, 1)
      $0.bytes(2, [7, 8, 0].flatMap { littleEndian(UInt64($0)) })
    },
    FaultCase("ScoreBatch: one account too many", .scoreBatch, field: "accounts") {
      $0.varint(1, 1)
      $0.bytes(2, Array(repeating: 1, count: (ProtocolLimits.batchAccountsMax + 1) * 8))
    },
    FaultCase("ScoreBatch: half an account", .scoreBatch) {
      $0.varint(1, 1)
      $0.bytes(2, Array(repeating: 1, count: 12))
    },
    FaultCase("ScoreBatch: as of a time after 2106", .scoreBatch, field: "as_of") {
      $0.varint(1, 1)
      $0.fixed64(2, 7)
      $0.fixed64(3, 1 << 32)
    },
  ]

  static let records: [FaultCase] = [
    FaultCase("no source", .record, field: "source") { $0.message(2) { $0.good(sequence: 1) } },
    FaultCase("no commands", .record, field: "commands") { $0.fixed64(1, 9) },
    FaultCase("one command too many", .record, field: "commands") {
      $0.fixed64(1, 9)
      for _ in 0...ProtocolLimits.recordCommandsMax { $0.bytes(2, []) }
    },
    FaultCase("first sequence 0", .record, field: "commands[0].sequence", commandIndex: 0) {
      $0.fixed64(1, 9)
      $0.message(2) { $0.good(sequence: 0) }
    },
    FaultCase("same sequence twice", .record, field: "commands[1].sequence", commandIndex: 1) {
      $0.fixed64(1, 9)
      $0.message(2) { $0.good(sequence: 5) }
      $0.message(2) { $0.good(sequence: 5) }
    },
    FaultCase("falling sequence", .record, field: "commands[2].sequence", commandIndex: 2) {
      $0.fixed64(1, 9)
      $0.message(2) { $0.good(sequence: 5) }
      $0.message(2) { $0.good(sequence: 6) }
      $0.message(2) { $0.good(sequence: 4) }
    },
    .second("no type", field: "type") { $0.event(0) },
    .second("no such type", field: "type") { $0.event(13) },
    .second("a type whose low byte is a type", field: "type") { $0.event(256 + 12) },
    .second("no time", field: "at") { $0.varint(2, 12) },
    .second("a time after 2106", field: "at") {
      $0.varint(2, 12)
      $0.fixed64(3, 1 << 32)
    },
    .second("SETTLED: ordered after 2106", field: "refers_to_at") {
      $0.event(1)
      $0.fixed64(9, 1 << 32)
    },
    .second("CANCELLED: by nobody", field: "cancelled_by") { $0.event(3) },
    .second("CANCELLED: by a stranger", field: "cancelled_by") {
      $0.event(3)
      $0.varint(11, 3)
    },
    .second("CANCELLED: for no cause", field: "cancel_cause") {
      $0.event(3)
      $0.varint(11, 1)
    },
    .second("CLAIM_OPENED: of no kind", field: "claim_kind") { $0.event(8) },
    .second("CLAIM_OPENED: of a kind whose low byte is one", field: "claim_kind") {
      $0.event(8)
      $0.varint(13, 257)
    },
    .second("CLAIM_OPENED: alleging nothing", field: "allegation") {
      $0.event(8)
      $0.varint(13, 1)
    },
    .second("CLAIM_OPENED: alleging the impossible", field: "allegation") {
      $0.event(8)
      $0.varint(13, 1)
      $0.varint(14, 8)
    },
    .second("CLAIM_DECIDED: of no kind", field: "claim_kind") { $0.event(9) },
    .second("CLAIM_DECIDED: without verdict", field: "verdict") {
      $0.event(9)
      $0.varint(13, 2)
    },
    .second("CLAIM_WITHDRAWN: never opened", field: "refers_to_at") { $0.event(10) },
    .second("CLAIM_WITHDRAWN: opened after 2106", field: "refers_to_at") {
      $0.event(10)
      $0.fixed64(9, .max)
    },
    .second("CLAIM_WITHDRAWN: alleging nothing", field: "allegation") {
      $0.event(10)
      $0.fixed64(9, 1_767_225_600)
    },
    .second("RETURN_INSPECTED: in no condition", field: "return_condition") { $0.event(11) },
    .second("RETURN_INSPECTED: in no such condition", field: "return_condition") {
      $0.event(11)
      $0.varint(16, 5)
    },
  ]

  @Test("values that cannot be", arguments: lookups + records)
  func fault(_ fault: FaultCase) throws {
    let failure = try #require(Self.failure(of: fault.payload, fault.method))
    #expect(failure.status == fault.status)
    #expect(failure.field == fault.field)
    #expect(failure.commandIndex == fault.commandIndex)
    #expect(failure.notExecuted)
    #expect(failure.message.hasPrefix(fault.field), "\(failure.message)")
    #expect(failure.message.count > fault.field.count + 10, "says what would be right")
  }

  /// Bytes that are no message at all.
  static let garbage: [(String, [UInt8])] = [
    ("a lone tag", [0x09]), ("an endless varint", Array(repeating: 0xff, count: 11)),
    ("field 0", [0x00, 0x00]), ("a group", [0x0b, 0x0c]), ("wire type 7", [0x0f, 0x01]),
    ("a length beyond the end", [0x7a, 0x05, 0x01]),
    ("a length of 2^32 - 1", [0x7a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
    ("a length of 2^64 - 1", [0x7a] + Array(repeating: 0xff, count: 9) + [0x01]),
    ("a cut fixed64", [0x79, 1, 2, 3, 4, 5, 6, 7]), ("a cut fixed32", [0x7d, 1, 2, 3]),
  ]

  @Test("bytes that are no message", arguments: garbage, Method.allCases)
  func noMessage(_ garbage: (String, [UInt8]), method: Method) throws {
    let failure = try #require(Self.failure(of: garbage.1, method), "\(garbage.0)")
    #expect(failure.status == .invalidArgument)
    #expect(failure.field == "")
    #expect(failure.message == "the payload is not a probity.v1.\(method.name)Request")
  }

  @Test("a HELLO's faults")
  func hello() {
    let hello = ProtocolDocumentTests.clientHello
    let frame = Codec().frames { $0.encodeHello(hello, to: &$1) }
    let good = Array(frame[FrameHeader.sizeBytes...])
    #expect(Self.helloFault([]) == .wrongMagic)
    #expect(Self.helloFault(Array("PRB".utf8)) == .wrongMagic)
    #expect(Self.helloFault(Array("GET / HTTP/1.1\r\n\r\n".utf8)) == .wrongMagic)
    #expect(Self.helloFault(Array(good[..<4])) == .malformed)
    #expect(Self.helloFault(Array(good[..<7])) == .malformed)
    #expect(Self.helloFault(Array(good[..<8])) == nil, "an empty Hello is one")
    #expect(Self.helloFault(Array(good.dropLast())) == .malformed)
    for version in [UInt16(0), 2, 256, .max] {
      var other = good
      other.replaceSubrange(4..<6, with: littleEndian(version))
      #expect(Self.helloFault(other) == .wrongVersion(version))
    }
    for index in 0..<4 {
      var other = good
      other[index] ^= 0x20
      #expect(Self.helloFault(other) == .wrongMagic)
    }
    var reserved = good
    reserved[6] = 1
    reserved[7] = 0x80
    #expect(Self.helloFault(reserved) == nil, "the reserved bytes are ignored")
  }

  @Test("enum values of a later version are read as the nearest that is safe")
  func laterEnums() throws {
    let codec = Codec()
    let reply = ProtobufWriter.message {
      $0.varint(4, 257)
      $0.bytes(6, [0xe5, 0x80, 0x04, 0x67])  // 65536 + 101, then 103
      $0.bytes(7, [0x02, 0x01])
      $0.fixed64(8, 1 << 32)
    }
    let score = try codec.decodeScoreReply(reply)
    #expect(score.tier == .e)
    #expect(score.reasons == [Reason(code: .b03ClaimRateHigh, points: -1)])
    #expect(score.basis.asOf == UnixSeconds(.max))
    let health = ProtobufWriter.message { $0.varint(1, 257) }
    #expect(try codec.decodeHealthReply(health) == .unknown)
    let goAway = ProtobufWriter.message { $0.varint(2, 65_536 + 14) }
    #expect(try codec.decodeGoAway(goAway).status == .unknown)
  }

  @Test("an Explain reply needs its verdict")
  func explainWithoutVerdict() {
    #expect(throws: CallFailure.self) { try Codec().decodeExplainReply([UInt8]()) }
  }

  // MARK: Inside

  /// How a request is refused, or nil.
  static func failure(of payload: [UInt8], _ method: Method, _ codec: Codec = Codec())
    -> CallFailure?
  {
    do {
      switch method {
      case .score: _ = try codec.decodeScore(payload)
      case .scoreBatch: try codec.decodeScoreBatch(payload) { _, _, _, _ in }
      case .explain: _ = try codec.decodeExplain(payload)
      case .record: _ = try codec.decodeRecord(payload)
      case .status: try codec.decodeStatus(payload)
      case .health: _ = try codec.decodeHealth(payload)
      case .snapshot: try codec.decodeSnapshot(payload)
      case _ where method.isStreamed: _ = try codec.decodeStream(method, payload)
      default: _ = try codec.decodeDesk(method, payload)
      }
      return nil
    } catch let failure as CallFailure {
      return failure
    } catch {
      Issue.record("a failure of another kind: \(error)")
      return nil
    }
  }

  private static func helloFault(_ payload: [UInt8]) -> HelloFault? {
    do {
      _ = try Codec().decodeHello(payload)
      return nil
    } catch {
      return error as? HelloFault
    }
  }
}
