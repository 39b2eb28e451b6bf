import Glibc

/// Logistic regression whose weights are not negative, with a penalty on their squares.
///
/// A weight below zero would say that an incident raises a score: where the data seem to
/// say so, they are too few, or another number says it already, and the weight is zero.
public struct LogisticFit: Sendable, Equatable {
  /// Natural logarithm of the odds where all features are zero.
  public private(set) var intercept = 0.0
  /// Natural logarithm of the factor that one more of a feature multiplies the odds by: ≥ 0.
  public private(set) var weights: [Double]
  /// Mean over the rows, natural logarithm, without the penalty: ≤ 0.
  public private(set) var meanLogLikelihood = 0.0

  /// Newton's method; each step's quadratic is solved under the bounds by coordinates.
  ///
  /// - Parameters:
  ///   - rows: of equal length.
  ///   - penalty: on the squares of the weights, for each row: ≥ 0.
  public init(rows: [[Double]], wentWrong: [Bool], penalty: Double = 1e-4) {
    precondition(rows.count == wentWrong.count && !rows.isEmpty)
    weights = Array(repeating: 0, count: rows[0].count)
    let share = Double(wentWrong.count { $0 }) / Double(rows.count)
    let bounded = min(max(share, 1e-6), 1 - 1e-6)
    intercept = log(bounded / (1 - bounded))
    for _ in 0..<50 {
      let moved = step(rows, wentWrong, penalty)
      if moved < 1e-9 { break }
    }
    meanLogLikelihood = logLikelihood(rows, wentWrong) / Double(rows.count)
  }

  /// Natural logarithm of the odds.
  public func logOdds(_ row: [Double]) -> Double {
    zip(weights, row).reduce(intercept) { $0 + $1.0 * $1.1 }
  }

  private func logLikelihood(_ rows: [[Double]], _ wentWrong: [Bool]) -> Double {
    zip(rows, wentWrong).reduce(0) { sum, row in
      let odds = row.1 ? logOdds(row.0) : -logOdds(row.0)
      return sum - (odds > 0 ? log1p(exp(-odds)) : log1p(exp(odds)) - odds)
    }
  }

  /// - Returns: the largest change of a number.
  private mutating func step(_ rows: [[Double]], _ wentWrong: [Bool], _ penalty: Double) -> Double {
    let count = weights.count + 1
    var gradient = [Double](repeating: 0, count: count)
    var curvature = [[Double]](
      repeating: [Double](repeating: 0, count: count), count: count)
    for (row, bad) in zip(rows, wentWrong) {
      let p = 1 / (1 + exp(-logOdds(row)))
      let (error, weight) = ((bad ? 1 : 0) - p, max(p * (1 - p), 1e-9))
      for i in 0..<count {
        let x = i == 0 ? 1 : row[i - 1]
        gradient[i] += error * x
        for j in 0...i { curvature[i][j] += weight * x * (j == 0 ? 1 : row[j - 1]) }
      }
    }
    for i in 0..<count {
      for j in 0..<i { curvature[j][i] = curvature[i][j] }
      if i == 0 { continue }
      gradient[i] -= penalty * Double(rows.count) * weights[i - 1]
      curvature[i][i] += penalty * Double(rows.count)
    }
    return move(gradient, curvature)
  }

  /// Goes to the highest point of the quadratic among weights that are not negative.
  private mutating func move(_ gradient: [Double], _ curvature: [[Double]]) -> Double {
    var change = [Double](repeating: 0, count: gradient.count)
    for _ in 0..<200 {
      var largest = 0.0
      for i in gradient.indices where curvature[i][i] > 0 {
        var slope = gradient[i]
        for j in gradient.indices { slope -= curvature[i][j] * change[j] }
        var next = change[i] + slope / curvature[i][i]
        if i > 0 { next = max(next, -weights[i - 1]) }
        largest = max(largest, abs(next - change[i]))
        change[i] = next
      }
      if largest < 1e-12 { break }
    }
    intercept += change[0]
    for i in weights.indices { weights[i] = max(0, weights[i] + change[i + 1]) }
    return change.reduce(0) { max($0, abs($1)) }
  }
}
