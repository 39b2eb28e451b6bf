/// A step in a merchant's standing, as it was taken.
public struct StandingEntry: Sendable, Equatable {
  public var standing: Standing
  public var cause: StandingCause
  /// What it was for, or what the notice that was met was for; nil = a human's word, or for the
  /// better.
  public var dimension: GovernedDimension?
  /// That dimension's conduct then.
  public var conduct: Conduct
  public var at: UnixSeconds
  public var policyVersion: UInt32
  public var position: LogPosition
  public var actor: String
  public var reason: String
  public var appeal: StandingAppeal

  public init(
    standing: Standing, cause: StandingCause, dimension: GovernedDimension?,
    conduct: Conduct, at: UnixSeconds, policyVersion: UInt32, position: LogPosition,
    actor: String, reason: String, appeal: StandingAppeal
  ) {
    self.standing = standing
    self.cause = cause
    self.dimension = dimension
    self.conduct = conduct
    self.at = at
    self.policyVersion = policyVersion
    self.position = position
    self.actor = actor
    self.reason = reason
    self.appeal = appeal
  }
}

/// An appeal against a step.
public struct StandingAppeal: Sendable, Equatable {
  public var state: AppealState
  public var openedAt: UnixSeconds
  public var decidedAt: UnixSeconds

  public init(
    state: AppealState, openedAt: UnixSeconds = .zero, decidedAt: UnixSeconds = .zero
  ) {
    self.state = state
    self.openedAt = openedAt
    self.decidedAt = decidedAt
  }

  public static let none = StandingAppeal(state: .none)
}

/// What a merchant is certified as, by whom and until when.
public struct CertificationEntry: Sendable, Equatable {
  public var certification: Certification
  public var at: UnixSeconds
  public var endsAt: UnixSeconds
  public var actor: String
  public var reason: String

  public init(
    certification: Certification, at: UnixSeconds, endsAt: UnixSeconds, actor: String,
    reason: String
  ) {
    self.certification = certification
    self.at = at
    self.endsAt = endsAt
    self.actor = actor
    self.reason = reason
  }
}

/// All about a merchant's standing.
public struct StandingReport: Sendable, Equatable {
  public var merchant: AccountID
  public var standing: Standing
  /// The last step and those before it, newest first: at most `stepsMax`.
  public var steps: [StandingEntry]
  /// Until then nothing gets worse; zero = nothing is held.
  public var heldUntil: UnixSeconds
  /// Of a notice: when its time is over, and how it has turned out until now.
  public var noticeEndsAt: UnixSeconds
  public var notice: NoticeResult?
  /// Zero where the last step cannot be appealed any more.
  public var appealableUntil: UnixSeconds
  /// When an open appeal is to be answered; zero where none is open.
  public var answerDueAt: UnixSeconds
  public var certification: CertificationEntry?
  /// Only support keeps a sweep from a step to the worse: a human has to look.
  public var isHeldBySupport = false
  /// What the evidence calls for, as of `asOf`.
  public var assessment: Assessment
  public var asOf: UnixSeconds
  /// A step was taken by this command.
  public var hasChanged: Bool

  public static let stepsMax = 16

  /// Whether a human has to decide something: a notice that was not met, an appeal, or what
  /// becomes of a merchant that is supported and cheats.
  public var isWaiting: Bool {
    notice == .unmet && heldUntil <= asOf || answerDueAt != .zero || isHeldBySupport
  }

  public init(
    merchant: AccountID, standing: Standing, steps: [StandingEntry] = [],
    heldUntil: UnixSeconds = .zero, noticeEndsAt: UnixSeconds = .zero,
    notice: NoticeResult? = nil, appealableUntil: UnixSeconds = .zero,
    answerDueAt: UnixSeconds = .zero, certification: CertificationEntry? = nil,
    assessment: Assessment, asOf: UnixSeconds, hasChanged: Bool = false
  ) {
    self.merchant = merchant
    self.standing = standing
    self.steps = steps
    self.heldUntil = heldUntil
    self.noticeEndsAt = noticeEndsAt
    self.notice = notice
    self.appealableUntil = appealableUntil
    self.answerDueAt = answerDueAt
    self.certification = certification
    self.assessment = assessment
    self.asOf = asOf
    self.hasChanged = hasChanged
  }
}
