import AccountStore
import ClaimStore
import IntegrityCore

/// Merchants' standings and certifications: what commands do about them.
extension IntegrityState {
  func govern(
    _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> StandingReport {
    let merchant: AccountID
    let isNew: Bool
    switch command.action {
    case .assess(let id):
      (merchant, isNew) = (id, try assess(id, command, context))
    case .decideStanding(let id, let decision):
      (merchant, isNew) = (id, try decide(id, decision, command, context))
    case .appealStanding(let id):
      (merchant, isNew) = (id, try openAppeal(id, command, context))
    case .decideStandingAppeal(let id, let isUpheld):
      (merchant, isNew) = (id, try decideAppeal(id, isUpheld, command, context))
    case .certify(let id, let certification, let endsAt):
      (merchant, isNew) = (id, try certify(id, certification, endsAt, command, context))
    case .revokeCertification(let id):
      (merchant, isNew) = (id, try revokeCertification(id, command, context))
    default: preconditionFailure("nothing about a merchant: \(command.action)")
    }
    var report = standingReport(of: merchant, at: context.now)
    report.hasChanged = isNew
    return report
  }

  static func unknownMerchant(_ merchant: AccountID) -> DeskRefusal {
    DeskRefusal(
      .notFound, field: "merchant", "nothing was ever recorded about merchant \(merchant.rawValue)")
  }

  func assessment(of record: AccountRecord, at now: UnixSeconds) -> Assessment {
    rules.policy.governance.assess(record, at: DecayClock(rules.schema, now: now))
  }

  // MARK: Steps

  private func assess(
    _ merchant: AccountID, _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> Bool {
    guard let record = table.record(of: AccountKey(.merchant, merchant)) else {
      throw Self.unknownMerchant(merchant)
    }
    // As of then nothing more is to be done, whether or not something is.
    context.begin()
    let certification = desk.certification(of: merchant, at: context.now)
    let state = desk.standingCase(of: merchant)
    let step = rules.policy.governance.step(
      state, assessment(of: record, at: context.now),
      certification: certification.flatMap { Certification(rawValue: $0.choice) },
      schema: rules.schema, now: context.now)
    let hasEnded = record.certification != nil && certification == nil
    guard let step else {
      if !hasEnded { return false }
      setCertification(nil, of: merchant, context)
      return true
    }
    let cause: StandingCause =
      state.standing == .clearOutNotice ? .noticeMet : step.finding != nil ? .conduct : .eased
    try take(step, merchant, cause, command, context)
    if hasEnded { setCertification(nil, of: merchant, context) }
    return true
  }

  private func take(
    _ step: StandingStep, _ merchant: AccountID, _ cause: StandingCause, _ command: DeskCommand,
    _ context: DeskContext
  ) throws(DeskRefusal) {
    try desk.set(DeskEntry(step, of: merchant, cause: cause, command, context), context)
    var located = table.locate(AccountKey(.merchant, merchant))
    let before = located.record.merchantStanding
    located.record.merchantStanding = step.standing
    table.store(located)
    noteChange(
      of: located.record.key, .standing, before: before.rawValue, after: step.standing.rawValue,
      at: context.now)
  }

  private func decide(
    _ merchant: AccountID, _ decision: StandingDecision, _ command: DeskCommand,
    _ context: DeskContext
  ) throws(DeskRefusal) -> Bool {
    guard let record = table.record(of: AccountKey(.merchant, merchant)) else {
      throw Self.unknownMerchant(merchant)
    }
    let state = desk.standingCase(of: merchant)
    let assessment = assessment(of: record, at: context.now)
    let isRepeated = desk.isNoted(.standing, merchant, command) {
      $0.cause == .decided && $0.standing == decision.standing
    }
    if isRepeated { return false }
    if state.isAppealOpen && decision != .dismiss {
      throw refusal(merchant, "has an open appeal: decide that first")
    }
    var step = StandingStep(standing: decision.standing)
    switch (decision, state.standing) {
    case (.giveNotice, .restricted):
      if let fault = rules.policy.governance.noticeFault(state, assessment, now: context.now) {
        throw refusal(merchant, "cannot be given notice: \(fault)")
      }
      step.finding = assessment.worst
    case (.clearOut, .clearOutNotice):
      try checkClearOut(merchant, state, assessment, at: context.now)
    case (.dismiss, .watch), (.dismiss, .restricted), (.dismiss, .clearOutNotice):
      step.heldUntil = context.now.adding(days: rules.policy.governance.holdDays)
    case (.reinstate, .clearedOut):
      step.heldUntil = context.now.adding(days: rules.policy.governance.holdDays)
    default:
      throw refusal(
        merchant, "stands at \(state.standing.name): \(decision.name) is not for that")
    }
    try take(step, merchant, .decided, command, context)
    return true
  }

  /// Refuses where the notice is not over, or was met, or nothing is held against the merchant.
  private func checkClearOut(
    _ merchant: AccountID, _ state: StandingCase, _ assessment: Assessment, at now: UnixSeconds
  ) throws(DeskRefusal) {
    switch rules.policy.governance.noticeResult(
      state, assessment, schema: rules.schema, now: now)
    {
    case .pending:
      let end = state.since.adding(days: rules.policy.governance.noticeDays)
      throw refusal(merchant, "has been given notice until \(end.rawValue) (UTC seconds): wait")
    case .met:
      throw refusal(merchant, "has met its notice: the next sweep, or `assess`, takes it back")
    case .unmet: break
    }
    if now < state.heldUntil {
      throw refusal(
        merchant, "has nothing held against it until \(state.heldUntil.rawValue) (UTC seconds)")
    }
  }

  private func refusal(_ merchant: AccountID, _ what: String) -> DeskRefusal {
    DeskRefusal(.precondition, field: "merchant", "merchant \(merchant.rawValue) \(what)")
  }

  // MARK: Appeals

  private func openAppeal(
    _ merchant: AccountID, _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> Bool {
    let isRepeated = desk.isNoted(.standingAppeal, merchant, command) {
      $0.choice == AppealState.open.rawValue
    }
    if isRepeated { return false }
    guard let number = desk.newestStep(of: merchant), desk.isToTheWorse(number) else {
      throw refusal(
        merchant, "was not made worse by its last step: there is nothing to appeal against")
    }
    let appeal = desk.appeal(against: number, of: merchant)
    switch appeal.state {
    case .open: return false
    case .upheld, .rejected:
      throw refusal(merchant, "has appealed against its last step already")
    case .none: break
    }
    let end = desk.orders[number].at.adding(days: rules.policy.governance.appealDays)
    if context.now > end {
      throw refusal(merchant, "could appeal until \(end.rawValue) (UTC seconds)")
    }
    try desk.set(
      entry(.standingAppeal, AppealState.open.rawValue, merchant, number, command, context), context
    )
    return true
  }

  private func entry(
    _ kind: DeskEntry.Kind, _ choice: UInt8, _ merchant: AccountID, _ value: UInt32,
    endsAt: UnixSeconds = .zero, _ command: DeskCommand, _ context: DeskContext
  ) -> DeskEntry {
    DeskEntry(
      kind, choice: choice, key: merchant.rawValue, keyKind: AccountKind.merchant.rawValue,
      value: UInt64(value), at: context.now, sentAt: command.at, endsAt: endsAt,
      position: context.position.rawValue,
      who: OperatorText(command.actor, sizeBytes: OperatorText.whoBytes),
      why: OperatorText(command.reason, sizeBytes: OperatorText.whyBytes))
  }

  private func decideAppeal(
    _ merchant: AccountID, _ isUpheld: Bool, _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> Bool {
    let decided: AppealState = isUpheld ? .upheld : .rejected
    let isRepeated = desk.isNoted(.standingAppeal, merchant, command) {
      $0.choice == decided.rawValue
    }
    if isRepeated { return false }
    guard let number = appealed(merchant),
      let record = table.record(of: AccountKey(.merchant, merchant))
    else { throw refusal(merchant, "has no open appeal") }
    switch desk.appeal(against: number, of: merchant).state {
    case .open: break
    case decided: return false
    default: throw refusal(merchant, "has no open appeal")
    }
    // Both or none.
    try desk.checkRoom(for: 2)
    try desk.set(
      entry(.standingAppeal, decided.rawValue, merchant, number, command, context), context)
    if !isUpheld { return true }
    try take(stepBack(from: number, record, context), merchant, .appealUpheld, command, context)
    return true
  }

  /// To where the merchant stood before a step, and for the same. If that was a notice it begins
  /// anew, with what its conduct is by now: so it can be met.
  private func stepBack(
    from number: UInt32, _ record: AccountRecord, _ context: DeskContext
  ) -> StandingStep {
    let before = desk.orders[number].previous.map { desk.orders[$0] }
    let findings = assessment(of: record, at: context.now).findings
    return StandingStep(
      standing: before?.standing ?? .normal,
      finding: before?.dimension.map { findings[$0.rawValue] },
      heldUntil: context.now.adding(days: rules.policy.governance.holdDays))
  }

  /// The step that a merchant appeals against, or has: the last but for what an appeal brought.
  private func appealed(_ merchant: AccountID) -> UInt32? {
    guard let number = desk.newestStep(of: merchant) else { return nil }
    let entry = desk.orders[number]
    return entry.cause == .appealUpheld ? entry.previous : number
  }

  // MARK: Certifications

  private func certify(
    _ merchant: AccountID, _ certification: Certification, _ endsAt: UnixSeconds,
    _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> Bool {
    let isRepeated = desk.isNoted(.certification, merchant, command) {
      $0.choice == certification.rawValue && $0.endsAt == endsAt
    }
    if isRepeated { return false }
    if let now = desk.certification(of: merchant, at: context.now),
      now.choice == certification.rawValue && now.endsAt == endsAt
    {
      return false
    }
    if endsAt <= context.now {
      throw DeskRefusal(
        .invalid, field: "endsAt", "lies before the newest event: must be later")
    }
    try desk.set(
      entry(.certification, certification.rawValue, merchant, 0, endsAt: endsAt, command, context),
      context)
    setCertification(certification, of: merchant, context)
    return true
  }

  private func revokeCertification(
    _ merchant: AccountID, _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> Bool {
    if desk.isNoted(.certification, merchant, command, where: \.isRevocation) { return false }
    guard desk.certification(of: merchant, at: context.now) != nil else {
      throw DeskRefusal(
        .notFound, field: "merchant",
        "merchant \(merchant.rawValue) has no certification in force")
    }
    try desk.set(entry(.certification, 0, merchant, 0, command, context), context)
    setCertification(nil, of: merchant, context)
    return true
  }

  private func setCertification(
    _ certification: Certification?, of merchant: AccountID, _ context: DeskContext
  ) {
    var located = table.locate(AccountKey(.merchant, merchant))
    let before = located.record.certification?.rawValue ?? 0
    located.record.certification = certification
    table.store(located)
    noteChange(
      of: located.record.key, .certification, before: before,
      after: certification?.rawValue ?? 0, at: context.now)
  }
}

extension StandingDecision {
  /// Where it brings a merchant.
  var standing: Standing {
    switch self {
    case .giveNotice: .clearOutNotice
    case .clearOut: .clearedOut
    case .dismiss: .normal
    case .reinstate: .watch
    }
  }
}
