import IntegrityCore
import Testing

/// Reasons of judgements under the plain policy: order, merging, limit.
struct TopReasonsTests {
  private static func reasons(_ record: AccountRecord) -> String {
    Policy.plain.judge(record, at: DecayClock(.standard, now: .today)).reasons
      .map { "\($0.code.label) \($0.points)" }.joined(separator: ", ")
  }

  @Test(
    arguments: [
      // Nothing known: a thin history is said even though it is worth no points.
      ([:], "B02 0"),
      // Gains of all dimensions and of the history are one reason.
      ([.ordersSettled: 4], "B02 61"),
      ([.ordersSettled: 50, .valueOrdered: 5000], "B01 309"),
      // Claims and claimed value are one reason, and stand before smaller gains.
      (
        [.ordersSettled: 50, .valueOrdered: 5000, .claimsOpened: 20, .valueClaimed: 2000],
        "B03 -242, B01 189"
      ),
      // Strongest first, by size, whatever the sign.
      (
        [.ordersSettled: 50, .claimsOpened: 20, .claimsNotReceived: 9],
        "B01 189, B03 -121, B04 -67"
      ),
      // At most four: the smallest of five is left out.
      (
        [
          .ordersSettled: 20, .claimsOpened: 20, .claimsNotReceived: 15, .claimsAbusive: 8,
          .returnsMismatched: 4,
        ], "B03 -176, B04 -147, B07 -99, B05 -93"
      ),
      // Less than a point is no reason.
      ([.ordersSettled: 100, .claimsOpened: 5, .claimsNotReceived: 5.05], "B01 208"),
    ] as [([BuyerCounter: Double], String)])
  func reasonsOfABuyer(counts: [BuyerCounter: Double], reasons: String) {
    #expect(Self.reasons(.buyer(counts)) == reasons)
  }

  @Test(
    arguments: [
      ([:], "M06 0"),
      ([.ordersSettled: 50], "M05 429"),
      (
        [
          .ordersSettled: 50, .valueSold: 5000, .qualityClaimsUpheld: 9,
          .valueRefundedForQuality: 900,
        ],
        "M05 309, M01 -133"
      ),
      ([.ordersSettled: 50, .shipmentsFalse: 8, .parcelsEmpty: 8], "M05 309, M03 -119"),
      ([.ordersSettled: 50, .pickupsLate: 20], "M05 369, M02 -121"),
      ([.ordersSettled: 50, .cancelledNoStock: 20], "M05 369, M04 -101"),
      (
        [
          .ordersSettled: 50, .qualityClaimsUpheld: 10, .pickupsLate: 20, .shipmentsFalse: 8,
          .cancelledNoStock: 30,
        ], "M05 189, M04 -124, M02 -121, M01 -73"
      ),
    ] as [([MerchantCounter: Double], String)])
  func reasonsOfAMerchant(counts: [MerchantCounter: Double], reasons: String) {
    #expect(Self.reasons(.merchant(counts)) == reasons)
  }

  /// With four codes or less, base and reasons are the score.
  @Test func reasonsAddUpToTheScore() {
    var generator = Generator.forTest(41)
    for _ in 1...3000 {
      let kind: AccountKind = generator.oneIn(2) ? .buyer : .merchant
      let record = AccountRecord.random(kind, &generator)
      let judgement = Policy.plain.judge(record, at: DecayClock(.standard, now: .today))
      let sizes = judgement.reasons.map { abs($0.points) }
      #expect(sizes == sizes.sorted(by: >), "seed \(generator.seed)")
      #expect(judgement.reasons.count <= TopReasons.countMax)
      guard judgement.reasons.count < TopReasons.countMax else { continue }
      let sum = judgement.reasons.reduce(600) { $0 + $1.points }
      // A rounding, or a dropped reason of less than a point, for each of four codes.
      #expect(abs(min(max(sum, 0), 1000) - judgement.score) <= 5, "seed \(generator.seed)")
    }
  }

  @Test func everyCodeHasItsLabelAndTexts() {
    let labels = ReasonCode.allCases.map(\.label)
    #expect(Set(labels).count == labels.count)
    for code in ReasonCode.allCases {
      let number = code.rawValue % 100
      #expect(code.label.hasSuffix(number < 10 ? "0\(number)" : "\(number)"), "\(code)")
      #expect(!code.text.isEmpty && code.text != "?")
      #expect(!code.textChinese.isEmpty && code.textChinese != "?")
    }
  }

  /// Every dimension's reason is one of its kind.
  @Test func dimensionsHaveDistinctNamesAndFittingReasons() {
    #expect(BuyerDimension.allCases.allSatisfy { $0.reason.label.hasPrefix("B") })
    #expect(MerchantDimension.allCases.allSatisfy { $0.reason.label.hasPrefix("M") })
    #expect(Set(BuyerDimension.allCases.map(\.name)).count == 5)
    #expect(Set(MerchantDimension.allCases.map(\.name)).count == 6)
  }
}
