import AccountStore
import IntegrityCore
import ProbityWire

/// What every reply here says it was judged by.
private let basis = JudgementBasis(
  asOf: UnixSeconds(1_767_225_600), logPosition: LogPosition(123_456_789), policyVersion: 1,
  policyHash: 0x1234_5678_9abc_def0, isDegraded: false)

/// A codec and where it writes.
class MessageSubject {
  final let codec = Codec()
  final var sink = FixedSink()
  static let call = Codec.Call(stream: 7)

  /// What a frame that `encode` appends to the sink looks like.
  final func frame(_ encode: () -> Void) -> UnsafeRawBufferPointer {
    sink.reset()
    encode()
    return sink.frame()
  }

  final func payload(_ frame: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: frame[FrameHeader.sizeBytes...])
  }

  /// `count` times `encode`, each time at the start of the sink.
  @inline(__always)
  final func encoding(_ count: Int, _ encode: () -> Void) -> UInt64 {
    Workload.repeating(count) {
      sink.reset()
      encode()
      return UInt64(sink.usedBytes)
    }
  }

  /// `count` times `decode`, which must succeed: the bytes are our own.
  @inline(__always)
  final func decoding(_ count: Int, _ decode: () throws -> UInt64) -> UInt64 {
    Workload.repeating(count) {
      guard let value = try? decode() else {
        preconditionFailure("what was encoded does not decode")
      }
      return value
    }
  }
}

/// One Score: the request, its answer and the account between them.
final class ScoreMessages: MessageSubject {
  let decision = DecisionSubject()
  private let ask: AccountRequest
  private let judgement: Judgement
  /// Whole frames.
  private(set) var request = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var reply = UnsafeRawBufferPointer(start: nil, count: 0)

  override init() {
    // The account with most reasons, so that a reply is as long as they get.
    var longest = decision.policy.judge(decision.records[0], at: decision.clock)
    var account = decision.records[0].key
    for record in decision.records {
      let judgement = decision.policy.judge(record, at: decision.clock)
      if judgement.reasons.count <= longest.reasons.count { continue }
      longest = judgement
      account = record.key
    }
    judgement = longest
    ask = AccountRequest(account: account, asOf: nil)
    super.init()
    request = frame { codec.encodeScoreRequest(ask, Self.call, to: &sink) }
    reply = frame { codec.encodeScore(judgement, isKnown: true, basis, stream: 7, to: &sink) }
  }

  func encodeRequests(_ count: Int) -> UInt64 {
    encoding(count) { codec.encodeScoreRequest(ask, Self.call, to: &sink) }
  }

  func decodeRequests(_ count: Int) -> UInt64 {
    let payload = payload(request)
    return decoding(count) { try codec.decodeScore(payload).account.id.rawValue }
  }

  func encodeReplies(_ count: Int) -> UInt64 {
    encoding(count) { codec.encodeScore(judgement, isKnown: true, basis, stream: 7, to: &sink) }
  }

  func decodeReplies(_ count: Int) -> UInt64 {
    let payload = payload(reply)
    return decoding(count) { UInt64(try codec.decodeScoreReply(payload).score) }
  }

  /// What a lookup takes but for the network.
  func answer(_ table: AccountTable, _ count: Int) -> UInt64 {
    let policy = decision.policy
    let clock = decision.clock
    return decoding(count) {
      guard case .frame(let header) = FrameHeader.scan(request, payloadBytesMax: 4_096) else {
        return 0
      }
      let ask = try codec.decodeScore(payload(request))
      let record = table.record(of: ask.account)
      let judgement = policy.judge(record ?? AccountRecord(ask.account), at: clock)
      sink.reset()
      codec.encodeScore(
        judgement, isKnown: record != nil, basis, stream: header.stream, to: &sink)
      return UInt64(sink.usedBytes)
    }
  }
}

/// A ScoreBatch of a thousand accounts, and its answer.
final class BatchMessages: MessageSubject {
  private static let accountCount = 1_000

  private let ids = (1...UInt64(accountCount)).map { AccountID($0 &* 0x9e37_79b9_7f4a_7c15) }
  private let verdict = PackedVerdict(score: 700, scoreFloor: 453, tier: .b, isKnown: true)
  private var request = UnsafeRawBufferPointer(start: nil, count: 0)
  private var reply = UnsafeRawBufferPointer(start: nil, count: 0)

  /// Bytes an account.
  var requestBytes: Double { Double(request.count) / Double(Self.accountCount) }
  var replyBytes: Double { Double(reply.count) / Double(Self.accountCount) }

  override init() {
    super.init()
    request = frame {
      codec.encodeScoreBatchRequest(ids, kind: .buyer, asOf: nil, Self.call, to: &sink)
    }
    reply = frame { _ = encodeReplies(Self.accountCount) }
  }

  func encodeRequests(_ count: Int) -> UInt64 {
    encoding(count / Self.accountCount) {
      codec.encodeScoreBatchRequest(ids, kind: .buyer, asOf: nil, Self.call, to: &sink)
    }
  }

  func decodeRequests(_ count: Int) -> UInt64 {
    let payload = payload(request)
    return decoding(count / Self.accountCount) {
      var sum: UInt64 = 0
      try codec.decodeScoreBatch(payload) { _, _, ids, columns in
        sum = ids[ids.count - 1] &+ UInt64(columns.count)
      }
      return sum
    }
  }

  /// Decodes one request, whose columns it encodes as often as asked.
  func encodeReplies(_ count: Int) -> UInt64 {
    let payload = payload(request)
    return decoding(1) {
      var sum: UInt64 = 0
      try codec.decodeScoreBatch(payload) { _, _, ids, columns in
        for index in 0..<ids.count { columns.set(index, verdict, confidence: Float(index)) }
        sum = encoding(count / Self.accountCount) {
          codec.encodeScoreBatch(columns, basis, stream: 7, to: &sink)
        }
      }
      return sum
    }
  }

  func decodeReplies(_ count: Int) -> UInt64 {
    let payload = payload(reply)
    return decoding(count / Self.accountCount) {
      UInt64(try codec.decodeScoreBatchReply(payload).verdicts.count)
    }
  }
}

/// A Record of five hundred commands.
final class RecordMessages: MessageSubject {
  private let commands = SampleCommands.group
  private var request = UnsafeRawBufferPointer(start: nil, count: 0)

  /// Bytes a command.
  var requestBytes: Double { Double(request.count) / Double(commands.count) }

  override init() {
    super.init()
    request = frame { codec.encodeRecordRequest(commands, Self.call, to: &sink) }
  }

  func encodeRequests(_ count: Int) -> UInt64 {
    encoding(count / commands.count) {
      codec.encodeRecordRequest(commands, Self.call, to: &sink)
    }
  }

  func decodeRequests(_ count: Int) -> UInt64 {
    let payload = payload(request)
    return decoding(count / commands.count) {
      let decoded = try codec.decodeRecord(payload)
      return decoded[decoded.count - 1].sequence
    }
  }
}
