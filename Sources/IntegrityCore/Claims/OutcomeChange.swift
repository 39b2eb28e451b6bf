/// Something that would make the platform compensate a claim that it does not.
public enum OutcomeChange: Sendable, Hashable {
  /// So many more settled orders, without a claim, of the buyer's mean value, or of the claim's
  /// where it has ordered nothing, lift its floor to what is needed; where it is as high
  /// already, its trade, and with it its cap.
  case cleanOrders(_ count: Int, floor: Int, needed: Int)
  /// The buyer shows pictures or the like.
  case evidence
  /// At most so much is asked.
  case amountAtMost(Minor)
  /// The budgets of a day are exhausted: the next has new ones.
  case nextDay
  /// The carrier proves what is alleged.
  case carrierProof
  /// A human decides for the buyer.
  case verdict
}

extension Policy {
  /// What would change the outcome of a case, the nearest first. Each was tried: with it
  /// alone, `decide` compensates. Empty where the platform compensates already.
  ///
  /// Pure. Some 6 µs: it decides the case a few dozen times.
  public func changes(of c: ClaimCase, schema: EvidenceSchema) -> [OutcomeChange] {
    let trial = OutcomeTrial(c, self, schema)
    let now = decide(c, schema: schema)
    if now.outcome == .platformCompensates { return [] }
    var changes: [OutcomeChange] = []
    if let count = trial.cleanOrdersNeeded {
      let floor = Int(now.buyerFloor)
      let isCapped = now.reasons.contains { $0.code == .g02BuyerCap }
      changes.append(
        .cleanOrders(count, floor: floor, needed: isCapped ? floor : trial.floor(after: count)))
    }
    if trial.compensates({ $0.claim.proofs.insert(.buyerEvidence) }) { changes.append(.evidence) }
    if let amount = trial.amountMost { changes.append(.amountAtMost(amount)) }
    if trial.compensates({ OutcomeTrial.beginDay(&$0) }) { changes.append(.nextDay) }
    if trial.compensates({ $0.claim.proofs.insert(.trackingInvalid) }) {
      changes.append(.carrierProof)
    }
    if now.outcome == .manualReview && c.capsHaveRoom { changes.append(.verdict) }
    return changes
  }
}

/// Decides variants of a case.
private struct OutcomeTrial {
  private let c: ClaimCase
  private let policy: Policy
  private let schema: EvidenceSchema

  init(_ c: ClaimCase, _ policy: Policy, _ schema: EvidenceSchema) {
    self.c = c
    self.policy = policy
    self.schema = schema
  }

  func compensates(_ change: (inout ClaimCase) -> Void) -> Bool {
    var changed = c
    change(&changed)
    return policy.decide(changed, schema: schema).outcome == .platformCompensates
  }

  static func beginDay(_ c: inout ClaimCase) {
    c.used[.global] = Minor(0)
    c.used[.category] = Minor(0)
  }

  /// By bisection: more clean orders never make the outcome worse.
  var cleanOrdersNeeded: Int? {
    bisect(TierChange.cleanOrdersMax) { count in
      compensates { addCleanOrders(count, to: &$0) }
    }
  }

  /// The floor that the policy asks for, or that so many clean orders give, if that is less:
  /// small trust may do.
  func floor(after count: Int) -> Int {
    var changed = c
    addCleanOrders(count, to: &changed)
    let floor = Int(policy.decide(changed, schema: schema).buyerFloor)
    return Swift.min(floor, Int(policy.claims.floorMin))
  }

  /// Orders of the mean value.
  private func addCleanOrders(_ count: Int, to changed: inout ClaimCase) {
    changed.changeRecords(under: policy, schema: schema) { addCleanOrders(count, to: &$0.buyer) }
  }

  private func addCleanOrders(_ count: Int, to buyer: inout AccountRecord) {
    let orders = buyer[stored: BuyerCounter.ordersSettled.rawValue]
    let value = buyer[stored: BuyerCounter.valueOrdered.rawValue]
    let mean = orders > 0 ? Double(Swift.max(value, 0) / orders) : Double(c.claim.amount.rawValue)
    let at = Swift.max(c.claim.openedAt, buyer.lastEventAt)
    buyer.add(
      Double(count), to: BuyerCounter.ordersSettled.rawValue, at: at, schema: schema)
    buyer.add(
      Double(count) * mean, to: BuyerCounter.valueOrdered.rawValue, at: at, schema: schema)
  }

  /// The largest amount below the claim's that is compensated.
  var amountMost: Minor? {
    let asked = c.claim.amount.rawValue
    if !compensates({ $0.claim.amount = Minor(1) }) { return nil }
    var (enough, tooMuch) = (Int64(1), asked)
    while tooMuch - enough > 1 {
      let middle = enough + (tooMuch - enough) / 2
      if compensates({ $0.claim.amount = Minor(middle) }) {
        enough = middle
      } else {
        tooMuch = middle
      }
    }
    return Minor(enough)
  }

  /// The smallest number in 1…`max` that reaches it.
  private func bisect(_ max: Int, _ reaches: (Int) -> Bool) -> Int? {
    if !reaches(max) { return nil }
    var (below, enough) = (0, max)
    while enough - below > 1 {
      let middle = (below + enough) / 2
      if reaches(middle) { enough = middle } else { below = middle }
    }
    return enough
  }
}

extension OutcomeChange {
  /// One English sentence.
  public var sentence: String { wording.english }

  /// The same in Chinese.
  public var sentenceChinese: String { wording.chinese }
}
