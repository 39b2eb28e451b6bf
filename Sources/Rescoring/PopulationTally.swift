import IntegrityCore

/// What a candidate policy would make of a population that another one judges: the sums of a
/// scan, some 10 KB whatever its size.
///
/// Scans in parts are tallied apart and merged, in any order: the sums are the same.
public struct PopulationTally: Sendable {
  /// The sums of one kind of account.
  public struct OfKind: Sendable {
    public fileprivate(set) var before = ScoreHistogram()
    public fileprivate(set) var after = ScoreHistogram()
    public fileprivate(set) var tiers = TierMatrix()

    /// How far the scores have moved as a whole.
    public var stabilityIndex: Double { PopulationStability.index(before, after) }
  }

  public private(set) var buyers = OfKind()
  public private(set) var merchants = OfKind()
  public private(set) var movers: TopMovers

  private let active: Policy
  private let candidate: Policy
  private let clock: DecayClock

  /// - Parameters:
  ///   - active: the policy in force.
  ///   - candidate: the one that is tried, or the same.
  ///   - now: when the accounts are judged.
  ///   - moversMax: accounts that are named because their scores move furthest.
  public init(
    active: Policy, candidate: Policy, schema: EvidenceSchema, now: UnixSeconds,
    moversMax: Int = 20
  ) {
    self.active = active
    self.candidate = candidate
    clock = DecayClock(schema, now: now)
    movers = TopMovers(countMax: moversMax)
  }

  /// Judges an account under both policies and counts it: some 100 ns, the scan included.
  ///
  /// - Returns: whether its tier is another one.
  @discardableResult
  public mutating func add(_ record: AccountRecord) -> Bool {
    let before = active.judge(record, at: clock)
    let after = candidate.judge(record, at: clock)
    if record.kind == .buyer {
      Self.count(before, after, in: &buyers)
    } else {
      Self.count(before, after, in: &merchants)
    }
    if movers.takes(after.score - before.score, of: record.key) {
      movers.add(ScoreMover(account: record.key, before: before, after: after))
    }
    return before.tier != after.tier
  }

  private static func count(_ before: Judgement, _ after: Judgement, in sums: inout OfKind) {
    sums.before.add(score: before.score)
    sums.after.add(score: after.score)
    sums.tiers.add(before.tier, after.tier)
  }

  /// - Precondition: of the same policies and time.
  public mutating func merge(_ other: PopulationTally) {
    Self.merge(other.buyers, into: &buyers)
    Self.merge(other.merchants, into: &merchants)
    movers.merge(other.movers)
  }

  private static func merge(_ other: OfKind, into sums: inout OfKind) {
    sums.before.merge(other.before)
    sums.after.merge(other.after)
    sums.tiers.merge(other.tiers)
  }
}
