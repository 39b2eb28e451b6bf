import AccountStore
import CommandLog
import Glibc
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
    /// Records that a snapshot copies as one piece of 64 KiB; eight pieces at
    /// most in one go, about 100 µs.
    public var copiedRecordsMax: Int
    /// Records left to be copied when the pause begins that ends a snapshot:
    /// about 0.2 ms of it.
    public var pauseRecordsMax: Int
    /// Threads of a rescore: 1 and more.
    public var rescoreWorkers: Int

    /// As many as there are cores.
    public static var rescoreWorkersStandard: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    public init(
      queuedCommandsMax: Int = 262_144, groupCommandsMax: Int = 32_768,
      sourcesMax: Int = SourceTable.capacityStandard, copiedRecordsMax: Int = 1_024,
      pauseRecordsMax: Int = 4_096, rescoreWorkers: Int = rescoreWorkersStandard
    ) {
      self.rescoreWorkers = rescoreWorkers
      self.copiedRecordsMax = copiedRecordsMax
      self.pauseRecordsMax = pauseRecordsMax
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
    public var accountCount = 0
    /// Sources whose highest sequence is remembered.
    public var sourceCount = 0
    /// Claims remembered, and the number of the oldest.
    public var claimCount = 0
    public var firstClaim: UInt32 = 0
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
  /// The policy in force, and the tiers that operators have set.
  public let policies: PolicyBoard
  public let overrides: OverrideBoard
  /// Until when merchants are certified.
  public let certifications: CertificationBoard
  /// What watches are told from, and who is woken when there is more of it.
  public let changes: ChangeHistory
  public let changeNotices: ChangeNotices
  public let schema: EvidenceSchema
  public let durability: Durability
  private let queue: JobQueue
  private let sequencer: Sequencer
  private let isStopping = Atomic<Bool>(false)
  private let thread: EngineThread
  private let growth: RepeatingThread
  /// nil where nothing is kept on disk, as the next two.
  private let housekeeper: (any Housekeeping)?
  private let housekeeping: HousekeepingThread?
  private let spares: RepeatingThread?
  private let population: PopulationThread

  /// Starts the sequencer and the housekeeper on a store that was opened.
  ///
  /// - Parameter notify: told what happens to the store, on threads of the engine's.
  public init<Storage: Disk>(
    _ store: RecoveredStore<Storage>, clock: any EngineClock, limits: Limits = Limits(),
    notify: @escaping @Sendable (StoreNotice) -> Void = { _ in }
  ) {
    table = store.state.table
    schema = store.state.rules.schema
    changes = store.state.desk.changes
    durability = store.log.durability
    let queue = JobQueue(commandsMax: limits.queuedCommandsMax)
    let sequencer = Sequencer(
      state: store.state, log: store.log, queue: queue, clock: clock, limits: limits)
    let housekeeper = Housekeeper(
      store, sequencer: sequencer, clock: clock, wakeSequencer: { queue.wake() }, notify: notify)
    let housekeeping = HousekeepingThread(
      housekeeper, bytesPerSecond: store.options.snapshotBytesPerSecond)
    self.queue = queue
    self.sequencer = sequencer
    policies = sequencer.policies
    overrides = sequencer.overrides
    certifications = sequencer.certifications
    changeNotices = sequencer.changeNotices
    population = Self.population(store.state, sequencer, queue, clock, limits)
    self.housekeeper = housekeeper
    self.housekeeping = housekeeping
    thread = EngineThread { sequencer.run() }
    growth = Self.growing(table)
    let log = store.log
    let rate = store.options.snapshotBytesPerSecond
    spares = RepeatingThread(restNanoseconds: Self.lookNanoseconds) {
      let keeper = SpareKeeper(log, sequencer: sequencer, clock: clock, notify: notify)
      var pace = DiskPace(bytesPerSecond: rate)
      return { stop in
        keeper.work { bytes in
          if !stop.isSet { pace.rest(after: bytes) }
        }
      }
    }
    housekeeping.start()
  }

  /// Starts the sequencer on a state that holds all of `log`.
  public init(
    state: IntegrityState, log: any GroupLog, clock: any EngineClock, limits: Limits = Limits()
  ) {
    table = state.table
    schema = state.rules.schema
    changes = state.desk.changes
    durability = log.durability
    queue = JobQueue(commandsMax: limits.queuedCommandsMax)
    let sequencer = Sequencer(state: state, log: log, queue: queue, clock: clock, limits: limits)
    self.sequencer = sequencer
    policies = sequencer.policies
    overrides = sequencer.overrides
    certifications = sequencer.certifications
    changeNotices = sequencer.changeNotices
    population = Self.population(state, sequencer, queue, clock, limits)
    housekeeper = nil
    housekeeping = nil
    spares = nil
    thread = EngineThread { sequencer.run() }
    growth = Self.growing(table)
  }

  /// Starts the sequencer on an empty state.
  public convenience init(
    table: AccountTable, rules: EvidenceRules, log: any GroupLog, clock: any EngineClock,
    limits: Limits = Limits(), policies: PolicySetup? = nil
  ) {
    let state = IntegrityState(
      table: table, rules: rules, sourcesMax: limits.sourcesMax, policies: policies)
    state.desk.receipts = MemoryReceipts()
    self.init(state: state, log: log, clock: clock, limits: limits)
  }

  /// Between looks at what is to be ready ahead of time: a twelfth of what the
  /// fastest writer needs for what `TableGrowth` keeps, and a tenth of what it
  /// needs for a segment of the log.
  private static let lookNanoseconds = 20_000_000

  /// Prepares the table's memory for what comes, beside its writer.
  private static func growing(_ table: AccountTable) -> RepeatingThread {
    RepeatingThread(restNanoseconds: lookNanoseconds) {
      let growth = TableGrowth(table)
      return { _ in growth.prepare() }
    }
  }

  private static func population(
    _ state: IntegrityState, _ sequencer: Sequencer, _ queue: JobQueue, _ clock: any EngineClock,
    _ limits: Limits
  ) -> PopulationThread {
    PopulationThread(
      PopulationThread.Means(
        table: state.table, schema: state.rules.schema, policies: sequencer.policies,
        questions: SequencerQuestions(queue), compile: state.compile,
        receipts: state.desk.receipts,
        position: { LogPosition(sequencer.position.load(ordering: .acquiring)) }, clock: clock,
        workerCount: max(1, limits.rescoreWorkers), stop: StopFlag()))
  }

  /// Begins work on the whole population, or lets it wait for the one before.
  ///
  /// - Parameter sink: told of it and, unless it is not taken, of its end exactly once.
  public func submit(_ work: PopulationWork, to sink: any PopulationSink) -> PopulationAdmission {
    population.submit(work, to: sink)
  }

  /// The policy in force now. Takes a lock: loops keep what `policies` gave them.
  public var policy: Policy { policies.policy.policy }

  /// Queues a job; its outcome goes to its `replyTo`.
  public func submit(_ job: EngineJob) -> Admission {
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
    var status = housekeeper?.status ?? DurabilityStatus()
    status.mode = durability.description
    status.sources = applied.sourceCount
    status.recordingRefused = sequencer.refusal.withLock { $0 } ?? ""
    return status
  }

  /// Makes a snapshot on disk while commands go on. It holds what was applied
  /// before this was called, or more.
  ///
  /// - Parameter done: called exactly once, on any thread, perhaps before this
  ///   returns and at the latest before `stop` does. It must not wait.
  public func snapshot(
    _ done: @escaping @Sendable (Result<SnapshotReport, SnapshotFailure>) -> Void
  ) {
    guard let housekeeper, let housekeeping else { return done(.failure(.notDurable)) }
    if isStopping.load(ordering: .acquiring) { return done(.failure(.closed)) }
    housekeeper.askForSnapshot(done)
    housekeeping.wake()
  }

  /// Applies what is queued, ends the sequencer, and takes a last snapshot, so
  /// that the next start has nothing to replay. Blocks until then. Once only.
  public func stop() {
    isStopping.store(true, ordering: .releasing)
    // Before the sequencer, which it waits for.
    population.end()
    queue.close()
    thread.join()
    growth.stop()
    spares?.stop()
    housekeeping?.stop()
    housekeeper?.takeLastSnapshot()
    housekeeper?.refuseAsked()
  }
}
