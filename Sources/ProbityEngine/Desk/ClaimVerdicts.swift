import ClaimStore
import IntegrityCore

/// What humans do about claims that were opened.
extension ClaimDesk {
  // MARK: Verdicts

  /// A human's verdict: once for each claim.
  func decide(
    _ id: ClaimID, _ verdict: Verdict, _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> ClaimAnswer {
    let number = try find(id)
    let record = claims[number]
    if let known = record.verdict {
      if known == verdict && isNoted(number, .decided, command) {
        return answer(number, isRepeated: true)
      }
      throw DeskRefusal(
        .precondition, field: "claim",
        "claim \(id.rawValue) was decided before: \(known). Open an appeal to have it undone")
    }
    try refuseWithdrawn(record)
    if record.appeal == .upheld {
      throw DeskRefusal(
        .precondition, field: "claim",
        "an appeal of claim \(id.rawValue) was upheld: it is at its end")
    }
    try note(number, .decided, choice: verdict.rawValue, command, context)
    claims.update(number) {
      $0.verdict = verdict
      $0.verdictAt = command.at
      $0.decidedAt = context.now
    }
    switch verdict {
    case .upheld: uphold(number, context)
    case .rejected: decline(number, context)
    case .abuse:
      decline(number, context)
      context.add(.abuse, at: command.at, record.claim)
      claims.update(number) { $0.flags.insert(.verdictCounts) }
    }
    return answer(number, isRepeated: false)
  }

  private func uphold(_ number: UInt32, _ context: DeskContext) {
    let record = claims[number]
    let claim = record.claim
    if record.weight == 0 {
      // The buyer's word weighs by what the buyer is now.
      claims.update(number) { $0.flags.insert(.weighsFromVerdict) }
      addComplaint(number, context)
    }
    context.add(.upheld, at: record.verdictAt, claim)
    claims.update(number) { $0.flags.insert(.verdictCounts) }
    if record.outcome == .manualReview { compensateWithinCaps(number, context) }
  }

  private func decline(_ number: UInt32, _ context: DeskContext) {
    retractComplaint(number, context)
    // Its order is trade again: nothing comes back.
    let record = claims[number]
    if record.flags.contains(.openingCounts) {
      context.retract(.dispute(amount: record.amount), at: record.claim.openedAt, record.claim)
    }
    if claims[number].subsidy == .reserved {
      ledger.release(number, as: .released, claims: &claims)
    }
    claims.update(number) { $0.outcome = .decline }
  }

  /// What a human has found right is bound by every cap: humans can be deceived, and some of
  /// those who try find out how.
  func compensateWithinCaps(_ number: UInt32, _ context: DeskContext) {
    let fits = hasRoom(for: number, context)
    if fits { ledger.reserve(number, at: context.now, claims: &claims) }
    claims.update(number) { $0.outcome = fits ? .platformCompensates : .returnAndRefund }
  }

  func retractComplaint(_ number: UInt32, _ context: DeskContext) {
    let record = claims[number]
    if record.weight == 0 { return }
    context.retract(
      .complaint(weight: record.weight, amount: record.amount, buyer: record.buyer),
      at: record.weightAt, record.claim)
    claims.update(number) { $0.weight = 0 }
  }

  // MARK: Withdrawing

  /// The buyer takes the claim back: it is as if it had not been opened. Not while a human is
  /// to look at it: who is found out could always be gone.
  func withdraw(
    _ id: ClaimID, _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> ClaimAnswer {
    let number = try find(id)
    let record = claims[number]
    if record.flags.contains(.withdrawn) { return answer(number, isRepeated: true) }
    if let verdict = record.verdict {
      throw DeskRefusal(
        .precondition, field: "claim",
        "claim \(id.rawValue) was decided before: \(verdict). It cannot be withdrawn any more")
    }
    if record.outcome == .manualReview {
      throw DeskRefusal(
        .precondition, field: "claim",
        "a human is to look at claim \(id.rawValue): it cannot be withdrawn before. Decide it "
          + "as rejected if the buyer does not stand by it")
    }
    if record.subsidy == .committed {
      throw DeskRefusal(
        .precondition, field: "claim",
        "the subsidy of claim \(id.rawValue) is paid: it cannot be withdrawn any more")
    }
    try note(number, .withdrawn, command, context)
    retractComplaint(number, context)
    retractOpening(number, context)
    // It may have expired meanwhile.
    if claims[number].subsidy == .reserved {
      ledger.release(number, as: .released, claims: &claims)
    }
    claims.update(number) {
      $0.flags.insert(.withdrawn)
      $0.decidedAt = context.now
    }
    return answer(number, isRepeated: false)
  }

  /// Unless an appeal has done so before.
  func retractOpening(_ number: UInt32, _ context: DeskContext) {
    let record = claims[number]
    for change in Self.opening(record) {
      context.retract(change, at: record.claim.openedAt, record.claim)
    }
    claims.update(number) { $0.flags.remove(.openingCounts) }
  }

  /// What a claim's opening has in the evidence now.
  static func opening(_ record: ClaimRecord) -> [EvidenceChange] {
    if !record.flags.contains(.openingCounts) { return [] }
    let claim = record.claim
    let opening = EvidenceChange.opening(
      claim.allegation, amount: claim.amount, merchant: claim.merchant)
    let isDeclined = record.verdict == .rejected || record.verdict == .abuse
    return isDeclined ? [opening] : [opening, .dispute(amount: claim.amount)]
  }

  // MARK: Money

  func settle(
    _ id: ClaimID, _ settlement: Settlement, _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> ClaimAnswer {
    let number = try find(id)
    let record = claims[number]
    let isOverdue =
      record.subsidy == .reserved
      && ledger.isOverdue(
        record, at: context.now, reserveDays: context.rules.policy.subsidy.reserveDays)
    switch (isOverdue ? .expired : record.subsidy, settlement) {
    case (.reserved, .commit):
      try note(number, .paid, command, context)
      ledger.commit(number, claims: &claims)
      context.add(.payment(record.amount), at: record.reservedAt, record.claim)
      claims.update(number) { $0.flags.insert(.paymentCounts) }
    case (.reserved, .release):
      try note(number, .released, command, context)
      ledger.release(number, as: .released, claims: &claims)
    case (.committed, .commit), (.released, .release):
      return answer(number, isRepeated: true)
    case (.committed, .release):
      throw DeskRefusal(
        .precondition, field: "claim",
        "the subsidy of claim \(id.rawValue) is paid and cannot be released: an appeal that is "
          + "upheld reverses it")
    case (let state, _):
      throw DeskRefusal(
        .precondition, field: "claim",
        "nothing is reserved for claim \(id.rawValue): its subsidy is \(state)")
    }
    return answer(number, isRepeated: false)
  }

  // MARK: Finding and noting

  /// Accounts whose records a command may change, known or new.
  func accounts(of action: DeskAction) -> [AccountKey] {
    if case .certify(let merchant, _, _) = action { return [AccountKey(.merchant, merchant)] }
    let claim: Claim? =
      switch action {
      case .openClaim(let claim): claim
      case .decideClaim(let id, _), .withdrawClaim(let id), .settleSubsidy(let id, _),
        .openAppeal(let id, _), .decideAppeal(let id, _):
        claims.number(of: id).map { claims[$0].claim }
      default: nil
      }
    guard let claim else { return [] }
    return [AccountKey(.buyer, claim.buyer), AccountKey(.merchant, claim.merchant)]
  }

  func find(_ id: ClaimID) throws(DeskRefusal) -> UInt32 {
    if let number = claims.number(of: id) { return number }
    throw DeskRefusal(
      .notFound, field: "claim",
      "claim \(id.rawValue) is not known: it was never opened, or forgotten "
        + "\(Self.retentionDays) days after its end")
  }

  func refuseWithdrawn(_ record: ClaimRecord) throws(DeskRefusal) {
    if !record.flags.contains(.withdrawn) { return }
    throw DeskRefusal(
      .precondition, field: "claim",
      "claim \(record.id.rawValue) was withdrawn: nothing is left to be decided")
  }

  /// Notes what is done, which nothing can refuse any more: the change begins with it.
  func note(
    _ number: UInt32, _ what: ClaimNote.What, choice: UInt8 = 0, before: UInt64 = 0,
    _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) {
    if notes.count >= limits.claimsMax {
      throw DeskRefusal(.exhausted, "no room for another note: \(limits.claimsMax) are remembered")
    }
    context.begin()
    notes.append(
      DeskEntry(
        .note, choice: what.rawValue, key: UInt64(number), otherKey: before,
        value: UInt64(choice), at: command.at,
        position: context.position.rawValue,
        who: OperatorText(command.actor, sizeBytes: OperatorText.whoBytes),
        why: OperatorText(command.reason, sizeBytes: OperatorText.whyBytes)))
  }

  /// Whether the newest note of a kind is of the same actor and time.
  func isNoted(_ number: UInt32, _ what: ClaimNote.What, _ command: DeskCommand) -> Bool {
    var isSame = false
    notes.forEach(DeskEntry.subject(.note, key: UInt64(number))) { _, entry in
      if entry.choice != what.rawValue { return true }
      isSame = entry.at == command.at && entry.who.text == command.actor
      return false
    }
    return isSame
  }
}
