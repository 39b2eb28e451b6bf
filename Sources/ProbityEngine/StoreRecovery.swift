import AccountStore
import CommandLog
import IntegrityCore

/// How a store is kept: what a daemon's options say.
public struct StoreOptions: Sendable {
  public var durability = Durability.always
  public var segmentBytes = 64 << 20
  /// Space on the disk that is left to others: below it commands are refused.
  public var reserveBytes = 256 << 20
  /// Accounts that the table takes.
  public var accountsMax = StoreLayout.accountsMaxStandard
  /// Sources remembered for exactly once: the same at every start, for which of
  /// them are forgotten depends on it.
  public var sourcesMax = SourceTable.capacityStandard
  /// A snapshot is due when so much log is behind the last one, and no less than
  /// the last one's size.
  public var snapshotLogBytes = 1 << 30
  /// A snapshot is due after so long, if there was any command.
  public var snapshotSeconds = 3_600
  /// Most that a snapshot writes, and reads back, a second; 0 = no limit.
  public var snapshotBytesPerSecond = 256 << 20
  /// Reads documents of policies, and names the one that a store begins with.
  public var policies: PolicySetup?
  /// False refuses a directory without a store.
  public var mayCreate = true
  /// How far the machine's clock may lie behind what the store has seen.
  public var clockBackSecondsMax: UInt32 = 86_400
  /// Threads that load a snapshot.
  public var loadThreadCount = 2

  public init() {}
}

/// What a start found and did.
public struct RecoveryReport: Sendable, Equatable {
  public var isNew = false
  /// Position of the snapshot that was loaded; 0 = none.
  public var snapshotPosition: UInt64 = 0
  public var snapshotBytes = 0
  public var snapshotAt = UnixSeconds.zero
  /// Commands replayed from the log.
  public var replayedCount: UInt64 = 0
  public var replayedBytes = 0
  public var durationNanoseconds: UInt64 = 0
  /// What was put aside at this start.
  public var tornTail: TornTail?
  /// Tails put aside since the store was made.
  public var tornTailCount = 0
  /// Newer snapshots that could not be used, and why; put aside.
  public var damagedSnapshots: [String] = []

  public init() {}
}

/// A store that was opened: what an `Engine` goes on with.
public struct RecoveredStore<Storage: Disk> {
  public let disk: Storage
  public let identity: StoreIdentity
  public let state: IntegrityState
  public let log: SegmentedLog<Storage>
  public let options: StoreOptions
  public let report: RecoveryReport
  package let receipts: FileReceipts<Storage>
}

/// Opens a store: the newest snapshot that is whole, then the log behind it
/// through the same `apply` as everything else.
public struct StoreRecovery<Storage: Disk> {
  private let disk: Storage
  private let rules: EvidenceRules
  private let options: StoreOptions
  private let clock: any EngineClock

  /// - Parameter rules: a new store's, and to be those of the store otherwise.
  public init(
    _ disk: Storage, rules: EvidenceRules, options: StoreOptions, clock: any EngineClock
  ) {
    self.disk = disk
    self.rules = rules
    self.options = options
    self.clock = clock
  }

  /// - Parameter tableSeed: of a table that is not loaded from a snapshot.
  /// - Throws: why the store cannot be served; nothing acknowledged is changed.
  public func open(tableSeed: UInt64) throws(StoreFault) -> RecoveredStore<Storage> {
    let started = clock.monotonicNanoseconds
    var report = RecoveryReport()
    let replayRules = ReplayRules(rules.policy)
    let (identity, isNew) = try StoreOpening(
      disk, schema: UInt64(rules.schema.halfLifeSeconds), rules: replayRules,
      segmentBytes: options.segmentBytes, mayCreate: options.mayCreate,
      now: clock.wallSeconds.rawValue
    ).identity()
    report.isNew = isNew
    try checkSchema(identity)
    var unusable: [StoreFault] = []
    let loaded = try loadNewest(identity, &report, &unusable)
    let state =
      if let loaded { loaded } else {
        try IntegrityState.empty(disk, rules, options, seed: tableSeed)
      }
    let receipts = FileReceipts(disk)
    state.desk.receipts = receipts
    // What the log began with: activating another policy is a command in it.
    let logRules = ReplayRules(state.shelf.policies[0].policy)
    let recovery = LogRecovery(disk, identity: identity, rules: logRules, for: .writing)
    let end: LogEnd<Storage>
    do throws(StoreFault) {
      end = try recovery.run(after: state.position.rawValue) {
        (group, body) throws(StoreFault) in
        try replay(group, body, into: state, &report)
      }
      try faulting { () throws(DiskError) in try receipts.flush() }
    } catch {
      throw error.following(unusable)
    }
    try checkClock(end.segmentCreatedAt, report)
    try putAsideDamaged(&report)
    report.tornTail = end.tornTail
    report.tornTailCount = try countTornTails()
    report.durationNanoseconds = clock.monotonicNanoseconds - started
    return RecoveredStore(
      disk: disk, identity: identity, state: state,
      log: makeLog(identity, logRules, end), options: options, report: report,
      receipts: receipts)
  }

  private func makeLog(
    _ identity: StoreIdentity, _ rules: ReplayRules, _ end: LogEnd<Storage>
  ) -> SegmentedLog<Storage> {
    let clock = clock
    return SegmentedLog(
      disk, identity: identity, rules: rules, resuming: end,
      options: .init(
        segmentBytes: options.segmentBytes, durability: options.durability,
        reserveBytes: options.reserveBytes),
      clock: LogClock(
        monotonicNanoseconds: { clock.monotonicNanoseconds },
        wallSeconds: { clock.wallSeconds.rawValue }))
  }

  private func checkSchema(_ identity: StoreIdentity) throws(StoreFault) {
    let found = identity.schema
    if found == UInt64(rules.schema.halfLifeSeconds) { return }
    throw StoreFault(
      .rules, file: disk.path(of: "store"), offset: 32,
      what: "the store's half-life is \(found / 86_400) days, fixed when it was made; "
        + "\(rules.schema.halfLifeSeconds / 86_400) days were asked for",
      remedy: "start without --half-life-days, or with --half-life-days \(found / 86_400)")
  }

  // MARK: Snapshots

  /// The state of the newest snapshot that is whole; nil if there is none.
  private func loadNewest(
    _ identity: StoreIdentity, _ report: inout RecoveryReport, _ unusable: inout [StoreFault]
  ) throws(StoreFault) -> IntegrityState? {
    let positions = try faulting { () throws(DiskError) in try disk.snapshotPositions() }
    for position in positions.reversed() {
      do throws(StoreFault) {
        let reader = try SnapshotReader(disk, identity, position: position)
        let loader = StateLoader(
          reader, rules: rules, accountsMax: options.accountsMax,
          sourcesMax: options.sourcesMax, policies: options.policies)
        let state = try loader.load(threadCount: options.loadThreadCount)
        report.snapshotPosition = position
        report.snapshotBytes = reader.sizeBytes
        report.snapshotAt = UnixSeconds(reader.summary.createdAt)
        return state
      } catch {
        guard error.allowsOlderSnapshot else { throw error }
        report.damagedSnapshots.append(error.description)
        unusable.append(error)
      }
    }
    return nil
  }

  /// Out of the way, so that they are not counted as generations.
  private func putAsideDamaged(_ report: inout RecoveryReport) throws(StoreFault) {
    if report.damagedSnapshots.isEmpty { return }
    let used = report.snapshotPosition
    try faulting { () throws(DiskError) in
      for position in try disk.snapshotPositions() where position > used {
        try disk.putAside(snapshotAt: position)
      }
      try disk.syncDirectory()
    }
  }

  // MARK: The log

  private func replay(
    _ group: LogGroup, _ body: [UInt8], into state: IntegrityState,
    _ report: inout RecoveryReport
  ) throws(StoreFault) {
    try state.replay(group, body, file: disk.path(of: ""))
    report.replayedCount += UInt64(group.count)
    report.replayedBytes += group.bodyBytes
    if let receipts = state.desk.receipts, receipts.pendingBytes > Self.pendingReceiptBytesMax {
      try faulting { () throws(DiskError) in try receipts.flush() }
    }
  }

  private static var pendingReceiptBytesMax: Int { 1 << 20 }

  private func countTornTails() throws(StoreFault) -> Int {
    try faulting { () throws(DiskError) in
      try disk.names().filter { $0.hasPrefix(FileNames.asidePrefix + "tail-") }.count
    }
  }

  // MARK: The clock

  private func checkClock(_ segmentAt: UInt32, _ report: RecoveryReport) throws(StoreFault) {
    let fault = StoreFault.clock(
      disk.path(of: ""), newest: max(segmentAt, report.snapshotAt.rawValue),
      now: clock.wallSeconds.rawValue, backSecondsMax: options.clockBackSecondsMax)
    if let fault { throw fault }
  }
}
