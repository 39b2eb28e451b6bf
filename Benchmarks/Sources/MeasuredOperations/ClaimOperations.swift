import AccountStore
import IntegrityCore
import IntegrityPolicy
import ProbityEngine

/// Deciding claims: the core alone, and with all that opening one does in memory.
public enum ClaimOperations {
  public static let all: [MeasuredOperation] = [
    MeasuredOperation("decide a claim", aimNanoseconds: 300) {
      let subject = ClaimSubject()
      return Workload { subject.decide($0) }
    },
    MeasuredOperation("find what would change a claim's outcome") {
      let subject = ClaimSubject()
      return Workload { subject.findChanges($0) }
    },
    MeasuredOperation("encode a receipt") {
      let subject = ClaimSubject()
      return Workload { subject.encodeReceipts($0) }
    },
    // Half a million claims are remembered: the indices have grown, the buyers come again.
    MeasuredOperation("open a claim, 20,000 accounts", runsMax: 500) {
      let state = try ClaimSubject.state()
      var next: UInt64 = 0
      return Workload { ClaimSubject.open($0, in: state, &next) }
    },
  ]
}

/// Cases of claims of each outcome, and a policy.
private struct ClaimSubject {
  private static let now = UnixSeconds(1_767_225_600)
  private let policy = PolicyDocument.standard.policy
  private let cases: [ClaimCase]

  init() {
    let records = DecisionSubject().records
    let buyers = records.filter { $0.kind == .buyer }
    let merchants = records.filter { $0.kind == .merchant }
    let policy = policy
    cases = zip(buyers, merchants).enumerated().map { index, pair in
      ClaimCase(
        claim: Self.claim(UInt64(index + 1), pair.0.id, pair.1.id), buyer: pair.0,
        merchant: pair.1, history: ClaimHistory(buyerClaims: UInt32(index % 4), pairClaims: 0),
        caps: policy.subsidy.caps, stateAt: Self.now)
    }
  }

  private static func claim(_ id: UInt64, _ buyer: AccountID, _ merchant: AccountID) -> Claim {
    Claim(
      id: ClaimID(id), buyer: buyer, merchant: merchant, order: id, openedAt: now,
      amount: Minor(Int64(1_000 + id * 7_919 % 40_000)), category: UInt32(id % 9),
      kind: id % 5 == 0 ? .nonQuality : .quality, allegation: .defective,
      proofs: id % 11 == 0 ? .emptyParcel : .buyerEvidence)
  }

  func decide(_ count: Int) -> UInt64 {
    forEachCase(count) {
      let decision = policy.decide($0, schema: .standard)
      return UInt64(decision.outcome.rawValue) &+ UInt64(decision.reasons.count)
    }
  }

  func findChanges(_ count: Int) -> UInt64 {
    forEachCase(count) { UInt64(policy.changes(of: $0, schema: .standard).count) }
  }

  func encodeReceipts(_ count: Int) -> UInt64 {
    forEachCase(count) {
      let decision = policy.decide($0, schema: .standard)
      let receipt = Receipt(
        halfLifeSeconds: EvidenceSchema.standard.halfLifeSeconds, position: LogPosition(1),
        policyHash: policy.hash, policyVersion: policy.version, claimCase: $0, decision: decision)
      return UInt64(receipt.encoded[440])
    }
  }

  private func forEachCase(_ count: Int, _ body: (ClaimCase) -> UInt64) -> UInt64 {
    var sum: UInt64 = 0
    for index in 0..<count { sum &+= body(cases[index % cases.count]) }
    return sum
  }

  // MARK: Opening

  private static let buyerCount: UInt64 = 19_000
  private static let merchantCount: UInt64 = 1_000

  /// Buyers and merchants with some orders each.
  static func state() throws -> IntegrityState {
    let table = try AccountTable(layout: StoreLayout(accountsMax: 1 << 20), seed: 1)
    let rules = EvidenceRules(schema: .standard, policy: PolicyDocument.standard.policy)
    let state = IntegrityState(table: table, rules: rules)
    for index in 0..<buyerCount * 5 {
      let event = Event(
        at: UnixSeconds(now.rawValue - 86_400), buyer: AccountID(1 + index % buyerCount),
        merchant: AccountID(1 + index % merchantCount), amount: Minor(5_000),
        detail: .settled(orderedAt: .zero))
      _ = state.apply([Command(source: 1, sequence: index + 1, event: event)])
    }
    return state
  }

  static func open(_ count: Int, in state: IntegrityState, _ next: inout UInt64) -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<count {
      next += 1
      let claim = claim(
        next, AccountID(1 + next * 7_919 % buyerCount), AccountID(1 + next % merchantCount))
      if case .success(.claim(let answer)) = state.apply(DeskCommand(.openClaim(claim), at: now)) {
        sum &+= UInt64(answer.outcome.rawValue)
      }
    }
    return sum
  }
}
