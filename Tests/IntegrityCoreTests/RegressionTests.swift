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

  /// With a half-life of 8 days the last of eight epochs ended in March 2031; by
  /// the end of 2032 every counter was infinite.
  @Test func epochsDoNotRunOutBeforeTheClockDoes() {
    let schema = EvidenceSchema(halfLifeSeconds: EvidenceSchema.halfLifeRange.lowerBound)
    let end = UnixSeconds(.max)
    #expect(schema.storedWeight(at: end, epoch: schema.epoch(of: end)) <= 0x1p64)

    var pair = Pair(schema: schema)
    pair.apply(.settled, at: end, amount: Minor.eventMax.rawValue)
    let evidence = pair.buyer.evidence(at: DecayClock(schema, now: end))
    #expect(evidence[BuyerCounter.ordersSettled] == 1)
    #expect(evidence[BuyerCounter.valueOrdered] == 1e12)
  }

  /// Moving a record on by three epochs at once multiplied by 2^−192, which is
  /// zero as a Float32, though 2^39 · 2^63 · 2^−192 is one.
  @Test func skippingEpochsIsAsExactAsTakingThemOneByOne() {
    let schema = EvidenceSchema(halfLifeSeconds: 8 * 86_400)
    let first = EvidenceSchema.landmark.plus(days: 8 * 63)
    let last = EvidenceSchema.landmark.plus(days: 8 * 64 * 3)
    var pair = Pair(schema: schema)
    pair.apply(.settled, at: first, amount: 1 << 39)
    pair.apply(.settled, at: last, amount: 0)
    #expect(pair.buyer[stored: BuyerCounter.valueOrdered.rawValue] == 0x1p39 * 0x1p-129)
  }

  /// Claims beyond the settled orders counted as orders in the rates of other
  /// claims: once claims cost all they can, each further one raised the score.
  @Test func claimsDoNotDiluteEachOther() {
    var pair = Pair()
    var scoreBefore = 1000
    for number in 1...60 {
      pair.apply(.claimOpened(.quality, .defective), amount: 1)
      let score = Policy.plain.score(pair.buyer, at: DecayClock(.standard, now: .today))
      #expect(score <= scoreBefore, "claim \(number)")
      scoreBefore = score
    }
  }

  /// Of a buyer who claimed more than all its orders were worth, each further
  /// order counted as claimed in full.
  @Test func aCleanOrderDoesNotCostAnOverclaimer() {
    var pair = Pair()
    for _ in 1...3 { pair.apply(.settled, amount: 100) }
    pair.apply(.claimOpened(.quality, .defective), amount: 1000)
    let clock = DecayClock(.standard, now: .today)
    let before = Policy.plain.buyer.judge(pair.buyer.evidence(at: clock), kind: .buyer)
    pair.apply(.settled, amount: 100)
    let after = Policy.plain.buyer.judge(pair.buyer.evidence(at: clock), kind: .buyer)
    let lane = BuyerDimension.claimedValue
    #expect(after[lane] >= before[lane])
  }

  /// An account that had rested for longer than the cooldown got a better tier
  /// with the very event that made it deserve one.
  @Test func restingIsNotDeservingBetter() {
    let later = UnixSeconds.today.plus(days: 30)
    func claimThenOrder(_ policy: Policy) -> AccountRecord {
      var pair = Pair(policy: policy)
      pair.apply(.claimOpened(.quality, .defective), amount: 100)
      pair.apply(.settled, at: later, amount: 100)
      return pair.buyer
    }
    // C begins at just the score that the order of day 30 reaches.
    let reached = Policy.plain.score(
      claimThenOrder(.plain), at: DecayClock(.standard, now: later))
    let policy = Policy.make(
      tiers: TierRules(
        lowestScores: [800, 700, Int32(reached), 400], cooldownDays: 14, fallMargin: 0))
    let buyer = claimThenOrder(policy)
    #expect(Tier(rawValue: buyer.tierCode) == .d)
    #expect(policy.judge(buyer, at: DecayClock(.standard, now: later.plus(days: 13))).tier == .d)
    #expect(policy.judge(buyer, at: DecayClock(.standard, now: later.plus(days: 14))).tier == .c)
  }
}
