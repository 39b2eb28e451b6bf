import CProbityMessages
import IntegrityCore

/// The Explain answer, both ways: the one message with many parts.
extension Codec {
  /// Appends one RESPONSE frame.
  public func encodeExplain<Sink: FrameSink>(
    _ reply: ExplainReply, stream: UInt32, to sink: inout Sink
  ) {
    arena.reset()
    var verdict = unsafe verdictMessage(reply.verdict)
    var m = unsafe Probity__V1__ExplainReply()
    unsafe probity__v1__explain_reply__init(&m)
    unsafe m.probability = reply.probability
    unsafe m.probability_at_floor = reply.probabilityAtFloor
    unsafe m.points_base = reply.pointsBase
    unsafe m.last_event_at = UInt64(reply.lastEventAt.rawValue)
    unsafe m.first_event_day_at = UInt64(reply.firstEventDayAt.rawValue)
    unsafe m.distinct_counterparties = reply.distinctCounterparties
    unsafe m.tier_by_score = .init(rawValue: UInt32(reply.tierByScore.rawValue))
    unsafe (m.n_dimensions, m.dimensions) = unsafe list(reply.dimensions, dimension)
    unsafe (m.n_evidence, m.evidence) = unsafe list(reply.evidence, entry)
    unsafe (m.n_changes, m.changes) = unsafe list(reply.changes, change)
    unsafe withUnsafeMutablePointer(to: &verdict) { verdict in
      unsafe m.verdict = unsafe verdict
      unsafe respond(&m, stream, to: &sink)
    }
  }

  /// A Score answer from a value: where an operator has set a tier. The server's usual
  /// path, which does not allocate, is `encodeScore(_:isKnown:_:stream:to:)`; tests hold
  /// the two together.
  package func encodeScore<Sink: FrameSink>(
    _ reply: ScoreReply, stream: UInt32, to sink: inout Sink
  ) {
    arena.reset()
    var m = unsafe verdictMessage(reply)
    unsafe respond(&m, stream, to: &sink)
  }

  private func verdictMessage(_ reply: ScoreReply) -> Probity__V1__ScoreReply {
    var m = unsafe scoreMessage(
      isKnown: reply.isKnown, score: reply.score, scoreFloor: reply.scoreFloor, tier: reply.tier,
      confidence: reply.confidence, reply.basis)
    unsafe attach(reply.reasons, to: &m)
    return unsafe m
  }

  /// Puts reasons into the arena, as many as it takes.
  private func attach(_ reasons: [Reason], to m: inout Probity__V1__ScoreReply) {
    guard let codes = unsafe arena.allocate(UInt32.self, count: reasons.count),
      let points = unsafe arena.allocate(Int32.self, count: reasons.count)
    else { return }
    for (index, reason) in reasons.enumerated() {
      unsafe codes[index] = UInt32(reason.code.rawValue)
      unsafe points[index] = Int32(reason.points)
    }
    unsafe m.n_reason_codes = reasons.count
    unsafe m.reason_codes = unsafe codes
    unsafe m.n_reason_points = reasons.count
    unsafe m.reason_points = unsafe points
  }

  /// An array of pointers to messages, all in the arena.
  func list<Value, Message: BitwiseCopyable>(
    _ values: [Value], _ make: (Value) -> Message
  ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?) {
    typealias Pointer = UnsafeMutablePointer<Message>?
    guard let array = unsafe arena.allocate(Pointer.self, count: values.count) else {
      return (0, nil)
    }
    for (index, value) in values.enumerated() {
      guard let message = unsafe arena.allocate(Message.self, count: 1) else {
        return unsafe (index, array)
      }
      unsafe message.initialize(to: make(value))
      unsafe array[index] = unsafe message
    }
    return unsafe (values.count, array)
  }

  private func dimension(_ d: ExplainReply.Dimension) -> Probity__V1__DimensionEntry {
    var m = unsafe Probity__V1__DimensionEntry()
    unsafe probity__v1__dimension_entry__init(&m)
    unsafe m.name = unsafe arena.string(d.name) ?? m.name
    unsafe m.reason_code = UInt32(d.reasonCode)
    unsafe m.events = d.events
    unsafe m.exposure = d.exposure
    unsafe m.rate = d.rate
    unsafe m.rate_upper = d.rateUpper
    unsafe m.rate_prior = d.ratePrior
    unsafe m.points = d.points
    unsafe m.points_floor = d.pointsFloor
    return unsafe m
  }

  private func entry(_ e: ExplainReply.Entry) -> Probity__V1__EvidenceEntry {
    var m = unsafe Probity__V1__EvidenceEntry()
    unsafe probity__v1__evidence_entry__init(&m)
    unsafe m.name = unsafe arena.string(e.name) ?? m.name
    unsafe m.value = e.value
    return unsafe m
  }

  private func change(_ c: ExplainReply.Change) -> Probity__V1__Change {
    var m = unsafe Probity__V1__Change()
    unsafe probity__v1__change__init(&m)
    unsafe m.text = unsafe arena.string(c.text) ?? m.text
    unsafe m.text_chinese = unsafe arena.string(c.textChinese) ?? m.text_chinese
    unsafe m.clean_orders = c.cleanOrders
    unsafe m.days = c.days
    unsafe m.tier = .init(rawValue: UInt32(c.tier.rawValue))
    return unsafe m
  }

  public func decodeExplainReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> ExplainReply {
    let m = unsafe try unpack(bytes, "ExplainReply", probity__v1__explain_reply__unpack).pointee
    guard let verdict = unsafe m.verdict?.pointee else {
      throw CallFailure(.invalidArgument, "the ExplainReply has no verdict")
    }
    return unsafe ExplainReply(
      verdict: scoreReply(verdict), probability: m.probability,
      probabilityAtFloor: m.probability_at_floor, pointsBase: m.points_base,
      dimensions: (0..<m.n_dimensions).compactMap {
        unsafe m.dimensions[$0].map { unsafe dimension($0.pointee) }
      },
      evidence: unsafe (0..<m.n_evidence).compactMap {
        unsafe m.evidence[$0].map { unsafe entry($0.pointee) }
      },
      changes: unsafe (0..<m.n_changes).compactMap {
        unsafe m.changes[$0].map { unsafe change($0.pointee) }
      },
      lastEventAt: unsafe seconds(m.last_event_at),
      firstEventDayAt: unsafe seconds(m.first_event_day_at),
      distinctCounterparties: unsafe m.distinct_counterparties,
      tierByScore: unsafe tier(m.tier_by_score))
  }

  private func dimension(_ m: Probity__V1__DimensionEntry) -> ExplainReply.Dimension {
    unsafe ExplainReply.Dimension(
      name: text(m.name), reasonCode: UInt16(exactly: m.reason_code) ?? 0, events: m.events,
      exposure: m.exposure, rate: m.rate, rateUpper: m.rate_upper, ratePrior: m.rate_prior,
      points: m.points, pointsFloor: m.points_floor)
  }

  private func entry(_ m: Probity__V1__EvidenceEntry) -> ExplainReply.Entry {
    unsafe ExplainReply.Entry(name: text(m.name), value: m.value)
  }

  private func change(_ m: Probity__V1__Change) -> ExplainReply.Change {
    unsafe ExplainReply.Change(
      text: text(m.text), textChinese: text(m.text_chinese), cleanOrders: m.clean_orders,
      days: m.days, tier: tier(m.tier))
  }
}
