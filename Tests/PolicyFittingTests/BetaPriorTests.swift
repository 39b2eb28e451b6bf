import PolicyFitting
import Testing

/// The spread of accounts' rates.
@Suite struct BetaPriorTests {
  /// Counts of a Beta(2, 18) at 21 evenly spaced quantiles, 200 orders each: mean 0.1 and
  /// strength 20, but for the tails, which no quantile has.
  @Test func aSpreadIsFoundAgain() {
    let rates = [
      0.0206, 0.0315, 0.0397, 0.0469, 0.0537, 0.0602, 0.0666, 0.0731, 0.0797, 0.0864, 0.0935, 0.101,
      0.109, 0.1177, 0.1274, 0.1382, 0.1507, 0.1658, 0.185, 0.2123, 0.2623,
    ]
    let prior = BetaPrior(rates.map { (incidents: $0 * 200, exposure: 200) })
    #expect(abs(prior.mean - 0.109) < 0.01)
    #expect((18...32).contains(prior.strength))
  }

  /// Accounts that are all alike say that a rate is what it is on the whole.
  @Test func equalAccountsMakeAStrongPrior() {
    let prior = BetaPrior(Array(repeating: (incidents: 10.0, exposure: 100.0), count: 50))
    #expect(abs(prior.mean - 0.1) < 0.002)
    #expect(prior.strength > 1_000)
  }

  /// Half never do it and half always: what was seen once decides.
  @Test func oppositeAccountsMakeAWeakPrior() {
    let accounts = (0..<50).map { (incidents: $0 < 25 ? 0.0 : 20.0, exposure: 20.0) }
    let prior = BetaPrior(accounts)
    #expect(abs(prior.mean - 0.5) < 0.01)
    #expect(prior.strength < 1)
  }

  /// Nothing to learn from, more incidents than orders, none at all: numbers in range.
  @Test func oddHistoriesGiveNumbersInRange() {
    for accounts in [
      [], [(incidents: 0.0, exposure: 0.0)], [(incidents: 5.0, exposure: 0.0)],
      [(incidents: 9.0, exposure: 3.0)], [(incidents: 0.0, exposure: 1e9)],
      [(incidents: -1e-9, exposure: 4.0)],
    ] {
      let prior = BetaPrior(accounts)
      #expect((0.0001...0.9999).contains(prior.mean), "\(accounts)")
      #expect((0.1...10_000).contains(prior.strength), "\(accounts)")
    }
  }
}
