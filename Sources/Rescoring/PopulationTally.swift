import IntegrityCore

/// What a candidate policy would make of a population that another one judges.
///
/// Scans in parts are tallied apart and merged, in any order: the sums are the same.
public struct PopulationTally: Sendable {
  public private(set) var buyers = PopulationSums()
  public private(set) var merchants = PopulationSums()
  public private(set) var movers: TopMovers
  /// Accounts that were asked for one by one.
  public private(set) var rows: [RescoreRow] = []

  private let active: Policy
  private let candidate: Policy
  private let clock: DecayClock
  private let rowsOf: RescoreRows
  private let isSame: Bool

  /// - Parameters:
  ///   - active: the policy in force.
  ///   - candidate: the one that is tried, or the same.
  ///   - now: when the accounts are judged.
  ///   - moversMax: accounts that are named because their scores move furthest.
  ///   - rows: which accounts are named one by one.
  public init(
    active: Policy, candidate: Policy, schema: EvidenceSchema, now: UnixSeconds,
    moversMax: Int = TopMovers.countStandard, rows: RescoreRows = .none
  ) {
    self.active = active
    self.candidate = candidate
    clock = DecayClock(schema, now: now)
    movers = TopMovers(countMax: moversMax)
    rowsOf = rows
    isSame = active.hash == candidate.hash
  }

  /// Judges an account under both policies and counts it: some 100 ns, the scan included.
  ///
  /// - Returns: whether its tier is another one.
  @discardableResult
  public mutating func add(_ record: AccountRecord) -> Bool {
    let before = active.judge(record, at: clock)
    let after = isSame ? before : candidate.judge(record, at: clock)
    if record.kind == .buyer {
      buyers.add(before, after)
    } else {
      merchants.add(before, after)
    }
    if movers.takes(after.score - before.score, of: record.key) {
      movers.add(RescoreRow(record.key, before: before, after: after, withReasons: true))
    }
    let hasOtherTier = before.tier != after.tier
    if rowsOf != .none, hasOtherTier || rowsOf == .scores && before.score != after.score {
      rows.append(RescoreRow(record.key, before: before, after: after, withReasons: false))
    }
    return hasOtherTier
  }

  public mutating func takeRows() -> [RescoreRow] {
    defer { rows.removeAll(keepingCapacity: true) }
    return rows
  }

  /// - Precondition: of the same policies and time.
  public mutating func merge(_ other: PopulationTally) {
    buyers.merge(other.buyers)
    merchants.merge(other.merchants)
    movers.merge(other.movers)
    rows += other.rows
  }
}
