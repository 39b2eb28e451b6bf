import IntegrityCore
import ProbityWire
import Reactor

extension LoopContext {
  /// Answers Explain: everything that went into a score. Some 200 µs by estimate.
  ///
  /// - Throws: NOT_FOUND for an account that was never heard of.
  func explain(
    _ payload: UnsafeRawBufferPointer, _ stream: UInt32, _ now: UnixSeconds,
    _ replies: inout ByteQueue
  ) throws(CallFailure) {
    let request = unsafe try codec.decodeExplain(payload)
    let clock = decayClock(at: request.asOf ?? now)
    let basis = basis(asOf: clock.now)
    guard let record = table.record(of: request.account) else {
      let account = request.account
      let message = "\(account.kind.name) \(account.id.rawValue) is not known: nothing was recorded"
      throw CallFailure(.notFound, message, field: "account")
    }
    let explanation = policy.explanation(of: record, at: clock)
    var reply = ExplainReply(explanation, basis)
    override(&reply.verdict, request.account)
    codec.encodeExplain(reply, stream: stream, to: &replies)
    tally.addLookups(1)
  }
}

extension ExplainReply {
  init(_ e: Explanation, _ basis: JudgementBasis) {
    let verdict = ScoreReply(e.judgement, isKnown: true, basis)
    self.init(
      verdict: verdict, probability: e.probability, probabilityAtFloor: e.probabilityAtFloor,
      pointsBase: Double(e.pointsBase),
      dimensions: e.dimensions.map { Dimension($0) },
      evidence: e.evidence.map { Entry(name: $0.name, value: Double($0.value)) },
      changes: e.changes.map { Change($0) }, lastEventAt: e.lastEventAt,
      firstEventDayAt: UnixSeconds(UInt32(e.firstEventDay ?? 0) * 86_400),
      distinctCounterparties: UInt32(e.distinctCounterparties), tierByScore: e.tierByScore)
  }
}

extension ExplainReply.Dimension {
  init(_ d: DimensionExplanation) {
    self.init(
      name: d.name, reasonCode: d.reason.rawValue, events: Double(d.events),
      exposure: Double(d.exposure), rate: Double(d.rate), rateUpper: Double(d.rateUpper),
      ratePrior: Double(d.ratePrior), points: Double(d.points), pointsFloor: Double(d.pointsFloor))
  }
}

extension ExplainReply.Change {
  init(_ change: TierChange) {
    self.init(
      text: change.wording.english, textChinese: change.wording.chinese,
      cleanOrders: UInt32(change.cleanOrders), days: UInt32(change.days),
      tier: change.tier)
  }
}
