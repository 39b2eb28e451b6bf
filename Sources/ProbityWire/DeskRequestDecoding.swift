import CProbityMessages
import CProtobufC
import IntegrityCore

/// What the server reads of the desk. Commands are not yet checked (`DeskCommand.fault`),
/// but for values that they have no place for.
extension Codec {
  /// - Precondition: `method` is one of the desk's.
  public func decodeDesk(
    _ method: Method, _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> DeskRequest {
    switch method {
    case .openClaim: unsafe try openClaim(bytes)
    case .decideClaim: .command(unsafe try decideClaim(bytes))
    case .withdrawClaim: .command(unsafe try withdrawClaim(bytes))
    case .settleSubsidy: .command(unsafe try settleSubsidy(bytes))
    case .openAppeal: .command(unsafe try openAppeal(bytes))
    case .decideAppeal: .command(unsafe try decideAppeal(bytes))
    case .setBudget: .command(unsafe try setBudget(bytes))
    case .setOverride: .command(unsafe try setOverride(bytes))
    case .clearOverride: .command(unsafe try clearOverride(bytes))
    case .linkAccounts: .command(unsafe try linkAccounts(bytes))
    case .unlinkAccounts: .command(unsafe try unlinkAccounts(bytes))
    case .putPolicy: .command(unsafe try putPolicy(bytes))
    case .activatePolicy: .command(unsafe try activatePolicy(bytes))
    case .shadowPolicy: .command(unsafe try shadowPolicy(bytes))
    case .assess, .decideStanding, .appealStanding, .decideStandingAppeal, .certify,
      .revokeCertification, .getStanding, .getStandings:
      unsafe try decodeGovernance(method, bytes)
    default: unsafe try question(method, bytes)
    }
  }

  private func question(
    _ method: Method, _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> DeskRequest {
    switch method {
    case .getClaim:
      let m = unsafe try unpack(bytes, "GetClaimRequest", probity__v1__get_claim_request__unpack)
      return .claim(unsafe try claimID(m.pointee.claim))
    case .affectedDecisions:
      let m = unsafe try unpack(
        bytes, "AffectedDecisionsRequest", probity__v1__affected_decisions_request__unpack)
      return .affected(unsafe try claimID(m.pointee.claim), below: unsafe m.pointee.below)
    case .getBudgets:
      _ = unsafe try unpack(bytes, "GetBudgetsRequest", probity__v1__get_budgets_request__unpack)
      return .budgets
    case .getOverrides:
      let m = unsafe try unpack(
        bytes, "GetOverridesRequest", probity__v1__get_overrides_request__unpack)
      return .overrides(unsafe try account(m.pointee.account, m.pointee.kind))
    case .getPolicies:
      let m = unsafe try unpack(
        bytes, "GetPoliciesRequest", probity__v1__get_policies_request__unpack)
      return .policies(unsafe m.pointee.policy == 0 ? nil : m.pointee.policy)
    case .getShadow:
      let m = unsafe try unpack(bytes, "GetShadowRequest", probity__v1__get_shadow_request__unpack)
      let countMax = unsafe m.pointee.count
      if countMax > ProtocolLimits.shadowCountMax {
        throw invalid("count", "must be at most \(ProtocolLimits.shadowCountMax)")
      }
      return .shadow(below: unsafe m.pointee.below, countMax: countMax)
    default: preconditionFailure("\(method.name) is not of the desk")
    }
  }

  private func openClaim(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskRequest {
    let m = unsafe try unpack(
      bytes, "OpenClaimRequest", probity__v1__open_claim_request__unpack
    ).pointee
    guard let facts = unsafe m.claim?.pointee else { throw invalid("claim", "is required") }
    let command = unsafe try command(
      .openClaim(try claim(facts)), m.at, m.actor, m.reason)
    return .command(command, explains: unsafe m.explain != 0)
  }

  private func claim(_ m: Probity__V1__Claim) throws(CallFailure) -> Claim {
    guard let proofs = unsafe UInt8(exactly: m.proofs) else {
      throw invalid("claim.proofs", "must be some of the bits 0 to 6")
    }
    return unsafe Claim(
      id: ClaimID(m.id), buyer: AccountID(m.buyer), merchant: AccountID(m.merchant),
      order: m.order, orderedAt: try time(m.ordered_at, "claim.ordered_at") ?? .zero,
      openedAt: try time(m.opened_at, "claim.opened_at") ?? .zero, amount: Minor(m.amount),
      category: m.category, kind: try choice(m.claim_kind.rawValue, "claim.claim_kind"),
      allegation: try choice(m.allegation.rawValue, "claim.allegation"),
      proofs: ClaimProofs(rawValue: proofs))
  }

  private func decideClaim(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "DecideClaimRequest", probity__v1__decide_claim_request__unpack
    ).pointee
    let action: DeskAction = unsafe .decideClaim(
      try claimID(m.claim), try choice(m.verdict.rawValue, "verdict"))
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func withdrawClaim(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "WithdrawClaimRequest", probity__v1__withdraw_claim_request__unpack
    ).pointee
    let action: DeskAction = unsafe .withdrawClaim(try claimID(m.claim))
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func settleSubsidy(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "SettleSubsidyRequest", probity__v1__settle_subsidy_request__unpack
    ).pointee
    let action: DeskAction = unsafe .settleSubsidy(
      try claimID(m.claim), try choice(m.settlement.rawValue, "settlement"))
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func openAppeal(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "OpenAppealRequest", probity__v1__open_appeal_request__unpack
    ).pointee
    let action: DeskAction = unsafe .openAppeal(
      try claimID(m.claim), by: try accountKind(m.by, "by"))
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func decideAppeal(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "DecideAppealRequest", probity__v1__decide_appeal_request__unpack
    ).pointee
    let action: DeskAction = unsafe .decideAppeal(try claimID(m.claim), isUpheld: m.upheld != 0)
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func setBudget(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "SetBudgetRequest", probity__v1__set_budget_request__unpack
    ).pointee
    let action: DeskAction = unsafe .setBudget(
      try choice(m.scope.rawValue, "scope"), key: m.key, cap: m.clear != 0 ? nil : Minor(m.cap))
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func setOverride(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "SetOverrideRequest", probity__v1__set_override_request__unpack
    ).pointee
    let action: DeskAction = unsafe .setOverride(
      try account(m.account, m.kind), try setting(m.setting, m.tier, m.outcome),
      endsAt: try time(m.ends_at, "ends_at") ?? .zero)
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func clearOverride(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "ClearOverrideRequest", probity__v1__clear_override_request__unpack
    ).pointee
    let action: DeskAction = unsafe .clearOverride(
      try account(m.account, m.kind), try choice(m.setting.rawValue, "setting"))
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func linkAccounts(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "LinkAccountsRequest", probity__v1__link_accounts_request__unpack
    ).pointee
    let action: DeskAction = unsafe .link(
      try account(m.account, m.kind), try account(m.other, m.other_kind, "other", "other_kind"))
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func unlinkAccounts(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "UnlinkAccountsRequest", probity__v1__unlink_accounts_request__unpack
    ).pointee
    let action: DeskAction = unsafe .unlink(
      try account(m.account, m.kind), try account(m.other, m.other_kind, "other", "other_kind"))
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func putPolicy(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "PutPolicyRequest", probity__v1__put_policy_request__unpack
    ).pointee
    let action: DeskAction = unsafe .putPolicy(
      text(m.document, bytesMax: ProtocolLimits.policyBytesMax + 1))
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func activatePolicy(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "ActivatePolicyRequest", probity__v1__activate_policy_request__unpack
    ).pointee
    let action: DeskAction = unsafe .activatePolicy(try policyHash(m.policy))
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  private func shadowPolicy(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> DeskCommand {
    let m = unsafe try unpack(
      bytes, "ShadowPolicyRequest", probity__v1__shadow_policy_request__unpack
    ).pointee
    let action: DeskAction = unsafe .shadowPolicy(m.policy == 0 ? nil : m.policy)
    return unsafe try command(action, m.at, m.actor, m.reason)
  }

  // MARK: Parts

  func command(
    _ action: DeskAction, _ at: UInt64, _ actor: UnsafePointer<CChar>?,
    _ reason: UnsafePointer<CChar>?
  ) throws(CallFailure) -> DeskCommand {
    DeskCommand(
      action, at: try time(at, "at") ?? .zero, actor: unsafe text(actor),
      reason: unsafe text(reason))
  }

  private func claimID(_ raw: UInt64) throws(CallFailure) -> ClaimID {
    if raw == 0 { throw invalid("claim", "must be a number from 1 to 2^64-1") }
    return ClaimID(raw)
  }

  private func policyHash(_ raw: UInt64) throws(CallFailure) -> UInt64 {
    if raw == 0 { throw invalid("policy", "is required: the hash of a policy that was put") }
    return raw
  }

  private func account(
    _ id: UInt64, _ kind: Probity__V1__AccountKind, _ idField: String = "account",
    _ kindField: String = "kind"
  ) throws(CallFailure) -> AccountKey {
    if id == 0 { throw invalid(idField, "must be a number from 1 to 2^64-1") }
    return AccountKey(try accountKind(kind, kindField), AccountID(id))
  }

  private func setting(
    _ kind: Probity__V1__OverrideKind, _ tier: Probity__V1__Tier,
    _ outcome: Probity__V1__Outcome
  ) throws(CallFailure) -> OverrideSetting {
    let kind: OverrideKind = try choice(kind.rawValue, "setting")
    switch kind {
    case .tier: return .tier(try choice(tier.rawValue, "tier"))
    case .outcome: return .outcome(try choice(outcome.rawValue, "outcome"))
    case .listed: return .listed
    }
  }
}
