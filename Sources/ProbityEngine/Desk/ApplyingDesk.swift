import AccountStore
import ClaimStore
import IntegrityCore

extension IntegrityState {
  /// Applies a command of the desk and moves the position past it.
  ///
  /// One that is refused, or was applied before, takes a position; nothing else changes.
  public func apply(_ command: DeskCommand) -> Result<DeskAnswer, DeskRefusal> {
    let context = DeskContext(
      state: self, table: table, rules: rules, position: takePosition(), stateAt: newestEventAt,
      now: Swift.max(newestEventAt, command.at), candidate: shelf.shadow?.policy)
    do throws(DeskRefusal) {
      let answer = try apply(command, context)
      desk.forgetSome(at: newestEventAt)
      return .success(answer)
    } catch {
      return .failure(error)
    }
  }

  private func apply(
    _ command: DeskCommand, _ context: DeskContext
  ) throws(DeskRefusal) -> DeskAnswer {
    switch command.action {
    case .openClaim(let claim): return .claim(try desk.open(claim, context))
    case .decideClaim(let id, let verdict):
      return .claim(try desk.decide(id, verdict, command, context))
    case .withdrawClaim(let id): return .claim(try desk.withdraw(id, command, context))
    case .settleSubsidy(let id, let settlement):
      return .claim(try desk.settle(id, settlement, command, context))
    case .openAppeal(let id, let party):
      return .claim(try desk.openAppeal(id, by: party, command, context))
    case .decideAppeal(let id, let isUpheld):
      return .claim(try desk.decideAppeal(id, isUpheld: isUpheld, command, context))
    case .putPolicy, .activatePolicy, .shadowPolicy:
      return try changePolicy(command.action, context)
    case .assess, .decideStanding, .appealStanding, .decideStandingAppeal, .certify,
      .revokeCertification:
      return .standing(try govern(command, context))
    default:
      try applyOrder(command, context)
      return .done
    }
  }

  private func applyOrder(_ command: DeskCommand, _ context: DeskContext) throws(DeskRefusal) {
    let entry = OrderEntries(command, context)
    switch command.action {
    case .setBudget(let scope, let key, let cap):
      try desk.set(entry.budget(scope, key, cap), context)
    case .setOverride(let account, let setting, let endsAt):
      let before = desk.override(setting.kind, of: account, at: context.now)
      try desk.set(entry.override(account, setting, endsAt), context)
      noteChange(
        of: account, .override, before: before == nil ? 0 : setting.kind.rawValue,
        after: setting.kind.rawValue, at: context.now)
    case .clearOverride(let account, let kind):
      try desk.clearOverride(kind, of: account, context)
      noteChange(of: account, .override, before: kind.rawValue, after: 0, at: context.now)
    case .link(let a, let b): try desk.link(a, b, context) { entry.link($0, $1) }
    case .unlink(let a, let b): try desk.unlink(a, b, context)
    default: preconditionFailure("no order of an operator: \(command.action)")
    }
  }
}

/// Orders of operators as entries.
private struct OrderEntries {
  private let command: DeskCommand
  private let position: UInt64
  private let who: OperatorText
  private let why: OperatorText

  init(_ command: DeskCommand, _ context: DeskContext) {
    self.command = command
    position = context.position.rawValue
    who = OperatorText(command.actor, sizeBytes: OperatorText.whoBytes)
    why = OperatorText(command.reason, sizeBytes: OperatorText.whyBytes)
  }

  func budget(_ scope: SubsidyScope, _ key: UInt64, _ cap: Minor?) -> DeskEntry {
    var entry = DeskEntry(
      .budget, choice: scope.rawValue, key: key,
      value: UInt64(bitPattern: cap?.rawValue ?? 0), at: command.at, position: position, who: who,
      why: why)
    entry.isOver = cap == nil
    return entry
  }

  func override(
    _ account: AccountKey, _ setting: OverrideSetting, _ endsAt: UnixSeconds
  ) -> DeskEntry {
    let value: UInt8 =
      switch setting {
      case .tier(let tier): tier.rawValue
      case .outcome(let outcome): outcome.rawValue
      case .listed: 0
      }
    return DeskEntry(
      .override, choice: setting.kind.rawValue, key: account.id.rawValue,
      keyKind: account.kind.rawValue, value: UInt64(value), at: command.at, endsAt: endsAt,
      position: position, who: who, why: why)
  }

  func link(_ a: AccountKey, _ b: AccountKey) -> DeskEntry {
    DeskEntry(
      .link, key: a.id.rawValue, keyKind: a.kind.rawValue, otherKey: b.id.rawValue,
      otherKind: b.kind.rawValue, at: command.at, position: position, who: who, why: why)
  }
}
