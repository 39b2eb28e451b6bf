import ClaimStore
import IntegrityCore

/// What is told of merchants' standings.
extension IntegrityState {
  package func standingReport(of merchant: AccountID, at now: UnixSeconds) -> StandingReport {
    let governance = rules.policy.governance
    let record =
      table.record(of: AccountKey(.merchant, merchant))
      ?? AccountRecord(AccountKey(.merchant, merchant))
    let assessment = assessment(of: record, at: now)
    let state = desk.standingCase(of: merchant)
    var report = StandingReport(
      merchant: merchant, standing: state.standing, steps: desk.steps(of: merchant),
      heldUntil: state.heldUntil, assessment: assessment, asOf: now)
    if state.standing == .clearOutNotice {
      report.noticeEndsAt = state.since.adding(days: governance.noticeDays)
      report.notice = governance.noticeResult(state, assessment, schema: rules.schema, now: now)
    }
    if let last = report.steps.first, desk.newestStep(of: merchant).map(desk.isToTheWorse) ?? false
    {
      switch last.appeal.state {
      case .none:
        let end = last.at.adding(days: governance.appealDays)
        if now <= end { report.appealableUntil = end }
      case .open: report.answerDueAt = last.appeal.openedAt.adding(days: governance.answerDays)
      case .upheld, .rejected: break
      }
    }
    if let entry = desk.certification(of: merchant, at: now),
      let certification = Certification(rawValue: entry.choice)
    {
      report.certification = CertificationEntry(
        certification: certification, at: entry.at, endsAt: entry.endsAt,
        actor: entry.who.text, reason: entry.why.text)
    }
    report.isHeldBySupport = governance.isHeldBySupport(
      state, assessment, certification: report.certification?.certification,
      schema: rules.schema, now: now)
    return report
  }

  /// Entries looked at for one page.
  private static let scannedMax: UInt32 = 4_096

  func standings(_ filter: StandingFilter, below: UInt32) -> StandingsPage {
    var page = StandingsPage(standings: [], next: nil)
    var number = Swift.min(below, desk.orders.next)
    var left = Self.scannedMax
    while number > desk.orders.first && left > 0
      && page.standings.count < StandingsPage.countMax
    {
      number -= 1
      left -= 1
      let entry = desk.orders[number]
      guard entry.kind == .standing, desk.orders.newest(entry.subject) == number,
        filter.standing.map({ $0 == entry.standing }) ?? (entry.standing > .normal)
      else { continue }
      let report = standingReport(of: AccountID(entry.key), at: newestEventAt)
      if filter.isWaiting && !report.isWaiting { continue }
      page.standings.append(report)
    }
    page.next = number > desk.orders.first ? number : nil
    return page
  }
}
