import IntegrityCore
import ProbityEngine
import SimulatedDisk
import Synchronization

/// An event source that keeps what was not acknowledged and sends it again.
struct SimulatedClient {
  let source: UInt64
  private var nextSequence: UInt64 = 1
  /// Sent, and not known to be applied.
  private(set) var pending: [Command] = []
  /// The last batch that was acknowledged, to be sent once more now and then.
  private var done: [Command] = []

  init(source: UInt64) { self.source = source }

  /// What it sends now: what is pending, a batch that was answered, or a new one.
  mutating func batch(_ random: inout SplitMix64, now: UnixSeconds) -> [Command] {
    if !pending.isEmpty { return pending }
    if !done.isEmpty && random.chance(perMille: 80) { return done }
    pending = (0..<1 + random.below(8)).map { _ in
      defer { nextSequence += 1 }
      return Command(
        source: source, sequence: nextSequence, event: Self.event(&random, now: now))
    }
    return pending
  }

  mutating func acknowledge(_ batch: [Command]) {
    if batch == pending { pending = [] }
    done = batch
  }

  private static func event(_ random: inout SplitMix64, now: UnixSeconds) -> Event {
    let details: [EventDetail] = [
      .settled(orderedAt: .zero), .settled(orderedAt: .zero), .pickedUp(late: random.below(2) == 0),
      .claimOpened(.quality, .notReceived), .claimOpened(.nonQuality, .notAsDescribed),
      .claimDecided(.quality, .upheld), .carrierProof(.emptyParcel),
    ]
    return Event(
      at: UnixSeconds(now.rawValue - UInt32(random.below(60 * 86_400))),
      buyer: AccountID(UInt64(1 + random.below(60))),
      merchant: AccountID(UInt64(1 + random.below(12))), order: random.next() | 1, claim: 1,
      amount: Minor(Int64(1 + random.below(100_000))), detail: details[random.below(details.count)])
  }
}

/// Gathers what became of jobs.
final class Answers: ReplySink {
  private let outcomes = Mutex<[UInt32: JobOutcome]>([:])

  func deliver(_ outcomes: [(EngineJob.Ticket, JobOutcome)]) {
    self.outcomes.withLock { for (ticket, outcome) in outcomes { $0[ticket.stream] = outcome } }
  }

  func take(_ stream: UInt32) -> JobOutcome? {
    outcomes.withLock { $0.removeValue(forKey: stream) }
  }
}

/// Answers to requests for snapshots.
final class SnapshotAnswers: Sendable {
  typealias Answer = Result<SnapshotReport, SnapshotFailure>
  private let answers = Mutex<[Answer]>([])

  var sink: @Sendable (Answer) -> Void {
    { [self] answer in answers.withLock { $0.append(answer) } }
  }

  func take() -> [Answer] {
    answers.withLock { answers in
      defer { answers = [] }
      return answers
    }
  }
}
