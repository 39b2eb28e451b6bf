import AccountStore
import IntegrityCore
import ProbityEngine

/// What a simulation knows of the log, and what the state must be.
struct Reference {
  let rules: EvidenceRules
  let sourcesMax: Int
  /// Commands in the order of their positions, acknowledged and others.
  private(set) var timeline: [Command] = []
  /// Sent in a group whose fate nobody knows: behind the timeline or nowhere.
  private(set) var uncertain: [Command] = []
  /// The fold of the timeline, by the core.
  private(set) var state: IntegrityState
  /// The same by other means.
  private(set) var model = NaiveModel()
  /// State hashes that were seen, by position.
  private var hashes: [UInt64: UInt64] = [:]

  init(_ rules: EvidenceRules, sourcesMax: Int) {
    self.rules = rules
    self.sourcesMax = sourcesMax
    state = Self.empty(rules, sourcesMax)
  }

  private static func empty(_ rules: EvidenceRules, _ sourcesMax: Int) -> IntegrityState {
    guard
      let table = try? AccountTable(layout: StoreLayout(accountsMax: 4_096, shardCount: 4), seed: 1)
    else { preconditionFailure("no address space for a small table") }
    return IntegrityState(table: table, rules: rules, sourcesMax: sourcesMax)
  }

  /// Appends commands that are in the log.
  ///
  /// - Returns: how many of them changed the state.
  mutating func append(_ commands: [Command]) throws -> Int {
    timeline += commands
    let applied = state.apply(commands)
    let expected = commands.reduce(0) { $0 + (model.apply($1) ? 1 : 0) }
    if applied != expected {
      throw Violation("the core applied \(applied) of a batch, the model \(expected)")
    }
    return applied
  }

  mutating func doubt(_ commands: [Command]) { uncertain += commands }

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
      _ = try append(Array(all[timeline.count..<Int(position)]))
    } else {
      self = rebuilt(Array(timeline[..<Int(position)]))
    }
    if recovered.hash != state.hash {
      throw Violation("the state at \(position) is not the fold of the log's first \(position)")
    }
    try compareWithModel(recovered)
  }

  private func rebuilt(_ prefix: [Command]) -> Reference {
    var rebuilt = Reference(rules, sourcesMax: sourcesMax)
    _ = try? rebuilt.append(prefix)
    rebuilt.hashes = hashes.filter { $0.key <= prefix.count }
    return rebuilt
  }

  private func compareWithModel(_ recovered: IntegrityState) throws {
    if recovered.table.count != model.accounts.count {
      throw Violation("\(recovered.table.count) accounts, the model has \(model.accounts.count)")
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
      if abs(found - expected) > 1e-3 * max(1, abs(expected)) {
        throw Violation("\(counter): \(found), the model has \(expected)")
      }
    }
  }
}

/// Something that must not be.
struct Violation: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
