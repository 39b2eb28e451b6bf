import AccountStore
import ClaimStore
import IntegrityCore
import ProbityEngine

/// What a simulation knows of the log, and what the state must be.
struct Reference {
  let rules: EvidenceRules
  let sourcesMax: Int
  /// Commands in the order of their positions, acknowledged and others.
  private(set) var timeline: [LoggedCommand] = []
  /// Sent in a group whose fate nobody knows: behind the timeline or nowhere.
  private(set) var uncertain: [LoggedCommand] = []
  /// The fold of the timeline, by the core.
  private(set) var state: IntegrityState
  /// The same by other means.
  private(set) var model: NaiveModel
  /// To the desk's last command.
  private(set) var lastAnswer: Result<DeskAnswer, DeskRefusal> = .success(.done)
  /// State hashes that were seen, by position.
  private var hashes: [UInt64: UInt64] = [:]

  init(_ rules: EvidenceRules, sourcesMax: Int) {
    self.rules = rules
    self.sourcesMax = sourcesMax
    model = NaiveModel(rules.policy)
    state = Self.empty(rules, sourcesMax)
  }

  private static func empty(_ rules: EvidenceRules, _ sourcesMax: Int) -> IntegrityState {
    guard
      let table = try? AccountTable(layout: StoreLayout(accountsMax: 4_096, shardCount: 4), seed: 1)
    else { preconditionFailure("no address space for a small table") }
    let state = IntegrityState(
      table: table, rules: rules, sourcesMax: sourcesMax, policies: .simulated)
    state.desk.receipts = MemoryReceipts()
    return state
  }

  /// Appends commands that are in the log.
  ///
  /// - Returns: how many of them changed the state.
  mutating func append(_ commands: [Command]) throws -> Int {
    timeline += commands.map { .event($0) }
    let applied = state.apply(commands)
    let expected = commands.reduce(0) { $0 + (model.apply($1) ? 1 : 0) }
    if applied != expected {
      throw Violation("the core applied \(applied) of a batch, the model \(expected)")
    }
    return applied
  }

  /// The same of a command of the desk.
  mutating func append(_ command: DeskCommand) throws -> Result<DeskAnswer, DeskRefusal> {
    timeline.append(.desk(command))
    let result = state.apply(command)
    try model.apply(command, result, weight: weight(of: result))
    lastAnswer = result
    return result.map { state.completed($0, to: command.action) }
  }

  private func weight(of result: Result<DeskAnswer, DeskRefusal>) -> Float {
    guard case .success(.claim(let answer)) = result,
      let number = state.desk.claims.number(of: answer.claim.id)
    else { return 0 }
    return state.desk.claims[number].weight
  }

  mutating func doubt(_ commands: [LoggedCommand]) { uncertain += commands }

  /// A hash that was reported: the same position never has two.
  mutating func note(hash: UInt64, at position: UInt64) throws {
    if let known = hashes[position], known != hash {
      throw Violation("position \(position) has the state hashes \(known) and \(hash)")
    }
    hashes[position] = hash
  }

  /// Compares a state that was recovered, and takes its position for the log's end.
  mutating func settle(_ recovered: IntegrityState) throws {
    let position = recovered.position.rawValue
    let all = timeline + uncertain
    if position > all.count {
      throw Violation("recovered position \(position), and only \(all.count) commands were sent")
    }
    uncertain = []
    if position >= timeline.count {
      try append(logged: all[timeline.count..<Int(position)])
    } else {
      self = try rebuilt(timeline[..<Int(position)])
    }
    if recovered.hash != state.hash {
      throw Violation("the state at \(position) is not the fold of the log's first \(position)")
    }
    try compareWithModel(recovered)
    try compareClaims(recovered.desk)
    try checkStandings(recovered)
    recovered.desk.checkInvariants()
  }

  private mutating func append(logged commands: ArraySlice<LoggedCommand>) throws {
    for command in commands {
      switch command {
      case .event(let command): _ = try append([command])
      case .desk(let command): _ = try append(command)
      }
    }
  }

  private func rebuilt(_ prefix: ArraySlice<LoggedCommand>) throws -> Reference {
    var rebuilt = Reference(rules, sourcesMax: sourcesMax)
    try rebuilt.append(logged: prefix)
    rebuilt.hashes = hashes.filter { $0.key <= prefix.count }
    return rebuilt
  }

  private func compareWithModel(_ recovered: IntegrityState) throws {
    if recovered.table.count != model.newest.count {
      throw Violation("\(recovered.table.count) accounts, the model has \(model.newest.count)")
    }
    for (source, sequence) in model.highest
    where recovered.highestSequence(of: source) != sequence {
      throw Violation("source \(source) stands at another sequence than \(sequence)")
    }
    let now = UnixSeconds(1_760_000_000)
    let halfLife = Double(rules.schema.halfLifeSeconds)
    for counter in model.counters.keys {
      guard let record = recovered.table.record(of: counter.account) else {
        throw Violation("\(counter.account) is missing")
      }
      let clock = DecayClock(rules.schema, now: max(now, record.lastEventAt))
      let found = Double(record[stored: counter.index] * clock.factor(for: record))
      let expected = model.value(counter, at: clock.now, halfLife: halfLife)
      let turnover = model.turnover(counter, at: clock.now, halfLife: halfLife)
      if abs(found - expected) > 1e-3 * max(1, abs(expected)) + 1e-5 * turnover {
        throw Violation("\(counter): \(found), the model has \(expected)")
      }
    }
  }
}

extension Reference {
  /// What lookups see of a merchant is what the desk has, and a human has cleared it out.
  private func checkStandings(_ state: IntegrityState) throws {
    for merchant in DeskClient.merchants {
      guard let record = state.table.record(of: AccountKey(.merchant, merchant)) else { continue }
      let report = state.standingReport(of: merchant, at: state.newestEventAt)
      if record.merchantStanding != report.standing {
        throw Violation(
          "merchant \(merchant.rawValue) stands at \(record.merchantStanding) in its record, at "
            + "\(report.standing) at the desk")
      }
      if let certification = report.certification?.certification,
        record.certification != certification
      {
        throw Violation("merchant \(merchant.rawValue) is not certified in its record")
      }
      for (step, before) in zip(report.steps, report.steps.dropFirst()) {
        let isOut = step.standing == .clearedOut
        if isOut && (step.cause != .decided || before.standing != .clearOutNotice) {
          throw Violation("merchant \(merchant.rawValue) was cleared out by no human")
        }
        if step.cause == .conduct && step.standing.rawValue != before.standing.rawValue + 1 {
          throw Violation("merchant \(merchant.rawValue) took more than a step")
        }
      }
    }
  }

  /// Every claim's outcome and money are what the model has.
  private func compareClaims(_ desk: ClaimDesk) throws {
    for (id, expected) in model.desk.claims {
      guard let number = desk.claims.number(of: id) else {
        let kept = UInt64(expected.newestAt.rawValue) + UInt64(ClaimDesk.retentionDays) * 86_400
        if kept <= UInt64(model.desk.now.rawValue) { continue }
        throw Violation("claim \(id.rawValue) is missing")
      }
      let record = desk.claims[number]
      let isEqual =
        record.claim == expected.claim && record.outcome == expected.outcome
        && record.verdict == expected.verdict && record.subsidy == expected.money
        && record.reservedAt == expected.reservedAt && record.appeal == expected.appeal
        && record.flags.contains(.withdrawn) == expected.isWithdrawn
      if !isEqual {
        throw Violation(
          "claim \(id.rawValue): \(record.outcome) and \(record.subsidy), the model has "
            + "\(expected.outcome) and \(expected.money)")
      }
    }
  }

  /// Every claim's receipt is the one that was answered, and proves its decision.
  ///
  /// - Parameter read: a receipt as it lies on the disk, by number.
  func checkReceipts(_ desk: ClaimDesk, _ read: (UInt32) -> [UInt8]?) throws {
    for number in desk.claims.first..<desk.claims.next {
      guard let bytes = read(number), bytes == state.desk.receipts?.read(number) else {
        throw Violation("the receipt of claim \(number) is not the one that was answered")
      }
      do {
        let receipt = try Receipt(bytes)
        let document = DeskClient.documents.first { $0.policy.hash == receipt.policyHash }
        try receipt.verify(under: document?.policy ?? rules.policy)
      } catch {
        throw Violation("the receipt of claim \(number) proves nothing: \(error)")
      }
    }
  }
}

/// Something that must not be.
struct Violation: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

extension Result<DeskAnswer, DeskRefusal> {
  /// As it is answered where the receipts that `found` says it could not read cannot be.
  func excusing(_ found: Self) -> Self {
    switch (self, found) {
    case (.success(.claim(var answer)), .success(.claim(let other))):
      if other.receipt == nil { answer.receipt = nil }
      return .success(.claim(answer))
    case (.success(.undone(var answer, let page)), .success(.undone(let other, let otherPage))):
      if other.receipt == nil { answer.receipt = nil }
      return .success(.undone(answer, affected: otherPage.unreadable > 0 ? otherPage : page))
    default: return self
    }
  }
}
