import IntegrityCore
import Testing

/// What each event adds to the evidence about the two accounts: one row an event.
struct EventEffectTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let detail: EventDetail
    let buyer: String
    let merchant: String

    init(_ detail: EventDetail, buyer: String = "untouched", merchant: String = "untouched") {
      self.detail = detail
      self.buyer = buyer
      self.merchant = merchant
    }

    var testDescription: String { "\(detail)" }
  }

  /// All of amount 300, by a new buyer, whose score of 600 weighs two thirds.
  static let cases: [Case] = [
    Case(
      .settled, buyer: "ordersSettled 1, valueOrdered 300",
      merchant: "ordersSettled 1, valueSold 300"),
    Case(.pickedUp(late: false), merchant: "nothing"),
    Case(.pickedUp(late: true), merchant: "pickupsLate 1, sketch 1"),
    Case(.cancelled(by: .buyer, cause: .outOfStock), buyer: "nothing"),
    Case(.cancelled(by: .buyer, cause: .other), buyer: "nothing"),
    Case(.cancelled(by: .merchant, cause: .outOfStock), merchant: "cancelledNoStock 1, sketch 1"),
    Case(.cancelled(by: .merchant, cause: .other), merchant: "nothing"),
    Case(.carrierProof(.trackingInvalid), merchant: "shipmentsFalse 1, sketch 1"),
    Case(.carrierProof(.scannedBeforeOrder), merchant: "shipmentsFalse 1, sketch 1"),
    Case(.carrierProof(.wrongDestination), merchant: "shipmentsFalse 1, sketch 1"),
    Case(.carrierProof(.emptyParcel), merchant: "parcelsEmpty 1, sketch 1"),
    Case(
      .claimOpened(.quality, .notReceived),
      buyer: "claimsOpened 1, valueClaimed 300, claimsNotReceived 1, sketch 1",
      merchant: "valueDisputed 300"),
    Case(
      .claimOpened(.quality, .parcelEmpty),
      buyer: "claimsOpened 1, valueClaimed 300, claimsNotReceived 1, sketch 1",
      merchant: "valueDisputed 300"),
    Case(
      .claimOpened(.quality, .defective), buyer: "claimsOpened 1, valueClaimed 300, sketch 1",
      merchant: "valueDisputed 300"),
    Case(
      .claimOpened(.quality, .notAsDescribed), buyer: "claimsOpened 1, valueClaimed 300, sketch 1",
      merchant: "valueDisputed 300"),
    Case(
      .claimOpened(.quality, .wrongItem), buyer: "claimsOpened 1, valueClaimed 300, sketch 1",
      merchant: "valueDisputed 300"),
    Case(
      .claimOpened(.nonQuality, .changedMind), buyer: "claimsOpened 1, valueClaimed 300, sketch 1",
      merchant: "valueDisputed 300"),
    Case(
      .claimOpened(.nonQuality, .other), buyer: "claimsOpened 1, valueClaimed 300, sketch 1",
      merchant: "valueDisputed 300"),
    Case(
      .claimDecided(.quality, .upheld), buyer: "claimsUpheld 1",
      merchant: "qualityClaimsUpheld 0.667, valueRefundedForQuality 200, sketch 1"),
    Case(
      .claimDecided(.nonQuality, .upheld), buyer: "claimsUpheld 1", merchant: "nothing"),
    Case(.claimDecided(.quality, .rejected), buyer: "nothing", merchant: "nothing"),
    Case(.claimDecided(.nonQuality, .rejected), buyer: "nothing", merchant: "nothing"),
    Case(
      .claimDecided(.quality, .abuse), buyer: "claimsAbusive 1",
      merchant: "claimsAbusedByBuyers 1"),
    Case(
      .claimDecided(.nonQuality, .abuse), buyer: "claimsAbusive 1",
      merchant: "claimsAbusedByBuyers 1"),
    Case(
      .returnInspected(.asSold), buyer: "valueOrdered -300, returnsAsSold 1",
      merchant: "valueDisputed 300"),
    Case(
      .returnInspected(.used), buyer: "valueOrdered -300, returnsMismatched 1",
      merchant: "valueDisputed 300"),
    Case(
      .returnInspected(.empty), buyer: "valueOrdered -300, returnsMismatched 1",
      merchant: "valueDisputed 300"),
    Case(
      .returnInspected(.swapped), buyer: "valueOrdered -300, returnsMismatched 1",
      merchant: "valueDisputed 300"),
    Case(.compensated, buyer: "valueCompensated 300"),
    Case(
      .claimWithdrawn(openedAt: .today, .notReceived),
      buyer: "claimsOpened -1, valueClaimed -300, claimsNotReceived -1",
      merchant: "valueDisputed -300"),
    Case(
      .claimWithdrawn(openedAt: .today, .wrongItem), buyer: "claimsOpened -1, valueClaimed -300",
      merchant: "valueDisputed -300"),
  ]

  @Test(arguments: cases)
  func effect(_ row: Case) {
    var pair = Pair()
    pair.apply(row.detail, amount: 300)
    #expect(Self.stored(pair.buyer) == row.buyer)
    #expect(Self.stored(pair.merchant) == row.merchant)
  }

  /// A touched record says so: its days, its tier, and nothing else.
  @Test(arguments: cases)
  func touchedRecordsAreDated(_ row: Case) {
    var pair = Pair()
    pair.apply(row.detail, amount: 300)
    for (record, effect) in [(pair.buyer, row.buyer), (pair.merchant, row.merchant)] {
      if effect == "untouched" {
        #expect(record == AccountRecord(record.key))
      } else if effect.hasPrefix("valueDisputed") {
        // Nothing that the merchant did: it is not heard of by it.
        #expect((record.lastEventAt, record.tierCode) == (.zero, 0))
        #expect(record.firstEventDay == .max && record.isWellFormed)
      } else {
        #expect(record.lastEventAt == .today)
        #expect(record.firstEventDay == UnixSeconds.today.day)
        #expect(record.tierCode != 0)
        #expect(record.tierHeldDay == UnixSeconds.today.day)
      }
    }
  }

  @Test func openingAndWithdrawingLeaveNothing() {
    var pair = Pair()
    for allegation in Allegation.allCases {
      let openedAt = UnixSeconds.today.plus(days: 1)
      pair.apply(.claimOpened(.quality, allegation), at: openedAt, amount: 250)
      pair.apply(
        .claimWithdrawn(openedAt: openedAt, allegation), at: openedAt.plus(days: 9), amount: 250)
      #expect(Self.stored(pair.buyer) == "nothing", "\(allegation)")
      #expect(Self.stored(pair.merchant) == "nothing", "\(allegation)")
    }
  }

  /// A return whose amount is not told, as one of a claim at the desk, is no less trade.
  @Test func aReturnWithoutAnAmountIsAboutTheBuyerAlone() {
    var pair = Pair()
    pair.apply(.returnInspected(.asSold), amount: 0)
    #expect(Self.stored(pair.buyer) == "returnsAsSold 1")
    #expect(Self.stored(pair.merchant) == "untouched")
    let merchantless = Event(
      at: .today, buyer: AccountID(7), amount: Minor(300), detail: .returnInspected(.asSold))
    #expect(!merchantless.changesMerchant)
  }

  @Test func lateNewsKeepsTheNewestAndFindsTheOldestDay() {
    var pair = Pair()
    pair.apply(.settled, at: .today)
    pair.apply(.settled, at: UnixSeconds.today.plus(days: -40))
    pair.apply(.settled, at: UnixSeconds.today.plus(days: -20))
    #expect(pair.buyer.lastEventAt == .today)
    #expect(pair.buyer.firstEventDay == UnixSeconds.today.day - 40)
  }

  /// Score of the claimant before the verdict → weight of the claim.
  @Test(arguments: [
    (0, 0.1), (399, 0.1), (400, 0.1), (430, 0.1), (431, 0.1033), (550, 0.5), (600, 0.6667),
    (699, 0.9967), (700, 1), (1000, 1),
  ])
  func credibility(score: Int, weight: Double) {
    #expect(abs(CredibilityRules.plain.weight(ofScore: score) - weight) < 1e-4)
  }

  @Test func aWeakClaimantWeighsLittle() {
    var pair = Pair()
    for _ in 1...10 {
      pair.apply(.claimOpened(.quality, .notReceived), amount: 300)
      pair.apply(.claimDecided(.quality, .abuse), amount: 300)
    }
    let before = pair.merchant
    pair.apply(.claimDecided(.quality, .upheld), amount: 300)
    let clock = DecayClock(.standard, now: .today)
    let added = pair.merchant.evidence(at: clock)[MerchantCounter.qualityClaimsUpheld]
    #expect(before.evidence(at: clock)[MerchantCounter.qualityClaimsUpheld] == 0)
    #expect(abs(added - 0.1) < 1e-6)
  }

  /// The verdict that is being applied does not yet count for its claimant.
  @Test func credibilityIsReadBeforeTheVerdict() {
    let generous = Policy.make(
      upheldCredit: 1, credibility: CredibilityRules(scoreZero: 0, scoreFull: 1000, weightMin: 0))
    var pair = Pair(policy: generous)
    pair.apply(.claimOpened(.quality, .defective), amount: 300)
    let score = generous.score(pair.buyer, at: DecayClock(.standard, now: .today))
    pair.apply(.claimDecided(.quality, .upheld), amount: 300)
    let after = generous.score(pair.buyer, at: DecayClock(.standard, now: .today))
    #expect(after > score)
    let evidence = pair.merchant.evidence(at: DecayClock(.standard, now: .today))
    #expect(abs(evidence[MerchantCounter.qualityClaimsUpheld] - Float(score) / 1000) < 1e-6)
  }

  /// The counters that are not zero, as of today, without the read-time clamp.
  private static func stored(_ record: AccountRecord) -> String {
    if record == AccountRecord(record.key) { return "untouched" }
    let factor = DecayClock(.standard, now: .today).factor(for: record)
    let names =
      record.kind == .buyer
      ? BuyerCounter.allCases.map { "\($0)" } : MerchantCounter.allCases.map { "\($0)" }
    var parts: [String] = []
    for (index, name) in names.enumerated() {
      let value = (Double(record[stored: index] * factor) * 1000).rounded() / 1000
      let text = value == value.rounded() ? "\(Int(value))" : "\(value)"
      if value != 0 { parts.append("\(name) \(text)") }
    }
    if record.sketch.estimate > 0 { parts.append("sketch \(record.sketch.estimate)") }
    return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
  }
}
