import IntegrityCore
import ProbityEngine
import Testing

/// What an appeal that is upheld takes back: everything, exactly.
@Suite struct AppealTests {
  struct Kind: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let party: AccountKind
    var kind = ClaimKind.quality
    var proofs: ClaimProofs = []
    /// What was done between the opening and the appeal.
    var between: [DeskAction] = []
  }

  private static let id = ClaimID(1)

  static let kinds: [Kind] = [
    Kind(testDescription: "opening", party: .merchant, kind: .nonQuality),
    Kind(testDescription: "complaint", party: .merchant),
    Kind(testDescription: "false shipment", party: .merchant, proofs: .trackingInvalid),
    Kind(testDescription: "empty parcel", party: .merchant, proofs: .emptyParcel),
    Kind(
      testDescription: "proof that was recorded", party: .merchant,
      proofs: [.emptyParcel, .recorded], between: [.decideClaim(id, .upheld)]),
    Kind(testDescription: "upheld", party: .merchant, between: [.decideClaim(id, .upheld)]),
    Kind(
      testDescription: "upheld, non-quality", party: .merchant, kind: .nonQuality,
      between: [.decideClaim(id, .upheld)]),
    Kind(testDescription: "rejected", party: .merchant, between: [.decideClaim(id, .rejected)]),
    Kind(testDescription: "abuse", party: .merchant, between: [.decideClaim(id, .abuse)]),
    Kind(testDescription: "payment", party: .merchant, between: [.settleSubsidy(id, .commit)]),
    Kind(
      testDescription: "payment and abuse", party: .merchant,
      between: [.settleSubsidy(id, .commit), .decideClaim(id, .abuse)]),
  ]

  /// A buyer and a merchant with some history, good and bad.
  private static func fixture() throws -> DeskFixture {
    let fixture = try DeskFixture()
    fixture.orders(150, of: 1, from: 9)
    try fixture.open(100, merchant: 9, amount: 700)
    try fixture.claimAnswer(.settleSubsidy(ClaimID(100), .commit))
    try fixture.claimAnswer(.decideClaim(ClaimID(100), .upheld))
    return fixture
  }

  @Test(arguments: kinds)
  func whatIsUndoneIsAsIfItHadNeverBeen(_ kind: Kind) throws {
    let undone = try Self.fixture()
    let without = try Self.fixture()
    for fixture in [undone, without] { fixture.pass(days: 2, seconds: 77) }
    try undone.open(1, amount: 4_321, category: 2, kind: kind.kind, proofs: kind.proofs)
    undone.pass(days: 2)
    for action in kind.between { try undone.claimAnswer(action) }
    let peak = undone.record(.buyer), merchantPeak = undone.record(.merchant)
    undone.pass(days: 1)
    try undone.claimAnswer(.openAppeal(Self.id, by: kind.party))
    let answer = try undone.claimAnswer(.decideAppeal(Self.id, isUpheld: true))
    without.now = undone.now
    #expect(answer.outcome == .decline && !answer.money.state.counts)
    undone.expectEvidence(of: without, .buyer, peak: peak)
    undone.expectEvidence(of: without, .merchant, peak: merchantPeak)
    // Nothing of it is in a sum that the next decision reads; but for the buyer's, where it was
    // paid: whether it has come back nobody says.
    let next = try #require(try undone.open(2, amount: 10, category: 2).receipt).claimCase.used
    let usual = try #require(try without.open(2, amount: 10, category: 2).receipt).claimCase.used
    let isPaid = kind.between.contains { $0 == .settleSubsidy(Self.id, .commit) }
    for scope in SubsidyScope.allCases {
      let isOfBuyer = [.buyer30Days, .buyer365Days, .pair90Days].contains(scope)
      let paid: Int64 = isPaid && isOfBuyer ? 4_321 : 0
      #expect(next[scope].rawValue == usual[scope].rawValue + paid, "\(scope)")
    }
  }

  /// It decides as any proof does; what it says of the merchant is known from the event, which
  /// neither the claim nor a verdict on it counts once more.
  @Test func aRecordedProofCountsOnce() throws {
    for (recorded, count) in [(ClaimProofs(), Float(1)), (.recorded, 0)] {
      let fixture = try DeskFixture()
      let answer = try fixture.open(1, proofs: recorded.union(.trackingInvalid))
      #expect(answer.outcome == .platformCompensates)
      #expect(fixture.value(MerchantCounter.shipmentsFalse) == count)
      try fixture.claimAnswer(.decideClaim(Self.id, .upheld))
      #expect(fixture.value(MerchantCounter.shipmentsFalse) == count)
      #expect(fixture.value(MerchantCounter.qualityClaimsUpheld) == 0)
    }
  }

  @Test func aBuyerWhoWasRightIsCompensatedWithinTheBudget() throws {
    for (cap, outcome) in [(Int64(999), Outcome.returnAndRefund), (1_000, .platformCompensates)] {
      let fixture = try DeskFixture()
      try fixture.open(1, kind: .nonQuality)
      fixture.apply(.setBudget(.global, key: 0, cap: Minor(cap)))
      try fixture.claimAnswer(.openAppeal(Self.id, by: .buyer))
      let answer = try fixture.claimAnswer(.decideAppeal(Self.id, isUpheld: true))
      #expect(answer.outcome == outcome)
      #expect(answer.money.counted == Minor(outcome == .platformCompensates ? 1_000 : 0))
    }
  }

  @Test func aClaimWhoseAppealWasUpheldIsAtItsEnd() throws {
    let fixture = try DeskFixture()
    try fixture.open(1)
    try fixture.claimAnswer(.openAppeal(Self.id, by: .merchant))
    try fixture.claimAnswer(.decideAppeal(Self.id, isUpheld: true))
    let before = fixture.state.desk.hash
    for verdict in Verdict.allCases {
      guard case .failure(let refusal) = fixture.apply(.decideClaim(Self.id, verdict)) else {
        Issue.record("\(verdict) was taken")
        continue
      }
      #expect(refusal.kind == .precondition && refusal.message.contains("at its end"))
    }
    #expect(fixture.state.desk.hash == before)
  }

  /// Whoever was paid and appeals has nothing more to get.
  @Test(arguments: [true, false])
  func aBuyerIsNotPaidTwice(isPaid: Bool) throws {
    let fixture = try DeskFixture()
    let opened = try fixture.open(1)
    #expect(opened.outcome == .platformCompensates)
    if isPaid { try fixture.claimAnswer(.settleSubsidy(Self.id, .commit)) }
    fixture.pass(days: 1)
    try fixture.claimAnswer(.openAppeal(Self.id, by: .buyer))
    let answer = try fixture.claimAnswer(.decideAppeal(Self.id, isUpheld: true))
    #expect(answer.money.state == (isPaid ? .committed : .reserved))
    #expect(answer.money.reservedAt == opened.money.reservedAt)
    let again = fixture.apply(.settleSubsidy(Self.id, .commit))
    if case .success(.claim(let again)) = again { #expect(again.isRepeated == isPaid) }
    #expect(fixture.value(.valueCompensated) > 990 && fixture.value(.valueCompensated) < 1_001)
  }

  @Test func aClaimWithdrawnBehindItsAppealIsTakenOutOnce() throws {
    let fixture = try DeskFixture()
    try fixture.open(1, kind: .nonQuality)
    try fixture.claimAnswer(.openAppeal(Self.id, by: .buyer))
    try fixture.claimAnswer(.decideAppeal(Self.id, isUpheld: true))
    try fixture.claimAnswer(.withdrawClaim(Self.id))
    let (count, amount) = (fixture.value(.claimsOpened), fixture.value(.valueClaimed))
    // But for roundings of 1 and of 1,000.
    #expect(abs(count) < 1e-6 && abs(amount) < 1e-3, "\(count) and \(amount)")
  }

  @Test func theWindowOfAppealsEndsToTheSecond() throws {
    for (seconds, isTaken) in [(UInt32(0), true), (1, false)] {
      let fixture = try DeskFixture()
      try fixture.open(1)
      fixture.pass(days: 30, seconds: seconds)
      let result = fixture.apply(.openAppeal(Self.id, by: .merchant))
      #expect((try? result.get()) != nil ? isTaken : !isTaken)
    }
  }
}

extension DeskFixture {
  func record(_ kind: AccountKind) -> AccountRecord {
    let key = AccountKey(kind, AccountID(kind == .buyer ? 1 : 9))
    return state.table.record(of: key) ?? AccountRecord(key)
  }

  /// Every counter is that of `other`, but for roundings of what it was at its peak.
  func expectEvidence(of other: DeskFixture, _ kind: AccountKind, peak: AccountRecord) {
    let key = record(kind).key
    let clock = DecayClock(state.rules.schema, now: now)
    for index in 0..<10 {
      let (found, expected) = (value(index, key), other.value(index, key))
      let most = max(abs(expected), abs(peak[stored: index] * clock.factor(for: peak)))
      // A few steps, each rounded once.
      #expect(abs(found - expected) <= 4 * most.ulp, "\(kind) \(index): \(found), not \(expected)")
    }
    let (ours, theirs) = (record(kind), other.record(kind))
    #expect(ours.tierCode == theirs.tierCode && ours.sketch == theirs.sketch)
  }
}
