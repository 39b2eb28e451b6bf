import IntegrityCore
import ProbityWire

/// Messages of the dispute desk that several tests encode.
enum SampleDesk {
  static let claim = Claim(
    id: ClaimID(77), buyer: AccountID(7), merchant: AccountID(42), order: 1_001,
    orderedAt: UnixSeconds(1_767_139_200), openedAt: Sample.newYear, amount: Minor(12_900),
    category: 3, kind: .quality, allegation: .notReceived, proofs: [.trackingInvalid])

  static let claimOfExtremes = Claim(
    id: ClaimID(.max), buyer: AccountID(.max), merchant: AccountID(.max), order: .max,
    orderedAt: UnixSeconds(.max), openedAt: UnixSeconds(.max), amount: Minor(.min),
    category: .max, kind: .nonQuality, allegation: .other, proofs: ClaimProofs(rawValue: .max))

  static let claimOfZeros = Claim(
    id: ClaimID(0), buyer: AccountID(0), merchant: AccountID(0), openedAt: .zero,
    amount: Minor(0), kind: .quality, allegation: .notReceived)

  static let buyer = AccountKey(.buyer, AccountID(.max))
  static let merchant = AccountKey(.merchant, AccountID(42))

  /// Every action there can be, but for numbers.
  static var everyAction: [DeskAction] {
    let id = ClaimID(77)
    var actions: [DeskAction] = [
      .openClaim(claim), .openClaim(claimOfExtremes), .openClaim(claimOfZeros),
      .withdrawClaim(id), .withdrawClaim(ClaimID(.max)),
      .decideAppeal(id, isUpheld: true), .decideAppeal(id, isUpheld: false),
      .setOverride(merchant, .listed, endsAt: Sample.newYear), .link(buyer, merchant),
      .unlink(merchant, buyer), .putPolicy(""), .putPolicy("version: 3\nname: 严格\n"),
      .putPolicy(String(repeating: "#", count: ProtocolLimits.policyBytesMax)),
      .activatePolicy(.max), .shadowPolicy(nil), .shadowPolicy(1),
    ]
    actions += Verdict.allCases.map { .decideClaim(id, $0) }
    actions += Settlement.allCases.map { .settleSubsidy(id, $0) }
    actions += AccountKind.allCases.map { .openAppeal(id, by: $0) }
    for scope in SubsidyScope.allCases {
      for cap in [nil, Minor(0), Minor(.min), SubsidyAmounts.capMax] {
        actions.append(.setBudget(scope, key: .max, cap: cap))
      }
    }
    actions += Tier.allCases.map { .setOverride(buyer, .tier($0), endsAt: .zero) }
    actions += Outcome.allCases.map {
      .setOverride(merchant, .outcome($0), endsAt: UnixSeconds(.max))
    }
    actions += OverrideKind.allCases.map { .clearOverride(buyer, $0) }
    actions += [
      .assess(AccountID(42)), .appealStanding(AccountID(.max)), .revokeCertification(AccountID(1)),
      .decideStandingAppeal(AccountID(2), isUpheld: true),
      .decideStandingAppeal(AccountID(2), isUpheld: false),
    ]
    actions += StandingDecision.allCases.map { .decideStanding(AccountID(3), $0) }
    actions += Certification.allCases.map {
      .certify(AccountID(4), $0, endsAt: UnixSeconds(.max))
    }
    return actions
  }

  static var everyRequest: [DeskRequest] {
    var requests = everyAction.flatMap { action -> [DeskRequest] in
      [
        .command(DeskCommand(action, at: .zero)),
        .command(
          DeskCommand(
            action, at: UnixSeconds(.max), actor: String(repeating: "li ", count: 10),
            reason: String(repeating: "诚", count: 34))),
      ]
    }
    requests.append(.command(DeskCommand(.openClaim(claim), at: Sample.newYear), explains: true))
    for below in [0, UInt32.max] {
      requests.append(.affected(ClaimID(77), below: below))
      requests.append(.shadow(below: below, countMax: ProtocolLimits.shadowCountMax))
      requests.append(.shadow(below: below, countMax: 0))
    }
    for standing in [nil, Standing.watch, .clearedOut] {
      for isWaiting in [false, true] {
        let filter = StandingFilter(standing: standing, isWaiting: isWaiting)
        requests.append(.standings(filter, below: isWaiting ? .max : 0))
      }
    }
    return requests + [
      .standing(AccountID(.max)),
      .claim(ClaimID(1)), .claim(ClaimID(.max)), .budgets, .overrides(buyer),
      .overrides(merchant), .policies(nil), .policies(.max),
    ]
  }

  static var claimReply: ClaimReply {
    var reply = ClaimReply(
      claim: claim, outcome: .decline, firstOutcome: .platformCompensates, verdict: .abuse,
      money: SubsidyStanding(
        state: .reversed, counted: Minor(12_900), reservedAt: Sample.newYear),
      appeal: AppealStanding(state: .upheld, by: .merchant, openedAt: UnixSeconds(.max)),
      decidedAt: Sample.newYear, openedPosition: LogPosition(1_235), basis: Sample.basis)
    reply.reasons = Sample.score.reasons
    reply.scores = .init(buyer: 871, buyerFloor: 803, merchant: 1_000, merchantFloor: 1)
    reply.appealableUntil = UnixSeconds(1_769_817_600)
    reply.answerDueAt = UnixSeconds(.max)
    reply.isWithdrawn = true
    reply.isRepeated = true
    reply.notes = ClaimNote.What.allCases.map {
      ClaimNote(
        what: $0, at: Sample.newYear, actor: "li", reason: "照片是旧的",
        position: LogPosition(.max))
    }
    reply.changes = ClaimReply.ChangeKind.allCases.map {
      ClaimReply.Change(kind: $0, number: .max, text: "19 clean orders", textChinese: "十九单")
    }
    reply.receipt = (0..<Receipt.sizeBytes).map { UInt8(truncatingIfNeeded: $0) }
    reply.affected = affected.report
    return reply
  }

  static var claimReplyOfZeros: ClaimReply {
    ClaimReply(
      claim: claimOfZeros, outcome: .platformCompensates, firstOutcome: .manualReview,
      money: SubsidyStanding(state: .none, counted: Minor(0), reservedAt: .zero),
      appeal: AppealStanding(state: .none, openedAt: .zero), decidedAt: .zero,
      openedPosition: .zero, basis: Sample.scoreOfZeros.basis)
  }

  static var standing: StandingReply {
    let conduct = Conduct(incidents: 12.5, orders: 200)
    let assessment = Assessment(
      isMature: true, distinctBuyers: 64,
      findings: GovernedDimension.allCases.map {
        ConductFinding(
          dimension: $0, conduct: conduct, certainRate: 0.05,
          standing: Standing.allCases[$0.rawValue])
      }, standing: .clearOutNotice)
    var report = StandingReport(
      merchant: AccountID(.max), standing: .clearOutNotice, assessment: assessment,
      asOf: Sample.newYear, hasChanged: true)
    report.steps = StandingCause.allCases.map { cause in
      StandingEntry(
        standing: .restricted, cause: cause, dimension: cause == .decided ? nil : .noStock,
        conduct: cause == .decided ? Conduct(incidents: 0, orders: 0) : conduct,
        at: Sample.newYear, policyVersion: 5, position: LogPosition(7),
        actor: String(repeating: "a", count: DeskCommand.actorBytesMax),
        reason: String(repeating: "b", count: DeskCommand.reasonBytesMax),
        appeal: StandingAppeal(
          state: .rejected, openedAt: Sample.newYear, decidedAt: UnixSeconds(.max)))
    }
    report.heldUntil = UnixSeconds(.max)
    report.noticeEndsAt = Sample.newYear
    report.notice = .unmet
    report.appealableUntil = Sample.newYear
    report.answerDueAt = UnixSeconds(.max)
    report.isHeldBySupport = true
    report.certification = CertificationEntry(
      certification: .originAggregator, at: Sample.newYear, endsAt: UnixSeconds(.max),
      actor: "li", reason: "origin seen")
    return StandingReply(
      report: report, logPosition: LogPosition(9), policyVersion: 5, policyHash: .max)
  }

  static var standingOfNobody: StandingReply {
    StandingReply(
      report: StandingReport(
        merchant: AccountID(1), standing: .normal,
        assessment: Assessment(
          isMature: false, distinctBuyers: 0, findings: [], standing: .normal), asOf: .zero),
      logPosition: .zero, policyVersion: 0, policyHash: 0)
  }

  static let policy = PolicyReply(
    version: 3, hash: .max, isActive: true, logPosition: LogPosition(9))

  static var budgets: BudgetsReply {
    let set = SubsidyScope.allCases.map {
      BudgetStanding(
        scope: $0, key: .max, cap: SubsidyAmounts.capMax, used: Minor(.min), isSet: true,
        actor: "li", reason: "月末", at: Sample.newYear)
    }
    let own = BudgetStanding(
      scope: .global, key: 0, cap: Minor(0), isSet: false, actor: "", reason: "", at: .zero)
    return BudgetsReply(budgets: set + [own], logPosition: LogPosition(.max))
  }

  static var overrides: OverridesReply {
    let settings: [OverrideSetting] = [.tier(.e), .outcome(.decline), .listed]
    return OverridesReply(
      overrides: settings.map {
        OverrideStanding(
          setting: $0, actor: "li", reason: "ring", at: Sample.newYear, endsAt: .zero)
      }, linked: [buyer, merchant], logPosition: LogPosition(2))
  }

  static var tally: ShadowTally {
    ShadowTally(words: (0..<25).map { $0 % 3 == 0 ? 0 : UInt64($0) })
  }

  static var policies: PoliciesReply {
    let entries = [0, ProtocolLimits.policyBytesMax].map { count in
      PolicyReport.Entry(
        name: "严格-\(count)", version: .max, hash: UInt64(count), position: LogPosition(1),
        text: String(repeating: "#", count: count))
    }
    let report = PolicyReport(entries: entries, activeHash: 5, shadowHash: 6, shadow: tally)
    return PoliciesReply(report: report, logPosition: LogPosition(3))
  }

  static var shadow: ShadowReply {
    let differences = Outcome.allCases.map {
      ShadowReport.Difference(
        claim: claimOfExtremes, outcome: $0, other: .decline, number: UInt32($0.rawValue))
    }
    let report = ShadowReport(tally: tally, differences: differences, next: 0)
    return ShadowReply(report: report, logPosition: LogPosition(4))
  }

  static var affected: AffectedDecisionsReply {
    let decisions = Outcome.allCases.map {
      AffectedDecision(
        claim: ClaimID(.max), buyer: AccountID(1), merchant: AccountID(2),
        position: LogPosition(.max), outcome: $0, other: .manualReview)
    }
    let report = AffectedReport(decisions: decisions, lookedAt: 64, unreadable: 3, next: 17)
    return AffectedDecisionsReply(report: report, logPosition: LogPosition(5))
  }
}
