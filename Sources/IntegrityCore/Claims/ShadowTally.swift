/// What a policy in shadow would have decided: counts by outcome and by the other outcome.
public struct ShadowTally: Sendable, Equatable {
  private var counts = [UInt64](repeating: 0, count: 25)
  public private(set) var claimCount: UInt64 = 0

  public init() {}

  /// Counts a claim with `outcome` that the policy in shadow would have given `other`.
  public mutating func note(_ outcome: Outcome, _ other: Outcome) {
    counts[Self.index(outcome, other)] += 1
    claimCount += 1
  }

  /// Claims with `outcome` that the policy in shadow would have given `other`.
  public func count(_ outcome: Outcome, _ other: Outcome) -> UInt64 {
    counts[Self.index(outcome, other)]
  }

  /// Claims that would have had another outcome.
  public var differingCount: UInt64 {
    claimCount - Outcome.allCases.reduce(0) { $0 + count($1, $1) }
  }

  private static func index(_ outcome: Outcome, _ other: Outcome) -> Int {
    Int(outcome.rawValue - 1) * 5 + Int(other.rawValue - 1)
  }

  public var hash: UInt64 { claimCount == 0 ? 0 : StateHash.of(counts) }
  /// For a snapshot.
  public var words: [UInt64] { counts }

  public init(words: [UInt64]) {
    counts = words
    claimCount = words.reduce(0, &+)
  }
}
