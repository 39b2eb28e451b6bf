import CProbityMessages
import CProtobufC
import IntegrityCore
import Rescoring

/// Parts and the end of a rescore.
extension Codec {
  // MARK: Encoding, as the server does

  func message(_ part: RescorePart) -> Probity__V1__RescorePart {
    var m = unsafe Probity__V1__RescorePart()
    unsafe probity__v1__rescore_part__init(&m)
    unsafe m.shard = part.shard
    unsafe m.shards = part.shardCount
    unsafe m.complete = part.isComplete ? 1 : 0
    if part.isComplete {
      unsafe (m.n_sums, m.sums) = unsafe list(
        [(AccountKind.buyer, part.buyers), (.merchant, part.merchants)], sums)
    }
    unsafe (m.n_movers, m.movers) = unsafe list(part.movers, row)
    unsafe (m.n_rows, m.rows) = unsafe list(part.rows, row)
    unsafe m.walked = part.walkedCount
    unsafe m.accounts = part.accountCount
    if let claims = part.claims,
      let message = unsafe arena.allocate(Probity__V1__RescoreClaims.self, count: 1)
    {
      unsafe message.initialize(to: comparison(claims))
      unsafe m.claims = unsafe message
    }
    unsafe m.claims_total = part.claimTotal
    unsafe m.as_of = UInt64(part.asOf.rawValue)
    unsafe m.policy_hash = part.policyHash
    unsafe m.candidate_hash = part.candidateHash
    return unsafe m
  }

  func sums(_ sums: (kind: AccountKind, of: PopulationSums)) -> Probity__V1__RescoreSums {
    var m = unsafe Probity__V1__RescoreSums()
    unsafe probity__v1__rescore_sums__init(&m)
    unsafe m.kind = .init(rawValue: UInt32(sums.kind.rawValue))
    unsafe (m.n_scores_before, m.scores_before) = unsafe column(sums.of.before.counts)
    unsafe (m.n_scores_after, m.scores_after) = unsafe column(sums.of.after.counts)
    unsafe (m.n_tiers, m.tiers) = unsafe column(sums.of.tiers.counts)
    return unsafe m
  }

  private func row(_ row: RescoreRow) -> Probity__V1__RescoreRow {
    var m = unsafe Probity__V1__RescoreRow()
    unsafe probity__v1__rescore_row__init(&m)
    unsafe m.account = row.account.id.rawValue
    unsafe m.kind = .init(rawValue: UInt32(row.account.kind.rawValue))
    unsafe m.score_before = UInt32(clamping: row.before.score)
    unsafe m.score_after = UInt32(clamping: row.after.score)
    unsafe m.floor_before = UInt32(clamping: row.before.scoreFloor)
    unsafe m.floor_after = UInt32(clamping: row.after.scoreFloor)
    unsafe m.tier_before = .init(rawValue: UInt32(row.before.tier.rawValue))
    unsafe m.tier_after = .init(rawValue: UInt32(row.after.tier.rawValue))
    unsafe (m.n_reasons_before, m.reasons_before) = unsafe column(codes(row.before))
    unsafe (m.n_reasons_after, m.reasons_after) = unsafe column(codes(row.after))
    return unsafe m
  }

  private func codes(_ verdict: RescoreRow.Verdict) -> [UInt32] {
    verdict.reasons.map { UInt32($0.rawValue) }
  }

  private func comparison(_ claims: ClaimComparison) -> Probity__V1__RescoreClaims {
    var m = unsafe Probity__V1__RescoreClaims()
    unsafe probity__v1__rescore_claims__init(&m)
    unsafe m.claims = claims.claimCount
    unsafe m.unreadable = claims.unreadableCount
    unsafe (m.n_outcomes, m.outcomes) = unsafe column(claims.outcomes.words)
    unsafe m.subsidy_before = claims.subsidyBefore.rawValue
    unsafe m.subsidy_after = claims.subsidyAfter.rawValue
    unsafe m.reviewed_before = claims.reviewedBefore.rawValue
    unsafe m.reviewed_after = claims.reviewedAfter.rawValue
    return unsafe m
  }

  func message(_ end: RescoreEnd) -> Probity__V1__RescoreReply {
    var m = unsafe Probity__V1__RescoreReply()
    unsafe probity__v1__rescore_reply__init(&m)
    unsafe m.as_of = UInt64(end.asOf.rawValue)
    unsafe m.policy_version = end.policyVersion
    unsafe m.policy_hash = end.policyHash
    unsafe m.candidate_version = end.candidateVersion
    unsafe m.candidate_hash = end.candidateHash
    unsafe m.candidate_name = unsafe arena.string(end.candidateName) ?? m.candidate_name
    unsafe m.log_position = end.position.rawValue
    unsafe m.scan_microseconds = end.scanMicroseconds
    return unsafe m
  }

  // MARK: Decoding, as the client does

  func decodeRescorePart(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> RescorePart {
    let m = unsafe try unpack(bytes, "RescorePart", probity__v1__rescore_part__unpack).pointee
    var part = unsafe RescorePart(
      shard: m.shard, shardCount: m.shards, walkedCount: m.walked, accountCount: m.accounts,
      asOf: seconds(m.as_of))
    part.isComplete = unsafe m.complete != 0
    part.policyHash = unsafe m.policy_hash
    part.candidateHash = unsafe m.candidate_hash
    for index in unsafe 0..<m.n_sums {
      guard let sums = unsafe m.sums[index]?.pointee else { continue }
      guard let made = unsafe populationSums(sums) else {
        throw CallFailure(.invalidArgument, "the RescorePart has sums of another size")
      }
      if unsafe sums.kind.rawValue == UInt32(AccountKind.buyer.rawValue) {
        part.buyers = made
      } else {
        part.merchants = made
      }
    }
    part.movers = unsafe (0..<m.n_movers).compactMap {
      unsafe m.movers[$0].flatMap { unsafe row($0.pointee) }
    }
    part.rows = unsafe (0..<m.n_rows).compactMap {
      unsafe m.rows[$0].flatMap { unsafe row($0.pointee) }
    }
    if let claims = unsafe m.claims { part.claims = unsafe comparison(claims.pointee) }
    part.claimTotal = unsafe m.claims_total
    return part
  }

  func populationSums(_ m: Probity__V1__RescoreSums) -> PopulationSums? {
    guard
      let before = ScoreHistogram(
        counts: unsafe array(m.n_scores_before, m.scores_before)),
      let after = ScoreHistogram(counts: unsafe array(m.n_scores_after, m.scores_after)),
      let tiers = TierMatrix(counts: unsafe array(m.n_tiers, m.tiers))
    else { return nil }
    var sums = PopulationSums()
    (sums.before, sums.after, sums.tiers) = (before, after, tiers)
    return sums
  }

  func array<Number>(_ count: Int, _ start: UnsafeMutablePointer<Number>?) -> [Number] {
    unsafe Array(UnsafeBufferPointer(start: start, count: count))
  }

  private func row(_ m: Probity__V1__RescoreRow) -> RescoreRow? {
    guard let kind: AccountKind = unsafe known(m.kind.rawValue) else { return nil }
    return unsafe RescoreRow(
      account: AccountKey(kind, AccountID(m.account)),
      before: RescoreRow.Verdict(
        score: Int(m.score_before), scoreFloor: Int(m.floor_before),
        tier: known(m.tier_before.rawValue) ?? .e,
        reasons: reasons(array(m.n_reasons_before, m.reasons_before))),
      after: RescoreRow.Verdict(
        score: Int(m.score_after), scoreFloor: Int(m.floor_after),
        tier: known(m.tier_after.rawValue) ?? .e,
        reasons: reasons(array(m.n_reasons_after, m.reasons_after))))
  }

  private func reasons(_ codes: [UInt32]) -> [ReasonCode] {
    codes.compactMap { UInt16(exactly: $0).flatMap(ReasonCode.init) }
  }

  private func comparison(_ m: Probity__V1__RescoreClaims) -> ClaimComparison {
    var claims = ClaimComparison()
    claims.claimCount = unsafe m.claims
    claims.unreadableCount = unsafe m.unreadable
    let words = unsafe array(m.n_outcomes, m.outcomes)
    if words.count == claims.outcomes.words.count { claims.outcomes = ShadowTally(words: words) }
    claims.subsidyBefore = unsafe Minor(m.subsidy_before)
    claims.subsidyAfter = unsafe Minor(m.subsidy_after)
    claims.reviewedBefore = unsafe Minor(m.reviewed_before)
    claims.reviewedAfter = unsafe Minor(m.reviewed_after)
    return claims
  }

  func decodeRescoreEnd(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> RescoreEnd {
    let m = unsafe try unpack(bytes, "RescoreReply", probity__v1__rescore_reply__unpack).pointee
    return unsafe RescoreEnd(
      asOf: seconds(m.as_of), policyVersion: m.policy_version, policyHash: m.policy_hash,
      candidateVersion: m.candidate_version, candidateHash: m.candidate_hash,
      candidateName: text(m.candidate_name), position: LogPosition(m.log_position),
      scanMicroseconds: m.scan_microseconds)
  }
}
