import AccountStore
import CommandLog
import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import Synchronization

/// A log that keeps its groups, and fails when told to.
final class KeepingLog: GroupLog {
  struct Group: Sendable {
    let payload: [UInt8]
    let first: UInt64
    let count: Int
  }

  struct Contents: Sendable {
    var groups: [Group] = []
    var position: UInt64 = 0
    var failure: LogError?
  }

  let contents = Mutex(Contents())
  let durability = Durability.memory
  let durablePosition: UInt64 = 0
  let syncDueNanoseconds: UInt64? = nil

  func sync() throws(LogError) {}

  func append(_ payload: [UInt8], count: Int) throws(LogError) -> UInt64 {
    let result: Result<UInt64, LogError> = contents.withLock {
      if let failure = $0.failure { return .failure(failure) }
      let first = $0.position + 1
      $0.groups.append(Group(payload: payload, first: first, count: count))
      $0.position += UInt64(count)
      return .success(first)
    }
    return try result.get()
  }

  /// Applies all groups; false where one is no commands.
  func replay(into state: IntegrityState) -> Bool {
    contents.withLock { $0.groups }.allSatisfy { state.replay($0.payload, count: $0.count) != nil }
  }

  func fail(_ failure: LogError?) { contents.withLock { $0.failure = failure } }
}

/// Clocks that stand still until they are moved.
final class StillClock: EngineClock {
  let nanoseconds = Atomic<UInt64>(1_000)
  static let startSeconds: UInt32 = 1_760_000_000
  let seconds = Atomic<UInt32>(startSeconds)
  var wallSeconds: UnixSeconds { UnixSeconds(seconds.load(ordering: .relaxed)) }
  var monotonicNanoseconds: UInt64 { nanoseconds.load(ordering: .relaxed) }
}

/// Gathers outcomes, and lets a test wait for them.
final class Outcomes: ReplySink {
  private struct State {
    var outcomes: [UInt32: JobOutcome] = [:]
    var deliveries = 0
    var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?
  }

  private let state = Mutex(State())

  func deliver(_ outcomes: [(EngineJob.Ticket, JobOutcome)]) {
    let ready: CheckedContinuation<Void, Never>? = state.withLock {
      for (ticket, outcome) in outcomes { $0.outcomes[ticket.stream] = outcome }
      $0.deliveries += 1
      guard let waiting = $0.waiting, $0.outcomes.count >= waiting.count else { return nil }
      $0.waiting = nil
      return waiting.continuation
    }
    ready?.resume()
  }

  /// Outcomes by stream, once there are `count`.
  func wait(for count: Int) async -> [UInt32: JobOutcome] {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock {
        if $0.outcomes.count >= count { return true }
        $0.waiting = (count, continuation)
        return false
      }
      if isReady { continuation.resume() }
    }
    return state.withLock { $0.outcomes }
  }

  var deliveries: Int { state.withLock { $0.deliveries } }
}

enum Make {
  /// Caps are amounts, and nothing is drawn by lot: `TurnoverTests` are about these.
  static let document = PolicyDocument.unbound
  static let rules = EvidenceRules(schema: .standard, policy: document.policy)

  /// The standard policy with another version: another hash.
  static func otherPolicy(than policy: Policy) -> Policy? {
    let text = PolicyDocument.standardText(version: 12)
    let other = try? PolicyDocument.load(bytes: Array(text.utf8), file: "other").policy
    return other?.hash == policy.hash ? nil : other
  }

  static func table(accountsMax: Int = 100_000, shardCount: Int = 16, seed: UInt64 = 1)
    -> AccountTable
  {
    do {
      return try AccountTable(
        layout: StoreLayout(accountsMax: accountsMax, shardCount: shardCount), seed: seed)
    } catch { preconditionFailure("\(error)") }
  }

  /// A state with a desk that reads policies and keeps receipts in memory.
  static func deskState(seed: UInt64 = 1) throws -> IntegrityState {
    let state = IntegrityState(
      table: table(seed: seed), rules: rules,
      policies: PolicySetup(
        name: "standard", text: document.text, compile: PolicyDocument.compile))
    state.desk.receipts = MemoryReceipts()
    return state
  }

  static func settled(_ buyer: UInt64, _ merchant: UInt64, at: UInt32 = 1_750_000_000) -> Event {
    Event(
      at: UnixSeconds(at), buyer: AccountID(buyer), merchant: AccountID(merchant),
      amount: Minor(1_000), detail: .settled(orderedAt: .zero))
  }

  static func commands(_ source: UInt64, _ sequences: ClosedRange<UInt64>) -> [Command] {
    sequences.map { Command(source: source, sequence: $0, event: settled($0, 1)) }
  }

  static func job(
    _ commands: [Command], stream: UInt32, _ outcomes: Outcomes, deadline: UInt64 = .max
  ) -> EngineJob {
    EngineJob(
      commands: commands, deadlineNanoseconds: deadline,
      ticket: EngineJob.Ticket(connection: 1, stream: stream), replyTo: outcomes)
  }
}
