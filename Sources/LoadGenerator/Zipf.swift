import BenchmarkMachine
import Glibc

/// Ranks 1…`count`, rank k with probability proportional to k^−`exponent`: exact,
/// in constant time and memory, whatever the count. About 50 ns a rank.
///
/// Source: Hörmann, Derflinger: Rejection-inversion to generate variates from
/// monotone discrete distributions, ACM TOMACS 6 (1996). The integral of x^−e is
/// inverted; what it has too much, at most a few percent, is rejected.
package struct Zipf: Sendable {
  package let count: UInt64
  package let exponent: Double
  /// The integral at 3/2 less the first rank's share, and at the last rank's end.
  private let first: Double
  private let last: Double
  /// What lies this close below its rank needs no test.
  private let sure: Double

  /// - Parameters:
  ///   - count: 1 or more.
  ///   - exponent: 0 or more; 0 is uniform.
  package init(count: UInt64, exponent: Double) {
    precondition(count >= 1 && exponent >= 0)
    self.count = count
    self.exponent = exponent
    first = Self.integral(1.5, exponent) - 1
    last = Self.integral(Double(count) + 0.5, exponent)
    sure =
      2
      - Self.inverse(Self.integral(2.5, exponent) - Self.share(2, exponent), exponent)
  }

  package func next(_ random: inout SeededGenerator) -> UInt64 {
    while true {
      let unit = Double(random.next() >> 11) * 0x1p-53
      let place = last + unit * (first - last)
      let x = Self.inverse(place, exponent)
      let rank = min(max(x.rounded(), 1), Double(count))
      if rank - x <= sure
        || place >= Self.integral(rank + 0.5, exponent) - Self.share(rank, exponent)
      {
        return UInt64(rank)
      }
    }
  }

  /// x^−e.
  private static func share(_ x: Double, _ e: Double) -> Double { exp(-e * log(x)) }

  /// The integral of t^−e from 1 to x: (x^(1−e) − 1) / (1 − e), and log x at e = 1.
  private static func integral(_ x: Double, _ e: Double) -> Double {
    let logarithm = log(x)
    return growth((1 - e) * logarithm) * logarithm
  }

  /// The x whose integral it is.
  private static func inverse(_ integral: Double, _ e: Double) -> Double {
    // Rounding may put it a little below what has an inverse.
    let t = max(integral * (1 - e), -1)
    return exp(shrink(t) * integral)
  }

  /// (e^x − 1) / x, which is 1 at 0.
  private static func growth(_ x: Double) -> Double { abs(x) > 1e-8 ? expm1(x) / x : 1 + x / 2 }

  /// log(1 + x) / x, which is 1 at 0.
  private static func shrink(_ x: Double) -> Double { abs(x) > 1e-8 ? log1p(x) / x : 1 - x / 2 }
}
