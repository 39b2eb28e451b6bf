import IntegrityCore
import IntegrityPolicy
import ProbityWire

/// Messages to bytes and back, and the checksum.
struct WireBenchmarks {
  private static let operations = 200_000

  private let codec = Codec()
  private let sink = FixedSink()
  private let request = AccountRequest(
    account: AccountKey(.buyer, AccountID(123_456)), asOf: nil)
  private let basis = JudgementBasis(
    asOf: UnixSeconds(1_767_225_600), logPosition: LogPosition(123_456_789), policyVersion: 1,
    policyHash: 0x1234_5678_9abc_def0, isDegraded: false)

  func run(_ watch: inout Stopwatch) {
    let count = Self.operations
    watch.measure("encode a Score request", operations: count) {
      repeating { encodeRequest() }
    }
    let requestBytes = encodeRequest()
    watch.measure("decode a Score request", operations: count) {
      repeating { decodeRequest(requestBytes) }
    }
    let judgement = PolicyDocument.standard.policy.judge(
      AccountRecord(request.account), at: DecayClock(.standard, now: basis.asOf))
    watch.measure("encode a Score reply", operations: count) {
      repeating { encodeReply(judgement) }
    }
    let replyBytes = encodeReply(judgement)
    watch.measure("check and decode a Score reply", operations: count) {
      repeating { decodeReply(replyBytes) }
    }
    for size in [64, 4_096] {
      watch.measure("CRC32C of \(size) bytes", operations: count) {
        repeating { UInt64(CRC32C.update(0, UnsafeRawBufferPointer(rebasing: sink.all[..<size]))) }
      }
    }
  }

  @inline(__always)
  private func repeating(_ body: () -> UInt64) -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<Self.operations { sum &+= body() }
    return sum
  }

  /// - Returns: the size of the frame, which begins the sink.
  private func encodeRequest() -> UInt64 {
    var sink = sink
    sink.usedBytes = 0
    codec.encodeScoreRequest(request, Codec.Call(stream: 7), to: &sink)
    return UInt64(sink.usedBytes)
  }

  private func encodeReply(_ judgement: Judgement) -> UInt64 {
    var sink = sink
    sink.usedBytes = 0
    codec.encodeScore(judgement, isKnown: true, basis, stream: 7, to: &sink)
    return UInt64(sink.usedBytes)
  }

  private func decodeRequest(_ frameBytes: UInt64) -> UInt64 {
    guard let payload = payload(frameBytes), let request = try? codec.decodeScore(payload) else {
      preconditionFailure("what was encoded does not decode")
    }
    return request.account.id.rawValue
  }

  private func decodeReply(_ frameBytes: UInt64) -> UInt64 {
    guard let payload = payload(frameBytes), let reply = try? codec.decodeScoreReply(payload) else {
      preconditionFailure("what was encoded does not decode")
    }
    return UInt64(reply.score)
  }

  private func payload(_ frameBytes: UInt64) -> UnsafeRawBufferPointer? {
    let frame = UnsafeRawBufferPointer(rebasing: sink.all[..<Int(frameBytes)])
    guard case .frame = FrameHeader.scan(frame, payloadBytesMax: 4_096) else { return nil }
    return UnsafeRawBufferPointer(rebasing: frame[FrameHeader.sizeBytes...])
  }
}

/// Frames in one buffer that lives as long as the process.
private struct FixedSink: FrameSink {
  let all = UnsafeMutableRawBufferPointer.allocate(byteCount: 8_192, alignment: 64)
  var usedBytes = 0

  init() { all.initializeMemory(as: UInt8.self, repeating: 0x5a) }

  @inline(__always)
  mutating func append(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    fill(UnsafeMutableRawBufferPointer(rebasing: all[usedBytes..<(usedBytes + count)]))
    usedBytes += count
  }
}
