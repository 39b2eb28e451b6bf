import CProbityMessages
import CProtobufC
import IntegrityCore

/// What the client asks of the desk: each appends one REQUEST frame to `sink`.
extension Codec {
  public func encodeDeskRequest<Sink: FrameSink>(
    _ request: DeskRequest, _ call: Call, to sink: inout Sink
  ) {
    arena.reset()
    switch request {
    case .command(let command, let explains):
      encode(command, explains: explains, call, to: &sink)
    case .claim(let id):
      var m = unsafe Probity__V1__GetClaimRequest()
      unsafe probity__v1__get_claim_request__init(&m)
      unsafe m.claim = id.rawValue
      unsafe send(.getClaim, call, &m, to: &sink)
    case .affected(let id, let below):
      var m = unsafe Probity__V1__AffectedDecisionsRequest()
      unsafe probity__v1__affected_decisions_request__init(&m)
      unsafe m.claim = id.rawValue
      unsafe m.below = below
      unsafe send(.affectedDecisions, call, &m, to: &sink)
    case .budgets:
      var m = unsafe Probity__V1__GetBudgetsRequest()
      unsafe probity__v1__get_budgets_request__init(&m)
      unsafe send(.getBudgets, call, &m, to: &sink)
    case .overrides(let account):
      var m = unsafe Probity__V1__GetOverridesRequest()
      unsafe probity__v1__get_overrides_request__init(&m)
      unsafe m.account = account.id.rawValue
      unsafe m.kind = .init(rawValue: UInt32(account.kind.rawValue))
      unsafe send(.getOverrides, call, &m, to: &sink)
    case .policies(let hash):
      var m = unsafe Probity__V1__GetPoliciesRequest()
      unsafe probity__v1__get_policies_request__init(&m)
      unsafe m.policy = hash ?? 0
      unsafe send(.getPolicies, call, &m, to: &sink)
    case .shadow(let below, let countMax):
      var m = unsafe Probity__V1__GetShadowRequest()
      unsafe probity__v1__get_shadow_request__init(&m)
      unsafe m.below = below
      unsafe m.count = countMax
      unsafe send(.getShadow, call, &m, to: &sink)
    case .standing, .standings: encodeStandingQuestion(request, call, to: &sink)
    }
  }

  private func encode<Sink: FrameSink>(
    _ c: DeskCommand, explains: Bool, _ call: Call, to sink: inout Sink
  ) {
    switch c.action {
    case .openClaim(let claim):
      var facts = unsafe message(claim)
      var m = unsafe Probity__V1__OpenClaimRequest()
      unsafe probity__v1__open_claim_request__init(&m)
      unsafe m.explain = explains ? 1 : 0
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe withUnsafeMutablePointer(to: &facts) { facts in
        unsafe m.claim = unsafe facts
        unsafe send(.openClaim, call, &m, to: &sink)
      }
    case .setBudget, .setOverride, .clearOverride, .link, .unlink, .putPolicy, .activatePolicy,
      .shadowPolicy:
      encodeOrder(c, call, to: &sink)
    case .assess, .decideStanding, .appealStanding, .decideStandingAppeal, .certify,
      .revokeCertification:
      encodeGovernance(c, call, to: &sink)
    default: encodeVerdict(c, call, to: &sink)
    }
  }

  /// What is done about a claim that is there.
  private func encodeVerdict<Sink: FrameSink>(
    _ c: DeskCommand, _ call: Call, to sink: inout Sink
  ) {
    switch c.action {
    case .decideClaim(let id, let verdict):
      var m = unsafe Probity__V1__DecideClaimRequest()
      unsafe probity__v1__decide_claim_request__init(&m)
      unsafe m.claim = id.rawValue
      unsafe m.verdict = .init(rawValue: UInt32(verdict.rawValue))
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.decideClaim, call, &m, to: &sink)
    case .withdrawClaim(let id):
      var m = unsafe Probity__V1__WithdrawClaimRequest()
      unsafe probity__v1__withdraw_claim_request__init(&m)
      unsafe m.claim = id.rawValue
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.withdrawClaim, call, &m, to: &sink)
    case .settleSubsidy(let id, let settlement):
      var m = unsafe Probity__V1__SettleSubsidyRequest()
      unsafe probity__v1__settle_subsidy_request__init(&m)
      unsafe m.claim = id.rawValue
      unsafe m.settlement = .init(rawValue: UInt32(settlement.rawValue))
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.settleSubsidy, call, &m, to: &sink)
    case .openAppeal(let id, let party):
      var m = unsafe Probity__V1__OpenAppealRequest()
      unsafe probity__v1__open_appeal_request__init(&m)
      unsafe m.claim = id.rawValue
      unsafe m.by = .init(rawValue: UInt32(party.rawValue))
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.openAppeal, call, &m, to: &sink)
    case .decideAppeal(let id, let isUpheld):
      var m = unsafe Probity__V1__DecideAppealRequest()
      unsafe probity__v1__decide_appeal_request__init(&m)
      unsafe m.claim = id.rawValue
      unsafe m.upheld = isUpheld ? 1 : 0
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.decideAppeal, call, &m, to: &sink)
    default: preconditionFailure("not about a claim: \(c.action)")
    }
  }

  private func encodeOrder<Sink: FrameSink>(
    _ c: DeskCommand, _ call: Call, to sink: inout Sink
  ) {
    switch c.action {
    case .setBudget(let scope, let key, let cap):
      var m = unsafe Probity__V1__SetBudgetRequest()
      unsafe probity__v1__set_budget_request__init(&m)
      unsafe m.scope = .init(rawValue: UInt32(scope.rawValue))
      unsafe m.key = key
      unsafe m.cap = cap?.rawValue ?? 0
      unsafe m.clear = cap == nil ? 1 : 0
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.setBudget, call, &m, to: &sink)
    case .setOverride(let account, let setting, let endsAt):
      var m = unsafe Probity__V1__SetOverrideRequest()
      unsafe probity__v1__set_override_request__init(&m)
      unsafe m.account = account.id.rawValue
      unsafe m.kind = .init(rawValue: UInt32(account.kind.rawValue))
      unsafe m.setting = .init(rawValue: UInt32(setting.kind.rawValue))
      if case .tier(let tier) = setting { unsafe m.tier = .init(rawValue: UInt32(tier.rawValue)) }
      if case .outcome(let outcome) = setting {
        unsafe m.outcome = .init(rawValue: UInt32(outcome.rawValue))
      }
      unsafe m.ends_at = UInt64(endsAt.rawValue)
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.setOverride, call, &m, to: &sink)
    case .clearOverride(let account, let kind):
      var m = unsafe Probity__V1__ClearOverrideRequest()
      unsafe probity__v1__clear_override_request__init(&m)
      unsafe m.account = account.id.rawValue
      unsafe m.kind = .init(rawValue: UInt32(account.kind.rawValue))
      unsafe m.setting = .init(rawValue: UInt32(kind.rawValue))
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.clearOverride, call, &m, to: &sink)
    case .link(let account, let other):
      var m = unsafe Probity__V1__LinkAccountsRequest()
      unsafe probity__v1__link_accounts_request__init(&m)
      unsafe m.account = account.id.rawValue
      unsafe m.kind = .init(rawValue: UInt32(account.kind.rawValue))
      unsafe m.other = other.id.rawValue
      unsafe m.other_kind = .init(rawValue: UInt32(other.kind.rawValue))
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.linkAccounts, call, &m, to: &sink)
    case .unlink(let account, let other):
      var m = unsafe Probity__V1__UnlinkAccountsRequest()
      unsafe probity__v1__unlink_accounts_request__init(&m)
      unsafe m.account = account.id.rawValue
      unsafe m.kind = .init(rawValue: UInt32(account.kind.rawValue))
      unsafe m.other = other.id.rawValue
      unsafe m.other_kind = .init(rawValue: UInt32(other.kind.rawValue))
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.unlinkAccounts, call, &m, to: &sink)
    default: encodePolicyChange(c, call, to: &sink)
    }
  }

  private func encodePolicyChange<Sink: FrameSink>(
    _ c: DeskCommand, _ call: Call, to sink: inout Sink
  ) {
    switch c.action {
    case .putPolicy(let text):
      var m = unsafe Probity__V1__PutPolicyRequest()
      unsafe probity__v1__put_policy_request__init(&m)
      unsafe m.document = unsafe arena.string(text) ?? m.document
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.putPolicy, call, &m, to: &sink)
    case .activatePolicy(let hash):
      var m = unsafe Probity__V1__ActivatePolicyRequest()
      unsafe probity__v1__activate_policy_request__init(&m)
      unsafe m.policy = hash
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.activatePolicy, call, &m, to: &sink)
    case .shadowPolicy(let hash):
      var m = unsafe Probity__V1__ShadowPolicyRequest()
      unsafe probity__v1__shadow_policy_request__init(&m)
      unsafe m.policy = hash ?? 0
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.shadowPolicy, call, &m, to: &sink)
    default: preconditionFailure("no change of a policy: \(c.action)")
    }
  }

  /// When, by whom and why: in every command's message.
  func sign(
    _ c: DeskCommand, _ at: inout UInt64, _ actor: inout UnsafeMutablePointer<CChar>?,
    _ reason: inout UnsafeMutablePointer<CChar>?
  ) {
    at = UInt64(c.at.rawValue)
    unsafe actor = unsafe arena.string(c.actor) ?? actor
    unsafe reason = unsafe arena.string(c.reason) ?? reason
  }

  func message(_ claim: Claim) -> Probity__V1__Claim {
    var m = unsafe Probity__V1__Claim()
    unsafe probity__v1__claim__init(&m)
    unsafe m.id = claim.id.rawValue
    unsafe m.buyer = claim.buyer.rawValue
    unsafe m.merchant = claim.merchant.rawValue
    unsafe m.order = claim.order
    unsafe m.ordered_at = UInt64(claim.orderedAt.rawValue)
    unsafe m.opened_at = UInt64(claim.openedAt.rawValue)
    unsafe m.amount = claim.amount.rawValue
    unsafe m.category = claim.category
    unsafe m.claim_kind = .init(rawValue: UInt32(claim.kind.rawValue))
    unsafe m.allegation = .init(rawValue: UInt32(claim.allegation.rawValue))
    unsafe m.proofs = UInt32(claim.proofs.rawValue)
    return unsafe m
  }
}
