/// What has become of the money of a claim.
public enum SubsidyState: UInt8, Sendable, CaseIterable {
  case none = 0
  /// Promised to the buyer, not paid.
  case reserved = 1
  /// Paid.
  case committed = 2
  /// Free again: the claim came to another end.
  case released = 3
  /// Free again: it was not paid in time.
  case expired = 4
  /// It was paid, and an appeal has undone the decision.
  case reversed = 5

  /// Whether it counts against budgets.
  public var counts: Bool { self == .reserved || self == .committed }
}

/// Where an appeal stands.
public enum AppealState: UInt8, Sendable, CaseIterable {
  case none = 0
  case open = 1
  case upheld = 2
  case rejected = 3
}

/// Where a claim stands.
public struct ClaimAnswer: Sendable, Equatable {
  public var claim: Claim
  public var outcome: Outcome
  /// What was decided when it was opened.
  public var firstOutcome: Outcome
  public var verdict: Verdict?
  public var money: SubsidyStanding
  public var appeal: AppealStanding
  public var isWithdrawn: Bool
  /// Of the command that opened it.
  public var position: LogPosition
  public var decidedAt: UnixSeconds
  /// What humans did about it, newest first.
  public var notes: [ClaimNote]
  /// It was as it is before this command.
  public var isRepeated: Bool
  /// Where it was just made, or was asked for and is kept.
  public var receipt: Receipt?

  public init(
    claim: Claim, outcome: Outcome, firstOutcome: Outcome, verdict: Verdict? = nil,
    money: SubsidyStanding, appeal: AppealStanding, isWithdrawn: Bool, position: LogPosition,
    decidedAt: UnixSeconds, notes: [ClaimNote], isRepeated: Bool, receipt: Receipt? = nil
  ) {
    self.claim = claim
    self.outcome = outcome
    self.firstOutcome = firstOutcome
    self.verdict = verdict
    self.money = money
    self.appeal = appeal
    self.isWithdrawn = isWithdrawn
    self.position = position
    self.decidedAt = decidedAt
    self.notes = notes
    self.isRepeated = isRepeated
    self.receipt = receipt
  }
}

/// What has become of a claim's money.
public struct SubsidyStanding: Sendable, Equatable {
  public var state: SubsidyState
  /// Of the claim's amount, what counts against budgets.
  public var counted: Minor
  /// Zero if it never was.
  public var reservedAt: UnixSeconds

  public init(state: SubsidyState, counted: Minor, reservedAt: UnixSeconds) {
    self.state = state
    self.counted = counted
    self.reservedAt = reservedAt
  }
}

/// Where the appeal of a claim stands.
public struct AppealStanding: Sendable, Equatable {
  public var state: AppealState
  /// Who has appealed; nil = nobody.
  public var by: AccountKind?
  /// Zero if nobody has.
  public var openedAt: UnixSeconds

  public init(state: AppealState, by: AccountKind? = nil, openedAt: UnixSeconds) {
    self.state = state
    self.by = by
    self.openedAt = openedAt
  }
}

/// Something that a human did about a claim.
public struct ClaimNote: Sendable, Equatable {
  /// What was done.
  public enum What: UInt8, Sendable, CaseIterable {
    case decided = 1
    case withdrawn, paid, released, appealOpened, appealDecided
  }

  public var what: What
  public var at: UnixSeconds
  public var actor: String
  public var reason: String
  public var position: LogPosition

  public init(what: What, at: UnixSeconds, actor: String, reason: String, position: LogPosition) {
    self.what = what
    self.at = at
    self.actor = actor
    self.reason = reason
    self.position = position
  }
}
