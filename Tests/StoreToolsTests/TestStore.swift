import CommandLog
import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import SimulatedDisk

/// A clock that says what it is told.
struct SetClock: EngineClock {
  var wallSeconds = UnixSeconds(1_760_000_000)
  var monotonicNanoseconds: UInt64 { 1_000 }
}

/// How the tests open and fill stores.
struct TestStore {
  typealias Store = RecoveredStore<SimulatedDisk>

  var policy = PolicyDocument.standard.policy
  var halfLifeDays: UInt32 = 180
  var clock = SetClock()
  var options: StoreOptions = {
    var options = StoreOptions()
    options.segmentBytes = 64 << 10
    options.reserveBytes = 0
    options.accountsMax = 1_000
    options.sourcesMax = 100
    options.loadThreadCount = 1
    return options
  }()

  /// The built-in policy under another version number.
  static func otherPolicy() throws -> Policy {
    let other = PolicyDocument.standardText(version: 12)
    return try PolicyDocument.load(bytes: Array(other.utf8), file: "other.yaml").policy
  }

  var rules: EvidenceRules {
    EvidenceRules(
      schema: EvidenceSchema(halfLifeSeconds: halfLifeDays * 86_400), policy: policy)
  }

  func open(_ disk: SimulatedDisk) throws(StoreFault) -> Store {
    try StoreRecovery(disk, rules: rules, options: options, clock: clock).open(tableSeed: 1)
  }

  /// The refusal to start; nil = it starts.
  func refusal(_ disk: SimulatedDisk) -> StoreFault? {
    do {
      _ = try open(disk)
      return nil
    } catch { return error }
  }

  /// Records groups of two commands, as a daemon does that is killed afterwards.
  func record(_ groupCount: Int, _ store: Store, buyer: UInt64 = 1) throws {
    for _ in 0..<groupCount {
      let next = store.state.position.rawValue + 1
      let commands = (next...next + 1).map { sequence in
        Command(
          source: 7, sequence: sequence,
          event: Event(
            at: UnixSeconds(1_750_000_000), buyer: AccountID(buyer), merchant: AccountID(sequence),
            amount: Minor(1_000), detail: .settled(orderedAt: .zero)))
      }
      var body: [UInt8] = []
      for command in commands { CommandCoding.append(command, to: &body) }
      _ = try store.log.append(body, count: commands.count)
      _ = store.state.apply(commands)
    }
  }

  /// Stops as a daemon does: with a snapshot.
  func stop(_ store: Store) { Engine(store, clock: clock).stop() }

  func examination<Storage: Disk>(
    _ disk: Storage
  ) throws -> (StoreExamination<Storage>, StoreInspector<Storage>) {
    let identity = try StoreInspector.identity(disk)
    return (
      StoreExamination(disk, identity, rules: rules, options: options),
      StoreInspector(disk, identity)
    )
  }
}
