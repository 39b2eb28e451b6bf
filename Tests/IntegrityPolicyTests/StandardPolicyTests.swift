import IntegrityCore
import IntegrityPolicy
import Testing

/// What the standard policy says of accounts that people can picture. A change of
/// a number in the policy shows here as what it means.
struct StandardPolicyTests {
  private static let policy = PolicyDocument.standard.policy
  private static let today = UnixSeconds(1_767_225_600)

  struct Row: Sendable, CustomTestStringConvertible {
    let account: String
    let counts: [Int: Double]
    let kind: AccountKind
    let verdict: String

    var testDescription: String { account }
  }

  private static func buyer(
    _ account: String, _ counts: [BuyerCounter: Double], _ verdict: String
  ) -> Row {
    let pairs = counts.map { ($0.key.rawValue, $0.value) }
    return Row(
      account: account, counts: Dictionary(uniqueKeysWithValues: pairs), kind: .buyer,
      verdict: verdict)
  }

  private static func merchant(
    _ account: String, _ counts: [MerchantCounter: Double], _ verdict: String
  ) -> Row {
    let pairs = counts.map { ($0.key.rawValue, $0.value) }
    return Row(
      account: account, counts: Dictionary(uniqueKeysWithValues: pairs), kind: .merchant,
      verdict: verdict)
  }

  /// Orders are of 100 each, everything happened today. Verdict: score, floor,
  /// tier, reasons with their points.
  static let buyers: [Row] = [
    buyer("new", [:], "600 348 C, B02 0"),
    buyer("1 clean order", [.ordersSettled: 1, .valueOrdered: 100], "620 368 C, B02 20"),
    buyer("5 clean orders", [.ordersSettled: 5, .valueOrdered: 500], "681 431 C, B01 81"),
    buyer("12 clean orders", [.ordersSettled: 12, .valueOrdered: 1200], "744 507 B, B01 144"),
    buyer("50 clean orders", [.ordersSettled: 50, .valueOrdered: 5000], "824 705 A, B01 224"),
    buyer("300 clean orders", [.ordersSettled: 300, .valueOrdered: 30_000], "850 806 A, B01 250"),
    buyer(
      "first order claimed, open",
      [.ordersSettled: 1, .valueOrdered: 100, .claimsOpened: 1, .valueClaimed: 100],
      "554 316 D, B03 -58, B02 12"),
    buyer(
      "first order \"never arrived\", open",
      [
        .ordersSettled: 1, .valueOrdered: 100, .claimsOpened: 1, .valueClaimed: 100,
        .claimsNotReceived: 1,
      ], "505 282 D, B03 -58, B04 -48, B02 10"),
    buyer(
      "first order claimed, upheld",
      [
        .ordersSettled: 1, .valueOrdered: 100, .claimsOpened: 1, .valueClaimed: 100,
        .claimsUpheld: 1,
      ], "584 339 C, B03 -28, B02 12"),
    buyer(
      "claims before the first order settles: 3", [.claimsOpened: 3, .valueClaimed: 300],
      "482 252 D, B03 -118, B02 0"),
    buyer(
      "12 orders, 2 claims (a wholesaler's median buyer)",
      [.ordersSettled: 12, .valueOrdered: 1200, .claimsOpened: 2, .valueClaimed: 200],
      "643 425 C, B01 77, B03 -34"),
    buyer(
      "30 orders, 3 claims, all upheld",
      [
        .ordersSettled: 30, .valueOrdered: 3000, .claimsOpened: 3, .valueClaimed: 300,
        .claimsUpheld: 3,
      ], "758 568 B, B01 163, B03 -6"),
    buyer(
      "20 orders, every second claimed",
      [.ordersSettled: 20, .valueOrdered: 2000, .claimsOpened: 10, .valueClaimed: 1000],
      "549 357 D, B03 -151, B01 100"),
    buyer(
      "20 cheap orders, the 2 dear ones claimed",
      [.ordersSettled: 20, .valueOrdered: 20_000, .claimsOpened: 2, .valueClaimed: 18_000],
      "614 414 C, B01 100, B03 -87"),
    buyer(
      "10 orders, 3 \"never arrived\"",
      [
        .ordersSettled: 10, .valueOrdered: 1000, .claimsOpened: 3, .valueClaimed: 300,
        .claimsNotReceived: 3,
      ], "509 313 D, B04 -73, B03 -73, B01 55"),
    buyer(
      "20 orders, 2 of 4 returns swapped",
      [.ordersSettled: 20, .valueOrdered: 2000, .returnsAsSold: 2, .returnsMismatched: 2],
      "715 521 B, B01 187, B05 -72"),
    buyer(
      "10 orders, 1 confirmed abuse",
      [
        .ordersSettled: 10, .valueOrdered: 1000, .claimsOpened: 1, .valueClaimed: 100,
        .claimsAbusive: 1,
      ], "519 351 D, B07 -137, B01 60, B03 -3"),
    buyer(
      "10 orders, 3 confirmed abuses",
      [
        .ordersSettled: 10, .valueOrdered: 1000, .claimsOpened: 3, .valueClaimed: 300,
        .claimsAbusive: 3,
      ], "361 219 E, B07 -226, B03 -73, B01 60"),
    buyer(
      "100 orders, 1 confirmed abuse",
      [
        .ordersSettled: 100, .valueOrdered: 10_000, .claimsOpened: 1, .valueClaimed: 100,
        .claimsAbusive: 1,
      ], "791 699 B, B01 238, B07 -47"),
    buyer(
      "professional: 40 orders, 30 claims, 20 never arrived, 8 swapped, 10 abuses",
      [
        .ordersSettled: 40, .valueOrdered: 4000, .claimsOpened: 30, .valueClaimed: 3000,
        .claimsNotReceived: 20, .returnsMismatched: 8, .claimsAbusive: 10,
      ], "0 0 E, B07 -292, B03 -247, B05 -143, B04 -135"),
  ]

  static let merchants: [Row] = [
    merchant("new", [:], "600 293 C, M06 0"),
    merchant("40 clean orders", [.ordersSettled: 40, .valueSold: 4000], "775 518 B, M05 175"),
    merchant("200 clean orders", [.ordersSettled: 200, .valueSold: 20_000], "824 799 A, M05 224"),
    merchant(
      "5000 clean orders", [.ordersSettled: 5000, .valueSold: 500_000], "875 875 A, M05 275"),
    merchant(
      "200 orders, 1 % quality refunds",
      [
        .ordersSettled: 200, .valueSold: 20_000, .qualityClaimsUpheld: 2,
        .valueRefundedForQuality: 200,
      ], "824 756 A, M05 224"),
    merchant(
      "200 orders, 2 % (the published limit)",
      [
        .ordersSettled: 200, .valueSold: 20_000, .qualityClaimsUpheld: 4,
        .valueRefundedForQuality: 400,
      ], "744 671 B, M05 144"),
    merchant(
      "200 orders, 5 % quality refunds",
      [
        .ordersSettled: 200, .valueSold: 20_000, .qualityClaimsUpheld: 10,
        .valueRefundedForQuality: 1000,
      ], "579 520 D, M01 -165, M05 144"),
    merchant(
      "200 orders, 10 % quality refunds",
      [
        .ordersSettled: 200, .valueSold: 20_000, .qualityClaimsUpheld: 20,
        .valueRefundedForQuality: 2000,
      ], "431 380 D, M01 -313, M05 144"),
    merchant(
      "200 orders, 20 % quality refunds",
      [
        .ordersSettled: 200, .valueSold: 20_000, .qualityClaimsUpheld: 40,
        .valueRefundedForQuality: 4000,
      ], "265 220 E, M01 -479, M05 144"),
    merchant(
      "10 orders, 1 quality refund",
      [
        .ordersSettled: 10, .valueSold: 1000, .qualityClaimsUpheld: 1,
        .valueRefundedForQuality: 100,
      ], "571 279 D, M01 -73, M06 44"),
    merchant(
      "200 orders, 9 % late (a marketplace's average)",
      [.ordersSettled: 200, .valueSold: 20_000, .pickupsLate: 18], "752 717 B, M05 194, M02 -42"),
    merchant(
      "200 orders, 30 % late", [.ordersSettled: 200, .valueSold: 20_000, .pickupsLate: 60],
      "645 613 C, M05 194, M02 -150"),
    merchant(
      "200 orders, 22 more had no stock",
      [.ordersSettled: 200, .valueSold: 20_000, .cancelledNoStock: 22],
      "778 750 B, M05 204, M04 -26"),
    merchant(
      "200 orders, 5 false shipments",
      [.ordersSettled: 200, .valueSold: 20_000, .shipmentsFalse: 5], "620 563 C, M05 209, M03 -189"),
    merchant(
      "200 orders, 15 false shipments",
      [.ordersSettled: 200, .valueSold: 20_000, .shipmentsFalse: 15], "465 421 D, M03 -344, M05 209"
    ),
    merchant(
      "200 orders, 1 empty parcel",
      [.ordersSettled: 200, .valueSold: 20_000, .parcelsEmpty: 1], "748 694 B, M05 214, M03 -67"),
    merchant(
      "200 orders, 10 empty parcels",
      [.ordersSettled: 200, .valueSold: 20_000, .parcelsEmpty: 10], "492 472 D, M03 -322, M05 214"),
    merchant(
      "no stock at all: 30 orders, 60 had none, half late",
      [.ordersSettled: 30, .valueSold: 3000, .cancelledNoStock: 60, .pickupsLate: 15],
      "527 265 D, M02 -119, M05 113, M04 -67"),
    merchant(
      "fraud: 50 orders, 20 false, 10 empty, 15 quality refunds",
      [
        .ordersSettled: 50, .valueSold: 5000, .shipmentsFalse: 20, .parcelsEmpty: 10,
        .qualityClaimsUpheld: 15, .valueRefundedForQuality: 1500,
      ], "0 0 E, M03 -776, M01 -424, M05 77"),
  ]

  /// The fewest clean orders of 100 each for a tier, in one day.
  @Test(arguments: [
    (AccountKind.buyer, Tier.b, 7), (.buyer, .a, 24), (.merchant, .b, 17), (.merchant, .a, 87),
  ])
  func cleanOrdersForATier(kind: AccountKind, tier: Tier, count: Int) {
    func reached(_ count: Int) -> Tier {
      var record = AccountRecord(AccountKey(kind, AccountID(1)))
      record.touch(at: Self.today, schema: .standard)
      record.add(Double(count), to: 0, at: Self.today, schema: .standard)
      record.add(Double(count) * 100, to: 1, at: Self.today, schema: .standard)
      return Self.policy.judge(record, at: DecayClock(.standard, now: Self.today)).tier
    }
    #expect(reached(count) == tier)
    #expect(reached(count - 1) > tier)
    let new = AccountRecord(AccountKey(kind, AccountID(1)))
    let clock = DecayClock(.standard, now: Self.today)
    if tier == .b {
      #expect(Self.policy.changes(for: new, at: clock) == [.cleanOrders(count, tier: .b)])
    }
  }

  @Test(arguments: buyers + merchants)
  func verdict(_ row: Row) {
    let schema = EvidenceSchema.standard
    var record = AccountRecord(AccountKey(row.kind, AccountID(1)))
    record.touch(at: Self.today, schema: schema)
    for (counter, count) in row.counts {
      record.add(count, to: counter, at: Self.today, schema: schema)
    }
    let judgement = Self.policy.judge(record, at: DecayClock(schema, now: Self.today))
    let reasons = judgement.reasons.map { "\($0.code.label) \($0.points)" }
    let numbers = "\(judgement.score) \(judgement.scoreFloor) \(judgement.tier.name)"
    #expect(([numbers] + reasons).joined(separator: ", ") == row.verdict)
  }
}
