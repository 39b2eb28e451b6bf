import ClaimStore
import IntegrityCore

/// Having a decision undone.
extension ClaimDesk {
  func openAppeal(
    _ id: ClaimID, by party: AccountKind, _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> ClaimAnswer {
    let number = try find(id)
    let record = claims[number]
    let byMerchant = party == .merchant
    if record.appeal == .open && record.flags.contains(.appealedByMerchant) == byMerchant {
      return answer(number, isRepeated: true)
    }
    if record.appeal != .none {
      throw DeskRefusal(
        .precondition, field: "claim",
        "claim \(id.rawValue) has had its appeal, which is \(record.appeal): there is one a claim")
    }
    try refuseWithdrawn(record)
    let days = context.rules.policy.claims.appealDays
    let ends = UInt64(record.decidedAt.rawValue) + UInt64(days) * 86_400
    if UInt64(context.now.rawValue) > ends {
      throw DeskRefusal(
        .precondition, field: "at",
        "the decision on claim \(id.rawValue) could be appealed for \(days) days, which are over")
    }
    try note(number, .appealOpened, choice: party.rawValue, command, context)
    claims.update(number) {
      $0.appeal = .open
      $0.appealedAt = context.now
      if byMerchant { $0.flags.insert(.appealedByMerchant) }
    }
    return answer(number, isRepeated: false)
  }

  /// Upholding takes everything that the claim put into the evidence out again, and gives
  /// its money back to the budgets. A buyer who was right is then compensated, within every
  /// cap, or keeps what was reserved or paid before; a merchant who was right
  /// leaves the claim declined.
  func decideAppeal(
    _ id: ClaimID, isUpheld: Bool, _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> ClaimAnswer {
    let number = try find(id)
    let record = claims[number]
    let state: AppealState = isUpheld ? .upheld : .rejected
    if record.appeal != .open {
      if record.appeal == state && isNoted(number, .appealDecided, command) {
        return answer(number, isRepeated: true)
      }
      throw DeskRefusal(
        .precondition, field: "claim",
        record.appeal == .none
          ? "claim \(id.rawValue) has no appeal: open one first"
          : "the appeal of claim \(id.rawValue) was decided before: \(record.appeal)")
    }
    try refuseWithdrawn(record)
    try note(
      number, .appealDecided, choice: state.rawValue, before: UndoneNote(record).word, command,
      context)
    claims.update(number) { $0.appeal = state }
    if isUpheld { undo(number, context) }
    return answer(number, isRepeated: false)
  }

  private func undo(_ number: UInt32, _ context: DeskContext) {
    let record = claims[number]
    let byMerchant = record.flags.contains(.appealedByMerchant)
    retractComplaint(number, context)
    retractOpening(number, context)
    retractVerdict(number, context)
    claims.update(number) { $0.decidedAt = context.now }
    // The buyer has what the appeal is about, and is not paid once more.
    if !byMerchant && record.subsidy.counts { return }
    if record.flags.contains(.paymentCounts) {
      context.retract(.payment(record.amount), at: record.reservedAt, record.claim)
      claims.update(number) { $0.flags.remove(.paymentCounts) }
    }
    // The carrier's proof is against the merchant: its own appeal contests it.
    if byMerchant && record.flags.contains(.proofCounts) {
      let claim = record.claim
      context.retract(.proof(claim.proofs, buyer: claim.buyer), at: claim.openedAt, claim)
      claims.update(number) { $0.flags.remove(.proofCounts) }
    }
    if record.subsidy.counts {
      let state: SubsidyState = record.subsidy == .committed ? .reversed : .released
      ledger.release(number, as: state, claims: &claims)
    }
    if byMerchant {
      claims.update(number) { $0.outcome = .decline }
    } else {
      compensateWithinCaps(number, context)
    }
  }

  private func retractVerdict(_ number: UInt32, _ context: DeskContext) {
    let record = claims[number]
    if !record.flags.contains(.verdictCounts) { return }
    let change: EvidenceChange =
      record.verdict == .abuse ? .abuse : .upheld
    context.retract(change, at: record.verdictAt, record.claim)
    claims.update(number) { $0.flags.remove(.verdictCounts) }
  }
}
