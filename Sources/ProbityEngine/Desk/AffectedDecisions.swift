import ClaimStore
import IntegrityCore

extension IntegrityState {
  /// Most decisions decided once more for one page: each is a receipt read, maybe from disk.
  static let affectedMax = 64

  /// An answer with what only those who wait for it are told: no replay of the log works it out.
  public func completed(_ answer: DeskAnswer, to action: DeskAction) -> DeskAnswer {
    guard case .decideAppeal(let id, isUpheld: true) = action, case .claim(let claim) = answer,
      let affected = try? affected(by: id, below: .max)
    else { return answer }
    return .undone(claim, affected: affected)
  }

  /// Which later decisions an undone claim has changed: each is decided once more from its
  /// receipt, without what the claim had put into the evidence and the sums by then.
  func affected(by id: ClaimID, below: UInt32) throws(DeskRefusal) -> AffectedReport {
    let number = try desk.find(id)
    guard let trace = desk.undoneTrace(number) else {
      throw DeskRefusal(
        .precondition, field: "claim",
        "claim \(id.rawValue) was not undone: no appeal of it was upheld")
    }
    var report = AffectedReport(decisions: [], lookedAt: 0, unreadable: 0, next: nil)
    for later in desk.laterClaims(of: number, below: below, countMax: Self.affectedMax) {
      report.lookedAt += 1
      report.next = later
      guard let receipt = desk.receipt(later), let policy = shelf[receipt.policyHash]?.policy else {
        report.unreadable += 1
        continue
      }
      if receipt.position.rawValue > trace.until { continue }
      let without = trace.removed(
        from: receipt, rules: EvidenceRules(schema: rules.schema, policy: policy))
      let other = policy.decide(without, schema: rules.schema).outcome
      if other == receipt.decision.outcome { continue }
      let claim = receipt.claimCase.claim
      report.decisions.append(
        AffectedDecision(
          claim: claim.id, buyer: claim.buyer, merchant: claim.merchant,
          position: receipt.position, outcome: receipt.decision.outcome, other: other))
    }
    if report.lookedAt < Self.affectedMax { report.next = nil }
    return report
  }
}

/// What a claim had put into the evidence before it was undone, and since when.
struct UndoneTrace {
  let claim: Claim
  /// In force from the claim's own position on, or from that of its verdict.
  let complaint: (weight: Float, at: UnixSeconds, since: UInt64)?
  let verdict: (change: EvidenceChange, at: UnixSeconds, since: UInt64)?
  let hasOpening: Bool
  /// Position of the verdict that made its order trade again; as far as there can be, if none did.
  let disputedUntil: UInt64
  /// The carrier's proofs that the merchant's appeal has contested, which counted from the
  /// opening on.
  let proofs: ClaimProofs
  /// When its money was reserved at its opening; zero = it was not.
  let reservedAt: UnixSeconds
  /// It was paid: then it counts on for the buyer.
  let isReversed: Bool
  /// Position at which it was undone: what was decided behind it was decided without it.
  let until: UInt64

  /// The case of a later receipt as it would have been.
  func removed(from receipt: Receipt, rules: EvidenceRules) -> ClaimCase {
    var c = receipt.claimCase
    let isBuyer = c.claim.buyer == claim.buyer
    let isMerchant = c.claim.merchant == claim.merchant
    c.changeRecords(under: rules.policy, schema: rules.schema) {
      takeOut(of: &$0, isBuyer: isBuyer, isMerchant: isMerchant, at: receipt.position, rules)
    }
    if isBuyer {
      if c.history.buyerClaims > 0 { c.history.buyerClaims -= 1 }
      if isMerchant && c.history.pairClaims > 0 { c.history.pairClaims -= 1 }
    }
    if reservedAt != .zero { free(&c, isBuyer: isBuyer, isMerchant: isMerchant) }
    return c
  }

  /// The evidence that was in the records of a case at a position.
  private func takeOut(
    of c: inout ClaimCase, isBuyer: Bool, isMerchant: Bool, at position: LogPosition,
    _ rules: EvidenceRules
  ) {
    // What concerns the other party of each is put into records that nobody looks at.
    var (nobody, noShop) = (c.buyer, c.merchant)
    func retract(_ change: EvidenceChange, _ at: UnixSeconds) {
      if isBuyer && change.changesBuyer {
        rules.retract(change, at: at, buyer: &c.buyer, merchant: &noShop)
      }
      if isMerchant && change.changesMerchant {
        rules.retract(change, at: at, buyer: &nobody, merchant: &c.merchant)
      }
    }
    if hasOpening {
      retract(
        .opening(claim.allegation, amount: claim.amount, merchant: claim.merchant), claim.openedAt)
      if position.rawValue < disputedUntil {
        retract(.dispute(amount: claim.amount), claim.openedAt)
      }
    }
    if !proofs.isEmpty { retract(.proof(proofs, buyer: claim.buyer), claim.openedAt) }
    if let complaint, complaint.since < position.rawValue {
      retract(
        .complaint(weight: complaint.weight, amount: claim.amount, buyer: claim.buyer),
        complaint.at)
    }
    if let verdict, verdict.since < position.rawValue { retract(verdict.change, verdict.at) }
  }

  private func free(_ c: inout ClaimCase, isBuyer: Bool, isMerchant: Bool) {
    let age = UInt64(c.claim.openedAt.rawValue) - UInt64(min(reservedAt, c.claim.openedAt).rawValue)
    for scope in SubsidyScope.allCases where age < UInt64(scope.days) * 86_400 {
      let concerns =
        switch scope {
        case .global: reservedAt.day == c.claim.openedAt.day
        case .category:
          reservedAt.day == c.claim.openedAt.day && c.claim.category == claim.category
        case .buyer30Days, .buyer365Days: isBuyer && !isReversed
        case .merchant30Days: isMerchant
        case .pair90Days: isBuyer && isMerchant && !isReversed
        }
      if concerns && c.used[scope].rawValue >= claim.amount.rawValue {
        c.used[scope] = Minor(c.used[scope].rawValue - claim.amount.rawValue)
      }
    }
  }
}

extension ClaimDesk {
  /// What an appeal that was upheld has taken out; nil where there was none.
  func undoneTrace(_ number: UInt32) -> UndoneTrace? {
    let record = claims[number]
    if record.appeal != .upheld { return nil }
    var undone: DeskEntry?
    var verdictPosition: UInt64 = 0
    notes.forEach(DeskEntry.subject(.note, key: UInt64(number))) { _, entry in
      switch ClaimNote.What(rawValue: entry.choice) {
      case .appealDecided: undone = entry
      case .decided: verdictPosition = entry.position
      default: break
      }
      return true
    }
    guard let undone else { return nil }
    let before = UndoneNote(word: undone.otherKey)
    let complaint: (Float, UnixSeconds, UInt64)? =
      before.weight > 0
      ? (
        before.weight, record.weightAt,
        before.flags.contains(.weighsFromVerdict) ? verdictPosition : record.position
      ) : nil
    let isProofContested =
      record.flags.contains(.appealedByMerchant) && before.flags.contains(.proofCounts)
    let change: EvidenceChange = record.verdict == .abuse ? .abuse : .upheld
    return UndoneTrace(
      claim: record.claim,
      complaint: complaint.map { (weight: $0.0, at: $0.1, since: $0.2) },
      verdict: before.flags.contains(.verdictCounts)
        ? (change: change, at: record.verdictAt, since: verdictPosition) : nil,
      hasOpening: before.flags.contains(.openingCounts),
      disputedUntil: record.verdict == nil || record.verdict == .upheld ? .max : verdictPosition,
      proofs: isProofContested ? record.claim.proofs : [],
      reservedAt: record.firstOutcome == .platformCompensates ? record.appliedAt : .zero,
      isReversed: record.subsidy == .reversed, until: undone.position)
  }

  /// Numbers of later claims of either party, newest first, below a number.
  func laterClaims(of number: UInt32, below: UInt32, countMax: Int) -> [UInt32] {
    let record = claims[number]
    var found: Set<UInt32> = []
    let take = { (later: UInt32, _: ClaimRecord) -> Bool in
      if later <= number { return false }
      if later < below { found.insert(later) }
      // Of each chain as many as can be needed.
      return found.count < 2 * countMax
    }
    claims.forEach(ofBuyer: record.buyer, take)
    var ofMerchant = 0
    claims.forEach(ofMerchant: record.merchant) { later, _ in
      if later <= number { return false }
      if later < below {
        found.insert(later)
        ofMerchant += 1
      }
      return ofMerchant < countMax
    }
    return Array(found.sorted(by: >).prefix(countMax))
  }
}

/// What a claim had in the evidence when it was undone, as its note keeps it.
struct UndoneNote {
  let weight: Float
  let flags: ClaimFlags

  var word: UInt64 { UInt64(weight.bitPattern) | UInt64(flags.rawValue) << 32 }

  init(_ record: ClaimRecord) {
    weight = record.weight
    flags = record.flags
  }

  init(word: UInt64) {
    weight = Float(bitPattern: UInt32(truncatingIfNeeded: word))
    flags = ClaimFlags(rawValue: UInt8(truncatingIfNeeded: word >> 32))
  }
}
