import IntegrityCore
import Rescoring

/// Decides claims once more by their receipts, under another policy: each as things were then.
///
/// What was paid for others would have been other too; that is not followed up.
struct ClaimRedecision {
  private let candidate: Policy
  private let opened: ClosedRange<UnixSeconds>
  private let means: PopulationThread.Means
  /// By hash; nil = it does not read any more.
  private var policies: [UInt64: Policy] = [:]
  private let texts: [UInt64: String]
  private(set) var comparison = ClaimComparison()

  /// - Parameter opened: when claims were opened that are decided.
  init(
    _ candidate: Policy, opened: ClosedRange<UnixSeconds>, _ report: PolicyReport,
    _ means: PopulationThread.Means
  ) {
    self.candidate = candidate
    self.opened = opened
    self.means = means
    texts = Dictionary(uniqueKeysWithValues: report.entries.map { ($0.hash, $0.text) })
    let active = means.policies.policy.policy
    policies[active.hash] = active
  }

  mutating func decide(_ number: UInt32) {
    guard let bytes = means.receipts?.read(number), let receipt = try? Receipt(bytes),
      let policy = policy(receipt.policyHash)
    else {
      comparison.unreadableCount += 1
      return
    }
    if !opened.contains(receipt.claimCase.claim.openedAt) { return }
    var claimCase = receipt.claimCase
    setCaps(of: &claimCase, decidedUnder: policy)
    let decision = candidate.decide(claimCase, schema: means.schema)
    comparison.claimCount += 1
    comparison.outcomes.note(receipt.decision.outcome, decision.outcome)
    comparison.subsidyBefore = comparison.subsidyBefore.plus(receipt.decision.subsidy)
    comparison.subsidyAfter = comparison.subsidyAfter.plus(decision.subsidy)
    let amount = claimCase.claim.amount
    if receipt.decision.outcome == .manualReview {
      comparison.reviewedBefore = comparison.reviewedBefore.plus(amount)
    }
    if decision.outcome == .manualReview {
      comparison.reviewedAfter = comparison.reviewedAfter.plus(amount)
    }
  }

  private mutating func policy(_ hash: UInt64) -> Policy? {
    if let known = policies[hash] { return known }
    guard let text = texts[hash], let made = try? means.compile(text).get() else { return nil }
    policies[hash] = made.policy
    return made.policy
  }

  /// Caps that were the policy's are the candidate's; those that were set by command stay.
  private func setCaps(of c: inout ClaimCase, decidedUnder policy: Policy) {
    let clock = DecayClock(means.schema, now: c.cappedAt)
    let then = policy.subsidy.caps(buyer: c.buyer, merchant: c.merchant, at: clock)
    let other = candidate.subsidy.caps(buyer: c.buyer, merchant: c.merchant, at: clock)
    for scope in SubsidyScope.allCases where c.caps[scope] == then[scope] {
      c.caps[scope] = other[scope]
    }
  }
}
