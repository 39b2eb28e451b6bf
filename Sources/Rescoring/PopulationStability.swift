import IntegrityCore

/// How far a population's scores have moved: the population stability index.
///
/// Σ (b − a) · ln(b / a) over the shares a and b of each class before and after: 0 where nothing
/// moved; credit scoring calls below 0.1 stable and from 0.25 on another population. Siddiqi,
/// Credit Risk Scorecards (2006), section 8.
public enum PopulationStability {
  /// Classes of 100 points.
  static let classWidth = 10
  /// Stands for a share of nothing, of which there is no logarithm.
  static let shareMin = 1e-4

  /// 0 where one of them holds nobody.
  public static func index(_ before: ScoreHistogram, _ after: ScoreHistogram) -> Double {
    let (a, b) = (shares(before), shares(after))
    if a.isEmpty || b.isEmpty { return 0 }
    return zip(a, b).reduce(0) { $0 + ($1.1 - $1.0) * logarithm($1.1 / $1.0) }
  }

  private static func shares(_ histogram: ScoreHistogram) -> [Double] {
    let total = Double(histogram.total)
    if total == 0 { return [] }
    return stride(from: 0, to: ScoreHistogram.binCount, by: classWidth).map { first in
      let count = histogram.counts[first..<first + classWidth].reduce(0, +)
      return Swift.max(Double(count) / total, shareMin)
    }
  }

  /// Natural, to the precision of the core's own logarithm: 6 digits.
  private static func logarithm(_ x: Double) -> Double {
    Double(DeterministicMath.log2(SIMD8(repeating: Float(x)))[0]) * 0.693_147_180_559_945_3
  }
}
