import IntegrityCore
import Testing

/// What a claim or a command of the desk is refused for by itself, at each boundary.
@Suite struct DeskCheckTests {
  private static let latest = UnixSeconds.today
  private static let first = UnixSeconds(946_684_800)

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let command: DeskCommand
    /// The field at fault, or nil.
    let fault: String?

    init(
      _ name: String, _ action: DeskAction, at: UnixSeconds = latest, actor: String = "li",
      reason: String = "", _ fault: String?
    ) {
      testDescription = name
      command = DeskCommand(action, at: at, actor: actor, reason: reason)
      self.fault = fault
    }

    /// A claim that is right but for what is changed.
    init(_ name: String, _ fault: String?, _ change: (inout Claim) -> Void) {
      var claim = Claim(
        id: ClaimID(1), buyer: AccountID(7), merchant: AccountID(9), openedAt: latest,
        amount: Minor(100), kind: .quality, allegation: .defective)
      change(&claim)
      self.init(name, .openClaim(claim), actor: "", fault)
    }
  }

  private static func before(_ time: UnixSeconds) -> UnixSeconds { UnixSeconds(time.rawValue - 1) }
  private static func after(_ time: UnixSeconds) -> UnixSeconds { UnixSeconds(time.rawValue + 1) }
  private static func account(_ id: UInt64) -> AccountKey { AccountKey(.buyer, AccountID(id)) }

  static let claims: [Case] = [
    Case("as it should be", nil) { _ in },
    Case("claim: 0", "claim") { $0.id = ClaimID(0) },
    Case("buyer: 0", "buyer") { $0.buyer = AccountID(0) },
    Case("merchant: 0", "merchant") { $0.merchant = AccountID(0) },
    Case("largest numbers", nil) {
      $0.id = ClaimID(.max)
      $0.buyer = AccountID(.max)
      $0.merchant = AccountID(.max)
      $0.order = .max
    },
    Case("amount: smallest there is", "amount") { $0.amount = Minor(.min) },
    Case("amount: −1", "amount") { $0.amount = Minor(-1) },
    Case("amount: 0", "amount") { $0.amount = Minor(0) },
    Case("amount: 1", nil) { $0.amount = Minor(1) },
    Case("amount: largest", nil) { $0.amount = Minor(1_000_000_000_000) },
    Case("amount: largest and one", "amount") { $0.amount = Minor(1_000_000_000_001) },
    Case("openedAt: zero", "openedAt") { $0.openedAt = .zero },
    Case("openedAt: a second before 2000", "openedAt") { $0.openedAt = before(first) },
    Case("openedAt: 2000", nil) { $0.openedAt = first },
    Case("openedAt: a second after the latest", "openedAt") { $0.openedAt = after(latest) },
    Case("orderedAt: a second before 2000", "orderedAt") { $0.orderedAt = before(first) },
    Case("orderedAt: 2000", nil) { $0.orderedAt = first },
    Case("orderedAt: openedAt", nil) { $0.orderedAt = latest },
    Case("orderedAt: a second after openedAt", "orderedAt") { $0.orderedAt = after(latest) },
    Case("category: largest", nil) { $0.category = 65_535 },
    Case("category: largest and one", "category") { $0.category = 65_536 },
    Case("proofs: all", nil) { $0.proofs = .all },
    Case("proofs: a bit that means nothing", "proofs") { $0.proofs = ClaimProofs(rawValue: 128) },
    Case("proofs: recorded, of nothing", "proofs") { $0.proofs = [.recorded, .buyerEvidence] },
    Case("proofs: recorded, of one", nil) { $0.proofs = [.recorded, .emptyParcel] },
    Case("changed their mind, of quality", "allegation") { $0.allegation = .changedMind },
    Case("changed their mind", nil) {
      $0.kind = .nonQuality
      $0.allegation = .changedMind
    },
  ]

  private static let verdict = DeskAction.decideClaim(ClaimID(1), .upheld)

  static let commands: [Case] = [
    Case("at: a second before 2000", verdict, at: before(first), "at"),
    Case("at: 2000", verdict, at: first, nil),
    Case("at: the latest", verdict, nil),
    Case("at: a second after the latest", verdict, at: after(latest), "at"),
    Case("actor: nobody", verdict, actor: "", "actor"),
    Case("actor: not needed", .withdrawClaim(ClaimID(1)), actor: "", nil),
    Case("actor: 32 bytes", verdict, actor: String(repeating: "a", count: 32), nil),
    Case("actor: 33 bytes", verdict, actor: String(repeating: "é", count: 16) + "a", "actor"),
    Case("actor: two lines", verdict, actor: "li\nwu", "actor"),
    Case("reason: 104 bytes", verdict, reason: String(repeating: "a", count: 104), nil),
    Case("reason: 105 bytes", verdict, reason: String(repeating: "照", count: 35), "reason"),
    Case("reason: deleted", verdict, reason: "\u{7f}", "reason"),
  ]

  static let orders: [Case] = [
    Case("cap: −1", .setBudget(.global, key: 0, cap: Minor(-1)), "cap"),
    Case("cap: 0", .setBudget(.global, key: 0, cap: Minor(0)), nil),
    Case("cap: none", .setBudget(.global, key: 0, cap: nil), nil),
    Case("cap: largest", .setBudget(.global, key: 0, cap: Minor(1_000_000_000_000_000)), nil),
    Case(
      "cap: largest and one", .setBudget(.global, key: 0, cap: Minor(1_000_000_000_000_001)),
      "cap"),
    Case("key of the global budget", .setBudget(.global, key: 1, cap: nil), "key"),
    Case("key of all pairs", .setBudget(.pair90Days, key: 1, cap: nil), "key"),
    Case("key: largest category", .setBudget(.category, key: 65_535, cap: nil), nil),
    Case("key: no category", .setBudget(.category, key: 65_536, cap: nil), "key"),
    Case("key: a buyer", .setBudget(.buyer30Days, key: .max, cap: nil), nil),
    Case("override of nobody", .setOverride(account(0), .listed, endsAt: .zero), "account"),
    Case("override for ever", .setOverride(account(1), .listed, endsAt: .zero), nil),
    Case("override that ends now", .setOverride(account(1), .listed, endsAt: latest), "endsAt"),
    Case("override for a second", .setOverride(account(1), .listed, endsAt: after(latest)), nil),
    Case("clearing nobody's", .clearOverride(account(0), .tier), "account"),
    Case("linking nobody", .link(account(0), account(1)), "account"),
    Case("linking with nobody", .link(account(1), account(0)), "other"),
    Case("linking with itself", .link(account(1), account(1)), "other"),
    Case("linking two", .link(account(1), account(2)), nil),
    Case("unlinking from itself", .unlink(account(1), account(1)), "other"),
  ]

  @Test(arguments: claims + commands + orders)
  func boundary(_ row: Case) {
    let fault = row.command.fault(latest: Self.latest)
    #expect(fault?.field == row.fault)
    #expect(fault.map { !$0.remedy.isEmpty } ?? true)
  }
}
