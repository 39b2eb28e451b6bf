import CProbityMessages
import CProtobufC
import IntegrityCore

/// What the server answers for the desk: each appends one RESPONSE frame to `sink`.
extension Codec {
  public func encodeDesk<Sink: FrameSink>(
    _ reply: DeskReply, stream: UInt32, to sink: inout Sink
  ) {
    arena.reset()
    switch reply {
    case .claim(let reply): encodeClaim(reply, stream, to: &sink)
    case .done(let position):
      var m = unsafe Probity__V1__DoneReply()
      unsafe probity__v1__done_reply__init(&m)
      unsafe m.log_position = position.rawValue
      unsafe respond(&m, stream, to: &sink)
    case .policy(let reply):
      var m = unsafe Probity__V1__PolicyReply()
      unsafe probity__v1__policy_reply__init(&m)
      unsafe m.version = reply.version
      unsafe m.hash = reply.hash
      unsafe m.active = reply.isActive ? 1 : 0
      unsafe m.log_position = reply.logPosition.rawValue
      unsafe respond(&m, stream, to: &sink)
    case .budgets(let reply):
      var m = unsafe Probity__V1__BudgetsReply()
      unsafe probity__v1__budgets_reply__init(&m)
      unsafe (m.n_budgets, m.budgets) = unsafe list(reply.budgets, budget)
      unsafe m.log_position = reply.logPosition.rawValue
      unsafe respond(&m, stream, to: &sink)
    case .overrides(let reply):
      var m = unsafe Probity__V1__OverridesReply()
      unsafe probity__v1__overrides_reply__init(&m)
      unsafe (m.n_overrides, m.overrides) = unsafe list(reply.overrides, override)
      unsafe (m.n_linked, m.linked) = unsafe list(reply.linked, account)
      unsafe m.log_position = reply.logPosition.rawValue
      unsafe respond(&m, stream, to: &sink)
    case .policies(let reply): encodePolicies(reply, stream, to: &sink)
    case .shadow(let reply): encodeShadow(reply, stream, to: &sink)
    case .affected(let reply):
      var m = unsafe message(reply.report, reply.logPosition)
      unsafe respond(&m, stream, to: &sink)
    case .standing(let reply):
      var m = unsafe message(reply)
      unsafe respond(&m, stream, to: &sink)
    case .standings(let reply):
      var m = unsafe Probity__V1__StandingsReply()
      unsafe probity__v1__standings_reply__init(&m)
      unsafe (m.n_standings, m.standings) = unsafe list(reply.standings, message)
      unsafe m.more = reply.next == nil ? 0 : 1
      unsafe m.next = reply.next ?? 0
      unsafe m.log_position = reply.logPosition.rawValue
      unsafe respond(&m, stream, to: &sink)
    }
  }

  // MARK: Claims

  private func encodeClaim<Sink: FrameSink>(
    _ reply: ClaimReply, _ stream: UInt32, to sink: inout Sink
  ) {
    var claim = unsafe message(reply.claim)
    var m = unsafe Probity__V1__ClaimReply()
    unsafe probity__v1__claim_reply__init(&m)
    unsafe m.outcome = code(reply.outcome)
    unsafe m.first_outcome = code(reply.firstOutcome)
    unsafe m.verdict = .init(rawValue: UInt32(reply.verdict?.rawValue ?? 0))
    unsafe m.buyer_score = UInt32(reply.scores.buyer)
    unsafe m.buyer_floor = UInt32(reply.scores.buyerFloor)
    unsafe m.merchant_score = UInt32(reply.scores.merchant)
    unsafe m.merchant_floor = UInt32(reply.scores.merchantFloor)
    unsafe m.decided_at = UInt64(reply.decidedAt.rawValue)
    unsafe m.withdrawn = reply.isWithdrawn ? 1 : 0
    unsafe m.repeated = reply.isRepeated ? 1 : 0
    unsafe m.opened_position = reply.openedPosition.rawValue
    unsafe fillStanding(&m, reply)
    unsafe fillBasis(&m, reply.basis)
    unsafe attach(reply.reasons, to: &m)
    unsafe attach(receipt: reply.receipt, to: &m)
    unsafe (m.n_notes, m.notes) = unsafe list(reply.notes, note)
    unsafe (m.n_changes, m.changes) = unsafe list(reply.changes, change)
    unsafe attach(reply.affected, reply.basis.logPosition, to: &m)
    unsafe withUnsafeMutablePointer(to: &claim) { claim in
      unsafe m.claim = unsafe claim
      unsafe respond(&m, stream, to: &sink)
    }
  }

  private func fillStanding(_ m: inout Probity__V1__ClaimReply, _ reply: ClaimReply) {
    unsafe m.subsidy = .init(rawValue: UInt32(reply.money.state.rawValue))
    unsafe m.subsidy_counted = reply.money.counted.rawValue
    unsafe m.reserved_at = UInt64(reply.money.reservedAt.rawValue)
    unsafe m.appeal = .init(rawValue: UInt32(reply.appeal.state.rawValue))
    unsafe m.appeal_by = .init(rawValue: UInt32(reply.appeal.by?.rawValue ?? 0))
    unsafe m.appeal_opened_at = UInt64(reply.appeal.openedAt.rawValue)
    unsafe m.appealable_until = UInt64(reply.appealableUntil.rawValue)
    unsafe m.answer_due_at = UInt64(reply.answerDueAt.rawValue)
  }

  private func fillBasis(_ m: inout Probity__V1__ClaimReply, _ basis: JudgementBasis) {
    unsafe m.as_of = UInt64(basis.asOf.rawValue)
    unsafe m.log_position = basis.logPosition.rawValue
    unsafe m.policy_version = basis.policyVersion
    unsafe m.policy_hash = basis.policyHash
    unsafe m.degraded = basis.isDegraded ? 1 : 0
  }

  private func attach(_ reasons: [Reason], to m: inout Probity__V1__ClaimReply) {
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

  private func attach(receipt: [UInt8], to m: inout Probity__V1__ClaimReply) {
    guard let bytes = unsafe arena.allocate(UInt8.self, count: receipt.count) else { return }
    for (index, byte) in receipt.enumerated() { unsafe bytes[index] = byte }
    unsafe m.receipt = unsafe ProtobufCBinaryData(len: receipt.count, data: bytes)
  }

  private func attach(
    _ report: AffectedReport?, _ position: LogPosition, to m: inout Probity__V1__ClaimReply
  ) {
    guard let report,
      let page = unsafe arena.allocate(Probity__V1__AffectedDecisionsReply.self, count: 1)
    else { return }
    unsafe page.initialize(to: message(report, position))
    unsafe m.affected = unsafe page
  }

  private func note(_ note: ClaimNote) -> Probity__V1__ClaimNote {
    var m = unsafe Probity__V1__ClaimNote()
    unsafe probity__v1__claim_note__init(&m)
    unsafe m.what = .init(rawValue: UInt32(note.what.rawValue))
    unsafe m.at = UInt64(note.at.rawValue)
    unsafe m.actor = unsafe arena.string(note.actor) ?? m.actor
    unsafe m.reason = unsafe arena.string(note.reason) ?? m.reason
    unsafe m.log_position = note.position.rawValue
    return unsafe m
  }

  private func change(_ change: ClaimReply.Change) -> Probity__V1__OutcomeChange {
    var m = unsafe Probity__V1__OutcomeChange()
    unsafe probity__v1__outcome_change__init(&m)
    unsafe m.kind = .init(rawValue: UInt32(change.kind.rawValue))
    unsafe m.number = change.number
    unsafe m.text = unsafe arena.string(change.text) ?? m.text
    unsafe m.text_chinese = unsafe arena.string(change.textChinese) ?? m.text_chinese
    return unsafe m
  }

  private func message(
    _ report: AffectedReport, _ position: LogPosition
  ) -> Probity__V1__AffectedDecisionsReply {
    var m = unsafe Probity__V1__AffectedDecisionsReply()
    unsafe probity__v1__affected_decisions_reply__init(&m)
    unsafe (m.n_decisions, m.decisions) = unsafe list(report.decisions, decision)
    unsafe m.looked_at = UInt32(clamping: report.lookedAt)
    unsafe m.unreadable = UInt32(clamping: report.unreadable)
    unsafe m.more = report.next == nil ? 0 : 1
    unsafe m.next = report.next ?? 0
    unsafe m.log_position = position.rawValue
    return unsafe m
  }

  private func decision(_ decision: AffectedDecision) -> Probity__V1__AffectedDecision {
    var m = unsafe Probity__V1__AffectedDecision()
    unsafe probity__v1__affected_decision__init(&m)
    unsafe m.claim = decision.claim.rawValue
    unsafe m.buyer = decision.buyer.rawValue
    unsafe m.merchant = decision.merchant.rawValue
    unsafe m.log_position = decision.position.rawValue
    unsafe m.outcome = code(decision.outcome)
    unsafe m.other = code(decision.other)
    return unsafe m
  }

  // MARK: Orders and policies

  private func budget(_ budget: BudgetStanding) -> Probity__V1__Budget {
    var m = unsafe Probity__V1__Budget()
    unsafe probity__v1__budget__init(&m)
    unsafe m.scope = .init(rawValue: UInt32(budget.scope.rawValue))
    unsafe m.key = budget.key
    unsafe m.cap = budget.cap.rawValue
    unsafe m.used = budget.used?.rawValue ?? 0
    unsafe m.counted = budget.used == nil ? 0 : 1
    unsafe m.set = budget.isSet ? 1 : 0
    unsafe m.actor = unsafe arena.string(budget.actor) ?? m.actor
    unsafe m.reason = unsafe arena.string(budget.reason) ?? m.reason
    unsafe m.at = UInt64(budget.at.rawValue)
    return unsafe m
  }

  private func override(_ standing: OverrideStanding) -> Probity__V1__Override {
    var m = unsafe Probity__V1__Override()
    unsafe probity__v1__override__init(&m)
    unsafe m.setting = .init(rawValue: UInt32(standing.setting.kind.rawValue))
    switch standing.setting {
    case .tier(let tier): unsafe m.tier = .init(rawValue: UInt32(tier.rawValue))
    case .outcome(let outcome): unsafe m.outcome = code(outcome)
    case .listed: break
    }
    unsafe m.ends_at = UInt64(standing.endsAt.rawValue)
    unsafe m.at = UInt64(standing.at.rawValue)
    unsafe m.actor = unsafe arena.string(standing.actor) ?? m.actor
    unsafe m.reason = unsafe arena.string(standing.reason) ?? m.reason
    return unsafe m
  }

  private func account(_ account: AccountKey) -> Probity__V1__Account {
    var m = unsafe Probity__V1__Account()
    unsafe probity__v1__account__init(&m)
    unsafe m.id = account.id.rawValue
    unsafe m.kind = .init(rawValue: UInt32(account.kind.rawValue))
    return unsafe m
  }

  private func encodePolicies<Sink: FrameSink>(
    _ reply: PoliciesReply, _ stream: UInt32, to sink: inout Sink
  ) {
    var m = unsafe Probity__V1__PoliciesReply()
    unsafe probity__v1__policies_reply__init(&m)
    unsafe (m.n_policies, m.policies) = unsafe list(reply.report.entries, policy)
    unsafe m.active_hash = reply.report.activeHash
    unsafe m.shadow_hash = reply.report.shadowHash ?? 0
    unsafe (m.n_shadow, m.shadow) = unsafe list(counts(reply.report.shadow), count)
    unsafe m.log_position = reply.logPosition.rawValue
    unsafe respond(&m, stream, to: &sink)
  }

  private func policy(_ entry: PolicyReport.Entry) -> Probity__V1__PolicyEntry {
    var m = unsafe Probity__V1__PolicyEntry()
    unsafe probity__v1__policy_entry__init(&m)
    unsafe m.name = unsafe arena.string(entry.name) ?? m.name
    unsafe m.version = entry.version
    unsafe m.hash = entry.hash
    unsafe m.log_position = entry.position.rawValue
    unsafe m.document = unsafe arena.string(entry.text) ?? m.document
    return unsafe m
  }

  private func encodeShadow<Sink: FrameSink>(
    _ reply: ShadowReply, _ stream: UInt32, to sink: inout Sink
  ) {
    var m = unsafe Probity__V1__ShadowReply()
    unsafe probity__v1__shadow_reply__init(&m)
    unsafe (m.n_shadow, m.shadow) = unsafe list(counts(reply.report.tally), count)
    unsafe (m.n_differences, m.differences) = unsafe list(reply.report.differences, difference)
    unsafe m.more = reply.report.next == nil ? 0 : 1
    unsafe m.next = reply.report.next ?? 0
    unsafe m.log_position = reply.logPosition.rawValue
    unsafe respond(&m, stream, to: &sink)
  }

  private func difference(
    _ difference: ShadowReport.Difference
  ) -> Probity__V1__ShadowDifference {
    var m = unsafe Probity__V1__ShadowDifference()
    unsafe probity__v1__shadow_difference__init(&m)
    if let claim = unsafe arena.allocate(Probity__V1__Claim.self, count: 1) {
      unsafe claim.initialize(to: message(difference.claim))
      unsafe m.claim = unsafe claim
    }
    unsafe m.outcome = code(difference.outcome)
    unsafe m.other = code(difference.other)
    unsafe m.number = difference.number
    return unsafe m
  }

  private typealias OutcomeCount = (outcome: Outcome, other: Outcome, count: UInt64)

  /// Those that are not zero.
  private func counts(_ tally: ShadowTally) -> [OutcomeCount] {
    Outcome.allCases.flatMap { outcome in
      Outcome.allCases.map { (outcome, $0, tally.count(outcome, $0)) }
    }.filter { $0.2 != 0 }
  }

  private func count(_ count: OutcomeCount) -> Probity__V1__ShadowCount {
    var m = unsafe Probity__V1__ShadowCount()
    unsafe probity__v1__shadow_count__init(&m)
    unsafe m.outcome = code(count.outcome)
    unsafe m.other = code(count.other)
    unsafe m.count = count.count
    return unsafe m
  }

  private func code(_ outcome: Outcome) -> Probity__V1__Outcome {
    .init(rawValue: UInt32(outcome.rawValue))
  }
}
