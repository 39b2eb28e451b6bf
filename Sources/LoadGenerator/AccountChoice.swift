import BenchmarkMachine

/// How often which accounts are asked for.
public enum AccountDistribution: Sendable, Equatable {
  case uniform
  /// Few accounts often, most of them seldom: the k-th in rank in proportion to
  /// k^−exponent.
  case zipf(exponent: Double)
}

/// Accounts out of 1…`count`, the same for the same seed.
package struct AccountChoice: Sendable {
  private let count: UInt64
  private let zipf: Zipf?
  private let scattering: Scattering
  private var random: SeededGenerator

  package init(count: UInt64, _ distribution: AccountDistribution, seed: UInt64) {
    self.count = count
    switch distribution {
    case .uniform: zipf = nil
    case .zipf(let exponent): zipf = Zipf(count: count, exponent: exponent)
    }
    scattering = Scattering(count: count)
    random = SeededGenerator(seed: seed)
  }

  /// 1…`count`.
  @inline(__always)
  package mutating func next() -> UInt64 {
    guard let zipf else { return random.account(of: count) }
    return scattering.id(ofRank: zipf.next(&random))
  }
}

/// Puts ranks 1…`count` to ids 1…`count`, neighbours far apart: so that accounts
/// which are asked for often are not those that were recorded one after another.
///
/// A multiplication modulo the count, by a number without a common divisor, takes
/// each value once. It does not depend on the seed: two runs agree on who is popular.
package struct Scattering: Sendable {
  private let count: UInt64
  private let factor: UInt64

  package init(count: UInt64) {
    self.count = count
    // The golden section, whose multiples are spread most evenly.
    var factor = max(UInt64(Double(count) * 0.618_033_988_749_894_9), 1)
    while Self.commonDivisor(factor, count) != 1 { factor += 1 }
    self.factor = factor
  }

  package func id(ofRank rank: UInt64) -> UInt64 {
    let product = (rank % count).multipliedFullWidth(by: factor)
    return count.dividingFullWidth(product).remainder + 1
  }

  private static func commonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
