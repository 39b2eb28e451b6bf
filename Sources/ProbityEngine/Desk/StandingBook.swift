import ClaimStore
import IntegrityCore

/// What the desk remembers of merchants' standings and certifications.
extension ClaimDesk {
  /// The last step with a merchant.
  func newestStep(of merchant: AccountID) -> UInt32? { newest(.standing, merchant) }

  /// Whether a step brought its merchant to a worse standing than before: such can be appealed.
  func isToTheWorse(_ number: UInt32) -> Bool {
    let before = orders[number].previous.map { orders[$0].standing } ?? .normal
    return orders[number].standing > before
  }

  private func newest(_ kind: DeskEntry.Kind, _ merchant: AccountID) -> UInt32? {
    if orders.count == 0 { return nil }
    return orders.newest(Self.subject(kind, merchant))
  }

  private static func subject(_ kind: DeskEntry.Kind, _ merchant: AccountID) -> UInt64 {
    DeskEntry.subject(kind, key: merchant.rawValue, keyKind: AccountKind.merchant.rawValue)
  }

  /// Whether such an entry was made about the merchant, by the same person and with the same
  /// time: then the command is one that was sent again, however late it comes.
  func isNoted(
    _ kind: DeskEntry.Kind, _ merchant: AccountID, _ command: DeskCommand,
    where isAlike: (DeskEntry) -> Bool
  ) -> Bool {
    if orders.count == 0 { return false }
    var isNoted = false
    orders.forEach(Self.subject(kind, merchant)) { _, entry in
      // In the order of time, the newest first; none is earlier than its command.
      if entry.at < command.at { return false }
      isNoted =
        entry.sentAt == command.at && entry.who.text == command.actor && isAlike(entry)
      return !isNoted
    }
    return isNoted
  }

  func standingCase(of merchant: AccountID) -> StandingCase {
    guard let number = newestStep(of: merchant) else { return .none }
    let entry = orders[number]
    return StandingCase(
      standing: entry.standing, since: entry.at, dimension: entry.dimension,
      conduct: entry.conduct, heldUntil: entry.endsAt,
      isAppealOpen: appeal(against: number, of: merchant).state == .open,
      met: metNotices(of: merchant))
  }

  /// The last notice that the merchant has met in each dimension.
  private func metNotices(of merchant: AccountID) -> [MetNotice] {
    var met: [MetNotice] = []
    orders.forEach(Self.subject(.standing, merchant)) { _, entry in
      if entry.cause == .noticeMet, let dimension = entry.dimension,
        !met.contains(where: { $0.dimension == dimension })
      {
        met.append(MetNotice(dimension: dimension, conduct: entry.conduct, at: entry.at))
      }
      return true
    }
    return met
  }

  /// The appeal against a step.
  func appeal(against number: UInt32, of merchant: AccountID) -> StandingAppeal {
    var appeal = StandingAppeal.none
    orders.forEach(Self.subject(.standingAppeal, merchant)) { _, entry in
      // Newer ones are about later steps.
      if entry.value != UInt64(number) { return entry.value > UInt64(number) }
      let state = AppealState(rawValue: entry.choice) ?? .none
      if state == .open {
        appeal.openedAt = entry.at
        if appeal.state == .none { appeal.state = .open }
      } else {
        appeal.state = state
        appeal.decidedAt = entry.at
      }
      return true
    }
    return appeal
  }

  /// The newest entry about the appeal against a step.
  func newestAppeal(against number: UInt32, of merchant: AccountID) -> DeskEntry? {
    newest(.standingAppeal, merchant).map { orders[$0] }.flatMap {
      $0.value == UInt64(number) ? $0 : nil
    }
  }

  /// What a merchant is certified as at `now`.
  package func certification(of merchant: AccountID, at now: UnixSeconds) -> DeskEntry? {
    guard let number = newest(.certification, merchant) else { return nil }
    let entry = orders[number]
    return entry.isRevocation || entry.endsAt <= now ? nil : entry
  }

  /// The steps with a merchant, newest first, as they were taken.
  func steps(of merchant: AccountID) -> [StandingEntry] {
    var steps: [StandingEntry] = []
    if orders.count == 0 { return steps }
    orders.forEach(Self.subject(.standing, merchant)) { number, entry in
      steps.append(
        StandingEntry(
          standing: entry.standing, cause: entry.cause, dimension: entry.dimension,
          conduct: entry.conduct, at: entry.at,
          policyVersion: UInt32(truncatingIfNeeded: entry.otherKey),
          position: LogPosition(entry.position), actor: entry.who.text, reason: entry.why.text,
          appeal: appeal(against: number, of: merchant)))
      return steps.count < StandingReport.stepsMax
    }
    return steps
  }
}

/// A step as an entry.
extension DeskEntry {
  init(
    _ step: StandingStep, of merchant: AccountID, cause: StandingCause,
    _ command: DeskCommand, _ context: DeskContext
  ) {
    let dimension = step.finding.map { UInt8($0.dimension.rawValue + 1) } ?? 0
    let conduct = step.finding?.conduct ?? Conduct(incidents: 0, orders: 0)
    self.init(
      .standing, choice: step.standing.rawValue, key: merchant.rawValue,
      keyKind: AccountKind.merchant.rawValue,
      otherKey: UInt64(context.rules.policy.version),
      otherKind: cause.rawValue | dimension << 4,
      value: UInt64(conduct.incidents.bitPattern) | UInt64(conduct.orders.bitPattern) << 32,
      at: context.now, sentAt: command.at, endsAt: step.heldUntil,
      position: context.position.rawValue,
      who: OperatorText(command.actor, sizeBytes: OperatorText.whoBytes),
      why: OperatorText(command.reason, sizeBytes: OperatorText.whyBytes))
  }

  /// Of a certification: it is taken back.
  var isRevocation: Bool { choice == 0 }

  var standing: Standing { Standing(rawValue: choice) ?? .normal }
  var cause: StandingCause { StandingCause(rawValue: otherKind & 15) ?? .conduct }

  var dimension: GovernedDimension? {
    otherKind >> 4 == 0 ? nil : GovernedDimension(rawValue: Int(otherKind >> 4) - 1)
  }

  var conduct: Conduct {
    Conduct(
      incidents: Float(bitPattern: UInt32(truncatingIfNeeded: value)),
      orders: Float(bitPattern: UInt32(truncatingIfNeeded: value >> 32)))
  }
}
