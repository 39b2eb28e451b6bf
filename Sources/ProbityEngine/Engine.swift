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
    /// Sources remembered for exactly-once. A new one beyond takes the place of
    /// one idle for seven days or, if there is none, is refused.
    public var sourcesMax: Int

    public init(
      queuedCommandsMax: Int = 262_144, groupCommandsMax: Int = 32_768,
      sourcesMax: Int = SourceTable.capacityStandard
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
  public let durability: String
  private let queue: JobQueue
  private let sequencer: Sequencer
  private let thread: EngineThread

  /// Replays the log and starts the sequencer.
  ///
  /// - Throws: `LogError` if the log cannot be read.
  public init(
    table: AccountTable, rules: EvidenceRules, log: any GroupLog, clock: any EngineClock,
    limits: Limits = Limits()
  ) throws(LogError) {
    self.table = table
    policy = rules.policy
    schema = rules.schema
    durability = log.durability
    let queue = JobQueue(commandsMax: limits.queuedCommandsMax)
    let state = IntegrityState(table: table, rules: rules, sourcesMax: limits.sourcesMax)
    let sequencer = Sequencer(state: state, log: log, queue: queue, clock: clock, limits: limits)
    try sequencer.replay()
    self.queue = queue
    self.sequencer = sequencer
    thread = EngineThread { sequencer.run() }
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

  /// Applies what is queued, then ends the sequencer. Blocks until then.
  public func stop() {
    queue.close()
    thread.join()
  }
}
