import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import Testing

/// A state with a desk, and short ways to say what is done at it.
final class DeskFixture {
  let state: IntegrityState
  static let start = UnixSeconds(1_767_225_600)  // 2026-01-01T00:00:00Z
  var now = start

  init() throws { state = try Make.deskState() }

  func pass(days: UInt32 = 0, seconds: UInt32 = 0) {
    now = UnixSeconds(now.rawValue + days * 86_400 + seconds)
  }

  /// Orders of a buyer that went well, a day apart, the last one now.
  func orders(_ count: UInt32, of buyer: UInt64, from merchant: UInt64 = 500) {
    let commands = (0..<count).map { index in
      Command(
        source: buyer, sequence: UInt64(index + 1),
        event: Make.settled(buyer, merchant, at: now.rawValue - (count - 1 - index) * 86_400))
    }
    _ = state.apply(commands)
  }

  static func claim(
    _ id: UInt64, buyer: UInt64 = 1, merchant: UInt64 = 9, at: UnixSeconds, amount: Int64 = 1_000,
    category: UInt32 = 0, kind: ClaimKind = .quality, proofs: ClaimProofs = []
  ) -> Claim {
    Claim(
      id: ClaimID(id), buyer: AccountID(buyer), merchant: AccountID(merchant), openedAt: at,
      amount: Minor(amount), category: category, kind: kind, allegation: .defective,
      proofs: proofs)
  }

  @discardableResult
  func open(
    _ id: UInt64, buyer: UInt64 = 1, merchant: UInt64 = 9, amount: Int64 = 1_000,
    category: UInt32 = 0, kind: ClaimKind = .quality, proofs: ClaimProofs = []
  ) throws -> ClaimAnswer {
    try claimAnswer(
      .openClaim(
        Self.claim(
          id, buyer: buyer, merchant: merchant, at: now, amount: amount, category: category,
          kind: kind, proofs: proofs)))
  }

  @discardableResult
  func claimAnswer(_ action: DeskAction) throws -> ClaimAnswer {
    guard case .claim(let answer) = try apply(action).get() else {
      throw DeskRefusal(.invalid, "no claim was answered")
    }
    return answer
  }

  @discardableResult
  func apply(
    _ action: DeskAction, actor: String = "anna", at time: UnixSeconds? = nil
  ) -> Result<DeskAnswer, DeskRefusal> {
    defer { state.desk.checkInvariants() }
    return state.apply(DeskCommand(action, at: time ?? now, actor: actor))
  }

  /// A counter as of now.
  func value(_ counter: BuyerCounter, of buyer: UInt64 = 1) -> Float {
    value(counter.rawValue, AccountKey(.buyer, AccountID(buyer)))
  }

  func value(_ counter: MerchantCounter, of merchant: UInt64 = 9) -> Float {
    value(counter.rawValue, AccountKey(.merchant, AccountID(merchant)))
  }

  func value(_ index: Int, _ account: AccountKey) -> Float {
    guard let record = state.table.record(of: account) else { return 0 }
    let clock = DecayClock(state.rules.schema, now: max(now, record.lastEventAt))
    return record[stored: index] * clock.factor(for: record)
  }

  /// Everything but position and time.
  var everythingElse: [UInt64] {
    [
      state.desk.hash, state.table.recordHashSum, UInt64(state.table.count),
      state.shelf.activeHash, state.shelf.shadowHash ?? 0, UInt64(state.shelf.policies.count),
      state.rules.policy.hash,
    ]
  }

  /// The standard policy with another version and other thresholds.
  static func variant(_ version: UInt32, _ changes: [String: String] = [:]) throws -> PolicyDocument
  {
    var text = PolicyDocument.unboundText(version: version)
    for (old, new) in changes {
      try #require(text.contains(old))
      text = text.replacing(old, with: new)
    }
    return try PolicyDocument.load(yaml: text, file: "variant")
  }
}
