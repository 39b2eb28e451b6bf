/// What the dispute desk and its operators do: a command of its own kind, logged and
/// applied in one order with the events.
///
/// Each is applied once by what it says, not by a number: opening a claim again, or
/// deciding it the same way by the same actor at the same time, changes nothing and is
/// answered as the first time.
public struct DeskCommand: Hashable, Sendable {
  public var action: DeskAction
  /// When it was done, by the clock of whoever sends it.
  public var at: UnixSeconds
  /// Who did it: at most 32 bytes of UTF-8; may be empty where no human is needed.
  public var actor: String
  /// Why, in a few words: at most 104 bytes of UTF-8.
  public var reason: String

  public init(_ action: DeskAction, at: UnixSeconds, actor: String = "", reason: String = "") {
    self.action = action
    self.at = at
    self.actor = actor
    self.reason = reason
  }

  public static let actorBytesMax = 32
  public static let reasonBytesMax = 104
}

/// What is done.
public enum DeskAction: Hashable, Sendable {
  case openClaim(Claim)
  /// A human's verdict.
  case decideClaim(ClaimID, Verdict)
  case withdrawClaim(ClaimID)
  case settleSubsidy(ClaimID, Settlement)
  case openAppeal(ClaimID, by: AccountKind)
  case decideAppeal(ClaimID, isUpheld: Bool)
  /// Of a scope, or of one category, buyer or merchant in it; 0 = of all that have none of
  /// their own. Nil = as the policy has it.
  case setBudget(SubsidyScope, key: UInt64, cap: Minor?)
  /// Until `endsAt`; zero = until it is cleared. It takes the place of one of its sort.
  case setOverride(AccountKey, OverrideSetting, endsAt: UnixSeconds)
  case clearOverride(AccountKey, OverrideKind)
  /// Both are one identity, or are not after all.
  case link(AccountKey, AccountKey)
  case unlink(AccountKey, AccountKey)
  /// A document in YAML.
  case putPolicy(String)
  /// By its hash; it was put before.
  case activatePolicy(UInt64)
  /// Has every claim decided under another policy as well; nil = no more.
  case shadowPolicy(UInt64?)
  /// Has a merchant's standing follow its evidence, by one step at most.
  case assess(AccountID)
  /// A human's word about a merchant's standing.
  case decideStanding(AccountID, StandingDecision)
  /// The merchant's, against the last step.
  case appealStanding(AccountID)
  case decideStandingAppeal(AccountID, isUpheld: Bool)
  /// Until `endsAt`. It takes the place of an earlier one.
  case certify(AccountID, Certification, endsAt: UnixSeconds)
  case revokeCertification(AccountID)
}

/// What becomes of money that is reserved.
public enum Settlement: UInt8, Sendable, CaseIterable { case commit = 1, release }

/// A sort of override.
public enum OverrideKind: UInt8, Sendable, CaseIterable { case tier = 1, outcome, listed }

/// What an operator sets for an account.
public enum OverrideSetting: Hashable, Sendable {
  case tier(Tier)
  /// Of all claims that it is a party of.
  case outcome(Outcome)
  /// A human looks at all claims that it is a party of.
  case listed

  public var kind: OverrideKind {
    switch self {
    case .tier: .tier
    case .outcome: .outcome
    case .listed: .listed
    }
  }
}

/// Why a command of the desk was refused: nothing was changed.
public struct DeskRefusal: Error, Hashable, Sendable {
  /// Which sort of refusal it is.
  public enum Kind: UInt8, Sendable {
    /// What was asked can never be right.
    case invalid = 1
    case notFound
    /// It cannot be done as things stand.
    case precondition
    /// A table is full.
    case exhausted
  }

  public let kind: Kind
  /// Name of the field that is wrong; "" if none is.
  public let field: String
  /// What is wrong and what would be right.
  public let message: String

  public init(_ kind: Kind, field: String = "", _ message: String) {
    self.kind = kind
    self.field = field
    self.message = message
  }
}

extension DeskCommand {
  /// The first thing wrong with the command by itself, or nil.
  ///
  /// - Parameter latest: newest time accepted.
  public func fault(latest: UnixSeconds) -> EventFault? {
    if case .openClaim(let claim) = action, let fault = claim.fault(latest: latest) {
      return fault
    }
    if at < Event.earliest {
      return EventFault(field: "at", remedy: "must be a time from 2000-01-01T00:00:00Z on")
    }
    if at > latest {
      return EventFault(field: "at", remedy: "lies in the future: must be at most 1 day from now")
    }
    return textFault(actor, "actor", Self.actorBytesMax)
      ?? textFault(reason, "reason", Self.reasonBytesMax) ?? actorFault ?? actionFault
  }

  private func textFault(_ text: String, _ field: String, _ bytesMax: Int) -> EventFault? {
    if text.utf8.count > bytesMax {
      return EventFault(
        field: field, remedy: "has \(text.utf8.count) bytes: must be at most \(bytesMax) of UTF-8")
    }
    if text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
      return EventFault(field: field, remedy: "has control characters: write it in one line")
    }
    return nil
  }

  /// What a human answers for has a name to it.
  private var actorFault: EventFault? {
    switch action {
    case .openClaim, .withdrawClaim, .settleSubsidy, .openAppeal, .assess, .appealStanding:
      return nil
    default:
      if !actor.isEmpty { return nil }
      return EventFault(field: "actor", remedy: "is required: who answers for this")
    }
  }

  private var actionFault: EventFault? {
    switch action {
    case .setBudget(let scope, let key, let cap):
      if let cap, cap.rawValue < 0 || cap.rawValue > SubsidyAmounts.capMax.rawValue {
        return EventFault(
          field: "cap", remedy: "must be from 0 to \(SubsidyAmounts.capMax.rawValue) minor units")
      }
      return scopeFault(scope, key)
    case .setOverride(let account, _, let endsAt):
      if account.id.isNone { return accountFault("account") }
      if endsAt != .zero && endsAt <= at {
        return EventFault(field: "endsAt", remedy: "must be after `at`, or absent: it never ends")
      }
      return nil
    case .clearOverride(let account, _): return account.id.isNone ? accountFault("account") : nil
    case .link(let a, let b), .unlink(let a, let b):
      if a.id.isNone { return accountFault("account") }
      if b.id.isNone { return accountFault("other") }
      return a == b ? EventFault(field: "other", remedy: "must be another account") : nil
    case .certify(let merchant, _, let endsAt):
      if !merchant.isNone && endsAt <= at {
        return EventFault(field: "endsAt", remedy: "is required, and must be after `at`")
      }
      return merchant.isNone ? accountFault("merchant") : nil
    case .assess(let merchant), .decideStanding(let merchant, _), .appealStanding(let merchant),
      .decideStandingAppeal(let merchant, _), .revokeCertification(let merchant):
      return merchant.isNone ? accountFault("merchant") : nil
    default: return nil
    }
  }

  private func accountFault(_ field: String) -> EventFault {
    EventFault(field: field, remedy: "is required: a number from 1 to 2^64-1")
  }

  private func scopeFault(_ scope: SubsidyScope, _ key: UInt64) -> EventFault? {
    switch scope {
    case .global, .pair90Days:
      key == 0
        ? nil : EventFault(field: "key", remedy: "must be 0: \(scope.name) has one budget for all")
    case .category:
      key <= UInt64(Claim.categoryMax)
        ? nil : EventFault(field: "key", remedy: "must be a category, at most \(Claim.categoryMax)")
    case .buyer30Days, .buyer365Days, .merchant30Days: nil
    }
  }
}
