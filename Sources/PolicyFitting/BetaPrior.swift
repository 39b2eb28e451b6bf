import Glibc

/// How the rates of accounts are spread, as a Beta distribution: what the rate of an
/// account of which little is known is shrunk to.
public struct BetaPrior: Sendable, Equatable {
  /// Mean of the accounts' rates: 0 < mean < 1.
  public var mean: Double
  /// Orders that the distribution weighs, a + b.
  public var strength: Double

  static let meanRange = 0.0005...0.95
  static let strengthRange = 0.5...2_000.0

  /// The most likely distribution of rates for accounts with so many incidents of so
  /// much exposure each (decayed, so no whole numbers): empirical Bayes.
  ///
  /// Incidents beyond the exposure are taken for as many as that. Accounts without
  /// exposure say nothing. Source: the beta–binomial likelihood, e.g. Gelman et al.,
  /// Bayesian Data Analysis, 5.3; found by golden sections, mean and strength in turn, which
  /// are nearly independent of each other.
  public init(_ accounts: [(incidents: Double, exposure: Double)]) {
    let samples = accounts.filter { $0.exposure > 0 }.map {
      (incidents: min(max($0.incidents, 0), $0.exposure), exposure: $0.exposure)
    }
    let exposure = samples.reduce(0) { $0 + $1.exposure }
    let incidents = samples.reduce(0) { $0 + $1.incidents }
    mean = min(
      max(incidents / max(exposure, 1), Self.meanRange.lowerBound), Self.meanRange.upperBound)
    strength = 10
    for _ in 0..<6 {
      let fixedMean = mean
      strength = exp(
        Self.maximum(in: log(Self.strengthRange.lowerBound)...log(Self.strengthRange.upperBound)) {
          Self.logLikelihood(samples, mean: fixedMean, strength: exp($0))
        })
      let fixedStrength = strength
      let logit = Self.maximum(
        in: Self.logit(Self.meanRange.lowerBound)...Self.logit(Self.meanRange.upperBound)
      ) {
        Self.logLikelihood(samples, mean: 1 / (1 + exp(-$0)), strength: fixedStrength)
      }
      mean = 1 / (1 + exp(-logit))
    }
  }

  private static func logit(_ p: Double) -> Double { log(p / (1 - p)) }

  private static func logLikelihood(
    _ samples: [(incidents: Double, exposure: Double)], mean: Double, strength: Double
  ) -> Double {
    let (a, b) = (mean * strength, (1 - mean) * strength)
    let own = lgamma(a + b) - lgamma(a) - lgamma(b)
    return samples.reduce(0) { sum, s in
      sum + own + lgamma(a + s.incidents) + lgamma(b + s.exposure - s.incidents)
        - lgamma(a + b + s.exposure)
    }
  }

  /// Where `f`, which rises and then falls, is highest; to a thousandth of the range.
  private static func maximum(in range: ClosedRange<Double>, _ f: (Double) -> Double) -> Double {
    let ratio = (5.0.squareRoot() - 1) / 2
    var (low, high) = (range.lowerBound, range.upperBound)
    var (a, b) = (high - ratio * (high - low), low + ratio * (high - low))
    var (fa, fb) = (f(a), f(b))
    while high - low > (range.upperBound - range.lowerBound) * 1e-3 {
      if fa < fb {
        (low, a, fa) = (a, b, fb)
        b = low + ratio * (high - low)
        fb = f(b)
      } else {
        (high, b, fb) = (b, a, fa)
        a = high - ratio * (high - low)
        fa = f(a)
      }
    }
    return (low + high) / 2
  }
}
