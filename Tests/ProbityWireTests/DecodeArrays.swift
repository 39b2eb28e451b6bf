import IntegrityCore
import ProbityWire

// The codec's decoders on arrays, so that only this file is unsafe.
extension Codec {
  func decodeHello(_ payload: [UInt8]) throws -> Hello {
    try unsafe payload.withUnsafeBytes { try unsafe decodeHello($0) }
  }

  func decodeGoAway(_ payload: [UInt8]) throws -> GoAway {
    try unsafe payload.withUnsafeBytes { try unsafe decodeGoAway($0) }
  }

  func decodeScore(_ payload: [UInt8]) throws -> AccountRequest {
    try unsafe payload.withUnsafeBytes { try unsafe decodeScore($0) }
  }

  func decodeExplain(_ payload: [UInt8]) throws -> AccountRequest {
    try unsafe payload.withUnsafeBytes { try unsafe decodeExplain($0) }
  }

  func decodeRecord(_ payload: [UInt8]) throws -> [Command] {
    try unsafe payload.withUnsafeBytes { try unsafe decodeRecord($0) }
  }

  func decodeHealth(_ payload: [UInt8]) throws -> String {
    try unsafe payload.withUnsafeBytes { try unsafe decodeHealth($0) }
  }

  func decodeStatus(_ payload: [UInt8]) throws {
    try unsafe payload.withUnsafeBytes { try unsafe decodeStatus($0) }
  }

  func decodeSnapshot(_ payload: [UInt8]) throws {
    try unsafe payload.withUnsafeBytes { try unsafe decodeSnapshot($0) }
  }

  func decodeScoreReply(_ payload: [UInt8]) throws -> ScoreReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeScoreReply($0) }
  }

  func decodeScoreBatchReply(_ payload: [UInt8]) throws -> ScoreBatchReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeScoreBatchReply($0) }
  }

  func decodeExplainReply(_ payload: [UInt8]) throws -> ExplainReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeExplainReply($0) }
  }

  func decodeRecordReply(_ payload: [UInt8]) throws -> RecordReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeRecordReply($0) }
  }

  func decodeStatusReply(_ payload: [UInt8]) throws -> StatusReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeStatusReply($0) }
  }

  func decodeHealthReply(_ payload: [UInt8]) throws -> ServingStatus {
    try unsafe payload.withUnsafeBytes { try unsafe decodeHealthReply($0) }
  }

  func decodeSnapshotReply(_ payload: [UInt8]) throws -> SnapshotReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeSnapshotReply($0) }
  }

  func decodeScoreBatch(
    _ payload: [UInt8], _ body: (AccountKind, UnixSeconds?, Span<UInt64>, ScoreColumns) -> Void
  ) throws {
    try unsafe payload.withUnsafeBytes { try unsafe decodeScoreBatch($0, body) }
  }

  func decodeFailure(_ header: FrameHeader, _ payload: [UInt8]) -> CallFailure {
    unsafe payload.withUnsafeBytes { unsafe decodeFailure(header, $0) }
  }

  func decodeDesk(_ method: Method, _ payload: [UInt8]) throws -> DeskRequest {
    try unsafe payload.withUnsafeBytes { try unsafe decodeDesk(method, $0) }
  }

  func decodeClaimReply(_ payload: [UInt8]) throws -> ClaimReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeClaimReply($0) }
  }

  func decodeDoneReply(_ payload: [UInt8]) throws -> LogPosition {
    try unsafe payload.withUnsafeBytes { try unsafe decodeDoneReply($0) }
  }

  func decodePolicyReply(_ payload: [UInt8]) throws -> PolicyReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodePolicyReply($0) }
  }

  func decodeBudgetsReply(_ payload: [UInt8]) throws -> BudgetsReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeBudgetsReply($0) }
  }

  func decodeOverridesReply(_ payload: [UInt8]) throws -> OverridesReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeOverridesReply($0) }
  }

  func decodePoliciesReply(_ payload: [UInt8]) throws -> PoliciesReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodePoliciesReply($0) }
  }

  func decodeShadowReply(_ payload: [UInt8]) throws -> ShadowReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeShadowReply($0) }
  }

  func decodeAffectedDecisionsReply(_ payload: [UInt8]) throws -> AffectedDecisionsReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeAffectedDecisionsReply($0) }
  }

  func decodeStandingReply(_ payload: [UInt8]) throws -> StandingReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeStandingReply($0) }
  }

  func decodeStandingsReply(_ payload: [UInt8]) throws -> StandingsReply {
    try unsafe payload.withUnsafeBytes { try unsafe decodeStandingsReply($0) }
  }

  func decodeStream(_ method: Method, _ payload: [UInt8]) throws -> StreamRequest {
    try unsafe payload.withUnsafeBytes { try unsafe decodeStream(method, $0) }
  }

  func decodePart(_ method: Method, _ payload: [UInt8]) throws -> StreamPart {
    try unsafe payload.withUnsafeBytes { try unsafe decodePart(method, $0) }
  }

  func decodeEnd(_ method: Method, _ payload: [UInt8]) throws -> StreamEnd {
    try unsafe payload.withUnsafeBytes { try unsafe decodeEnd(method, $0) }
  }

  /// Answers a batch with the number of each account as its weight.
  func answer(toBatch payload: [UInt8]) throws -> ScoreBatchReply {
    var sink = ByteSink()
    try unsafe payload.withUnsafeBytes {
      try unsafe decodeScoreBatch($0) { _, _, ids, columns in
        for index in ids.indices {
          columns.set(index, PackedVerdict(rawValue: 0), confidence: 0)
          if columns.hasSourcing {
            columns.set(index, PackedSourcing(.watch, nil, weight: Int(ids[index])))
          }
        }
        encodeScoreBatch(columns, Sample.score.basis, stream: 1, to: &sink)
      }
    }
    let bytes = try ProbityWireTests.payload(of: sink.bytes)
    return try unsafe bytes.withUnsafeBytes { try unsafe decodeScoreBatchReply($0) }
  }
}
