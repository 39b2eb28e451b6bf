import Glibc

/// How good forecasts of things that went wrong or did not have been.
public struct ForecastQuality: Sendable, Equatable {
  public private(set) var count = 0
  public private(set) var wrongCount = 0
  /// Odds that one which went wrong was ranked as the more likely of a pair; equal ranks
  /// count half. 0.5 is chance; nil where only one sort is there.
  public private(set) var auc: Double?
  /// Mean square of forecast minus outcome: 0…1, lower is better.
  public private(set) var brier = 0.0
  /// Expected calibration error: the mean distance of forecast and share that went
  /// wrong, over ten groups of equal size by forecast. 0…1.
  /// Source: Naeini, Cooper, Hauskrecht: Obtaining Well Calibrated Probabilities, AAAI 2015.
  public private(set) var calibrationError = 0.0
  /// Mean forecast.
  public private(set) var meanForecast = 0.0

  /// One forecast and what came of it.
  public struct Forecast: Sendable {
    public var score: Int
    public var probability: Double
    public var wentWrong: Bool

    public init(score: Int, probability: Double, wentWrong: Bool) {
      self.score = score
      self.probability = probability
      self.wentWrong = wentWrong
    }
  }

  static let groupCount = 10

  public init(_ forecasts: [Forecast]) {
    if forecasts.isEmpty { return }
    count = forecasts.count
    wrongCount = forecasts.count { $0.wentWrong }
    // Lower scores are the worse ones. At equal scores the outcomes' order must not matter
    // for the groups of the calibration error: those that went wrong are spread evenly by
    // keeping the order in which they came.
    let ranked = forecasts.enumerated().sorted {
      ($0.element.score, $0.offset) < ($1.element.score, $1.offset)
    }.map(\.element)
    auc = Self.auc(ranked)
    for f in ranked {
      let miss = f.probability - (f.wentWrong ? 1 : 0)
      brier += miss * miss
      meanForecast += f.probability
    }
    brier /= Double(count)
    meanForecast /= Double(count)
    calibrationError = Self.calibrationError(ranked)
  }

  /// By ranks, ties sharing theirs. Source: Mann and Whitney, 1947.
  private static func auc(_ ranked: [Forecast]) -> Double? {
    let wrong = ranked.count { $0.wentWrong }
    let right = ranked.count - wrong
    if wrong == 0 || right == 0 { return nil }
    var (below, pairs, start) = (0, 0.0, 0)
    while start < ranked.count {
      var end = start
      var (wrongHere, rightHere) = (0, 0)
      while end < ranked.count, ranked[end].score == ranked[start].score {
        if ranked[end].wentWrong { wrongHere += 1 } else { rightHere += 1 }
        end += 1
      }
      pairs += Double(rightHere) * (Double(below) + Double(wrongHere) / 2)
      below += wrongHere
      start = end
    }
    return pairs / (Double(wrong) * Double(right))
  }

  private static func calibrationError(_ ranked: [Forecast]) -> Double {
    var sum = 0.0
    for group in 0..<groupCount {
      let members = ranked[
        (ranked.count * group / groupCount)..<(ranked.count * (group + 1) / groupCount)]
      let distance = members.reduce(0) { $0 + $1.probability - ($1.wentWrong ? 1 : 0) }
      sum += abs(distance)
    }
    return sum / Double(ranked.count)
  }
}
