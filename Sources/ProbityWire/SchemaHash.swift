import CProbityMessages
import CProtobufC
import IntegrityCore

/// The schema hash that HELLO carries: over every message's full name and each
/// field's number, name, label and type, from the descriptors of the generated code.
enum SchemaHash {
  static func compute() -> UInt64 {
    var words: [UInt64] = []
    // Safe: the descriptors are constants of the generated code, which live for ever.
    unsafe add(probity__v1__hello__descriptor, to: &words)
    unsafe add(probity__v1__error_detail__descriptor, to: &words)
    unsafe add(probity__v1__go_away__descriptor, to: &words)
    unsafe add(probity__v1__score_request__descriptor, to: &words)
    unsafe add(probity__v1__score_reply__descriptor, to: &words)
    unsafe add(probity__v1__score_batch_request__descriptor, to: &words)
    unsafe add(probity__v1__score_batch_reply__descriptor, to: &words)
    unsafe add(probity__v1__explain_request__descriptor, to: &words)
    unsafe add(probity__v1__explain_reply__descriptor, to: &words)
    unsafe add(probity__v1__evidence_entry__descriptor, to: &words)
    unsafe add(probity__v1__dimension_entry__descriptor, to: &words)
    unsafe add(probity__v1__change__descriptor, to: &words)
    unsafe add(probity__v1__record_request__descriptor, to: &words)
    unsafe add(probity__v1__command__descriptor, to: &words)
    unsafe add(probity__v1__record_reply__descriptor, to: &words)
    unsafe add(probity__v1__status_request__descriptor, to: &words)
    unsafe add(probity__v1__status_reply__descriptor, to: &words)
    unsafe add(probity__v1__health_request__descriptor, to: &words)
    unsafe add(probity__v1__health_reply__descriptor, to: &words)
    unsafe add(probity__v1__snapshot_request__descriptor, to: &words)
    unsafe add(probity__v1__snapshot_reply__descriptor, to: &words)
    addDesk(to: &words)
    addGovernance(to: &words)
    addStreams(to: &words)
    return StateHash.of(words)
  }

  private static func addStreams(to words: inout [UInt64]) {
    unsafe add(probity__v1__sweep_request__descriptor, to: &words)
    unsafe add(probity__v1__sweep_step__descriptor, to: &words)
    unsafe add(probity__v1__sweep_part__descriptor, to: &words)
    unsafe add(probity__v1__sweep_reply__descriptor, to: &words)
    unsafe add(probity__v1__rescore_request__descriptor, to: &words)
    unsafe add(probity__v1__rescore_row__descriptor, to: &words)
    unsafe add(probity__v1__rescore_sums__descriptor, to: &words)
    unsafe add(probity__v1__rescore_claims__descriptor, to: &words)
    unsafe add(probity__v1__rescore_part__descriptor, to: &words)
    unsafe add(probity__v1__rescore_reply__descriptor, to: &words)
    unsafe add(probity__v1__watch_request__descriptor, to: &words)
    unsafe add(probity__v1__account_change__descriptor, to: &words)
    unsafe add(probity__v1__watch_part__descriptor, to: &words)
    unsafe add(probity__v1__watch_reply__descriptor, to: &words)
    unsafe add(probity__v1__kpi_request__descriptor, to: &words)
    unsafe add(probity__v1__kpi_part__descriptor, to: &words)
    unsafe add(probity__v1__kpi_day__descriptor, to: &words)
    unsafe add(probity__v1__kpi_reply__descriptor, to: &words)
  }

  private static func addGovernance(to words: inout [UInt64]) {
    unsafe add(probity__v1__assess_request__descriptor, to: &words)
    unsafe add(probity__v1__decide_standing_request__descriptor, to: &words)
    unsafe add(probity__v1__appeal_standing_request__descriptor, to: &words)
    unsafe add(probity__v1__decide_standing_appeal_request__descriptor, to: &words)
    unsafe add(probity__v1__certify_request__descriptor, to: &words)
    unsafe add(probity__v1__revoke_certification_request__descriptor, to: &words)
    unsafe add(probity__v1__get_standing_request__descriptor, to: &words)
    unsafe add(probity__v1__get_standings_request__descriptor, to: &words)
    unsafe add(probity__v1__conduct__descriptor, to: &words)
    unsafe add(probity__v1__standing_step__descriptor, to: &words)
    unsafe add(probity__v1__standing_reply__descriptor, to: &words)
    unsafe add(probity__v1__standings_reply__descriptor, to: &words)
  }

  private static func addDesk(to words: inout [UInt64]) {
    unsafe add(probity__v1__claim__descriptor, to: &words)
    unsafe add(probity__v1__open_claim_request__descriptor, to: &words)
    unsafe add(probity__v1__decide_claim_request__descriptor, to: &words)
    unsafe add(probity__v1__withdraw_claim_request__descriptor, to: &words)
    unsafe add(probity__v1__get_claim_request__descriptor, to: &words)
    unsafe add(probity__v1__settle_subsidy_request__descriptor, to: &words)
    unsafe add(probity__v1__open_appeal_request__descriptor, to: &words)
    unsafe add(probity__v1__decide_appeal_request__descriptor, to: &words)
    unsafe add(probity__v1__claim_note__descriptor, to: &words)
    unsafe add(probity__v1__outcome_change__descriptor, to: &words)
    unsafe add(probity__v1__claim_reply__descriptor, to: &words)
    unsafe add(probity__v1__affected_decisions_request__descriptor, to: &words)
    unsafe add(probity__v1__affected_decision__descriptor, to: &words)
    unsafe add(probity__v1__affected_decisions_reply__descriptor, to: &words)
    unsafe add(probity__v1__done_reply__descriptor, to: &words)
    unsafe add(probity__v1__set_budget_request__descriptor, to: &words)
    unsafe add(probity__v1__get_budgets_request__descriptor, to: &words)
    unsafe add(probity__v1__budget__descriptor, to: &words)
    unsafe add(probity__v1__budgets_reply__descriptor, to: &words)
    unsafe add(probity__v1__set_override_request__descriptor, to: &words)
    unsafe add(probity__v1__clear_override_request__descriptor, to: &words)
    unsafe add(probity__v1__get_overrides_request__descriptor, to: &words)
    unsafe add(probity__v1__override__descriptor, to: &words)
    unsafe add(probity__v1__account__descriptor, to: &words)
    unsafe add(probity__v1__overrides_reply__descriptor, to: &words)
    unsafe add(probity__v1__link_accounts_request__descriptor, to: &words)
    unsafe add(probity__v1__unlink_accounts_request__descriptor, to: &words)
    unsafe add(probity__v1__put_policy_request__descriptor, to: &words)
    unsafe add(probity__v1__activate_policy_request__descriptor, to: &words)
    unsafe add(probity__v1__shadow_policy_request__descriptor, to: &words)
    unsafe add(probity__v1__policy_reply__descriptor, to: &words)
    unsafe add(probity__v1__get_policies_request__descriptor, to: &words)
    unsafe add(probity__v1__policy_entry__descriptor, to: &words)
    unsafe add(probity__v1__shadow_count__descriptor, to: &words)
    unsafe add(probity__v1__policies_reply__descriptor, to: &words)
    unsafe add(probity__v1__get_shadow_request__descriptor, to: &words)
    unsafe add(probity__v1__shadow_difference__descriptor, to: &words)
    unsafe add(probity__v1__shadow_reply__descriptor, to: &words)
  }

  private static func add(_ message: ProtobufCMessageDescriptor, to words: inout [UInt64]) {
    unsafe words.append(contentsOf: bytes(of: message.name))
    for index in 0..<Int(unsafe message.n_fields) {
      let field = unsafe message.fields[index]
      unsafe words.append(UInt64(field.id))
      unsafe words.append(UInt64(field.label.rawValue) << 32 | UInt64(field.type.rawValue))
      unsafe words.append(contentsOf: bytes(of: field.name))
    }
  }

  private static func bytes(of name: UnsafePointer<CChar>?) -> [UInt64] {
    guard let name = unsafe name else { return [0] }
    return unsafe String(cString: name).utf8.map { UInt64($0) } + [0]
  }
}
