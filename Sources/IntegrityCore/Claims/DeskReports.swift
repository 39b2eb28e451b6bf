/// A budget, and what is used of it.
public struct BudgetStanding: Sendable, Equatable {
  public var scope: SubsidyScope
  public var key: UInt64
  public var cap: Minor
  /// Used today, of scopes that are counted by the day; nil where it depends on the claim.
  public var used: Minor?
  /// Set by command, not by the policy.
  public var isSet: Bool
  public var actor: String
  public var reason: String
  public var at: UnixSeconds

  public init(
    scope: SubsidyScope, key: UInt64, cap: Minor, used: Minor? = nil, isSet: Bool, actor: String,
    reason: String, at: UnixSeconds
  ) {
    self.scope = scope
    self.key = key
    self.cap = cap
    self.used = used
    self.isSet = isSet
    self.actor = actor
    self.reason = reason
    self.at = at
  }
}

/// An override in force.
public struct OverrideStanding: Sendable, Equatable {
  public var setting: OverrideSetting
  public var actor: String
  public var reason: String
  public var at: UnixSeconds
  /// Zero = never.
  public var endsAt: UnixSeconds

  public init(
    setting: OverrideSetting, actor: String, reason: String, at: UnixSeconds, endsAt: UnixSeconds
  ) {
    self.setting = setting
    self.actor = actor
    self.reason = reason
    self.at = at
    self.endsAt = endsAt
  }
}

/// The policies of a store, and what came of the one in shadow.
public struct PolicyReport: Sendable, Equatable {
  /// One of them; `text` is its document, or "" where it was not asked for.
  public struct Entry: Sendable, Equatable {
    public var name: String
    public var version: UInt32
    public var hash: UInt64
    public var position: LogPosition
    public var text: String

    public init(name: String, version: UInt32, hash: UInt64, position: LogPosition, text: String) {
      self.name = name
      self.version = version
      self.hash = hash
      self.position = position
      self.text = text
    }
  }
  public var entries: [Entry]
  public var activeHash: UInt64
  public var shadowHash: UInt64?
  public var shadow: ShadowTally

  public init(entries: [Entry], activeHash: UInt64, shadowHash: UInt64? = nil, shadow: ShadowTally)
  {
    self.entries = entries
    self.activeHash = activeHash
    self.shadowHash = shadowHash
    self.shadow = shadow
  }
}

/// What the policy in shadow would have decided, and a page of claims that it would have
/// decided otherwise, the newest first.
public struct ShadowReport: Sendable, Equatable {
  /// A claim that it would have decided otherwise.
  public struct Difference: Sendable, Equatable {
    public var claim: Claim
    public var outcome: Outcome
    public var other: Outcome
    public var number: UInt32

    public init(claim: Claim, outcome: Outcome, other: Outcome, number: UInt32) {
      self.claim = claim
      self.outcome = outcome
      self.other = other
      self.number = number
    }
  }
  public var tally: ShadowTally
  public var differences: [Difference]
  /// To go on below; nil = that is all.
  public var next: UInt32?

  public init(tally: ShadowTally, differences: [Difference], next: UInt32? = nil) {
    self.tally = tally
    self.differences = differences
    self.next = next
  }
}

/// A decision that would differ if a claim had not counted.
public struct AffectedDecision: Sendable, Equatable {
  public var claim: ClaimID
  public var buyer: AccountID
  public var merchant: AccountID
  public var position: LogPosition
  /// Decided then, and what it would have been.
  public var outcome: Outcome
  public var other: Outcome

  public init(
    claim: ClaimID, buyer: AccountID, merchant: AccountID, position: LogPosition, outcome: Outcome,
    other: Outcome
  ) {
    self.claim = claim
    self.buyer = buyer
    self.merchant = merchant
    self.position = position
    self.outcome = outcome
    self.other = other
  }
}

/// A page of them, the newest first.
public struct AffectedReport: Sendable, Equatable {
  public var decisions: [AffectedDecision]
  /// Later decisions on either party's claims that were decided once more for this page.
  public var lookedAt: Int
  /// Those whose receipts could not be read, or are of a policy that is not there any more.
  public var unreadable: Int
  /// To go on below; nil = that is all.
  public var next: UInt32?

  public init(decisions: [AffectedDecision], lookedAt: Int, unreadable: Int, next: UInt32? = nil) {
    self.decisions = decisions
    self.lookedAt = lookedAt
    self.unreadable = unreadable
    self.next = next
  }
}
