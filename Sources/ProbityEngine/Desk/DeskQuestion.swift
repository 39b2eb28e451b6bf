import ClaimStore
import IntegrityCore

/// Something that is asked of the desk, between commands.
public enum DeskQuestion: Hashable, Sendable {
  case claim(ClaimID)
  /// Of a scope and a key; 0 = the scope's own.
  case budgets
  case overrides(AccountKey)
  case policies
  case standing(AccountID)
  /// Numbers of the claims that were applied since.
  case claimNumbers(UnixSeconds)
  /// The time of the newest event or command.
  case time
  /// Sums over claims from a number on, below another.
  case claimFigures(from: UInt32, below: UInt32, openedFrom: UnixSeconds, before: UnixSeconds)
  /// Sums over steps of merchants, the newest first below a number.
  case stepFigures(from: UnixSeconds, before: UnixSeconds, below: UInt32)
  /// Merchants that do not stand as any other, a page, those whose steps are newest first.
  case standings(StandingFilter, below: UInt32)
  /// Claims that the policy in shadow would have decided otherwise, newest first, below a number.
  case shadow(below: UInt32, countMax: Int)
  /// Later decisions that an undone claim has changed, newest first, below a number.
  case affected(ClaimID, below: UInt32)
}

/// What was told.
public enum DeskReport: Sendable, Equatable {
  case claim(ClaimAnswer?)
  case budgets([BudgetStanding])
  case overrides([OverrideStanding], linked: [AccountKey])
  case policies(PolicyReport)
  indirect case standing(StandingReport)
  /// Whole unless some that were opened since may be forgotten.
  case claimNumbers(first: UInt32, next: UInt32, isWhole: Bool)
  case time(UnixSeconds)
  /// To go on from `next`.
  indirect case claimFigures(ClaimFigures, next: UInt32)
  indirect case stepFigures(MerchantFigures, next: UInt32?)
  case standings(StandingsPage)
  case shadow(ShadowReport)
  case affected(AffectedReport)
  case refused(DeskRefusal)
}

extension IntegrityState {
  /// Answers a question. Bounded: a few thousand records at most.
  package func answer(_ question: DeskQuestion) -> DeskReport {
    switch question {
    case .claim(let id):
      return .claim(desk.claims.number(of: id).map { desk.answer($0, isRepeated: true) })
    case .budgets: return .budgets(desk.budgets(rules.policy))
    case .overrides(let account):
      return .overrides(
        desk.overrides(of: account, at: newestEventAt),
        linked: Array(desk.identity(of: account).dropFirst()))
    case .policies: return .policies(policyReport)
    case .standing(let merchant):
      let now = newestEventAt
      guard table.record(of: AccountKey(.merchant, merchant)) != nil else {
        return .refused(Self.unknownMerchant(merchant))
      }
      return .standing(standingReport(of: merchant, at: now))
    case .claimNumbers(let since):
      return .claimNumbers(
        first: desk.firstClaim(since: since), next: desk.claims.next,
        isWhole: desk.keepsClaims(since: since, now: newestEventAt))
    case .time: return .time(newestEventAt)
    case .claimFigures(let first, let next, let from, let to):
      let page = desk.claimFigures(from: first, below: next, openedFrom: from, before: to)
      return .claimFigures(page.0, next: page.next)
    case .stepFigures(let from, let to, let below):
      let page = desk.stepFigures(from: from, before: to, below: below)
      return .stepFigures(page.0, next: page.next)
    case .standings(let filter, let below):
      return .standings(standings(filter, below: below))
    case .shadow(let below, let countMax):
      return .shadow(desk.shadowReport(below: below, countMax: countMax))
    case .affected(let id, let below):
      do throws(DeskRefusal) {
        return .affected(try affected(by: id, below: below))
      } catch {
        return .refused(error)
      }
    }
  }

  private var policyReport: PolicyReport {
    PolicyReport(
      entries: shelf.policies.map {
        PolicyReport.Entry(
          name: $0.name, version: $0.policy.version, hash: $0.policy.hash, position: $0.position,
          text: $0.text)
      }, activeHash: shelf.activeHash, shadowHash: shelf.shadowHash, shadow: desk.shadow)
  }
}

extension ClaimDesk {
  /// Claims looked at for one answer.
  private static let scannedMax: UInt32 = 4_096

  /// The first claim that was applied at `time` or later: they are in the order of that time.
  func firstClaim(since time: UnixSeconds) -> UInt32 {
    var (low, high) = (claims.first, claims.next)
    while low < high {
      let middle = low + (high - low) / 2
      if claims[middle].appliedAt < time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func shadowReport(below: UInt32, countMax: Int) -> ShadowReport {
    var report = ShadowReport(tally: shadow, differences: [], next: nil)
    var number = Swift.min(below, claims.next)
    var left = Self.scannedMax
    while number > claims.first && left > 0 && report.differences.count < countMax {
      number -= 1
      left -= 1
      let record = claims[number]
      if let other = record.shadowOutcome, other != record.firstOutcome {
        report.differences.append(
          .init(claim: record.claim, outcome: record.firstOutcome, other: other, number: number))
      }
    }
    report.next = number > claims.first ? number : nil
    return report
  }

  /// The scopes' own budgets, and those set for one category, buyer or merchant: at most
  /// 1,000 of these, the newest.
  func budgets(_ policy: Policy) -> [BudgetStanding] {
    var standings = SubsidyScope.allCases.map { standing($0, 0, policy) }
    var number = orders.next
    var left = Self.scannedMax
    while number > orders.first && left > 0 && standings.count < 1_000 {
      number -= 1
      left -= 1
      let entry = orders[number]
      guard entry.kind == .budget, !entry.isOver, entry.key != 0,
        let scope = SubsidyScope(rawValue: entry.choice),
        orders.newest(entry.subject) == number
      else { continue }
      standings.append(standing(scope, entry.key, policy))
    }
    return standings
  }

  private func standing(
    _ scope: SubsidyScope, _ key: UInt64, _ policy: Policy
  ) -> BudgetStanding {
    let subject = DeskEntry.subject(.budget, choice: scope.rawValue, key: key)
    let entry = orders.newest(subject).map { orders[$0] }.flatMap { $0.isOver ? nil : $0 }
    let used: Minor? =
      switch scope {
      case .global: Minor(ledger.globalUsed)
      case .category: key == 0 ? nil : Minor(ledger.used(ofCategory: UInt32(key)))
      case .merchant30Days: key == 0 ? nil : Minor(claims.used(ofMerchant: AccountID(key)))
      case .buyer30Days, .buyer365Days, .pair90Days: nil
      }
    return BudgetStanding(
      scope: scope, key: key,
      cap: entry.map { Minor(Int64(bitPattern: $0.value)) } ?? policy.subsidy.caps[scope],
      used: used, isSet: entry != nil, actor: entry?.who.text ?? "",
      reason: entry?.why.text ?? "", at: entry?.at ?? .zero)
  }

  func overrides(of account: AccountKey, at now: UnixSeconds) -> [OverrideStanding] {
    OverrideKind.allCases.compactMap { kind in
      guard let entry = override(kind, of: account, at: now) else { return nil }
      let setting: OverrideSetting? =
        switch kind {
        case .tier: Tier(rawValue: UInt8(truncatingIfNeeded: entry.value)).map { .tier($0) }
        case .outcome:
          Outcome(rawValue: UInt8(truncatingIfNeeded: entry.value)).map { .outcome($0) }
        case .listed: .listed
        }
      return setting.map {
        OverrideStanding(
          setting: $0, actor: entry.who.text, reason: entry.why.text, at: entry.at,
          endsAt: entry.endsAt)
      }
    }
  }
}
