import BenchmarkMachine
import LoadGenerator
import Testing

@Suite("Choice of accounts")
struct AccountChoiceTests {
  /// Exact probabilities of ranks 1…n: k^−e over their sum.
  static func probabilities(_ count: Int, _ exponent: Double) -> [Double] {
    let weights = (1...count).map { power(Double($0), exponent) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// x^−e for e in steps of a quarter: by roots and products, so not by the code under test.
  static func power(_ x: Double, _ e: Double) -> Double {
    let quarter = x.squareRoot().squareRoot()
    return 1 / (0..<Int(e * 4)).reduce(1.0) { product, _ in product * quarter }
  }

  @Test(
    "ranks come as often as they should",
    arguments: [(10, 0.5), (10, 1.0), (100, 0.75), (100, 1.25), (1_000, 1.0), (50, 2.0), (2, 3.0)])
  func frequencies(count: Int, exponent: Double) {
    let zipf = Zipf(count: UInt64(count), exponent: exponent)
    var random = SeededGenerator(seed: 7)
    let draws = 400_000
    var counts = [Int](repeating: 0, count: count)
    for _ in 0..<draws { counts[Int(zipf.next(&random)) - 1] += 1 }
    // Ranks that are expected less than ten times are put together, as the test asks.
    var (statistic, freedom, pooledSeen, pooledExpected) = (0.0, -1.0, 0.0, 0.0)
    for (seen, probability) in zip(counts, Self.probabilities(count, exponent)) {
      pooledSeen += Double(seen)
      pooledExpected += probability * Double(draws)
      if pooledExpected < 10 { continue }
      let difference = pooledSeen - pooledExpected
      statistic += difference * difference / pooledExpected
      freedom += 1
      (pooledSeen, pooledExpected) = (0, 0)
    }
    // Chi-squared is nearly normal: five deviations are one case in a million.
    #expect(statistic < freedom + 5 * (2 * freedom).squareRoot() + 5, "\(statistic) at \(freedom)")
  }

  @Test("a billion accounts are in range, the first the most frequent")
  func large() {
    let zipf = Zipf(count: 1_000_000_000, exponent: 0.99)
    var random = SeededGenerator(seed: 1)
    var first = 0
    for _ in 0..<100_000 {
      let rank = zipf.next(&random)
      #expect((1...1_000_000_000).contains(rank))
      if rank == 1 { first += 1 }
    }
    // 1 over the generalized harmonic number, about 24.
    #expect((3_700...4_700).contains(first), "\(first)")
  }

  @Test("one account is always the first")
  func single() {
    var choice = AccountChoice(count: 1, .zipf(exponent: 1), seed: 3)
    #expect((0..<100).allSatisfy { _ in choice.next() == 1 })
  }

  @Test("the same seed chooses the same accounts, another others")
  func seeds() {
    for distribution in [AccountDistribution.uniform, .zipf(exponent: 0.99)] {
      func chosen(_ seed: UInt64) -> [UInt64] {
        var choice = AccountChoice(count: 1_000_000, distribution, seed: seed)
        return (0..<1_000).map { _ in choice.next() }
      }
      #expect(chosen(5) == chosen(5))
      #expect(chosen(5) != chosen(6))
    }
  }

  @Test("uniform accounts reach from the first to the last, each as often")
  func uniform() {
    var choice = AccountChoice(count: 10, .uniform, seed: 1)
    var counts = [UInt64: Int]()
    for _ in 0..<100_000 { counts[choice.next(), default: 0] += 1 }
    #expect(counts.keys.sorted() == Array(1...10))
    #expect(counts.values.allSatisfy { (9_500...10_500).contains($0) })
  }

  @Test("scattering gives each rank an id of its own", arguments: [1, 2, 3, 10, 97, 1_000, 4_096])
  func scattering(count: UInt64) {
    let scattering = Scattering(count: count)
    let ids = (1...count).map(scattering.id(ofRank:))
    #expect(Set(ids) == Set(1...count))
    if count >= 97 {
      #expect(zip(ids, ids.dropFirst()).allSatisfy { max($0, $1) - min($0, $1) > count / 4 })
    }
  }
}
