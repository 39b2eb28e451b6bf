import IntegrityCore

// The messages of the dispute desk as Swift values. What each field means is documented
// in Protos/probity/v1/integrity.proto.

/// What a client asks of the desk: a command, or a question.
public enum DeskRequest: Equatable, Sendable {
  /// `explains`: OpenClaim says what would change the outcome.
  case command(DeskCommand, explains: Bool = false)
  case claim(ClaimID)
  /// Below a number, which `AffectedReport.next` names; 0 = from the newest.
  case affected(ClaimID, below: UInt32)
  case budgets
  case overrides(AccountKey)
  /// Only the one of this hash; nil = all.
  case policies(UInt64?)
  /// Below a number, which `ShadowReport.next` names; 0 = from the newest.
  case shadow(below: UInt32, countMax: UInt32)
  case standing(AccountID)
  /// Below a number, which `StandingsPage.next` names; 0 = from the newest.
  case standings(StandingFilter, below: UInt32)

  public var method: Method {
    switch self {
    case .command(let command, _): command.action.method
    case .claim: .getClaim
    case .affected: .affectedDecisions
    case .budgets: .getBudgets
    case .overrides: .getOverrides
    case .policies: .getPolicies
    case .shadow: .getShadow
    case .standing: .getStanding
    case .standings: .getStandings
    }
  }
}

extension DeskAction {
  /// The call that carries it.
  public var method: Method {
    switch self {
    case .openClaim: .openClaim
    case .decideClaim: .decideClaim
    case .withdrawClaim: .withdrawClaim
    case .settleSubsidy: .settleSubsidy
    case .openAppeal: .openAppeal
    case .decideAppeal: .decideAppeal
    case .setBudget: .setBudget
    case .setOverride: .setOverride
    case .clearOverride: .clearOverride
    case .link: .linkAccounts
    case .unlink: .unlinkAccounts
    case .putPolicy: .putPolicy
    case .activatePolicy: .activatePolicy
    case .shadowPolicy: .shadowPolicy
    case .assess: .assess
    case .decideStanding: .decideStanding
    case .appealStanding: .appealStanding
    case .decideStandingAppeal: .decideStandingAppeal
    case .certify: .certify
    case .revokeCertification: .revokeCertification
    }
  }
}

/// Where a claim stands.
public struct ClaimReply: Equatable, Sendable {
  /// The four scores as of the claim's opening and without it, 0…1000.
  public struct Scores: Equatable, Sendable {
    public var buyer: Int
    public var buyerFloor: Int
    public var merchant: Int
    public var merchantFloor: Int

    public init(buyer: Int, buyerFloor: Int, merchant: Int, merchantFloor: Int) {
      self.buyer = buyer
      self.buyerFloor = buyerFloor
      self.merchant = merchant
      self.merchantFloor = merchantFloor
    }

    public static let none = Scores(buyer: 0, buyerFloor: 0, merchant: 0, merchantFloor: 0)
  }

  /// Something that would make the platform compensate it.
  public struct Change: Equatable, Sendable {
    public var kind: ChangeKind
    /// Orders or minor units; 0 where the kind has no number.
    public var number: UInt64
    public var text: String
    public var textChinese: String

    public init(kind: ChangeKind, number: UInt64, text: String, textChinese: String) {
      self.kind = kind
      self.number = number
      self.text = text
      self.textChinese = textChinese
    }
  }

  public enum ChangeKind: UInt8, Sendable, CaseIterable {
    /// One that this client does not know.
    case other = 0
    case cleanOrders, evidence, amountAtMost, nextDay, carrierProof, verdict
  }

  public var claim: Claim
  public var outcome: Outcome
  public var firstOutcome: Outcome
  public var verdict: Verdict?
  /// Empty without a receipt, as are the scores.
  public var reasons: [Reason] = []
  public var scores = Scores.none
  public var money: SubsidyStanding
  public var appeal: AppealStanding
  public var decidedAt: UnixSeconds
  /// Zero where it cannot be appealed.
  public var appealableUntil = UnixSeconds.zero
  /// When an open appeal is to be answered; zero where none is open.
  public var answerDueAt = UnixSeconds.zero
  public var isWithdrawn = false
  /// It was as it is before this call.
  public var isRepeated = false
  /// Newest first.
  public var notes: [ClaimNote] = []
  /// The nearest first.
  public var changes: [Change] = []
  /// As `Receipt.init(_:)` reads it; empty = none.
  public var receipt: [UInt8] = []
  /// The first page of later decisions that would be others now, where an appeal was upheld.
  public var affected: AffectedReport?
  /// Of the command that opened it.
  public var openedPosition: LogPosition
  public var basis: JudgementBasis

  public init(
    claim: Claim, outcome: Outcome, firstOutcome: Outcome, verdict: Verdict? = nil,
    money: SubsidyStanding, appeal: AppealStanding, decidedAt: UnixSeconds,
    openedPosition: LogPosition, basis: JudgementBasis
  ) {
    self.claim = claim
    self.outcome = outcome
    self.firstOutcome = firstOutcome
    self.verdict = verdict
    self.money = money
    self.appeal = appeal
    self.decidedAt = decidedAt
    self.openedPosition = openedPosition
    self.basis = basis
  }
}

/// What a change of policies was about.
public struct PolicyReply: Equatable, Sendable {
  public var version: UInt32
  public var hash: UInt64
  public var isActive: Bool
  public var logPosition: LogPosition

  public init(version: UInt32, hash: UInt64, isActive: Bool, logPosition: LogPosition) {
    self.version = version
    self.hash = hash
    self.isActive = isActive
    self.logPosition = logPosition
  }
}

public struct BudgetsReply: Equatable, Sendable {
  public var budgets: [BudgetStanding]
  public var logPosition: LogPosition

  public init(budgets: [BudgetStanding], logPosition: LogPosition) {
    self.budgets = budgets
    self.logPosition = logPosition
  }
}

public struct OverridesReply: Equatable, Sendable {
  public var overrides: [OverrideStanding]
  /// Other accounts of the same identity.
  public var linked: [AccountKey]
  public var logPosition: LogPosition

  public init(overrides: [OverrideStanding], linked: [AccountKey], logPosition: LogPosition) {
    self.overrides = overrides
    self.linked = linked
    self.logPosition = logPosition
  }
}

public struct PoliciesReply: Equatable, Sendable {
  public var report: PolicyReport
  public var logPosition: LogPosition

  public init(report: PolicyReport, logPosition: LogPosition) {
    self.report = report
    self.logPosition = logPosition
  }
}

public struct ShadowReply: Equatable, Sendable {
  public var report: ShadowReport
  public var logPosition: LogPosition

  public init(report: ShadowReport, logPosition: LogPosition) {
    self.report = report
    self.logPosition = logPosition
  }
}

public struct AffectedDecisionsReply: Equatable, Sendable {
  public var report: AffectedReport
  public var logPosition: LogPosition

  public init(report: AffectedReport, logPosition: LogPosition) {
    self.report = report
    self.logPosition = logPosition
  }
}

/// A merchant's standing, and by which policy it is judged.
public struct StandingReply: Equatable, Sendable {
  public var report: StandingReport
  public var logPosition: LogPosition
  public var policyVersion: UInt32
  public var policyHash: UInt64

  public init(
    report: StandingReport, logPosition: LogPosition, policyVersion: UInt32, policyHash: UInt64
  ) {
    self.report = report
    self.logPosition = logPosition
    self.policyVersion = policyVersion
    self.policyHash = policyHash
  }
}

public struct StandingsReply: Equatable, Sendable {
  public var standings: [StandingReply]
  /// To go on below; nil = that is all.
  public var next: UInt32?
  public var logPosition: LogPosition

  public init(standings: [StandingReply], next: UInt32?, logPosition: LogPosition) {
    self.standings = standings
    self.next = next
    self.logPosition = logPosition
  }
}

/// Any answer of the desk.
public enum DeskReply: Equatable, Sendable {
  case claim(ClaimReply)
  case done(LogPosition)
  case policy(PolicyReply)
  case budgets(BudgetsReply)
  case overrides(OverridesReply)
  case policies(PoliciesReply)
  case shadow(ShadowReply)
  case affected(AffectedDecisionsReply)
  indirect case standing(StandingReply)
  case standings(StandingsReply)
}
