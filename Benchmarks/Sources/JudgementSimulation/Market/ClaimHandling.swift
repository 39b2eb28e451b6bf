import IntegrityCore
import ProbityEngine

/// Whose claim something is about.
enum Claimant {
  /// Which dispute of the script.
  case honest(Int)
  /// Which purchase.
  case attacker(Int)
}

/// Something to be done about a claim on a later day.
enum Errand {
  /// A human looks at it.
  case review(Claimant)
  /// The goods are back.
  case goodsBack(Claimant)
  /// The merchant agrees to a return.
  case merchantAgrees(Claimant)
}

/// What became of an honest claim.
struct DisputeHistory {
  var dispute: Dispute
  var firstOutcome: Outcome
  var outcome: Outcome
  /// Why it went to a human, where it would not have but for suspicion.
  var suspicion: ReasonCode?
  var isSuspected: Bool { suspicion != nil }
  var isReturned = false
}

extension Marketplace {
  // MARK: Opening

  func open(_ dispute: Dispute) {
    var dispute = dispute
    dispute.claim.openedAt = tick()
    let answer = openAtDesk(dispute.claim)
    histories.append(
      DisputeHistory(
        dispute: dispute, firstOutcome: answer.outcome, outcome: answer.outcome,
        suspicion: suspicion(in: answer)))
    follow(answer, .honest(histories.count - 1))
  }

  /// What decides comes first among the reasons.
  private func suspicion(in answer: ClaimAnswer) -> ReasonCode? {
    guard answer.outcome == .manualReview, let receipt = answer.receipt else { return nil }
    let trusting = unsuspecting.decide(receipt.claimCase, schema: state.rules.schema)
    return trusting.outcome == .manualReview ? nil : receipt.decision.reasons.first?.code
  }

  /// An attacker claims that what it bought is bad.
  func claim(_ index: Int, proof: ClaimProofs = []) -> Outcome {
    let merchant = purchases[index].claim.merchant
    purchases[index].claim.openedAt = tick()
    purchases[index].claim.id = claimID(index)
    purchases[index].claim.proofs.formUnion(proof)
    var dice = luck.dice(.contradiction, purchases[index].claim.order)
    let isAccomplice = merchant.rawValue >= Self.firstShop
    if !isAccomplice && dice.happens(Assumptions.contradicts.share) {
      purchases[index].claim.proofs.insert(.merchantEvidence)
    }
    let answer = openAtDesk(purchases[index].claim)
    follow(answer, .attacker(index))
    return answer.outcome
  }

  /// An id by which the claim has the lot that chance has for it.
  private func claimID(_ index: Int) -> ClaimID {
    let parts = 64.0
    let number = Self.firstPurchase + UInt64(index)
    let wanted = min((luck.lot(number) * parts).rounded(.down), parts - 1)
    let position = LogPosition(state.position.rawValue + 1)
    for attempt in UInt64(0)..<65_536 {
      let id = ClaimID(number << 16 | attempt)
      let lot = Double(ClaimCase.lot(id, at: position)) / 4_294_967_296
      if (lot * parts).rounded(.down) == wanted { return id }
    }
    preconditionFailure("no id has the lot")
  }

  // MARK: What follows

  /// Does what the desk has decided, now or on a later day.
  private func follow(_ answer: ClaimAnswer, _ claimant: Claimant) {
    note(answer.outcome, claimant)
    switch answer.outcome {
    case .platformCompensates: pay(answer.claim, claimant)
    case .returnAndRefund: later(3, .goodsBack(claimant))
    case .merchantDecides: later(1, .merchantAgrees(claimant))
    case .manualReview: later(1, .review(claimant))
    case .decline: break
    }
  }

  private func note(_ outcome: Outcome, _ claimant: Claimant) {
    switch claimant {
    case .honest(let index): histories[index].outcome = outcome
    case .attacker(let index): purchases[index].outcome = outcome
    }
  }

  private func pay(_ claim: Claim, _ claimant: Claimant) {
    let answer = claimAnswer(.settleSubsidy(claim.id, .commit))
    precondition(answer.money.state == .committed, "what is paid is paid")
    switch claimant {
    case .honest: books.compensate(.buyers, claim.amount.rawValue)
    case .attacker(let index):
      books.compensate(.attacker, claim.amount.rawValue)
      purchases[index].compensated = claim.amount.rawValue
    }
  }

  func run(_ errand: Errand) {
    switch errand {
    case .review(let claimant): review(claimant)
    case .goodsBack(let claimant): takeBack(claimant)
    case .merchantAgrees(let claimant):
      let claim = claim(of: claimant)
      _ = claimAnswer(.decideClaim(claim.id, .upheld), by: "merchant")
      takeGoodsBack(claim, claimant)
    }
  }

  private func claim(of claimant: Claimant) -> Claim {
    switch claimant {
    case .honest(let index): histories[index].dispute.claim
    case .attacker(let index): purchases[index].claim
    }
  }

  // MARK: Humans

  private func review(_ claimant: Claimant) {
    let claim = claim(of: claimant)
    if case .attacker = claimant { attackReviews += 1 }
    books.review(claim.amount.rawValue)
    let answer = claimAnswer(
      .decideClaim(claim.id, verdict(on: claim, claimant)), by: "clerk")
    follow(answer, claimant)
  }

  private func verdict(on claim: Claim, _ claimant: Claimant) -> Verdict {
    let id = claim.order
    switch claimant {
    case .honest:
      var dice = luck.dice(.review, id)
      if dice.happens(Assumptions.foundedRecognised.share) { return .upheld }
      return dice.happens(Assumptions.erringSaysAbuse.share) ? .abuse : .rejected
    case .attacker:
      let share = Assumptions.seenThroughShare(
        of: claim.amount.rawValue, isKnown: caught.contains(claim.buyer))
      if seenThroughShare == 0 { seenThroughShare = share }
      if !luck.seesThrough(id, share: share) { return .upheld }
      caught.insert(claim.buyer)
      return .abuse
    }
  }

  // MARK: Returns

  private func takeBack(_ claimant: Claimant) {
    let claim = claim(of: claimant)
    var dice = luck.dice(.inspection, claim.order)
    let isInspected = dice.happens(Assumptions.inspected.share)
    let errs = dice.happens(Assumptions.inspectorErrs.share)
    switch claimant {
    case .honest:
      takeGoodsBack(claim, claimant)
      if isInspected { inspect(claim, isFounded: true, errs: errs) }
    case .attacker(let index):
      let purchase = purchases[index]
      // Who gets less for a return than for the goods keeps these.
      if purchase.returned <= purchase.worth { return }
      giveBack(index)
      // Between accomplices nothing passes through a warehouse.
      if isInspected && purchase.goods != .none { inspect(claim, isFounded: false, errs: errs) }
    }
  }

  private func takeGoodsBack(_ claim: Claim, _ claimant: Claimant) {
    guard case .honest(let index) = claimant else { return }
    histories[index].isReturned = true
    let price = claim.amount.rawValue
    books.pay(.merchants, .buyers, price)
    books.pay(.platform, .merchants, Assumptions.commission.of(price))
    books.pay(.buyers, .carriers, Assumptions.parcel.value)
  }

  /// What a warehouse finds is told the engine, and whether the goods are as was claimed.
  private func inspect(_ claim: Claim, isFounded: Bool, errs: Bool) {
    record(
      .returnInspected(errs ? .used : .asSold), buyer: claim.buyer, merchant: claim.merchant)
    // A human may have decided before, where a budget was exhausted.
    if claimAnswer(.openClaim(claim)).verdict != nil { return }
    _ = claimAnswer(.decideClaim(claim.id, isFounded ? .upheld : .rejected), by: "warehouse")
  }
}
