import AccountStore
import Glibc
import IntegrityCore
import IntegrityPolicy
import ProbityEngine

/// What open claims cost: memory, the time of opening one, and the longest.
///
/// Their buyers and merchants are known before and their receipts are kept nowhere, so that
/// what the process grows by is the claims, their indices and the ledger.
struct ClaimGrowth {
  private let claimCount: Int
  private static let now = UnixSeconds(1_767_225_600)

  init(claimCount: Int) { self.claimCount = claimCount }

  func run() throws {
    let state = try makeState()
    var samples = [UInt32](repeating: 1, count: claimCount)
    let residentBefore = residentBytes()
    let start = nanoseconds()
    for index in samples.indices {
      let command = DeskCommand(.openClaim(claim(index)), at: Self.now)
      let before = nanoseconds()
      guard case .success = state.apply(command) else { preconditionFailure("a claim was refused") }
      samples[index] = UInt32(clamping: nanoseconds() - before)
    }
    let opened = Distribution(samples, totalNanoseconds: nanoseconds() - start)
    let bytes = Double(residentBytes() - residentBefore) / Double(claimCount)
    print(
      "\(claimCount) open claims: \((bytes * 10).rounded() / 10) bytes each; "
        + "opening one: median \(opened.median) ns, p99.9 \(opened.p999) ns, longest "
        + "\(opened.longest) ns")
    state.desk.checkInvariants()
  }

  private var buyerCount: Int { claimCount }
  private var merchantCount: Int { Swift.max(1, claimCount / 50) }

  private func claim(_ index: Int) -> Claim {
    Claim(
      id: ClaimID(StateHash.mix(UInt64(index), 3) | 1),
      buyer: AccountID(1 + StateHash.mix(UInt64(index), 5) % UInt64(buyerCount)),
      merchant: AccountID(1 + StateHash.mix(UInt64(index), 7) % UInt64(merchantCount)),
      order: UInt64(index), openedAt: Self.now, amount: Minor(Int64(1 + index % 5_000)),
      category: UInt32(index % 50), kind: .quality, allegation: .defective,
      proofs: .buyerEvidence)
  }

  private func makeState() throws -> IntegrityState {
    let table = try AccountTable(layout: StoreLayout(), seed: StoreGrowth.seed)
    let rules = EvidenceRules(schema: .standard, policy: PolicyDocument.standard.policy)
    let state = IntegrityState(table: table, rules: rules)
    for index in 0..<buyerCount * 3 {
      let event = Event(
        at: UnixSeconds(Self.now.rawValue - 86_400),
        buyer: AccountID(1 + UInt64(index % buyerCount)),
        merchant: AccountID(1 + UInt64(index % merchantCount)), amount: Minor(5_000),
        detail: .settled(orderedAt: .zero))
      _ = state.apply([Command(source: 1, sequence: UInt64(index + 1), event: event)])
    }
    return state
  }
}
