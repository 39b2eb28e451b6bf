import IntegrityCore

// Rescoring: what a policy makes of a whole population, and of the claims of late.
//
// For: sums over judgements that can be merged, and the parts in which they are told.
// Not for: going through the accounts (ProbityEngine), how parts look on the wire.

/// Which accounts a rescore names one by one. Raw values are sent.
public enum RescoreRows: UInt8, Sendable, CaseIterable {
  case none = 0
  /// Those whose tier is another one.
  case tiers = 1
  /// Those whose score is.
  case scores = 2
}

/// What is asked of a rescore.
public struct RescoreOrder: Sendable, Equatable {
  public enum Candidate: Sendable, Equatable {
    /// The policy in force: how the population stands.
    case active
    /// One that was put, by its hash.
    case put(UInt64)
    case document(String)
  }

  public var candidate: Candidate
  /// Zero = now.
  public var asOf: UnixSeconds
  /// Claims opened in so many days before are decided once more: 0 … `claimDaysMax`.
  public var claimDays: UInt32
  public var rows: RescoreRows
  /// To go on with one that was interrupted.
  public var firstShard: UInt32

  public static let claimDaysMax: UInt32 = 400

  public init(
    _ candidate: Candidate = .active, asOf: UnixSeconds = .zero, claimDays: UInt32 = 0,
    rows: RescoreRows = .none, firstShard: UInt32 = 0
  ) {
    self.candidate = candidate
    self.asOf = asOf
    self.claimDays = claimDays
    self.rows = rows
    self.firstShard = firstShard
  }
}

/// Claims decided once more, each as things were then.
public struct ClaimComparison: Sendable, Equatable {
  public var claimCount: UInt64 = 0
  /// Could not be, for want of their receipt or its policy.
  public var unreadableCount: UInt64 = 0
  /// What was decided, and what the candidate would have.
  public var outcomes = ShadowTally()
  /// Reserved for them, and what the candidate would have.
  public var subsidyBefore = Minor(0)
  public var subsidyAfter = Minor(0)
  /// Asked for by those that a human is to decide: what these pay is in neither of the above.
  public var reviewedBefore = Minor(0)
  public var reviewedAfter = Minor(0)

  public init() {}

  /// Decided otherwise.
  public var changedCount: UInt64 { outcomes.differingCount }
}

/// A part of a rescore: rows of a shard; all of its sums, behind its rows; or claims, behind the
/// last shard.
public struct RescorePart: Sendable, Equatable {
  public var shard: UInt32
  public var shardCount: UInt32
  /// Whether the shard is complete: only then there are sums and movers.
  public var isComplete = false
  public var buyers = PopulationSums()
  public var merchants = PopulationSums()
  public var movers: [RescoreRow] = []
  public var rows: [RescoreRow] = []
  /// Accounts looked at by this call, and that there are.
  public var walkedCount: UInt64
  public var accountCount: UInt64
  /// All so far, and how many there are.
  public var claims: ClaimComparison?
  public var claimTotal: UInt64 = 0
  public var asOf: UnixSeconds
  /// What it was judged by, before and after.
  public var policyHash: UInt64 = 0
  public var candidateHash: UInt64 = 0

  public init(
    shard: UInt32, shardCount: UInt32, walkedCount: UInt64, accountCount: UInt64,
    asOf: UnixSeconds
  ) {
    self.shard = shard
    self.shardCount = shardCount
    self.walkedCount = walkedCount
    self.accountCount = accountCount
    self.asOf = asOf
  }
}

/// What a rescore came to, beside its parts.
public struct RescoreEnd: Sendable, Equatable {
  public var asOf: UnixSeconds
  public var policyVersion: UInt32
  public var policyHash: UInt64
  public var candidateVersion: UInt32
  public var candidateHash: UInt64
  public var candidateName: String
  public var position: LogPosition
  /// From the first account to the last.
  public var scanMicroseconds: UInt64

  public init(
    asOf: UnixSeconds, policyVersion: UInt32, policyHash: UInt64, candidateVersion: UInt32,
    candidateHash: UInt64, candidateName: String, position: LogPosition, scanMicroseconds: UInt64
  ) {
    self.asOf = asOf
    self.policyVersion = policyVersion
    self.policyHash = policyHash
    self.candidateVersion = candidateVersion
    self.candidateHash = candidateHash
    self.candidateName = candidateName
    self.position = position
    self.scanMicroseconds = scanMicroseconds
  }
}

/// Parts put together, across interruptions.
public struct RescoreSummary: Sendable {
  public private(set) var buyers = PopulationSums()
  public private(set) var merchants = PopulationSums()
  public private(set) var movers = TopMovers(countMax: TopMovers.countStandard)
  public private(set) var claims: ClaimComparison?
  /// To go on from, and the time to go on with.
  public private(set) var nextShard: UInt32 = 0
  public private(set) var asOf = UnixSeconds.zero
  private var policies: (before: UInt64, after: UInt64)?

  public init() {}

  /// Whether a part was judged by the policies of those that were added. Otherwise another one
  /// was activated meanwhile: the sums of both would mean nothing.
  public func fits(_ part: RescorePart) -> Bool {
    policies.map { $0 == (part.policyHash, part.candidateHash) } ?? true
  }

  public mutating func add(_ part: RescorePart) {
    asOf = part.asOf
    policies = (part.policyHash, part.candidateHash)
    if let claims = part.claims { self.claims = claims }
    // Each shard once, whatever comes again.
    if !part.isComplete || part.shard < nextShard { return }
    buyers.merge(part.buyers)
    merchants.merge(part.merchants)
    for mover in part.movers { movers.add(mover) }
    nextShard = part.shard + 1
  }
}
