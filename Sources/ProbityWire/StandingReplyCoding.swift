import CProbityMessages
import CProtobufC
import IntegrityCore

/// What is told of merchants' standings.
extension Codec {
  // MARK: Encoding, as the server does

  func message(_ reply: StandingReply) -> Probity__V1__StandingReply {
    let report = reply.report
    var m = unsafe Probity__V1__StandingReply()
    unsafe probity__v1__standing_reply__init(&m)
    unsafe m.merchant = report.merchant.rawValue
    unsafe m.standing = code(report.standing)
    unsafe (m.n_steps, m.steps) = unsafe list(report.steps, step)
    unsafe m.held_until = UInt64(report.heldUntil.rawValue)
    unsafe m.notice_ends_at = UInt64(report.noticeEndsAt.rawValue)
    unsafe m.notice = .init(rawValue: UInt32(report.notice?.rawValue ?? 0))
    unsafe m.appealable_until = UInt64(report.appealableUntil.rawValue)
    unsafe m.answer_due_at = UInt64(report.answerDueAt.rawValue)
    unsafe fill(&m, report.certification)
    unsafe (m.n_conduct, m.conduct) = unsafe list(report.assessment.findings, message)
    unsafe m.calls_for = code(report.assessment.standing)
    unsafe m.mature = report.assessment.isMature ? 1 : 0
    unsafe m.distinct_buyers = UInt32(clamping: report.assessment.distinctBuyers)
    unsafe m.as_of = UInt64(report.asOf.rawValue)
    unsafe m.changed = report.hasChanged ? 1 : 0
    unsafe m.log_position = reply.logPosition.rawValue
    unsafe m.policy_version = reply.policyVersion
    unsafe m.policy_hash = reply.policyHash
    unsafe m.held_by_support = report.isHeldBySupport ? 1 : 0
    return unsafe m
  }

  private func fill(_ m: inout Probity__V1__StandingReply, _ entry: CertificationEntry?) {
    guard let entry else { return }
    unsafe m.certification = .init(rawValue: UInt32(entry.certification.rawValue))
    unsafe m.certified_at = UInt64(entry.at.rawValue)
    unsafe m.certified_until = UInt64(entry.endsAt.rawValue)
    unsafe m.certified_by = unsafe arena.string(entry.actor) ?? m.certified_by
    unsafe m.certified_why = unsafe arena.string(entry.reason) ?? m.certified_why
  }

  private func step(_ entry: StandingEntry) -> Probity__V1__StandingStep {
    var m = unsafe Probity__V1__StandingStep()
    unsafe probity__v1__standing_step__init(&m)
    unsafe m.standing = code(entry.standing)
    unsafe m.cause = .init(rawValue: UInt32(entry.cause.rawValue))
    if let dimension = entry.dimension,
      let conduct = unsafe arena.allocate(Probity__V1__Conduct.self, count: 1)
    {
      unsafe conduct.initialize(to: message(dimension, entry.conduct))
      unsafe m.conduct = unsafe conduct
    }
    unsafe m.at = UInt64(entry.at.rawValue)
    unsafe m.policy_version = entry.policyVersion
    unsafe m.log_position = entry.position.rawValue
    unsafe m.actor = unsafe arena.string(entry.actor) ?? m.actor
    unsafe m.reason = unsafe arena.string(entry.reason) ?? m.reason
    unsafe m.appeal = .init(rawValue: UInt32(entry.appeal.state.rawValue))
    unsafe m.appeal_opened_at = UInt64(entry.appeal.openedAt.rawValue)
    unsafe m.appeal_decided_at = UInt64(entry.appeal.decidedAt.rawValue)
    return unsafe m
  }

  private func message(
    _ dimension: GovernedDimension, _ conduct: Conduct
  ) -> Probity__V1__Conduct {
    var m = unsafe Probity__V1__Conduct()
    unsafe probity__v1__conduct__init(&m)
    unsafe m.dimension = unsafe arena.string(dimension.name) ?? m.dimension
    unsafe m.incidents = conduct.incidents
    unsafe m.orders = conduct.orders
    return unsafe m
  }

  func message(_ finding: ConductFinding) -> Probity__V1__Conduct {
    var m = unsafe message(finding.dimension, finding.conduct)
    unsafe m.certain_rate = finding.certainRate
    unsafe m.calls_for = code(finding.standing)
    return unsafe m
  }

  func code(_ standing: Standing) -> Probity__V1__Standing {
    .init(rawValue: UInt32(standing.rawValue))
  }

  // MARK: Decoding, as the client does

  public func decodeStandingReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> StandingReply {
    let m = unsafe try unpack(bytes, "StandingReply", probity__v1__standing_reply__unpack)
    return unsafe reply(m.pointee)
  }

  public func decodeStandingsReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> StandingsReply {
    let m = unsafe try unpack(
      bytes, "StandingsReply", probity__v1__standings_reply__unpack
    ).pointee
    return unsafe StandingsReply(
      standings: (0..<m.n_standings).compactMap {
        unsafe m.standings[$0].map { unsafe reply($0.pointee) }
      }, next: unsafe m.more == 0 ? nil : m.next, logPosition: LogPosition(m.log_position))
  }

  private func reply(_ m: Probity__V1__StandingReply) -> StandingReply {
    let findings = unsafe (0..<m.n_conduct).compactMap {
      unsafe m.conduct[$0].flatMap { unsafe finding($0.pointee) }
    }
    let assessment = unsafe Assessment(
      isMature: m.mature != 0, distinctBuyers: Int(m.distinct_buyers), findings: findings,
      standing: standing(m.calls_for))
    var report = unsafe StandingReport(
      merchant: AccountID(m.merchant), standing: standing(m.standing), assessment: assessment,
      asOf: seconds(m.as_of), hasChanged: m.changed != 0)
    report.steps = unsafe (0..<m.n_steps).compactMap {
      unsafe m.steps[$0].map { unsafe step($0.pointee) }
    }
    report.heldUntil = unsafe seconds(m.held_until)
    report.noticeEndsAt = unsafe seconds(m.notice_ends_at)
    report.notice = unsafe known(m.notice.rawValue)
    report.appealableUntil = unsafe seconds(m.appealable_until)
    report.answerDueAt = unsafe seconds(m.answer_due_at)
    report.isHeldBySupport = unsafe m.held_by_support != 0
    if let certification: Certification = unsafe known(m.certification.rawValue) {
      report.certification = unsafe CertificationEntry(
        certification: certification, at: seconds(m.certified_at),
        endsAt: seconds(m.certified_until), actor: text(m.certified_by),
        reason: text(m.certified_why))
    }
    return unsafe StandingReply(
      report: report, logPosition: LogPosition(m.log_position), policyVersion: m.policy_version,
      policyHash: m.policy_hash)
  }

  private func step(_ m: Probity__V1__StandingStep) -> StandingEntry {
    let conduct = unsafe m.conduct.flatMap { unsafe finding($0.pointee) }
    return unsafe StandingEntry(
      standing: standing(m.standing), cause: known(m.cause.rawValue) ?? .decided,
      dimension: conduct?.dimension,
      conduct: conduct?.conduct ?? Conduct(incidents: 0, orders: 0), at: seconds(m.at),
      policyVersion: m.policy_version, position: LogPosition(m.log_position),
      actor: text(m.actor), reason: text(m.reason),
      appeal: StandingAppeal(
        state: known(m.appeal.rawValue) ?? .none, openedAt: seconds(m.appeal_opened_at),
        decidedAt: seconds(m.appeal_decided_at)))
  }

  /// Nil for a dimension that this client does not know.
  func finding(_ m: Probity__V1__Conduct) -> ConductFinding? {
    let name = unsafe text(m.dimension)
    guard let dimension = GovernedDimension.allCases.first(where: { $0.name == name }) else {
      return nil
    }
    return unsafe ConductFinding(
      dimension: dimension, conduct: Conduct(incidents: m.incidents, orders: m.orders),
      certainRate: m.certain_rate, standing: standing(m.calls_for))
  }

  /// One that this client does not know is the worst.
  func standing(_ raw: Probity__V1__Standing) -> Standing { known(raw.rawValue) ?? .clearedOut }
}
