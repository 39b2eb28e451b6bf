import IntegrityCore
import ProbityEngine
import ProbityWire
import Reactor

/// The calls that are answered at once, on the event loop, from memory.
extension LoopContext {
  /// Answers `method` into `replies`.
  ///
  /// - Throws: the failure to answer with.
  func answer(
    _ method: Method, _ payload: UnsafeRawBufferPointer, stream: UInt32, now: UnixSeconds,
    to replies: inout ByteQueue
  ) throws(CallFailure) {
    switch method {
    case .score: unsafe try score(payload, stream, now, &replies)
    case .scoreBatch: unsafe try scoreBatch(payload, stream, now, &replies)
    case .explain: unsafe try explain(payload, stream, now, &replies)
    case .status:
      unsafe try codec.decodeStatus(payload)
      codec.encodeStatus(service.status(), stream: stream, to: &replies)
    case .health:
      let name = unsafe try codec.decodeHealth(payload)
      guard let status = service.health(of: name) else {
        let message = "there is no service \"\(name)\": ask for \"\", \"lookups\" or \"recording\""
        throw CallFailure(.notFound, message, field: "service")
      }
      codec.encodeHealth(status, stream: stream, to: &replies)
    default:
      preconditionFailure("\(method.name) is not answered at once")
    }
  }

  private func score(
    _ payload: UnsafeRawBufferPointer, _ stream: UInt32, _ now: UnixSeconds,
    _ replies: inout ByteQueue
  ) throws(CallFailure) {
    let request = unsafe try codec.decodeScore(payload)
    let clock = decayClock(at: request.asOf ?? now)
    let basis = basis(asOf: clock.now)
    let record = table.record(of: request.account)
    let judgement = policy.judge(record ?? AccountRecord(request.account), at: clock)
    if overrides.isEmpty {
      codec.encodeScore(judgement, isKnown: record != nil, basis, stream: stream, to: &replies)
    } else {
      encodeOverridden(
        ScoreReply(judgement, isKnown: record != nil, basis), request.account, stream, &replies)
    }
    tally.addLookups(1)
  }

  private func scoreBatch(
    _ payload: UnsafeRawBufferPointer, _ stream: UInt32, _ now: UnixSeconds,
    _ replies: inout ByteQueue
  ) throws(CallFailure) {
    unsafe try codec.decodeScoreBatch(payload) { kind, asOf, ids, columns in
      let clock = decayClock(at: asOf ?? now)
      let basis = basis(asOf: clock.now)
      table.records(of: ids, kind: kind) { index, record in
        let key = AccountKey(kind, AccountID(ids[index]))
        let judgement = policy.judge(record ?? AccountRecord(key), at: clock)
        let verdict = PackedVerdict(
          score: judgement.score, scoreFloor: judgement.scoreFloor, tier: judgement.tier,
          isKnown: record != nil)
        columns.set(index, verdict, confidence: judgement.confidence)
        if columns.hasSourcing {
          columns.set(index, sourcing(record, judgement, clock.now))
        }
      }
      if !overrides.isEmpty { override(columns, ids, kind, clock.now) }
      codec.encodeScoreBatch(columns, basis, stream: stream, to: &replies)
      tally.addLookups(ids.count)
    }
  }

  /// What sourcing tools sort a merchant by.
  private func sourcing(
    _ record: AccountRecord?, _ judgement: Judgement, _ now: UnixSeconds
  ) -> PackedSourcing {
    let standing = record?.merchantStanding ?? .normal
    let certification = record.flatMap { certifications.inForce($0, at: now) }
    return PackedSourcing(
      standing, certification,
      weight: policy.governance.rankingWeight(
        scoreFloor: judgement.scoreFloor, standing, certification))
  }

  // MARK: Tiers that operators have set

  @inline(never)
  private func encodeOverridden(
    _ reply: ScoreReply, _ account: AccountKey, _ stream: UInt32, _ replies: inout ByteQueue
  ) {
    var reply = reply
    override(&reply, account)
    codec.encodeScore(reply, stream: stream, to: &replies)
  }

  func override(_ reply: inout ScoreReply, _ account: AccountKey) {
    guard let tier = overrides.tier(of: account, at: reply.basis.asOf) else { return }
    reply.tier = tier
    reply.reasons.insert(Reason(code: .o01Override, points: 0), at: 0)
  }

  @inline(never)
  private func override(
    _ columns: ScoreColumns, _ ids: Span<UInt64>, _ kind: AccountKind, _ now: UnixSeconds
  ) {
    for index in ids.indices {
      let account = AccountKey(kind, AccountID(ids[index]))
      if let tier = overrides.tier(of: account, at: now) { columns.override(index, by: tier) }
    }
  }

  // MARK: Inside

  /// Read before the record, so that the record holds at least this much of the log.
  func basis(asOf: UnixSeconds) -> JudgementBasis {
    JudgementBasis(
      asOf: asOf, logPosition: engine.position,
      policyVersion: policy.version, policyHash: policy.hash,
      isDegraded: false)
  }
}

extension ScoreReply {
  init(_ judgement: Judgement, isKnown: Bool, _ basis: JudgementBasis) {
    self.init(
      isKnown: isKnown, score: judgement.score, scoreFloor: judgement.scoreFloor,
      tier: judgement.tier, confidence: judgement.confidence,
      reasons: Array(judgement.reasons), basis: basis)
  }
}
