import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import Testing

/// What the desk refuses: by name, and nothing has changed.
@Suite struct DeskRefusalTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let kind: DeskRefusal.Kind
    let field: String
    let refused: DeskAction
    /// What was done before, by another actor.
    let before: @Sendable (DeskFixture) throws -> Void

    init(
      _ name: String, _ kind: DeskRefusal.Kind, _ field: String, _ refused: DeskAction,
      _ before: @escaping @Sendable (DeskFixture) throws -> Void = { try $0.open(1) }
    ) {
      testDescription = name
      self.kind = kind
      self.field = field
      self.refused = refused
      self.before = before
    }
  }

  private static let id = ClaimID(1)
  private static func account(_ id: UInt64) -> AccountKey { AccountKey(.buyer, AccountID(id)) }

  static let claims: [Case] = [
    Case("unknown claim", .notFound, "claim", .decideClaim(ClaimID(7), .upheld)),
    Case(
      "opened with other content", .invalid, "claim",
      .openClaim(DeskFixture.claim(1, at: UnixSeconds(1_767_225_600), amount: 7))),
    Case("decided twice", .precondition, "claim", .decideClaim(id, .upheld)) {
      try $0.open(1)
      try $0.claimAnswer(.decideClaim(id, .rejected))
    },
    Case("verdict on a withdrawn claim", .precondition, "claim", .decideClaim(id, .upheld)) {
      try $0.open(1)
      try $0.claimAnswer(.withdrawClaim(id))
    },
    Case("withdrawn behind a verdict", .precondition, "claim", .withdrawClaim(id)) {
      try $0.open(1)
      try $0.claimAnswer(.decideClaim(id, .rejected))
    },
    Case("withdrawn and paid", .precondition, "claim", .withdrawClaim(id)) {
      try $0.open(1)
      try $0.claimAnswer(.settleSubsidy(id, .commit))
    },
    Case("paid, and nothing is reserved", .precondition, "claim", .settleSubsidy(id, .commit)) {
      try $0.open(1, kind: .nonQuality)
    },
    Case("released, and paid", .precondition, "claim", .settleSubsidy(id, .release)) {
      try $0.open(1)
      try $0.claimAnswer(.settleSubsidy(id, .commit))
    },
    Case("paid, and released", .precondition, "claim", .settleSubsidy(id, .commit)) {
      try $0.open(1)
      try $0.claimAnswer(.settleSubsidy(id, .release))
    },
  ]

  static let appeals: [Case] = [
    Case("appeal of a withdrawn claim", .precondition, "claim", .openAppeal(id, by: .buyer)) {
      try $0.open(1)
      try $0.claimAnswer(.withdrawClaim(id))
    },
    Case("appeal by the other side", .precondition, "claim", .openAppeal(id, by: .buyer)) {
      try $0.open(1)
      try $0.claimAnswer(.openAppeal(id, by: .merchant))
    },
    Case("appeal after its window", .precondition, "at", .openAppeal(id, by: .buyer)) {
      try $0.open(1)
      // What time alone does is done before.
      $0.pass(days: 30, seconds: 1)
      $0.apply(.clearOverride(account(5), .tier))
    },
    Case("no appeal", .precondition, "claim", .decideAppeal(id, isUpheld: true)),
    Case("appeal decided twice", .precondition, "claim", .decideAppeal(id, isUpheld: false)) {
      try $0.open(1)
      try $0.claimAnswer(.openAppeal(id, by: .merchant))
      try $0.claimAnswer(.decideAppeal(id, isUpheld: true))
    },
    Case(
      "appeal of a claim withdrawn meanwhile", .precondition, "claim",
      .decideAppeal(id, isUpheld: true)
    ) {
      try $0.open(1, kind: .nonQuality)
      try $0.claimAnswer(.openAppeal(id, by: .buyer))
      try $0.claimAnswer(.withdrawClaim(id))
    },
  ]

  static let orders: [Case] = [
    Case("no override", .notFound, "account", .clearOverride(account(1), .listed)) { _ in },
    Case("no link", .notFound, "other", .unlink(account(1), account(2))) { _ in },
    Case("17 accounts", .precondition, "other", .link(account(1), account(17))) { fixture in
      for other in UInt64(2)...16 { _ = try fixture.apply(.link(account(1), account(other))).get() }
    },
    Case("unknown policy", .notFound, "policy", .activatePolicy(77)) { _ in },
    Case("unknown policy in shadow", .notFound, "policy", .shadowPolicy(77)) { _ in },
    Case("shadow of what is in force", .precondition, "policy", .shadowPolicy(standardHash)) { _ in
    },
    Case("a document that is none", .precondition, "document", .putPolicy("tiers: 7")) { _ in },
  ]

  private static let merchant = AccountID(500)

  static let standings: [Case] = [
    Case("unknown merchant assessed", .notFound, "merchant", .assess(AccountID(5))) { _ in },
    Case("unknown merchant", .notFound, "merchant", .decideStanding(AccountID(5), .dismiss)) { _ in
    },
    Case(
      "cleared out without notice", .precondition, "merchant", .decideStanding(merchant, .clearOut)
    ) {
      $0.orders(3, of: 1)
    },
    Case("dismissed without a case", .precondition, "merchant", .decideStanding(merchant, .dismiss))
    {
      $0.orders(3, of: 1)
    },
    Case("reinstated and not out", .precondition, "merchant", .decideStanding(merchant, .reinstate))
    {
      $0.orders(3, of: 1)
    },
    Case(
      "notice without restriction", .precondition, "merchant",
      .decideStanding(merchant, .giveNotice)
    ) {
      $0.orders(3, of: 1)
    },
    Case("appeal against nothing", .precondition, "merchant", .appealStanding(merchant)) {
      $0.orders(3, of: 1)
    },
    Case(
      "no appeal of a standing", .precondition, "merchant",
      .decideStandingAppeal(merchant, isUpheld: true)
    ) {
      $0.orders(3, of: 1)
    },
    Case("no certification", .notFound, "merchant", .revokeCertification(merchant)) { _ in },
    Case(
      "certified for the past", .invalid, "endsAt",
      .certify(merchant, .factory, endsAt: UnixSeconds(1_700_000_000))
    ) { _ in
    },
  ]

  private static let standardHash = Make.rules.policy.hash

  @Test(arguments: claims + appeals + orders + standings)
  func isRefusedByNameAndChangesNothing(_ one: Case) throws {
    let fixture = try DeskFixture()
    try one.before(fixture)
    let before = fixture.everythingElse
    let position = fixture.state.position
    let result = fixture.apply(one.refused, actor: "ben")
    guard case .failure(let refusal) = result else {
      Issue.record("taken: \(result)")
      return
    }
    #expect(!refusal.message.isEmpty)
    #expect(refusal.field == one.field || one.field == "document", "\(refusal)")
    #expect(refusal.kind == one.kind || one.field == "document", "\(refusal)")
    #expect(fixture.everythingElse == before, "a refused command changed something")
    #expect(fixture.state.position.rawValue == position.rawValue + 1)
  }

  @Test func theVersionOfAnotherPolicyIsRefused() throws {
    let fixture = try DeskFixture()
    let other = try DeskFixture.variant(
      Make.document.policy.version, ["floorMin: 560": "floorMin: 561"])
    guard case .failure(let refusal) = fixture.apply(.putPolicy(other.text)) else {
      Issue.record("two policies of one version")
      return
    }
    #expect(refusal.field == "version" && refusal.kind == .precondition)
  }

  /// The same by the same actor at the same time is the same command, sent once more.
  @Test func whatIsRepeatedIsAnsweredAndChangesNothing() throws {
    let fixture = try DeskFixture()
    let actions: [DeskAction] = [
      .openClaim(DeskFixture.claim(1, at: fixture.now)), .settleSubsidy(ClaimID(1), .commit),
      .decideClaim(ClaimID(1), .abuse), .openAppeal(ClaimID(1), by: .merchant),
      .decideAppeal(ClaimID(1), isUpheld: true),
    ]
    for action in actions {
      let first = try fixture.claimAnswer(action)
      let before = fixture.everythingElse
      var again = try fixture.claimAnswer(action)
      #expect(!first.isRepeated && again.isRepeated && again.receipt != nil)
      again.isRepeated = false
      again.receipt = first.receipt
      #expect(again == first && fixture.everythingElse == before, "\(action)")
    }
  }
}
