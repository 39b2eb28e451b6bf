import IntegrityCore
import Testing

/// One test a bug, named for it.
struct RegressionTests {
  /// An event 130 half-lives before the landmark, read at its own time: the
  /// factor of the read overflowed Float32, and one order became infinitely many.
  @Test func readingLongBeforeTheLandmarkIsFinite() {
    let schema = EvidenceSchema(halfLifeSeconds: 56 * 86_400)
    var pair = Pair(schema: schema)
    pair.apply(.settled, at: Event.earliest, amount: 1000)
    let evidence = pair.buyer.evidence(at: DecayClock(schema, now: Event.earliest))
    #expect(evidence[BuyerCounter.ordersSettled] <= 1)
    #expect(evidence[BuyerCounter.valueOrdered] <= 1000)
  }
}
