import Glibc
import IntegrityCore
import ProbityWire

/// The dispute desk.
///
/// A command is the same command only with the same time: where none is given, each of
/// these takes this machine's clock once, before the first try, so that later tries repeat
/// it and change nothing more.
extension ProbityClient {
  // MARK: Claims

  /// - Parameter explain: have `changes` say what would make the platform compensate it.
  public func openClaim(
    _ claim: Claim, explain: Bool = false, actor: String = "", reason: String = "",
    at: UnixSeconds = .zero
  ) async throws(CallFailure) -> ClaimReply {
    let command = DeskCommand(
      .openClaim(claim), at: Self.filled(at), actor: actor, reason: reason)
    return try await askClaim(.command(command, explains: explain))
  }

  /// - Throws: NOT_FOUND for a claim that was never opened, or is forgotten.
  public func claim(_ id: ClaimID) async throws(CallFailure) -> ClaimReply {
    try await askClaim(.claim(id))
  }

  /// A human's verdict.
  public func decideClaim(
    _ id: ClaimID, _ verdict: Verdict, actor: String, reason: String = "",
    at: UnixSeconds = .zero
  ) async throws(CallFailure) -> ClaimReply {
    try await commandClaim(.decideClaim(id, verdict), actor, reason, at)
  }

  public func withdrawClaim(
    _ id: ClaimID, actor: String = "", reason: String = "", at: UnixSeconds = .zero
  ) async throws(CallFailure) -> ClaimReply {
    try await commandClaim(.withdrawClaim(id), actor, reason, at)
  }

  public func settleSubsidy(
    _ id: ClaimID, _ settlement: Settlement, actor: String = "", reason: String = "",
    at: UnixSeconds = .zero
  ) async throws(CallFailure) -> ClaimReply {
    try await commandClaim(.settleSubsidy(id, settlement), actor, reason, at)
  }

  /// - Parameter party: which of the two appeals.
  public func openAppeal(
    _ id: ClaimID, by party: AccountKind, actor: String = "", reason: String = "",
    at: UnixSeconds = .zero
  ) async throws(CallFailure) -> ClaimReply {
    try await commandClaim(.openAppeal(id, by: party), actor, reason, at)
  }

  /// - Returns: upheld, `affected` lists later decisions that would be others now; where it
  ///   has a `next`, `affectedDecisions` goes on below that.
  public func decideAppeal(
    _ id: ClaimID, isUpheld: Bool, actor: String, reason: String = "", at: UnixSeconds = .zero
  ) async throws(CallFailure) -> ClaimReply {
    try await commandClaim(.decideAppeal(id, isUpheld: isUpheld), actor, reason, at)
  }

  /// Later decisions that would have been others without a claim that was undone; a page,
  /// the newest first.
  ///
  /// - Parameter below: `next` of the page before; 0 = from the newest.
  public func affectedDecisions(
    by id: ClaimID, below: UInt32 = 0
  ) async throws(CallFailure) -> AffectedDecisionsReply {
    unsafe try await ask(.affected(id, below: below)) { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeAffectedDecisionsReply(bytes)
    }
  }

  // MARK: Orders of operators

  /// - Parameters:
  ///   - key: a category, buyer or merchant; 0 = all that have no cap of their own.
  ///   - cap: nil = as the policy has it.
  /// - Returns: the position of the command in the log.
  @discardableResult
  public func setBudget(
    _ scope: SubsidyScope, key: UInt64 = 0, cap: Minor?, actor: String, reason: String = "",
    at: UnixSeconds = .zero
  ) async throws(CallFailure) -> LogPosition {
    try await order(.setBudget(scope, key: key, cap: cap), actor, reason, at)
  }

  public func budgets() async throws(CallFailure) -> BudgetsReply {
    unsafe try await ask(.budgets) { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeBudgetsReply(bytes)
    }
  }

  /// - Parameter endsAt: zero = until it is cleared.
  @discardableResult
  public func setOverride(
    _ account: AccountKey, _ setting: OverrideSetting, endsAt: UnixSeconds = .zero,
    actor: String, reason: String = "", at: UnixSeconds = .zero
  ) async throws(CallFailure) -> LogPosition {
    try await order(.setOverride(account, setting, endsAt: endsAt), actor, reason, at)
  }

  @discardableResult
  public func clearOverride(
    _ account: AccountKey, _ kind: OverrideKind, actor: String, reason: String = "",
    at: UnixSeconds = .zero
  ) async throws(CallFailure) -> LogPosition {
    try await order(.clearOverride(account, kind), actor, reason, at)
  }

  /// What is in force for an account, and which others are the same identity.
  public func overrides(of account: AccountKey) async throws(CallFailure) -> OverridesReply {
    unsafe try await ask(.overrides(account)) { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeOverridesReply(bytes)
    }
  }

  /// Both are one identity.
  @discardableResult
  public func link(
    _ account: AccountKey, _ other: AccountKey, actor: String, reason: String = "",
    at: UnixSeconds = .zero
  ) async throws(CallFailure) -> LogPosition {
    try await order(.link(account, other), actor, reason, at)
  }

  @discardableResult
  public func unlink(
    _ account: AccountKey, _ other: AccountKey, actor: String, reason: String = "",
    at: UnixSeconds = .zero
  ) async throws(CallFailure) -> LogPosition {
    try await order(.unlink(account, other), actor, reason, at)
  }

  // MARK: Policies

  /// - Parameter text: a document in YAML.
  /// - Returns: its hash, by which it can be activated.
  public func putPolicy(
    _ text: String, actor: String, reason: String = "", at: UnixSeconds = .zero
  ) async throws(CallFailure) -> PolicyReply {
    try await changePolicy(.putPolicy(text), actor, reason, at)
  }

  public func activatePolicy(
    _ hash: UInt64, actor: String, reason: String = "", at: UnixSeconds = .zero
  ) async throws(CallFailure) -> PolicyReply {
    try await changePolicy(.activatePolicy(hash), actor, reason, at)
  }

  /// Has every claim decided under another policy as well.
  ///
  /// - Parameter hash: nil = under none any more.
  public func shadowPolicy(
    _ hash: UInt64?, actor: String, reason: String = "", at: UnixSeconds = .zero
  ) async throws(CallFailure) -> PolicyReply {
    try await changePolicy(.shadowPolicy(hash), actor, reason, at)
  }

  /// - Parameter hash: only this one, with its document; nil = all, with documents as long
  ///   as these have 1 MiB together, the one in force first of all.
  public func policies(_ hash: UInt64? = nil) async throws(CallFailure) -> PoliciesReply {
    unsafe try await ask(.policies(hash)) { codec, bytes throws(CallFailure) in
      try unsafe codec.decodePoliciesReply(bytes)
    }
  }

  /// Claims that the policy in shadow would have decided otherwise; a page, the newest first.
  ///
  /// - Parameters:
  ///   - below: `next` of the page before; 0 = from the newest.
  ///   - countMax: at most 1,000; 0 = 100.
  public func shadow(
    below: UInt32 = 0, countMax: UInt32 = 0
  ) async throws(CallFailure) -> ShadowReply {
    unsafe try await ask(.shadow(below: below, countMax: countMax)) {
      codec, bytes throws(CallFailure) in
      try unsafe codec.decodeShadowReply(bytes)
    }
  }

  // MARK: Merchants' standings

  /// Has a merchant's standing follow its evidence, by one step at most.
  public func assess(
    _ merchant: AccountID, actor: String = "", reason: String = "", at: UnixSeconds = .zero
  ) async throws(CallFailure) -> StandingReply {
    try await govern(.assess(merchant), actor, reason, at)
  }

  /// - Throws: FAILED_PRECONDITION where the merchant does not stand so that it can be.
  public func decideStanding(
    _ merchant: AccountID, _ decision: StandingDecision, actor: String, reason: String = "",
    at: UnixSeconds = .zero
  ) async throws(CallFailure) -> StandingReply {
    try await govern(.decideStanding(merchant, decision), actor, reason, at)
  }

  /// Against the last step with the merchant.
  public func appealStanding(
    _ merchant: AccountID, actor: String = "", reason: String = "", at: UnixSeconds = .zero
  ) async throws(CallFailure) -> StandingReply {
    try await govern(.appealStanding(merchant), actor, reason, at)
  }

  public func decideStandingAppeal(
    _ merchant: AccountID, isUpheld: Bool, actor: String, reason: String = "",
    at: UnixSeconds = .zero
  ) async throws(CallFailure) -> StandingReply {
    try await govern(.decideStandingAppeal(merchant, isUpheld: isUpheld), actor, reason, at)
  }

  public func certify(
    _ merchant: AccountID, _ certification: Certification, endsAt: UnixSeconds, actor: String,
    reason: String = "", at: UnixSeconds = .zero
  ) async throws(CallFailure) -> StandingReply {
    try await govern(.certify(merchant, certification, endsAt: endsAt), actor, reason, at)
  }

  public func revokeCertification(
    _ merchant: AccountID, actor: String, reason: String = "", at: UnixSeconds = .zero
  ) async throws(CallFailure) -> StandingReply {
    try await govern(.revokeCertification(merchant), actor, reason, at)
  }

  /// - Throws: NOT_FOUND for a merchant that nothing was ever recorded about.
  public func standing(of merchant: AccountID) async throws(CallFailure) -> StandingReply {
    try await askStanding(.standing(merchant))
  }

  /// Merchants that do not stand as any other; a page, the newest steps first.
  ///
  /// - Parameter below: `next` of the page before; 0 = from the newest.
  public func standings(
    _ filter: StandingFilter = StandingFilter(), below: UInt32 = 0
  ) async throws(CallFailure) -> StandingsReply {
    unsafe try await ask(.standings(filter, below: below)) { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeStandingsReply(bytes)
    }
  }

  // MARK: Inside

  private func govern(
    _ action: DeskAction, _ actor: String, _ reason: String, _ at: UnixSeconds
  ) async throws(CallFailure) -> StandingReply {
    try await askStanding(
      .command(DeskCommand(action, at: Self.filled(at), actor: actor, reason: reason)))
  }

  private func askStanding(_ request: DeskRequest) async throws(CallFailure) -> StandingReply {
    unsafe try await ask(request) { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeStandingReply(bytes)
    }
  }

  private static func filled(_ at: UnixSeconds) -> UnixSeconds {
    at == .zero ? UnixSeconds(UInt32(clamping: time(nil))) : at
  }

  private func commandClaim(
    _ action: DeskAction, _ actor: String, _ reason: String, _ at: UnixSeconds
  ) async throws(CallFailure) -> ClaimReply {
    try await askClaim(
      .command(DeskCommand(action, at: Self.filled(at), actor: actor, reason: reason)))
  }

  private func askClaim(_ request: DeskRequest) async throws(CallFailure) -> ClaimReply {
    unsafe try await ask(request) { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeClaimReply(bytes)
    }
  }

  private func order(
    _ action: DeskAction, _ actor: String, _ reason: String, _ at: UnixSeconds
  ) async throws(CallFailure) -> LogPosition {
    let command = DeskCommand(action, at: Self.filled(at), actor: actor, reason: reason)
    return unsafe try await ask(.command(command)) { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeDoneReply(bytes)
    }
  }

  private func changePolicy(
    _ action: DeskAction, _ actor: String, _ reason: String, _ at: UnixSeconds
  ) async throws(CallFailure) -> PolicyReply {
    let command = DeskCommand(action, at: Self.filled(at), actor: actor, reason: reason)
    return unsafe try await ask(.command(command)) { codec, bytes throws(CallFailure) in
      try unsafe codec.decodePolicyReply(bytes)
    }
  }

  private func ask<Reply: Sendable>(
    _ request: DeskRequest, decode: @escaping PendingCall<Reply>.Decode
  ) async throws(CallFailure) -> Reply {
    let encode: OutgoingCall.Encode = { codec, call, buffer in
      codec.encodeDeskRequest(request, call, to: &buffer)
    }
    return unsafe try await call(request.method, encode, decode: decode)
  }
}
