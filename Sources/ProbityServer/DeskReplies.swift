import IntegrityCore
import ProbityEngine
import ProbityWire

/// What the sequencer answers, as it is sent.
extension LoopContext {
  func reply(
    to request: DeskRequest, _ answer: DeskAnswer, _ position: LogPosition
  ) -> DeskReply {
    switch answer {
    case .claim(let answer):
      var explains = false
      if case .command(_, explains: true) = request { explains = true }
      return .claim(claimReply(answer, position, explains: explains))
    case .undone(let answer, let affected):
      var reply = claimReply(answer, position, explains: false)
      reply.affected = affected
      return .claim(reply)
    case .policy(let version, let hash, let isActive):
      return .policy(
        PolicyReply(version: version, hash: hash, isActive: isActive, logPosition: position))
    case .standing(let report): return .standing(standingReply(report, position))
    case .done: return .done(position)
    }
  }

  private func standingReply(_ report: StandingReport, _ position: LogPosition) -> StandingReply {
    StandingReply(
      report: report, logPosition: position, policyVersion: policy.version,
      policyHash: policy.hash)
  }

  /// - Throws: NOT_FOUND, or what the question was refused with.
  func reply(
    to request: DeskRequest, _ report: DeskReport, _ position: LogPosition
  ) throws(CallFailure) -> DeskReply {
    switch report {
    case .claim(let answer?): return .claim(claimReply(answer, position, explains: true))
    case .claim(nil):
      throw CallFailure(
        .notFound, "the claim is not known: it was never opened, or is forgotten",
        field: "claim", notExecuted: false)
    case .budgets(let budgets):
      return .budgets(BudgetsReply(budgets: budgets, logPosition: position))
    case .overrides(let overrides, let linked):
      return .overrides(
        OverridesReply(overrides: overrides, linked: linked, logPosition: position))
    case .policies(let report):
      return .policies(
        PoliciesReply(report: try chosen(from: report, request), logPosition: position))
    case .shadow(let report): return .shadow(ShadowReply(report: report, logPosition: position))
    case .affected(let report):
      return .affected(AffectedDecisionsReply(report: report, logPosition: position))
    case .standing(let report): return .standing(standingReply(report, position))
    case .standings(let page):
      return .standings(
        StandingsReply(
          standings: page.standings.map { standingReply($0, position) }, next: page.next,
          logPosition: position))
    case .claimNumbers, .claimFigures, .stepFigures, .time:
      preconditionFailure("what work on the population asks is nobody's call")
    case .refused(let refusal): throw CallFailure(refusal, request)
    }
  }

  /// The one policy that was asked for, or all with as many documents as fit.
  private func chosen(
    from report: PolicyReport, _ request: DeskRequest
  ) throws(CallFailure) -> PolicyReport {
    var report = report
    if case .policies(let hash?) = request {
      report.entries.removeAll { $0.hash != hash }
      if !report.entries.isEmpty { return report }
      throw CallFailure(
        .notFound, "there is no policy with the hash \(String(hash, radix: 16))",
        field: "policy", notExecuted: false)
    }
    var left = ProtocolLimits.policyTextsBytesMax
    if let active = report.entries.first(where: { $0.hash == report.activeHash }) {
      left -= active.text.utf8.count
    }
    for index in report.entries.indices where report.entries[index].hash != report.activeHash {
      let count = report.entries[index].text.utf8.count
      if count > left { report.entries[index].text = "" } else { left -= count }
    }
    return report
  }

  // MARK: Claims

  private func claimReply(
    _ answer: ClaimAnswer, _ position: LogPosition, explains: Bool
  ) -> ClaimReply {
    let receipt = answer.receipt
    var reply = ClaimReply(
      claim: answer.claim, outcome: answer.outcome, firstOutcome: answer.firstOutcome,
      verdict: answer.verdict, money: answer.money, appeal: answer.appeal,
      decidedAt: answer.decidedAt, openedPosition: answer.position,
      basis: JudgementBasis(
        asOf: answer.claim.openedAt, logPosition: position,
        policyVersion: receipt?.policyVersion ?? policy.version,
        policyHash: receipt?.policyHash ?? policy.hash, isDegraded: false))
    reply.isWithdrawn = answer.isWithdrawn
    reply.isRepeated = answer.isRepeated
    reply.notes = answer.notes
    addDeadlines(to: &reply)
    guard let receipt else { return reply }
    let decision = receipt.decision
    reply.reasons = Array(decision.reasons)
    reply.scores = ClaimReply.Scores(
      buyer: Int(decision.buyerScore), buyerFloor: Int(decision.buyerFloor),
      merchant: Int(decision.merchantScore), merchantFloor: Int(decision.merchantFloor))
    reply.receipt = receipt.encoded
    // What another policy would make of it is no change of this outcome.
    if explains && answer.outcome != .platformCompensates && receipt.policyHash == policy.hash {
      reply.changes = policy.changes(of: receipt.claimCase, schema: engine.schema)
        .map { ClaimReply.Change($0) }
    }
    return reply
  }

  private func addDeadlines(to reply: inout ClaimReply) {
    switch reply.appeal.state {
    case .none where !reply.isWithdrawn:
      reply.appealableUntil = reply.decidedAt.adding(days: policy.claims.appealDays)
    case .open:
      reply.answerDueAt = reply.appeal.openedAt.adding(days: policy.claims.answerDays)
    case .none, .upheld, .rejected: break
    }
  }
}

extension ClaimReply.Change {
  init(_ change: OutcomeChange) {
    let (kind, number): (ClaimReply.ChangeKind, UInt64) =
      switch change {
      case .cleanOrders(let count, _, _): (.cleanOrders, UInt64(clamping: count))
      case .evidence: (.evidence, 0)
      case .amountAtMost(let amount): (.amountAtMost, UInt64(clamping: amount.rawValue))
      case .nextDay: (.nextDay, 0)
      case .carrierProof: (.carrierProof, 0)
      case .verdict: (.verdict, 0)
      }
    self.init(
      kind: kind, number: number, text: change.sentence, textChinese: change.sentenceChinese)
  }
}
