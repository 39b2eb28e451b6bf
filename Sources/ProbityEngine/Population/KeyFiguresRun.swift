import AccountStore
import IntegrityCore
import Rescoring

/// Adds up the committee's figures: the claims of a period page by page in the sequencer's
/// turns, and the population beside it.
struct KeyFiguresRun {
  private let from: UnixSeconds
  private let to: UnixSeconds
  private let means: PopulationThread.Means
  private let sink: any PopulationSink

  init(
    from: UnixSeconds, to: UnixSeconds, _ means: PopulationThread.Means,
    _ sink: any PopulationSink
  ) {
    self.from = from
    self.to = to
    self.means = means
    self.sink = sink
  }

  /// Accounts between two parts.
  private static let partAccounts = 1 << 20

  func run() -> PopulationEnd {
    guard case .policies(let report)? = means.questions.ask(.policies) else { return .closed }
    let active = means.policies.policy.policy
    let shadow = report.shadowHash.flatMap { hash in
      report.entries.first { $0.hash == hash }.flatMap { try? means.compile($0.text).get().policy }
    }
    var figures = KeyFigures(
      from: from, to: to, policyVersion: active.version, policyHash: active.hash)
    figures.shadowHash = shadow == nil ? nil : report.shadowHash
    if let end = addClaims(&figures) ?? addSteps(&figures) { return end }
    if let end = addPopulation(&figures, active, shadow ?? active) { return end }
    figures.position = means.position()
    return .figured(figures)
  }

  private func isOver(_ walked: Int, _ total: Int) -> PopulationEnd? {
    if means.stop.isSet { return .closed }
    if sink.isCancelled { return .cancelled }
    let part = KeyFiguresPart(walkedCount: UInt64(walked), totalCount: UInt64(max(total, walked)))
    return sink.put(.figures(part)) ? nil : .cancelled
  }

  private func addClaims(_ figures: inout KeyFigures) -> PopulationEnd? {
    // A claim can be opened before it is told of, and is told of in the order of the log.
    guard
      case .claimNumbers(let first, let next, let isWhole)? = means.questions.ask(
        .claimNumbers(from))
    else { return .closed }
    if !isWhole { return .refused(ClaimDesk.forgottenClaims("from", "a later one")) }
    let total = Int(next - first) + means.table.count
    var number = first
    while number < next {
      guard
        case .claimFigures(let page, let end)? = means.questions.ask(
          .claimFigures(from: number, below: next, openedFrom: from, before: to))
      else { return .closed }
      figures.claims.merge(page)
      number = end
      if let end = isOver(Int(number - first), total) { return end }
    }
    return nil
  }

  private func addSteps(_ figures: inout KeyFigures) -> PopulationEnd? {
    var below = UInt32.max
    while true {
      guard
        case .stepFigures(let page, let next)? = means.questions.ask(
          .stepFigures(from: from, before: to, below: below))
      else { return .closed }
      figures.market.addSteps(page)
      if means.stop.isSet { return .closed }
      if sink.isCancelled { return .cancelled }
      guard let next else { return nil }
      below = next
    }
  }

  private func addPopulation(
    _ figures: inout KeyFigures, _ active: Policy, _ candidate: Policy
  ) -> PopulationEnd? {
    let asOf = min(to, means.clock.wallSeconds)
    let clock = DecayClock(means.schema, now: asOf)
    var tally = PopulationTally(
      active: active, candidate: candidate, schema: means.schema, now: asOf, moversMax: 1)
    var scan = TableScan(means.table)
    var records: [AccountRecord] = []
    var pace = YieldPace()
    var toldAt = 0
    while scan.next(into: &records) {
      pace.step(records.count)
      for record in records {
        tally.add(record)
        if record.kind == .merchant { figures.market.add(record, at: clock) }
      }
      if scan.walkedCount - toldAt < Self.partAccounts { continue }
      toldAt = scan.walkedCount
      let claims = Int(figures.claims.claimCount)
      if let end = isOver(claims + scan.walkedCount, claims + means.table.count) { return end }
    }
    figures.buyers = tally.buyers
    figures.merchants = tally.merchants
    return nil
  }
}
