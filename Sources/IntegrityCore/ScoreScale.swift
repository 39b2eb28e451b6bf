/// What a score means: the chance that the account's next order goes wrong through its
/// own fault.
///
/// The odds at one score are given, and halve with each so many points more, so
/// that a difference of points means the same everywhere on the scale.
/// Source: the usual scaling of credit scorecards, "points to double the odds" (Siddiqi,
/// Credit Risk Scorecards, 2006); the numbers are fitted by `probity policy fit`.
public struct ScoreScale: Sendable, Equatable {
  /// Score whose chance is `probability`: 0 … 1,000.
  public var score: Float
  /// 0.0001 … 0.9999.
  public var probability: Float
  /// Points that halve the odds: 1 … 10,000.
  public var pointsPerHalving: Float

  public init(score: Float, probability: Float, pointsPerHalving: Float) {
    self.score = score
    self.probability = probability
    self.pointsPerHalving = pointsPerHalving
  }

  /// Chance that the next order of an account with this score, 0…1000, goes wrong
  /// through its fault: 0…1. About 10 ns.
  public func probability(ofScore score: Int) -> Double {
    let halvings = (Double(score) - Double(self.score)) / Double(pointsPerHalving)
    let odds = (1 - Double(probability)) / Double(probability)
    // With infinite odds of going well the chance is zero, as it should be.
    return 1 / (1 + odds * DeterministicMath.exp2(halvings))
  }
}
