/// What a sweep found about one merchant: a step that it took, or one that the policy in shadow
/// would have it take.
public struct SweepStep: Sendable, Equatable {
  public var merchant: AccountID
  public var before: Standing
  public var after: Standing
  /// What the step was for; nil = it is for the better, or there was none.
  public var finding: ConductFinding?
  /// What the evidence calls for, by the policy in force and by that in shadow, as far as
  /// support lets a sweep go.
  public var callsFor: Standing
  public var shadowCallsFor: Standing
  /// A human has to decide something.
  public var isWaiting: Bool

  public init(
    merchant: AccountID, before: Standing, after: Standing, finding: ConductFinding? = nil,
    callsFor: Standing, shadowCallsFor: Standing, isWaiting: Bool
  ) {
    self.merchant = merchant
    self.before = before
    self.after = after
    self.finding = finding
    self.callsFor = callsFor
    self.shadowCallsFor = shadowCallsFor
    self.isWaiting = isWaiting
  }
}

/// A part of a sweep.
public struct SweepPart: Sendable, Equatable {
  public var steps: [SweepStep]
  /// Accounts looked at so far, and that there are.
  public var walkedCount: UInt64
  public var accountCount: UInt64

  public init(steps: [SweepStep], walkedCount: UInt64, accountCount: UInt64) {
    self.steps = steps
    self.walkedCount = walkedCount
    self.accountCount = accountCount
  }
}

/// What a sweep came to.
public struct SweepEnd: Sendable, Equatable {
  public var merchantCount: UInt64 = 0
  /// Merchants by standing, after the sweep.
  public var standings = [UInt64](repeating: 0, count: Standing.allCases.count)
  public var worseCount: UInt64 = 0
  public var betterCount: UInt64 = 0
  public var waitingCount: UInt64 = 0
  /// Merchants that wanted a step and were refused it: no more could be remembered.
  public var refusedCount: UInt64 = 0
  /// The policy in shadow, and the merchants that it calls to stand worse than the one in force.
  public var shadowHash: UInt64?
  public var shadowWorseCount: UInt64 = 0
  public var position = LogPosition.zero
  public var policyVersion: UInt32
  public var policyHash: UInt64
  public var asOf: UnixSeconds

  public init(policyVersion: UInt32, policyHash: UInt64, asOf: UnixSeconds) {
    self.policyVersion = policyVersion
    self.policyHash = policyHash
    self.asOf = asOf
  }
}
