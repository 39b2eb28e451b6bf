import IntegrityCore

/// The sums of one kind of account: some 2 KB whatever the population.
public struct PopulationSums: Sendable, Equatable {
  public var before = ScoreHistogram()
  public var after = ScoreHistogram()
  public var tiers = TierMatrix()

  public init() {}

  /// How far the scores have moved as a whole.
  public var stabilityIndex: Double { PopulationStability.index(before, after) }

  mutating func add(_ before: Judgement, _ after: Judgement) {
    self.before.add(score: before.score)
    self.after.add(score: after.score)
    tiers.add(before.tier, after.tier)
  }

  public mutating func merge(_ other: PopulationSums) {
    before.merge(other.before)
    after.merge(other.after)
    tiers.merge(other.tiers)
  }
}
