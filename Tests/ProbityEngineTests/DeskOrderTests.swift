import ClaimStore
import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import Testing

/// What operators set, and what follows for decisions.
@Suite struct DeskOrderTests {
  private static let buyer = AccountKey(.buyer, AccountID(1))
  private static let merchant = AccountKey(.merchant, AccountID(9))

  // MARK: Windows and budgets

  @Test(
    arguments: [
      (SubsidyScope.buyer30Days, UInt32(30)), (.buyer365Days, 365), (.merchant30Days, 30),
      (.pair90Days, 90),
    ])
  func aSumForgetsToTheSecond(scope: SubsidyScope, days: UInt32) throws {
    for (seconds, expected) in [(UInt32(86_399), Int64(1_000)), (86_400, 0)] {
      let fixture = try DeskFixture()
      try fixture.open(1)
      try fixture.claimAnswer(.settleSubsidy(ClaimID(1), .commit))
      fixture.pass(days: days - 1, seconds: seconds)
      let answer = try fixture.open(2, amount: 1)
      #expect(answer.receipt?.claimCase.used[scope] == Minor(expected), "\(scope), \(seconds)")
    }
  }

  @Test func aDaysSumEndsWithTheUTCDay() throws {
    let fixture = try DeskFixture()
    try fixture.open(1, category: 3)
    fixture.pass(seconds: 86_399)
    let sameDay = try fixture.open(2, amount: 1, category: 3)
    fixture.pass(seconds: 1)
    let nextDay = try fixture.open(3, amount: 1, category: 3)
    for scope in [SubsidyScope.global, .category] {
      #expect(sameDay.receipt?.claimCase.used[scope] == Minor(1_000))
      #expect(nextDay.receipt?.claimCase.used[scope] == Minor(0))
    }
  }

  /// However many claims lie between, what was paid is not forgotten.
  @Test func manyClaimsDoNotHideWhatWasPaid() throws {
    let fixture = try DeskFixture()
    fixture.apply(.setBudget(.buyer30Days, key: 1, cap: Minor(1_500)))
    #expect(try fixture.open(1).outcome == .platformCompensates)
    fixture.apply(.setOverride(Self.buyer, .outcome(.merchantDecides), endsAt: .zero))
    for id in UInt64(2)...400 { try fixture.open(id, merchant: 1_000 + id, kind: .nonQuality) }
    fixture.apply(.clearOverride(Self.buyer, .outcome))
    let used = try fixture.open(401).receipt?.claimCase.used
    #expect(used?[.buyer30Days].rawValue ?? 0 >= 1_000)
    #expect(used?[.buyer365Days].rawValue ?? 0 >= 1_000)
    #expect(used?[.pair90Days].rawValue ?? 0 >= 1_000)
  }

  @Test func theNearestBudgetCounts() throws {
    let fixture = try DeskFixture()
    func cap() throws -> Int64? {
      let id = UInt64(fixture.state.desk.claims.count + 1)
      return try fixture.open(id, amount: 1).receipt?.claimCase.caps[.merchant30Days].rawValue
    }
    #expect(try cap() == Make.document.policy.subsidy.caps[.merchant30Days].rawValue)
    fixture.apply(.setBudget(.merchant30Days, key: 0, cap: Minor(500)))
    #expect(try cap() == 500)
    fixture.apply(.setBudget(.merchant30Days, key: 9, cap: Minor(7)))
    fixture.apply(.setBudget(.merchant30Days, key: 8, cap: Minor(3)))
    #expect(try cap() == 7)
    fixture.apply(.setBudget(.merchant30Days, key: 9, cap: nil))
    #expect(try cap() == 500)
    fixture.apply(.setBudget(.merchant30Days, key: 0, cap: nil))
    #expect(try cap() == Make.document.policy.subsidy.caps[.merchant30Days].rawValue)
  }

  // MARK: Overrides and links

  @Test func anOverrideEndsToTheSecond() throws {
    let fixture = try DeskFixture()
    let endsAt = UnixSeconds(fixture.now.rawValue + 100)
    fixture.apply(.setOverride(Self.merchant, .outcome(.manualReview), endsAt: endsAt))
    #expect(try fixture.open(1).outcome == .manualReview)
    fixture.pass(seconds: 99)
    #expect(try fixture.open(2, buyer: 2).outcome == .manualReview)
    fixture.pass(seconds: 1)
    let after = try fixture.open(3, buyer: 3)
    #expect(after.outcome != .manualReview && after.receipt?.claimCase.orders == StandingOrders())
  }

  @Test func theBuyersOverrideGoesFirstAndTheNewestReplaces() throws {
    let fixture = try DeskFixture()
    fixture.apply(.setOverride(Self.merchant, .outcome(.decline), endsAt: .zero))
    fixture.apply(.setOverride(Self.buyer, .outcome(.manualReview), endsAt: .zero))
    #expect(try fixture.open(1).outcome == .manualReview)
    fixture.apply(.setOverride(Self.buyer, .outcome(.merchantDecides), endsAt: .zero))
    #expect(try fixture.open(2).outcome == .merchantDecides)
    fixture.apply(.clearOverride(Self.buyer, .outcome))
    #expect(try fixture.open(3).outcome == .decline)
  }

  @Test func linkedAccountsShareTheirSums() throws {
    let fixture = try DeskFixture()
    let other = AccountKey(.buyer, AccountID(2))
    try fixture.open(1, buyer: 1)
    fixture.apply(.link(Self.buyer, other))
    let linked = try fixture.open(2, buyer: 2)
    #expect(linked.receipt?.claimCase.used[.buyer30Days] == Minor(1_000))
    #expect(linked.receipt?.claimCase.history.buyerClaims == 1)
    fixture.apply(.unlink(other, Self.buyer))
    let alone = try fixture.open(3, buyer: 1)
    #expect(alone.receipt?.claimCase.used[.buyer30Days] == Minor(1_000))
    #expect(alone.receipt?.claimCase.history.buyerClaims == 1)
    fixture.apply(.link(other, Self.merchant))
    #expect(try fixture.open(4, buyer: 2).receipt?.claimCase.history.isLinked == true)
  }

  @Test func anIdentityHasSixteenAccounts() throws {
    let fixture = try DeskFixture()
    let accounts = (UInt64(1)...16).map { AccountKey(.buyer, AccountID($0)) }
    for (a, b) in zip(accounts, accounts.dropFirst()) { _ = try fixture.apply(.link(a, b)).get() }
    for account in accounts {
      #expect(Set(fixture.state.desk.identity(of: account)) == Set(accounts))
    }
  }

  // MARK: Policies

  @Test func aPolicyInShadowIsTalliedAndChangesNothing() throws {
    let strict = try DeskFixture.variant(12, ["amountMax: 5000": "amountMax: 999"])
    let (shadowed, plain) = (try DeskFixture(), try DeskFixture())
    for fixture in [shadowed, plain] { fixture.apply(.putPolicy(strict.text)) }
    shadowed.apply(.shadowPolicy(strict.policy.hash))
    for id in UInt64(1)...6 {
      let amount: Int64 = id % 3 == 0 ? 500 : 1_000
      let (one, other) = (
        try shadowed.open(id, buyer: id, amount: amount),
        try plain.open(id, buyer: id, amount: amount)
      )
      #expect(one.outcome == other.outcome && one.money == other.money)
    }
    let tally = shadowed.state.desk.shadow
    #expect(tally.claimCount == 6 && tally.differingCount == 4)
    #expect(tally.count(.platformCompensates, .returnAndRefund) == 4)
    #expect(tally.count(.platformCompensates, .platformCompensates) == 2)
    #expect(plain.state.desk.shadow.claimCount == 0)
  }

  @Test func whatIsActivatedDecidesFromThenOn() throws {
    let fixture = try DeskFixture()
    let strict = try DeskFixture.variant(12, ["amountMax: 5000": "amountMax: 999"])
    fixture.apply(.putPolicy(strict.text))
    #expect(try fixture.open(1).outcome == .platformCompensates)
    fixture.apply(.activatePolicy(strict.policy.hash))
    let answer = try fixture.open(2)
    #expect(answer.outcome == .returnAndRefund)
    try answer.receipt?.verify(under: strict.policy)
    #expect(throws: ReceiptFault.self) {
      try answer.receipt?.verify(under: Make.document.policy)
    }
  }
}
