import AccountStore
import ClaimStore
import IntegrityCore

/// What a command of the desk is applied to, and at which position.
struct DeskContext {
  let state: IntegrityState
  let table: AccountTable
  let rules: EvidenceRules
  let position: LogPosition
  /// The state's time before the command.
  let stateAt: UnixSeconds
  /// The same, the command included.
  let now: UnixSeconds
  /// Decides every claim as well; nil = there is none.
  let candidate: Policy?

  /// To be called when nothing can be refused any more, before anything is changed.
  func begin() { state.moveTime(to: now) }

  /// One of which nothing is known, if it is not known.
  func record(of account: AccountKey) -> AccountRecord {
    table.record(of: account) ?? AccountRecord(account)
  }

  /// Changes the records of a claim's parties.
  func change(
    _ claim: Claim, _ change: EvidenceChange,
    _ body: (EvidenceRules, inout AccountRecord, inout AccountRecord) -> Void
  ) {
    var buyer = table.locate(AccountKey(.buyer, claim.buyer))
    var merchant = table.locate(AccountKey(.merchant, claim.merchant))
    let before = (buyer.record.tierCode, merchant.record.tierCode)
    body(rules, &buyer.record, &merchant.record)
    if change.changesBuyer { state.store(buyer, tierBefore: before.0, at: now) }
    if change.changesMerchant { state.store(merchant, tierBefore: before.1, at: now) }
  }

  /// Adds what opening a claim says of both: each record is sought once.
  func addOpening(_ claim: Claim) {
    var buyer = table.locate(AccountKey(.buyer, claim.buyer))
    var merchant = table.locate(AccountKey(.merchant, claim.merchant))
    let before = (buyer.record.tierCode, merchant.record.tierCode)
    let opening = EvidenceChange.opening(
      claim.allegation, amount: claim.amount, merchant: claim.merchant)
    for change in [opening, .dispute(amount: claim.amount)] {
      rules.add(change, at: claim.openedAt, buyer: &buyer.record, merchant: &merchant.record)
    }
    state.store(buyer, tierBefore: before.0, at: now)
    state.store(merchant, tierBefore: before.1, at: now)
  }

  func add(_ change: EvidenceChange, at time: UnixSeconds, _ claim: Claim) {
    self.change(claim, change) { $0.add(change, at: time, buyer: &$1, merchant: &$2) }
  }

  func retract(_ change: EvidenceChange, at time: UnixSeconds, _ claim: Claim) {
    self.change(claim, change) { $0.retract(change, at: time, buyer: &$1, merchant: &$2) }
  }
}

extension ClaimDesk {
  /// Opens a claim and decides it. About 2 µs, most of it cache misses.
  func open(_ claim: Claim, _ context: DeskContext) throws(DeskRefusal) -> ClaimAnswer {
    if let number = claims.number(of: claim.id) {
      guard claims[number].claim == claim else {
        throw DeskRefusal(
          .invalid, field: "claim",
          "claim \(claim.id.rawValue) was opened before with other content: choose another id")
      }
      return answer(number, isRepeated: true)
    }
    // Numbers are not used again: each names a receipt.
    if claims.count >= limits.claimsMax || claims.next >= .max - 1 {
      throw DeskRefusal(
        .exhausted,
        "no room for another claim: \(limits.claimsMax) are remembered, the most allowed")
    }
    context.begin()
    let claimCase = gather(claim, context)
    let decision = context.rules.policy.decide(claimCase, schema: context.rules.schema)
    let number = append(claim, decision, claimCase, context)
    let receipt = Receipt(
      halfLifeSeconds: context.rules.schema.halfLifeSeconds, position: context.position,
      policyHash: context.rules.policy.hash, policyVersion: context.rules.policy.version,
      claimCase: claimCase, decision: decision)
    receipts?.put(number, receipt.encoded)
    return answer(number, isRepeated: false, made: receipt)
  }

  private func append(
    _ claim: Claim, _ decision: ClaimDecision, _ claimCase: ClaimCase, _ context: DeskContext
  ) -> UInt32 {
    var record = ClaimRecord(
      claim, position: context.position.rawValue, appliedAt: context.now)
    record.outcome = decision.outcome
    record.firstOutcome = decision.outcome
    record.flags = .openingCounts
    if let candidate = context.candidate {
      var other = claimCase
      setCaps(of: &other, under: candidate, context)
      let outcome = candidate.decide(other, schema: context.rules.schema).outcome
      record.shadowOutcome = outcome
      shadow.note(decision.outcome, outcome)
    }
    let number = claims.append(record)
    if decision.subsidy.rawValue > 0 {
      ledger.reserve(number, at: context.now, claims: &claims)
    }
    addOpeningEvidence(number, claim, context)
    return number
  }

  private func addOpeningEvidence(_ number: UInt32, _ claim: Claim, _ context: DeskContext) {
    context.addOpening(claim)
    if !claim.proofs.isDisjoint(with: .byCarrier) && !claim.proofs.contains(.recorded) {
      context.add(.proof(claim.proofs, buyer: claim.buyer), at: claim.openedAt, claim)
      claims.update(number) { $0.flags.insert(.proofCounts) }
    }
    if claims[number].outcome == .platformCompensates { addComplaint(number, context) }
  }

  /// Notes a claim that is decided for the buyer in the merchant's evidence, with what the
  /// buyer's word weighs. What is no matter of quality is none of the merchant's faults, and
  /// what the carrier has proven is in its evidence already.
  func addComplaint(_ number: UInt32, _ context: DeskContext) {
    let record = claims[number]
    let isProven = !record.claim.proofs.isDisjoint(with: .byCarrier)
    if record.claim.kind != .quality || isProven || record.weight > 0 { return }
    let weight = complaintWeight(record, context)
    if weight == 0 { return }
    context.add(
      .complaint(weight: weight, amount: record.amount, buyer: record.buyer),
      at: record.weightAt, record.claim)
    claims.update(number) { $0.weight = weight }
  }

  /// What a claim weighs against the merchant: by the buyer's score, this claim included, so
  /// that a new account that claims its first order has little to say; and with all of the
  /// buyer's other complaints about the merchant no more than the policy's most.
  private func complaintWeight(_ record: ClaimRecord, _ context: DeskContext) -> Float {
    let policy = context.rules.policy
    let buyer = context.table.record(of: AccountKey(.buyer, record.buyer))
    let clock = DecayClock(context.rules.schema, now: record.weightAt)
    let score = buyer.map { policy.score($0, at: clock) } ?? 0
    let credibility = Float(policy.credibility.weight(ofScore: score))
    var others: Float = 0
    forEachOfIdentity(record.buyer) { other in
      if other.merchant == record.merchant { others += other.weight }
    }
    return Swift.max(0, Swift.min(credibility, policy.claims.counterpartyWeightMax - others))
  }

  // MARK: The case

  /// Everything that the decision reads, as it is before the claim.
  func gather(_ claim: Claim, _ context: DeskContext) -> ClaimCase {
    let buyer = AccountKey(.buyer, claim.buyer)
    let merchant = AccountKey(.merchant, claim.merchant)
    var (history, used) = addUp(claim, context.now)
    history.isLinked = identity(of: buyer).contains(merchant)
    var claimCase = ClaimCase(
      claim: claim, buyer: context.record(of: buyer), merchant: context.record(of: merchant),
      history: history, used: used, caps: .zero,
      orders: standingOrders(buyer, merchant, at: context.now),
      lot: ClaimCase.lot(claim.id, at: context.position), stateAt: context.stateAt)
    setCaps(of: &claimCase, under: context.rules.policy, context)
    return claimCase
  }

  /// The caps that no budget was set for are the policy's.
  private func setCaps(of c: inout ClaimCase, under policy: Policy, _ context: DeskContext) {
    c.caps = caps(
      for: c.claim, buyer: c.buyer, merchant: c.merchant,
      at: DecayClock(context.rules.schema, now: c.cappedAt), policy)
  }

  /// Whether every cap has room for what a claim asks, as all is now: with its own order among
  /// the trade, as when it was opened.
  func hasRoom(for number: UInt32, _ context: DeskContext) -> Bool {
    let record = claims[number]
    let claim = record.claim
    var buyer = context.record(of: AccountKey(.buyer, claim.buyer))
    var merchant = context.record(of: AccountKey(.merchant, claim.merchant))
    for change in Self.opening(record) {
      context.rules.retract(change, at: claim.openedAt, buyer: &buyer, merchant: &merchant)
    }
    let used = addUp(claim, context.now).used
    let caps = caps(
      for: claim, buyer: buyer, merchant: merchant,
      at: DecayClock(context.rules.schema, now: context.now), context.rules.policy)
    return SubsidyScope.allCases.allSatisfy {
      $0.hasRoom(for: claim, used: used[$0], cap: caps[$0])
    }
  }

  /// Goes through the claims of the buyer, and of those linked to it.
  ///
  /// - Returns: what went before between the two, but for links; and what is reserved and paid.
  private func addUp(
    _ claim: Claim, _ now: UnixSeconds
  ) -> (history: ClaimHistory, used: SubsidyAmounts) {
    var (buyerClaims, pairClaims) = (UInt32(0), UInt32(0))
    var (month, year, pair) = (Int64(0), Int64(0), Int64(0))
    let isCutOff = forEachOfIdentity(claim.buyer) { record in
      let isPair = record.merchant == claim.merchant
      if !record.flags.contains(.withdrawn) && Self.isWithin(90, record.appliedAt, now) {
        buyerClaims += 1
        if isPair { pairClaims += 1 }
      }
      // Whether what was reversed has come back from the buyer nobody says.
      if !record.subsidy.counts && record.subsidy != .reversed { return }
      let amount = record.amount.rawValue
      if Self.isWithin(SubsidyScope.buyer30Days.days, record.reservedAt, now) { month += amount }
      if Self.isWithin(SubsidyScope.buyer365Days.days, record.reservedAt, now) { year += amount }
      if isPair && Self.isWithin(SubsidyScope.pair90Days.days, record.reservedAt, now) {
        pair += amount
      }
    }
    if isCutOff {
      // What lies behind is not known, and must not be too little: no cap takes so much.
      (month, year, pair) = (Self.unknownUse, Self.unknownUse, Self.unknownUse)
    }
    let used = SubsidyAmounts { scope in
      switch scope {
      case .global: Minor(ledger.globalUsed)
      case .category: Minor(ledger.used(ofCategory: claim.category))
      case .buyer30Days: Minor(month)
      case .buyer365Days: Minor(year)
      case .merchant30Days: Minor(claims.used(ofMerchant: claim.merchant))
      case .pair90Days: Minor(pair)
      }
    }
    return (ClaimHistory(buyerClaims: buyerClaims, pairClaims: pairClaims), used)
  }

  /// Minor units that fit under no cap, and that sums of may not overflow.
  private static let unknownUse = SubsidyAmounts.capMax.rawValue

  private static func isWithin(_ days: UInt32, _ time: UnixSeconds, _ now: UnixSeconds) -> Bool {
    UInt64(time.rawValue) + UInt64(days) * 86_400 > UInt64(now.rawValue)
  }

  /// Claims of a buyer and of those linked to it, at most `buyerClaimsMax` of each.
  ///
  /// - Returns: whether there are more of one of them.
  @discardableResult
  private func forEachOfIdentity(_ buyer: AccountID, _ body: (ClaimRecord) -> Void) -> Bool {
    var isCutOff = forEachClaim(of: buyer, body)
    if orders.count == 0 { return isCutOff }
    for account in identity(of: AccountKey(.buyer, buyer))
    where account.kind == .buyer && account.id != buyer {
      if forEachClaim(of: account.id, body) { isCutOff = true }
    }
    return isCutOff
  }

  private func forEachClaim(of buyer: AccountID, _ body: (ClaimRecord) -> Void) -> Bool {
    var left = Self.buyerClaimsMax
    var isCutOff = false
    claims.forEach(ofBuyer: buyer) { _, record in
      isCutOff = left == 0
      if isCutOff { return false }
      body(record)
      left -= 1
      return true
    }
    return isCutOff
  }
}
