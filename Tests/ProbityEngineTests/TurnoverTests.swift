import Foundation
import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import Testing

/// Caps that hang on what buyers and merchants traded: what is paid is less than what the
/// platform earned by them, whatever they do.
@Suite struct TurnoverTests {
  /// A quarter of what a buyer ordered, all of what a merchant sold; no lots, and claims are not
  /// looked at for being many.
  private static func fixture(_ changes: [String: String] = [:]) throws -> DeskFixture {
    let most = "\(SubsidyAmounts.capMax.rawValue)"
    let document = try DeskFixture.variant(
      20,
      [
        "buyerBase: \(most)": "buyerBase: 0", "buyerShare: 0.033": "buyerShare: 0.25",
        "merchantBase: \(most)": "merchantBase: 0", "merchantShare: 0.045": "merchantShare: 1",
        "claimsMin: 3": "claimsMin: 1000", "floorMin: 560": "floorMin: 341",
      ].merging(changes) { $1 })
    let fixture = try DeskFixture()
    _ = try fixture.apply(.putPolicy(document.text)).get()
    _ = try fixture.apply(.activatePolicy(document.policy.hash)).get()
    return fixture
  }

  /// Orders of 1,000 minor units each, all of them now: nothing has faded.
  private static func orders(
    _ count: UInt64, of buyer: UInt64, from merchant: UInt64,
    in fixture: DeskFixture
  ) {
    let commands = (0..<count).map { index in
      Command(
        source: buyer << 32 | merchant, sequence: index + 1,
        event: Make.settled(buyer, merchant, at: fixture.now.rawValue))
    }
    _ = fixture.state.apply(commands)
  }

  private static func caps(_ answer: ClaimAnswer) throws -> (buyer: Int64, merchant: Int64) {
    let caps = try #require(answer.receipt).claimCase.caps
    return (caps[.buyer365Days].rawValue, caps[.merchant30Days].rawValue)
  }

  /// What fades of so much trade in 365 and in 30 days, at a half-life of 180; the shares of it.
  private static func buyerCap(_ trade: Int64) -> Int64 {
    Int64(0.25 * Double(trade) * (1 - pow(2, -365.0 / 180)))
  }

  private static func merchantCap(_ trade: Int64) -> Int64 {
    Int64(Double(trade) * (1 - pow(2, -30.0 / 180)))
  }

  @Test func nobodyIsPaidMoreThanItsTradeBears() throws {
    let fixture = try Self.fixture()
    Self.orders(40, of: 1, from: 9, in: fixture)
    let first = try fixture.open(1, amount: 4_000)
    #expect(try Self.caps(first) == (Self.buyerCap(40_000), Self.merchantCap(40_000)))
    #expect(first.outcome == .platformCompensates)
    // What was claimed is no trade of either any more, and the merchant's cap is used up.
    let second = try fixture.open(2, amount: 100)
    #expect(try Self.caps(second) == (Self.buyerCap(36_000), Self.merchantCap(36_000)))
    #expect(second.outcome == .returnAndRefund)
    #expect(second.receipt?.decision.reasons.map(\.code).contains(.g03MerchantCap) == true)
    // At another merchant the buyer's own trade binds.
    Self.orders(120, of: 2, from: 8, in: fixture)
    let tooMuch = Self.buyerCap(35_900) - 4_000 + 1
    let third = try fixture.open(3, merchant: 8, amount: tooMuch)
    #expect(try Self.caps(third) == (Self.buyerCap(35_900), Self.merchantCap(120_000)))
    #expect(third.outcome == .returnAndRefund)
    #expect(third.receipt?.decision.reasons.map(\.code).contains(.g02BuyerCap) == true)
    let enough = Self.buyerCap(35_900 - tooMuch) - 4_000
    #expect(try fixture.open(4, merchant: 8, amount: enough).outcome == .platformCompensates)
  }

  /// Whatever the half-life and however trade is timed: of all windows together no more than
  /// the share of the trade.
  @Test(arguments: [30, 180, 365])
  func allWindowsTogetherBearTheShareAndNoMore(halfLifeDays: UInt32) throws {
    let schema = EvidenceSchema(halfLifeSeconds: halfLifeDays * 86_400)
    var subsidy = PolicyDocument.standard.policy.subsidy
    subsidy.turnover.merchantShare = 0.045
    let nobody = AccountRecord(AccountKey(.buyer, AccountID(1)))
    var merchant = AccountRecord(AccountKey(.merchant, AccountID(2)))
    let start = DeskFixture.start.rawValue
    let trade: Int64 = 100_000_000
    var borne: Int64 = 0
    for window in UInt32(0)..<200 {
      let at = UnixSeconds(start + window * 30 * 86_400)
      // At the worst moment: a third at once, and the rest a year later.
      if window == 0 || window == 12 {
        merchant.touch(at: at, schema: schema)
        merchant.add(
          Double(trade) / 3 * (window == 0 ? 1 : 2), to: MerchantCounter.valueSold.rawValue, at: at,
          schema: schema)
      }
      borne +=
        subsidy.caps(buyer: nobody, merchant: merchant, at: DecayClock(schema, now: at))[
          .merchant30Days
        ].rawValue
    }
    let most = trade * 45 / 1_000
    #expect(borne <= most && borne > most * 95 / 100, "\(borne) of \(most)")
  }

  @Test func whoNeverTradedIsPaidNothing() throws {
    let fixture = try Self.fixture()
    #expect(try Self.caps(fixture.open(1, amount: 1)) == (0, 0))
    Self.orders(40, of: 1, from: 8, in: fixture)
    #expect(try fixture.open(2, amount: 1).outcome == .returnAndRefund)
    Self.orders(40, of: 5, from: 9, in: fixture)
    #expect(try fixture.open(3, amount: 1).outcome == .platformCompensates)
  }

  @Test func whatCameBackIsNoTrade() throws {
    let fixture = try Self.fixture()
    Self.orders(40, of: 1, from: 9, in: fixture)
    var event = Make.settled(1, 9, at: fixture.now.rawValue)
    event.detail = .returnInspected(.asSold)
    event.amount = Minor(20_000)
    _ = fixture.state.apply([Command(source: 77, sequence: 1, event: event)])
    #expect(
      try Self.caps(fixture.open(1, amount: 1)) == (Self.buyerCap(20_000), Self.merchantCap(20_000))
    )
  }

  @Test func aClaimThatIsWithdrawnIsTradeAgain() throws {
    let fixture = try Self.fixture()
    Self.orders(40, of: 1, from: 9, in: fixture)
    try fixture.open(1, amount: 4_000)
    try fixture.claimAnswer(.withdrawClaim(ClaimID(1)))
    #expect(
      try Self.caps(fixture.open(2, amount: 1)) == (Self.buyerCap(40_000), Self.merchantCap(40_000))
    )
  }

  @Test func tradeFades() throws {
    let fixture = try Self.fixture()
    Self.orders(40, of: 1, from: 9, in: fixture)
    fixture.pass(days: 180)
    #expect(
      try Self.caps(fixture.open(1, amount: 1)) == (Self.buyerCap(20_000), Self.merchantCap(20_000))
    )
  }

  /// An operator answers for a budget of an account's own; one for all is bound by trade.
  @Test func budgets() throws {
    let fixture = try Self.fixture()
    Self.orders(40, of: 1, from: 9, in: fixture)
    fixture.apply(.setBudget(.merchant30Days, key: 9, cap: Minor(77_000)))
    fixture.apply(.setBudget(.buyer365Days, key: 0, cap: Minor(66_000)))
    #expect(try Self.caps(fixture.open(1, amount: 1)) == (Self.buyerCap(40_000), 77_000))
    fixture.apply(.setBudget(.buyer365Days, key: 0, cap: Minor(60)))
    #expect(try Self.caps(fixture.open(2, amount: 1)).buyer == 60)
  }

  /// The policy that is tried has caps of its own.
  @Test func aPolicyInShadowHasItsOwnShares() throws {
    let fixture = try Self.fixture()
    let stricter = try DeskFixture.variant(
      21, ["buyerBase: \(SubsidyAmounts.capMax.rawValue)": "buyerBase: 10"])
    fixture.apply(.putPolicy(stricter.text))
    fixture.apply(.shadowPolicy(stricter.policy.hash))
    Self.orders(40, of: 1, from: 9, in: fixture)
    try fixture.open(1, amount: 2_000)
    #expect(fixture.state.desk.shadow.count(.platformCompensates, .returnAndRefund) == 1)
  }

  // MARK: Humans and carriers

  /// Humans can be deceived, again and again: every cap binds what they find right.
  @Test(arguments: [(Int64(5_000), Outcome.platformCompensates), (5_001, .returnAndRefund)])
  func aVerdictIsBoundByEveryCap(amount: Int64, outcome: Outcome) throws {
    let fixture = try Self.fixture(["manualAmount: 200000": "manualAmount: 5000"])
    Self.orders(80, of: 1, from: 9, in: fixture)
    fixture.apply(.setBudget(.merchant30Days, key: 9, cap: Minor(5_000)))
    #expect(try fixture.open(1, amount: amount).outcome == .manualReview)
    let answer = try fixture.claimAnswer(.decideClaim(ClaimID(1), .upheld))
    #expect(answer.outcome == outcome)
    #expect(answer.money.counted.rawValue == (outcome == .platformCompensates ? amount : 0))
  }

  @Test func proofIsBoundByTheMerchantsTradeNotTheBuyers() throws {
    let fixture = try Self.fixture()
    let unsold = try fixture.open(1, proofs: .emptyParcel)
    #expect(unsold.outcome == .returnAndRefund)
    #expect(
      unsold.receipt?.decision.reasons.map(\.code).prefix(3)
        == [.c04CarrierProof, .m03FalseShipment, .g03MerchantCap])
    Self.orders(40, of: 5, from: 9, in: fixture)
    #expect(try fixture.open(2, proofs: .emptyParcel).outcome == .platformCompensates)
  }

  @Test func whatAHumanIsToLookAtIsNotWithdrawn() throws {
    let fixture = try Self.fixture(["manualAmount: 200000": "manualAmount: 500"])
    #expect(try fixture.open(1).outcome == .manualReview)
    let before = fixture.everythingElse
    guard case .failure(let refusal) = fixture.apply(.withdrawClaim(ClaimID(1))) else {
      Issue.record("it was withdrawn")
      return
    }
    #expect(refusal.kind == .precondition && refusal.field == "claim")
    #expect(refusal.message.contains("rejected") && fixture.everythingElse == before)
    try fixture.claimAnswer(.decideClaim(ClaimID(1), .rejected))
  }

  /// Trade is read as of the newest that is known, not of a day long past.
  @Test func aClaimDatedBackIsNotPaidOfWhatHasFaded() throws {
    let fixture = try Self.fixture()
    Self.orders(40, of: 1, from: 9, in: fixture)
    let before = fixture.now
    fixture.pass(days: 180)
    Self.orders(1, of: 5, from: 6, in: fixture)
    let claim = DeskFixture.claim(1, at: before, amount: 1)
    let answer = try fixture.claimAnswer(.openClaim(claim))
    #expect(try Self.caps(answer) == (Self.buyerCap(20_000), Self.merchantCap(20_000)))
    let receipt = try #require(answer.receipt)
    try Receipt(receipt.encoded).verify(under: fixture.state.rules.policy)
  }

  /// What a human finds made up was trade after all.
  @Test(arguments: [Verdict.rejected, .abuse])
  func aDeclinedClaimIsTradeAgainOfTheMerchants(verdict: Verdict) throws {
    let fixture = try Self.fixture()
    Self.orders(40, of: 1, from: 9, in: fixture)
    try fixture.open(1, amount: 20_000)
    try fixture.claimAnswer(.decideClaim(ClaimID(1), verdict))
    #expect(try Self.caps(fixture.open(2, amount: 1)).merchant == Self.merchantCap(40_000))
    // Undone, it is not given back a second time.
    try fixture.claimAnswer(.openAppeal(ClaimID(1), by: .buyer))
    try fixture.claimAnswer(.decideAppeal(ClaimID(1), isUpheld: true))
    #expect(try Self.caps(fixture.open(3, amount: 1)).merchant == Self.merchantCap(39_999))
  }

  /// A claim is nothing that the merchant did: no score and no tier hangs on what is asked.
  @Test func aHugeClaimAboutTasteDoesNotTouchTheMerchantsScore() throws {
    let fixture = try Self.fixture()
    Self.orders(200, of: 1, from: 9, in: fixture)
    let before = fixture.record(.merchant)
    try fixture.open(1, buyer: 3, amount: 900_000_000, kind: .nonQuality)
    var after = fixture.record(.merchant)
    #expect(fixture.value(MerchantCounter.valueDisputed) > 8e8)
    after[stored: MerchantCounter.valueDisputed.rawValue] = 0
    #expect(after == before)
  }

  // MARK: The lot

  /// The share that is drawn is the policy's; the receipt computes the lot again.
  @Test func oneInFiveIsDrawnAndPaidWhenAHumanFindsItRight() throws {
    let fixture = try Self.fixture([
      "spotCheckShare: 0\n": "spotCheckShare: 0.2\n"
    ])
    var drawn = 0
    for id in UInt64(1)...500 {
      let (buyer, merchant) = (1_000 + id, 2_000 + id)
      Self.orders(60, of: buyer, from: merchant, in: fixture)
      let answer = try fixture.open(id, buyer: buyer, merchant: merchant, amount: 500)
      let receipt = try #require(answer.receipt)
      let lot = ClaimCase.lot(ClaimID(id), at: receipt.position)
      #expect(try Receipt(receipt.encoded).claimCase.lot == lot)
      if answer.outcome == .platformCompensates { continue }
      drawn += 1
      #expect(answer.outcome == .manualReview)
      #expect(receipt.decision.reasons.first?.code == .c05SpotCheck)
      let verdict = try fixture.claimAnswer(.decideClaim(ClaimID(id), .upheld))
      #expect(verdict.outcome == .platformCompensates)
    }
    // A fifth of 500, within three standard deviations of 9.
    #expect((73...127).contains(drawn), "\(drawn)")
  }

  // MARK: What would change it, and what would have been

  @Test func moreOrdersAreWhatACapNeeds() throws {
    let fixture = try Self.fixture()
    Self.orders(400, of: 5, from: 9, in: fixture)
    Self.orders(60, of: 1, from: 8, in: fixture)
    let receipt = try #require(try fixture.open(1, amount: 16_000).receipt)
    let policy = fixture.state.rules.policy
    let changes = policy.changes(of: receipt.claimCase, schema: .standard)
    let needed = 16_000 / (0.25 * (1 - pow(2, -365.0 / 180)))
    let count = Int(((needed - 60_000) / 1_000).rounded(.up))
    // The floor is high enough already.
    let floor = Int(receipt.decision.buyerFloor)
    #expect(changes.contains(.cleanOrders(count, floor: floor, needed: floor)))
    #expect(changes.contains(.amountAtMost(Minor(Self.buyerCap(60_000)))))
    let sentence = try #require(changes.first).sentence
    #expect(
      sentence.contains("trade bears no more") && sentence.contains("\(count) more settled orders"))
  }

  /// Undoing a claim gives the trade back that later decisions were bound by.
  @Test func anUndoneClaimIsTradeInLaterDecisions() throws {
    let fixture = try Self.fixture()
    Self.orders(40, of: 1, from: 9, in: fixture)
    Self.orders(400, of: 5, from: 8, in: fixture)
    try fixture.open(1, amount: 20_000)
    fixture.pass(seconds: 10)
    // What 20,000 of trade bear is too little; 40,000 would be enough.
    #expect(try fixture.open(2, merchant: 8, amount: 6_000).outcome == .returnAndRefund)
    try fixture.claimAnswer(.openAppeal(ClaimID(1), by: .buyer))
    let upheld = DeskAction.decideAppeal(ClaimID(1), isUpheld: true)
    let answer = fixture.state.completed(try fixture.apply(upheld).get(), to: upheld)
    guard case .undone(_, let page) = answer else {
      Issue.record("nothing was undone: \(answer)")
      return
    }
    #expect(page.decisions.map(\.claim) == [ClaimID(2)])
    #expect(page.decisions.first?.other == .platformCompensates)
  }
}
