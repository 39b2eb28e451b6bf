import AccountStore
import IntegrityCore

/// Has every merchant's standing follow its evidence, by one step at most.
///
/// The population is walked beside the sequencer; each merchant that does not stand as any
/// other, or is called to, is assessed by a command of its own. So nothing stops meanwhile, and
/// what is decided is decided where the log has it.
struct SweepRun {
  private let actor: String
  private let reason: String
  private let means: PopulationThread.Means
  private let sink: any PopulationSink
  private let at: UnixSeconds

  init(
    at: UnixSeconds, actor: String, reason: String, _ means: PopulationThread.Means,
    _ sink: any PopulationSink
  ) {
    self.actor = actor
    self.reason = reason
    self.means = means
    self.sink = sink
    self.at = at == .zero ? means.clock.wallSeconds : at
  }

  /// What is known of a merchant while its command is under way.
  private struct Asked {
    let record: AccountRecord
    let before: Standing
  }

  private struct State {
    let active: GovernanceRules
    let shadow: GovernanceRules?
    let clock: DecayClock
    var end: SweepEnd
    var steps: [SweepStep] = []
    var asked: [UInt32: Asked] = [:]
    var pipeline: SequencerQuestions.Pipeline
  }

  /// Steps of one part, and accounts between two parts.
  private static let stepsMax = 256
  private static let partAccounts = 1 << 20

  func run() -> PopulationEnd {
    guard case .policies(let report)? = means.questions.ask(.policies),
      case .time(let newest)? = means.questions.ask(.time)
    else { return .closed }
    // Commands do not go back in time, either.
    let asOf = max(at, newest)
    let active = means.policies.policy.policy
    let shadow = report.shadowHash.flatMap { hash in
      report.entries.first { $0.hash == hash }.flatMap { try? means.compile($0.text).get().policy }
    }
    var state = State(
      active: active.governance, shadow: shadow?.governance,
      clock: DecayClock(means.schema, now: asOf),
      end: SweepEnd(policyVersion: active.version, policyHash: active.hash, asOf: asOf),
      pipeline: means.questions.pipeline())
    state.end.shadowHash = report.shadowHash
    var scan = TableScan(means.table)
    var records: [AccountRecord] = []
    var pace = YieldPace()
    var toldAt = 0
    while scan.next(into: &records) {
      pace.step(records.count)
      for record in records where record.kind == .merchant {
        if !take(record, &state) { return .closed }
      }
      if scan.walkedCount - toldAt >= Self.partAccounts || state.steps.count >= Self.stepsMax {
        toldAt = scan.walkedCount
        if !tell(&state, scan.walkedCount) { return .cancelled }
      }
      if means.stop.isSet { return .closed }
      if sink.isCancelled { return .cancelled }
    }
    while !state.asked.isEmpty { if !receive(&state) { return .closed } }
    if !tell(&state, scan.walkedCount) { return .cancelled }
    state.end.position = means.position()
    return .swept(state.end)
  }

  /// - Returns: false where the engine has ended.
  private func take(_ record: AccountRecord, _ state: inout State) -> Bool {
    state.end.merchantCount += 1
    let callsFor = standing(of: record, by: state.active, at: state.clock)
    if record.standing == 0 && callsFor == .normal {
      state.end.standings[0] += 1
      let inShadow = state.shadow.map { standing(of: record, by: $0, at: state.clock) }
      if let inShadow, inShadow > .normal {
        state.end.shadowWorseCount += 1
        state.steps.append(
          SweepStep(
            merchant: record.id, before: .normal, after: .normal, callsFor: .normal,
            shadowCallsFor: inShadow, isWaiting: false))
      }
      return true
    }
    while state.pipeline.isFull { if !receive(&state) { return false } }
    let command = DeskCommand(
      .assess(record.id), at: state.clock.now, actor: actor, reason: reason)
    guard let number = state.pipeline.send(command) else { return false }
    state.asked[number] = Asked(record: record, before: record.merchantStanding)
    return true
  }

  /// What the evidence calls for, support or not.
  private func standing(
    of record: AccountRecord, by rules: GovernanceRules, at clock: DecayClock
  ) -> Standing {
    rules.mayConcern(record) ? rules.assess(record, at: clock).standing : .normal
  }

  /// Waits for the next answer.
  private func receive(_ state: inout State) -> Bool {
    guard let answer = state.pipeline.next(),
      let asked = state.asked.removeValue(forKey: answer.number)
    else { return false }
    switch answer.outcome {
    case .answered(.standing(let report), _): note(report, asked, &state)
    case .refused, .storeFull:
      state.end.refusedCount += 1
      state.end.standings[Int(asked.before.rawValue)] += 1
    default: return false
    }
    return true
  }

  private func note(_ report: StandingReport, _ asked: Asked, _ state: inout State) {
    state.end.standings[Int(report.standing.rawValue)] += 1
    if report.isWaiting { state.end.waitingCount += 1 }
    let certification = report.certification?.certification
    let callsFor = state.active.called(report.assessment, certification)
    let inShadow = state.shadow.map { rules in
      rules.called(rules.assess(asked.record, at: state.clock), certification)
    }
    let isWorseInShadow = inShadow.map { $0 > callsFor } ?? false
    if isWorseInShadow { state.end.shadowWorseCount += 1 }
    if report.standing > asked.before { state.end.worseCount += 1 }
    if report.standing < asked.before { state.end.betterCount += 1 }
    if report.standing == asked.before && !isWorseInShadow && !report.isWaiting { return }
    var found: ConductFinding?
    if report.standing > asked.before, let dimension = report.steps.first?.dimension {
      found = report.assessment.findings[dimension.rawValue]
    }
    state.steps.append(
      SweepStep(
        merchant: asked.record.id, before: asked.before, after: report.standing,
        finding: found, callsFor: callsFor, shadowCallsFor: inShadow ?? callsFor,
        isWaiting: report.isWaiting))
  }

  private func tell(_ state: inout State, _ walkedCount: Int) -> Bool {
    let part = SweepPart(
      steps: state.steps, walkedCount: UInt64(walkedCount),
      accountCount: UInt64(means.table.count))
    state.steps.removeAll()
    return sink.put(.sweep(part))
  }
}
