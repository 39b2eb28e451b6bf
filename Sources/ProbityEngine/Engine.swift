import AccountStore
import CommandLog
import IntegrityCore
import Synchronization

/// The state, its one writer and its readers' side.
///
/// `submit` and everything read-only may be called from any thread; commands
/// are applied by a thread of the engine's own.
public final class Engine: Sendable {
  public struct Limits: Sendable {
    /// Commands waiting for the sequencer; more are refused. 262,144 of them
    /// take about 25 MB.
    public var queuedCommandsMax: Int
    /// Commands in a group: bounds the memory of a group and how long a reply
    /// waits for those before it.
    public var groupCommandsMax: Int
    /// Sources remembered for exactly-once; a new one beyond is refused.
    public var sourcesMax: Int

    public init(
      queuedCommandsMax: Int = 262_144, groupCommandsMax: Int = 32_768,
      sourcesMax: Int = 1_048_576
    ) {
      self.queuedCommandsMax = queuedCommandsMax
      self.groupCommandsMax = groupCommandsMax
      self.sourcesMax = sourcesMax
    }
  }

  /// What is applied, at one log position.
  public struct Applied: Sendable, Equatable {
    public var position = LogPosition.zero
    public var stateHash: UInt64 = 0
    public var appliedCount: UInt64 = 0
    public var duplicateCount: UInt64 = 0
    /// Set when the log failed: nothing is recorded any more.
    public var failure: String?
  }

  public enum Admission: Equatable, Sendable {
    case accepted
    /// Too much is queued; nothing was done.
    case queueFull
    /// Shutting down or failed; nothing was done.
    case closed
  }

  /// Read by lookups, under its sequence locks.
  public let table: AccountTable
  public let policy: Policy
  public let schema: EvidenceSchema
  public let durability: Durability
  private let queue: JobQueue
  private let sequencer: Sequencer
  private let thread: EngineThread

  /// Starts the sequencer on a state that holds all of `log`.
  public init(
    state: IntegrityState, log: any GroupLog, clock: any EngineClock, limits: Limits = Limits()
  ) {
    table = state.table
    policy = state.rules.policy
    schema = state.rules.schema
    durability = log.durability
    queue = JobQueue(commandsMax: limits.queuedCommandsMax)
    let sequencer = Sequencer(state: state, log: log, queue: queue, clock: clock, limits: limits)
    self.sequencer = sequencer
    thread = EngineThread { sequencer.run() }
  }

  /// Starts the sequencer on an empty state.
  public convenience init(
    table: AccountTable, rules: EvidenceRules, log: any GroupLog, clock: any EngineClock,
    limits: Limits = Limits()
  ) {
    let state = IntegrityState(table: table, rules: rules)
    self.init(state: state, log: log, clock: clock, limits: limits)
  }

  /// Queues a job; its outcome goes to its `replyTo`.
  public func submit(_ job: RecordJob) -> Admission {
    switch queue.push(job) {
    case .accepted: .accepted
    case .full: .queueFull
    case .closed: .closed
    }
  }

  /// Position of the last command that lookups are certain to see. About 1 ns.
  public var position: LogPosition { LogPosition(sequencer.position.load(ordering: .acquiring)) }

  public var applied: Applied { sequencer.applied.withLock { $0 } }

  public var queuedCommands: Int { queue.queuedCommands }

  /// Why the log failed, if it did: nothing is recorded any more.
  public var failure: String? { sequencer.failureNotice.reason }

  /// Calls `listener` once when the log fails, or at once if it has. There is
  /// one listener; it is called on a thread of the engine's and must not wait.
  public func onFailure(_ listener: @escaping @Sendable (_ reason: String) -> Void) {
    sequencer.failureNotice.listen(listener)
  }

  /// What is kept on disk, for Status and metrics. Any thread; some µs.
  public var durabilityStatus: DurabilityStatus {
    var status = DurabilityStatus()
    status.mode = durability.description
    if durability != .memory { status.durablePosition = applied.position }
    return status
  }

  /// Makes a snapshot on disk while commands go on.
  ///
  /// - Parameter done: called exactly once, on any thread, perhaps before this
  ///   returns and at the latest before `stop` does. It must not wait.
  public func snapshot(
    _ done: @escaping @Sendable (Result<SnapshotReport, SnapshotFailure>) -> Void
  ) {
    done(.failure(.notDurable))
  }

  /// Applies what is queued, then ends the sequencer. Blocks until then.
  public func stop() {
    queue.close()
    thread.join()
  }
}
