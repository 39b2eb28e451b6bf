import IntegrityCore

/// How many accounts go from which tier to which.
public struct TierMatrix: Sendable, Equatable {
  /// Row by row: from A to A … E, from B to A … E and so on.
  public private(set) var counts = [UInt64](repeating: 0, count: 25)

  public init() {}

  /// - Returns: nil where there are not 25 counts.
  public init?(counts: [UInt64]) {
    if counts.count != 25 { return nil }
    self.counts = counts
  }

  private static func index(_ before: Tier, _ after: Tier) -> Int {
    Int(before.rawValue - 1) * 5 + Int(after.rawValue - 1)
  }

  public subscript(before: Tier, after: Tier) -> UInt64 { counts[Self.index(before, after)] }

  public mutating func add(_ before: Tier, _ after: Tier) { counts[Self.index(before, after)] += 1 }

  public mutating func merge(_ other: TierMatrix) {
    for index in counts.indices { counts[index] &+= other.counts[index] }
  }

  public var total: UInt64 { counts.reduce(0, &+) }
  /// Accounts whose tier is another one.
  public var changedCount: UInt64 { total - Tier.allCases.reduce(0) { $0 + self[$1, $1] } }
}
