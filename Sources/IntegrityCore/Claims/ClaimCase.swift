/// Everything that a decision on a claim reads, as it was just before the claim: with
/// the policy, the whole of its reasons.
public struct ClaimCase: Sendable, Equatable {
  public var claim: Claim
  public var buyer: AccountRecord
  public var merchant: AccountRecord
  public var history: ClaimHistory
  /// Reserved and paid so far, by scope.
  public var used: SubsidyAmounts
  /// Allowed, by scope.
  public var caps: SubsidyAmounts
  /// What operators have set for either party.
  public var orders: StandingOrders
  /// Drawn evenly from 0 … 2^32 − 1: the lowest are spot checks. It hangs on the claim's position
  /// in the log: whoever opens it cannot know it before.
  public var lot: UInt32
  /// Newest event that the state had seen; zero before the first.
  public var stateAt: UnixSeconds

  public init(
    claim: Claim, buyer: AccountRecord, merchant: AccountRecord,
    history: ClaimHistory = ClaimHistory(), used: SubsidyAmounts = .zero, caps: SubsidyAmounts,
    orders: StandingOrders = StandingOrders(), lot: UInt32 = .max, stateAt: UnixSeconds
  ) {
    self.claim = claim
    self.buyer = buyer
    self.merchant = merchant
    self.history = history
    self.used = used
    self.caps = caps
    self.orders = orders
    self.lot = lot
    self.stateAt = stateAt
  }
}

extension ClaimCase {
  /// Whether every cap has room for what is asked: what a human finds right is paid then.
  public var capsHaveRoom: Bool {
    SubsidyScope.allCases.allSatisfy { $0.hasRoom(for: claim, used: used[$0], cap: caps[$0]) }
  }

  /// The lot of a claim at a position of the log.
  public static func lot(_ claim: ClaimID, at position: LogPosition) -> UInt32 {
    UInt32(
      truncatingIfNeeded: StateHash.mix(claim.rawValue ^ 0x6a09_e667_f3bc_c908, position.rawValue))
  }

  /// When the caps are worked out: with a claim that is dated back they are not those of then.
  public var cappedAt: UnixSeconds { Swift.max(claim.openedAt, stateAt) }

  /// Changes records, and with them the caps that their trade sets.
  public mutating func changeRecords(
    under policy: Policy, schema: EvidenceSchema, _ change: (inout ClaimCase) -> Void
  ) {
    let clock = DecayClock(schema, now: cappedAt)
    let before = policy.subsidy.caps(buyer: buyer, merchant: merchant, at: clock)
    change(&self)
    let after = policy.subsidy.caps(buyer: buyer, merchant: merchant, at: clock)
    // Another cap than that of the policy is a budget that was set.
    for scope in SubsidyScope.allCases where caps[scope] == before[scope] {
      caps[scope] = after[scope]
    }
  }
}

/// What went before between the two, those linked to the buyer included.
public struct ClaimHistory: Sendable, Equatable {
  /// The buyer's claims in the 90 days before, against anyone.
  public var buyerClaims: UInt32
  /// Those of them against this merchant.
  public var pairClaims: UInt32
  /// An operator has linked the buyer with the merchant: one identity behind both.
  public var isLinked: Bool

  public init(buyerClaims: UInt32 = 0, pairClaims: UInt32 = 0, isLinked: Bool = false) {
    self.buyerClaims = buyerClaims
    self.pairClaims = pairClaims
    self.isLinked = isLinked
  }
}

/// What operators have set for the parties of a claim.
public struct StandingOrders: Sendable, Equatable {
  /// The outcome of every claim of one of them.
  public var outcome: Outcome?
  /// One of them is on the list of those whose claims a human looks at.
  public var isListed: Bool

  public init(outcome: Outcome? = nil, isListed: Bool = false) {
    self.outcome = outcome
    self.isListed = isListed
  }
}
