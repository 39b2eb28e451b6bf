/// Which merchants are asked for.
public struct StandingFilter: Hashable, Sendable {
  /// Those that stand so; nil = all that do not stand as any other.
  public var standing: Standing?
  /// Those that wait for a human: a notice that is over and was not met, an open appeal, or
  /// support that keeps a sweep from a step to the worse.
  public var isWaiting: Bool

  public init(standing: Standing? = nil, isWaiting: Bool = false) {
    self.standing = standing
    self.isWaiting = isWaiting
  }
}

/// A page of merchants' standings, those whose steps are newest first.
public struct StandingsPage: Sendable, Equatable {
  public var standings: [StandingReport]
  /// To go on below; nil = that is all.
  public var next: UInt32?

  public static let countMax = 100

  public init(standings: [StandingReport], next: UInt32?) {
    self.standings = standings
    self.next = next
  }
}
