import CommandLog
import ForgedStore
import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import SimulatedDisk

/// Inputs that fuzzers begin with: well-formed ones, which mutations damage.
public enum FuzzSeeds {
  /// For `LogFuzz`, by name.
  public static var log: [(name: String, input: [UInt8])] {
    let row = [1, 2, 3].map { ForgedGroup(payload($0), count: UInt32($0)) }
    let whole = ForgedSegment(sizeBytes: 5 * 4096, groups: row).forge().bytes
    // Without the zeros at the end, which are put there again.
    let used = ForgedSegment(sizeBytes: 4 * 4096, groups: row).forge().bytes[4096..<(3 * 4096 + 96)]
    return [
      ("whole-file", [0] + whole), ("behind-header", [1] + used),
      ("behind-header-after-1", [0x41, 1] + used), ("described", [2] + described()),
      ("described-after-3", [0x42, 3] + described()), ("described-reading", [0x82] + described()),
      ("described-damaged", [2] + described() + [1, 50, 32, 4]),
      ("described-lies", [2] + liars()),
    ]
  }

  /// Two segments of two groups.
  private static func described() -> [UInt8] {
    let group: [UInt8] = [0, 1, 40, 0]
    let withBody: [UInt8] = [1, 2, 3, 0, 65, 66, 67]
    let segment: [UInt8] = [0, 3, 2] + group + withBody
    return [1] + segment + segment
  }

  /// One segment with a group for each field that can lie.
  private static func liars() -> [UInt8] {
    var bytes: [UInt8] = [0, 0, 15, 8]
    for says in [2, 4] as [UInt8] { bytes += [says, 1, 9, 0, 2, 0, 0, 0, 0, 0, 0, 0] }
    for says in [8, 16, 32, 64] as [UInt8] { bytes += [says, 1, 9, 0, 2, 0, 0, 0] }
    return bytes + [0, 1, 9, 0, 128, 1, 9, 0, 80, 71, 82, 81]
  }

  /// For `SnapshotFuzz`, by name.
  ///
  /// - Throws: `StoreFault` where the engine's own snapshot cannot be read.
  public static func snapshot() throws -> [(name: String, input: [UInt8])] {
    let state = try snapshotOfAState([.record(events)])
    var small = ForgedSnapshot(position: SnapshotFuzz.position)
    small.chunks = [.init(payload(1), section: 1), .init(payload(2), section: 3)]
    return [
      ("state-file", [0] + state.forge()), ("state", SnapshotFuzz.description(state)),
      ("opaque-file", [0] + small.forge()), ("opaque", SnapshotFuzz.description(small)),
      ("lying-size", [1, 15] + [UInt8](repeating: 1, count: 60)),
    ]
      + (try desks.map {
        ("state-\($0.name)", SnapshotFuzz.description(try snapshotOfAState($0.work)))
      })
  }

  /// What the engine writes at its end, as the forged store's.
  private static func snapshotOfAState(_ work: [EngineJob.Work]) throws -> ForgedSnapshot {
    let disk = SimulatedDisk(seed: 1)
    var options = StoreOptions()
    options.accountsMax = SnapshotFuzz.accountsMax
    options.sourcesMax = SnapshotFuzz.sourcesMax
    options.segmentBytes = 64 << 10
    options.reserveBytes = 0
    options.policies = SnapshotFuzz.policies
    let store = try StoreRecovery(
      disk, rules: SnapshotFuzz.rules, options: options, clock: StandingClock()
    ).open(tableSeed: 1)
    let engine = Engine(store, clock: StandingClock())
    for work in work {
      _ = engine.submit(
        EngineJob(
          work, deadlineNanoseconds: .max,
          ticket: EngineJob.Ticket(connection: 1, stream: 1), replyTo: NoReplies()))
    }
    engine.stop()
    let reader = try SnapshotReader(disk, store.identity, position: SnapshotFuzz.position)
    var snapshot = ForgedSnapshot(position: SnapshotFuzz.position)
    snapshot.stateHash = reader.summary.stateHash
    snapshot.rules = reader.summary.rules
    var buffer: [UInt8] = []
    for chunk in reader.chunks {
      try reader.read(chunk, into: &buffer)
      var forged = ForgedSnapshot.Chunk(
        Array(buffer.prefix(Int(chunk.bodyBytes))), section: chunk.section, group: chunk.group)
      forged.itemCount = chunk.itemCount
      snapshot.chunks.append(forged)
    }
    return snapshot
  }

  private static var events: [Command] {
    (1...SnapshotFuzz.position).map {
      Command(source: 7, sequence: $0, event: event(buyer: $0))
    }
  }

  /// Three commands each: claims with notes, money and orders; and policies.
  private static var desks: [(name: String, work: [EngineJob.Work])] {
    let at = UnixSeconds(1_750_000_000)
    let claim = Claim(
      id: ClaimID(4), buyer: AccountID(1), merchant: AccountID(9), openedAt: at,
      amount: Minor(1_000), category: 3, kind: .quality, allegation: .defective)
    let other = PolicyDocument.standardText(version: 12)
    let hash = PolicyDocument.compile(other).map(\.policy.hash)
    func work(_ actions: [DeskAction]) -> [EngineJob.Work] {
      actions.map { .desk(DeskCommand($0, at: at, actor: "anna", reason: "why")) }
    }
    return [
      (
        "claims",
        work([
          .openClaim(claim), .settleSubsidy(claim.id, .commit),
          .setBudget(.category, key: 3, cap: Minor(5)),
        ])
      ),
      (
        "policies",
        work([
          .putPolicy(other), .activatePolicy((try? hash.get()) ?? 0),
          .shadowPolicy(SnapshotFuzz.rules.policy.hash),
        ])
      ),
    ]
  }

  private static func event(buyer: UInt64) -> Event {
    Event(
      at: UnixSeconds(1_750_000_000), buyer: AccountID(buyer), merchant: AccountID(9),
      amount: Minor(1_000), detail: .settled(orderedAt: .zero))
  }
}

/// A time that never passes.
private struct StandingClock: EngineClock {
  let wallSeconds = UnixSeconds(1_760_000_000)
  let monotonicNanoseconds: UInt64 = 1
}

/// Nobody waits for the answers.
private final class NoReplies: ReplySink {
  func deliver(_ outcomes: [(EngineJob.Ticket, JobOutcome)]) {}
}
