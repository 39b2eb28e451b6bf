/// How many accounts have which score, in bins of ten points.
public struct ScoreHistogram: Sendable, Equatable {
  public static let binCount = 100
  public static let binWidth = 10
  /// By bin: bin i holds the scores 10 i … 10 i + 9, the last one 1000 as well.
  public private(set) var counts = [UInt64](repeating: 0, count: binCount)

  public init() {}

  /// - Returns: nil where there are not as many counts as bins.
  public init?(counts: [UInt64]) {
    if counts.count != Self.binCount { return nil }
    self.counts = counts
  }

  public mutating func add(score: Int) {
    counts[Swift.min(score / Self.binWidth, Self.binCount - 1)] += 1
  }

  public mutating func merge(_ other: ScoreHistogram) {
    for bin in counts.indices { counts[bin] &+= other.counts[bin] }
  }

  public var total: UInt64 { counts.reduce(0, &+) }
}
