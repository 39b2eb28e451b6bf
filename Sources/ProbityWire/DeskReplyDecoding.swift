import CProbityMessages
import CProtobufC
import IntegrityCore

/// What the client reads of the desk. A value of an enum that it does not know is taken
/// for the one that promises least.
extension Codec {
  public func decodeClaimReply(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> ClaimReply {
    let m = unsafe try unpack(bytes, "ClaimReply", probity__v1__claim_reply__unpack).pointee
    guard let facts = unsafe m.claim?.pointee else {
      throw CallFailure(.invalidArgument, "the ClaimReply has no claim")
    }
    var reply = unsafe ClaimReply(
      claim: claim(facts), outcome: outcome(m.outcome), firstOutcome: outcome(m.first_outcome),
      verdict: known(m.verdict.rawValue), money: money(m), appeal: appeal(m),
      decidedAt: seconds(m.decided_at), openedPosition: LogPosition(m.opened_position),
      basis: JudgementBasis(
        asOf: seconds(m.as_of), logPosition: LogPosition(m.log_position),
        policyVersion: m.policy_version, policyHash: m.policy_hash, isDegraded: m.degraded != 0))
    reply.reasons = unsafe reasons(m)
    reply.scores = unsafe ClaimReply.Scores(
      buyer: Int(m.buyer_score), buyerFloor: Int(m.buyer_floor), merchant: Int(m.merchant_score),
      merchantFloor: Int(m.merchant_floor))
    reply.appealableUntil = unsafe seconds(m.appealable_until)
    reply.answerDueAt = unsafe seconds(m.answer_due_at)
    reply.isWithdrawn = unsafe m.withdrawn != 0
    reply.isRepeated = unsafe m.repeated != 0
    reply.notes = unsafe (0..<m.n_notes).compactMap {
      unsafe m.notes[$0].flatMap { unsafe note($0.pointee) }
    }
    reply.changes = unsafe (0..<m.n_changes).compactMap {
      unsafe m.changes[$0].map { unsafe change($0.pointee) }
    }
    reply.receipt = unsafe Array(UnsafeBufferPointer(start: m.receipt.data, count: m.receipt.len))
    if let page = unsafe m.affected { reply.affected = unsafe report(page.pointee) }
    return reply
  }

  public func decodeDoneReply(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> LogPosition {
    let m = unsafe try unpack(bytes, "DoneReply", probity__v1__done_reply__unpack)
    return unsafe LogPosition(m.pointee.log_position)
  }

  public func decodePolicyReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> PolicyReply {
    let m = unsafe try unpack(bytes, "PolicyReply", probity__v1__policy_reply__unpack).pointee
    return unsafe PolicyReply(
      version: m.version, hash: m.hash, isActive: m.active != 0,
      logPosition: LogPosition(m.log_position))
  }

  public func decodeBudgetsReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> BudgetsReply {
    let m = unsafe try unpack(bytes, "BudgetsReply", probity__v1__budgets_reply__unpack).pointee
    return unsafe BudgetsReply(
      budgets: (0..<m.n_budgets).compactMap {
        unsafe m.budgets[$0].flatMap { unsafe budget($0.pointee) }
      }, logPosition: unsafe LogPosition(m.log_position))
  }

  public func decodeOverridesReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> OverridesReply {
    let m = unsafe try unpack(bytes, "OverridesReply", probity__v1__overrides_reply__unpack).pointee
    return unsafe OverridesReply(
      overrides: (0..<m.n_overrides).compactMap {
        unsafe m.overrides[$0].flatMap { unsafe override($0.pointee) }
      },
      linked: unsafe (0..<m.n_linked).compactMap {
        unsafe m.linked[$0].flatMap { unsafe account($0.pointee) }
      }, logPosition: unsafe LogPosition(m.log_position))
  }

  public func decodePoliciesReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> PoliciesReply {
    let m = unsafe try unpack(bytes, "PoliciesReply", probity__v1__policies_reply__unpack).pointee
    let report = unsafe PolicyReport(
      entries: (0..<m.n_policies).compactMap {
        unsafe m.policies[$0].map { unsafe policy($0.pointee) }
      }, activeHash: unsafe m.active_hash,
      shadowHash: unsafe m.shadow_hash == 0 ? nil : m.shadow_hash,
      shadow: unsafe tally(m.n_shadow, m.shadow))
    return unsafe PoliciesReply(report: report, logPosition: LogPosition(m.log_position))
  }

  public func decodeShadowReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> ShadowReply {
    let m = unsafe try unpack(bytes, "ShadowReply", probity__v1__shadow_reply__unpack).pointee
    let report = unsafe ShadowReport(
      tally: tally(m.n_shadow, m.shadow),
      differences: (0..<m.n_differences).compactMap {
        unsafe m.differences[$0].flatMap { unsafe difference($0.pointee) }
      }, next: unsafe m.more == 0 ? nil : m.next)
    return unsafe ShadowReply(report: report, logPosition: LogPosition(m.log_position))
  }

  public func decodeAffectedDecisionsReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> AffectedDecisionsReply {
    let m = unsafe try unpack(
      bytes, "AffectedDecisionsReply", probity__v1__affected_decisions_reply__unpack
    ).pointee
    return unsafe AffectedDecisionsReply(
      report: report(m), logPosition: LogPosition(m.log_position))
  }

  // MARK: Parts

  func known<Choice: RawRepresentable<UInt8>>(_ raw: UInt32) -> Choice? {
    UInt8(exactly: raw).flatMap(Choice.init)
  }

  private func outcome(_ raw: Probity__V1__Outcome) -> Outcome {
    known(raw.rawValue) ?? .manualReview
  }

  private func claim(_ m: Probity__V1__Claim) -> Claim {
    unsafe Claim(
      id: ClaimID(m.id), buyer: AccountID(m.buyer), merchant: AccountID(m.merchant),
      order: m.order, orderedAt: seconds(m.ordered_at), openedAt: seconds(m.opened_at),
      amount: Minor(m.amount), category: m.category,
      kind: known(m.claim_kind.rawValue) ?? .nonQuality,
      allegation: known(m.allegation.rawValue) ?? .other,
      proofs: ClaimProofs(rawValue: UInt8(truncatingIfNeeded: m.proofs)))
  }

  private func money(_ m: Probity__V1__ClaimReply) -> SubsidyStanding {
    unsafe SubsidyStanding(
      state: known(m.subsidy.rawValue) ?? .none, counted: Minor(m.subsidy_counted),
      reservedAt: seconds(m.reserved_at))
  }

  private func appeal(_ m: Probity__V1__ClaimReply) -> AppealStanding {
    unsafe AppealStanding(
      state: known(m.appeal.rawValue) ?? .none, by: known(m.appeal_by.rawValue),
      openedAt: seconds(m.appeal_opened_at))
  }

  private func reasons(_ m: Probity__V1__ClaimReply) -> [Reason] {
    let count = unsafe Swift.min(m.n_reason_codes, m.n_reason_points)
    return (0..<count).compactMap { index in
      guard let raw = unsafe UInt16(exactly: m.reason_codes[index]),
        let code = ReasonCode(rawValue: raw)
      else { return nil }
      return unsafe Reason(code: code, points: Int(m.reason_points[index]))
    }
  }

  private func note(_ m: Probity__V1__ClaimNote) -> ClaimNote? {
    guard let what: ClaimNote.What = unsafe known(m.what.rawValue) else { return nil }
    return unsafe ClaimNote(
      what: what, at: seconds(m.at), actor: text(m.actor), reason: text(m.reason),
      position: LogPosition(m.log_position))
  }

  private func change(_ m: Probity__V1__OutcomeChange) -> ClaimReply.Change {
    unsafe ClaimReply.Change(
      kind: known(m.kind.rawValue) ?? .other, number: m.number, text: text(m.text),
      textChinese: text(m.text_chinese))
  }

  private func budget(_ m: Probity__V1__Budget) -> BudgetStanding? {
    guard let scope: SubsidyScope = unsafe known(m.scope.rawValue) else { return nil }
    return unsafe BudgetStanding(
      scope: scope, key: m.key, cap: Minor(m.cap), used: m.counted == 0 ? nil : Minor(m.used),
      isSet: m.set != 0, actor: text(m.actor), reason: text(m.reason), at: seconds(m.at))
  }

  private func override(_ m: Probity__V1__Override) -> OverrideStanding? {
    let setting: OverrideSetting
    switch unsafe known(m.setting.rawValue) as OverrideKind? {
    case .tier: setting = unsafe .tier(tier(m.tier))
    case .outcome: setting = unsafe .outcome(outcome(m.outcome))
    case .listed: setting = .listed
    case nil: return nil
    }
    return unsafe OverrideStanding(
      setting: setting, actor: text(m.actor), reason: text(m.reason), at: seconds(m.at),
      endsAt: seconds(m.ends_at))
  }

  private func account(_ m: Probity__V1__Account) -> AccountKey? {
    guard let kind: AccountKind = unsafe known(m.kind.rawValue) else { return nil }
    return unsafe AccountKey(kind, AccountID(m.id))
  }

  private func policy(_ m: Probity__V1__PolicyEntry) -> PolicyReport.Entry {
    unsafe PolicyReport.Entry(
      name: text(m.name), version: m.version, hash: m.hash,
      position: LogPosition(m.log_position),
      text: text(m.document, bytesMax: ProtocolLimits.policyBytesMax))
  }

  private func tally(
    _ count: Int, _ counts: UnsafeMutablePointer<UnsafeMutablePointer<Probity__V1__ShadowCount>?>?
  ) -> ShadowTally {
    var words = ShadowTally().words
    for index in 0..<count {
      guard let m = unsafe counts?[index]?.pointee,
        let outcome: Outcome = unsafe known(m.outcome.rawValue),
        let other: Outcome = unsafe known(m.other.rawValue)
      else { continue }
      words[Int(outcome.rawValue - 1) * Outcome.allCases.count + Int(other.rawValue - 1)] =
        unsafe m.count
    }
    return ShadowTally(words: words)
  }

  private func difference(_ m: Probity__V1__ShadowDifference) -> ShadowReport.Difference? {
    guard let facts = unsafe m.claim?.pointee else { return nil }
    return unsafe ShadowReport.Difference(
      claim: claim(facts), outcome: outcome(m.outcome), other: outcome(m.other),
      number: m.number)
  }

  private func report(_ m: Probity__V1__AffectedDecisionsReply) -> AffectedReport {
    unsafe AffectedReport(
      decisions: (0..<m.n_decisions).compactMap {
        unsafe m.decisions[$0].map { unsafe decision($0.pointee) }
      }, lookedAt: unsafe Int(m.looked_at), unreadable: unsafe Int(m.unreadable),
      next: unsafe m.more == 0 ? nil : m.next)
  }

  private func decision(_ m: Probity__V1__AffectedDecision) -> AffectedDecision {
    unsafe AffectedDecision(
      claim: ClaimID(m.claim), buyer: AccountID(m.buyer), merchant: AccountID(m.merchant),
      position: LogPosition(m.log_position), outcome: outcome(m.outcome),
      other: outcome(m.other))
  }
}
