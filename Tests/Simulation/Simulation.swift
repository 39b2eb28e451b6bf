import AccountStore
import ClaimStore
import CommandLog
import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import SimulatedDisk
import Synchronization

/// What happened in runs.
struct Tally: Sendable {
  var runs = 0
  var commands = 0
  var deskCommands = 0
  var deskRefusals = 0
  var claims = 0
  var receipts = 0
  var acknowledged = 0
  var duplicates = 0
  var starts = 0
  var failedStarts = 0
  var kills = 0
  var powerCuts = 0
  var cleanStops = 0
  var faults = 0
  var failedLogs = 0
  var refusals = 0
  var snapshots = 0
  var snapshotFailures = 0
  var snapshotsLoaded = 0
  var damagedSnapshots = 0
  var tornTails = 0
  var replayed = 0
  /// Acknowledged without a promise of surviving a power cut, and lost in one.
  var intervalLosses = 0

  mutating func add(_ other: Tally) {
    for path in Self.paths { self[keyPath: path] += other[keyPath: path] }
  }

  private static var paths: [WritableKeyPath<Tally, Int>] {
    [
      \.runs, \.commands, \.deskCommands, \.deskRefusals, \.claims, \.receipts, \.acknowledged,
      \.duplicates, \.starts, \.failedStarts, \.kills,
      \.powerCuts, \.cleanStops, \.faults, \.failedLogs, \.refusals, \.snapshots,
      \.snapshotFailures, \.snapshotsLoaded, \.damagedSnapshots, \.tornTails, \.replayed,
      \.intervalLosses,
    ]
  }
}

/// One run: a store on a simulated disk, clients, and everything that can happen
/// to them, as a seed has it.
///
/// What must hold at every start, whatever came before: the state is the fold of
/// a prefix of the log that holds every acknowledged command (in the weaker mode
/// after a power cut: every one that was called durable), each applied once.
final class Simulation {
  private struct Process {
    let state: IntegrityState
    let log: any GroupLog
    let sequencer: Sequencer
    let housekeeper: Housekeeper<SimulatedDisk>
    let spares: SpareKeeper<SimulatedDisk>
  }

  private var random: SplitMix64
  private let plant: Plant?
  private let disk: SimulatedDisk
  private let clock = SimulatedClock()
  private let answers = Answers()
  private let rules = EvidenceRules(schema: .standard, policy: DeskClient.documents[0].policy)
  private var options = StoreOptions()
  private var limits = Engine.Limits()
  private var clients: [SimulatedClient] = []
  private var clerks: [DeskClient] = []
  private var reference: Reference
  private var process: Process?
  private var acknowledgedPosition: UInt64 = 0
  /// What the last process that was at work called durable.
  private var durablePosition: UInt64 = 0
  private var isArmed = false
  private var hasFailed = false
  private var stream: UInt32 = 0
  private var snapshotAnswers = SnapshotAnswers()
  private(set) var tally = Tally()

  init(seed: UInt64, plant: Plant?) {
    random = SplitMix64(seed: seed)
    self.plant = plant
    disk = SimulatedDisk(seed: random.next())
    reference = Reference(rules, sourcesMax: 64)
    options.segmentBytes = [32 << 10, 64 << 10, 128 << 10][random.below(3)]
    options.reserveBytes = 8 << 10
    options.accountsMax = 4_096
    options.sourcesMax = reference.sourcesMax
    options.snapshotLogBytes = 16 << 10
    options.snapshotSeconds = 3_600
    options.loadThreadCount = 1
    options.policies = .simulated
    var isInterval = plant == .snapshotsUnsynced
    if plant == nil { isInterval = random.chance(perMille: 200) }
    options.durability = isInterval ? .interval(milliseconds: 100) : .always
    limits.sourcesMax = options.sourcesMax
    limits.copiedRecordsMax = 1 + random.below(16)
    limits.pauseRecordsMax = 1 + random.below(40)
    clients = (0..<1 + random.below(5)).map { SimulatedClient(source: UInt64($0 + 1)) }
    // The state that forgets its sources would forget its desk, too: too easy to find.
    let clerkCount = plant == .appliesTwice ? 0 : random.below(4)
    clerks = (0..<clerkCount).map { DeskClient(number: UInt64($0 + 1)) }
    if plant == .forgetsReceipts { disk.unsyncedPrefix = "receipts-" }
    disk.skipsSync = plant == .skipsSync
    disk.forgetsDirectorySync = plant == .forgetsDirectorySync
  }

  /// - Throws: `Violation`.
  func run() throws {
    tally.runs = 1
    try start()
    for _ in 0..<20 + random.below(120) { try act() }
    disarm()
    if hasFailed || disk.isHalted { try end() }
    disarm()
    try stop()
    disk.powerCut()
    try start()
    let position = process?.sequencer.position.load(ordering: .relaxed)
    if position != UInt64(reference.timeline.count) {
      throw Violation(
        "after a clean stop \(position ?? 0) of \(reference.timeline.count) are there")
    }
  }

  private func act() throws {
    if hasFailed { return try end() }
    switch random.below(1000) {
    case ..<450: try record()
    case ..<800: try keepHouse()
    case ..<840: clock.advance(milliseconds: 1 + random.below(150))
    case ..<854: clock.advance(milliseconds: 1_000 * random.below(4_000))
    case ..<860: passDays()
    case ..<890: process?.housekeeper.askForSnapshot(snapshotAnswers.sink)
    case ..<930: arm()
    case ..<945:
      disk.capacityBytes = random.below(2) == 0 ? nil : 64 << 10 + random.below(400 << 10)
    case ..<950: disk.capacityBytes = nil
    default: try end()
    }
  }

  /// Long enough for reservations to expire, and now and then for claims to be forgotten.
  private func passDays() {
    let isLong = plant == nil && random.below(5) == 0
    let days = isLong ? 400 + random.below(30) : 1 + random.below(35)
    for _ in 0..<days { clock.advance(milliseconds: 86_400_000) }
  }

  // MARK: Recording

  private func record() throws {
    guard let process else { return }
    if plant?.isOfDesk ?? false { try recordDisturbed(process) }
    var jobs: [(client: Int, job: EngineJob)] = []
    for index in clients.indices where random.below(2) == 0 {
      let commands = clients[index].batch(&random, now: clock.wallSeconds)
      stream += 1
      jobs.append(
        (
          index,
          EngineJob(
            commands: commands, deadlineNanoseconds: .max,
            ticket: EngineJob.Ticket(connection: 1, stream: stream), replyTo: answers)
        ))
    }
    let deskJobs = deskJobs()
    process.sequencer.turn(jobs.map(\.job) + deskJobs.map(\.job))
    var isDoubtful = true
    for (index, job) in jobs {
      tally.commands += job.commands.count
      switch answers.take(job.ticket.stream) {
      case .done(let applied, let duplicates, let highest, let position):
        try acknowledge(index, job.commands, applied, duplicates, highest, position)
      case .storeFull:
        tally.refusals += 1
        if !isArmed && disk.capacityBytes == nil { throw Violation("refused without a reason") }
      case .logFailed:
        // Only the first group that failed can be in the log, whole or not at all.
        if isDoubtful && !hasFailed { reference.doubt(job.commands.map { .event($0) }) }
        if !isArmed { throw Violation("the log failed without a fault") }
      case let other: throw Violation("answered \(String(describing: other))")
      }
    }
    for (index, job) in deskJobs { try answer(index, job, isDoubtful: isDoubtful) }
    isDoubtful = false
    try notice()
  }

  private func deskJobs() -> [(clerk: Int, job: EngineJob)] {
    var jobs: [(clerk: Int, job: EngineJob)] = []
    for index in clerks.indices where random.below(3) > 0 {
      let command = clerks[index].command(&random, now: clock.wallSeconds)
      stream += 1
      jobs.append(
        (
          index,
          EngineJob(
            .desk(command), deadlineNanoseconds: .max,
            ticket: EngineJob.Ticket(connection: 1, stream: stream), replyTo: answers)
        ))
    }
    return jobs
  }

  private func answer(_ clerk: Int, _ job: EngineJob, isDoubtful: Bool) throws {
    guard case .desk(let command) = job.work else { return }
    tally.deskCommands += 1
    let found: Result<DeskAnswer, DeskRefusal>
    switch answers.take(job.ticket.stream) {
    case .answered(let answer, let position):
      found = .success(answer)
      if position.rawValue != UInt64(reference.timeline.count + 1) {
        throw Violation("answered position \(position.rawValue) at the desk")
      }
    case .refused(let refusal):
      tally.deskRefusals += 1
      found = .failure(refusal)
    case .storeFull:
      tally.refusals += 1
      if !isArmed && disk.capacityBytes == nil { throw Violation("refused without a reason") }
      return
    case .logFailed:
      if isDoubtful && !hasFailed { reference.doubt([.desk(command)]) }
      if !isArmed { throw Violation("the log failed without a fault") }
      return
    case let other: throw Violation("answered \(String(describing: other))")
    }
    let expected = try reference.append(command)
    if found != (hasPlannedFault ? expected.excusing(found) : expected) {
      throw Violation("\(command.action): answered \(found), not \(expected)")
    }
    if case .success(.claim(let answer)) = reference.lastAnswer, !answer.isRepeated {
      tally.claims += 1
    }
    acknowledgedPosition = UInt64(reference.timeline.count)
    clerks[clerk].acknowledge(command)
  }

  /// Commands of the desk one by one, each followed by the planted fault.
  private func recordDisturbed(_ process: Process) throws {
    for (index, job) in deskJobs() {
      process.sequencer.turn([job])
      let count = reference.timeline.count
      try answer(index, job, isDoubtful: true)
      if reference.timeline.count == count { continue }
      guard case .desk(let command) = job.work else { continue }
      let result: Result<DeskAnswer, DeskRefusal> = reference.lastAnswer
      plant?.disturb(process.state, command, result)
      plant?.disturb(reference.state, command, result)
    }
  }

  private func acknowledge(
    _ client: Int, _ commands: [Command], _ applied: Int, _ duplicates: Int, _ highest: UInt64,
    _ position: LogPosition
  ) throws {
    let expected = try reference.append(commands)
    if applied != expected || applied + duplicates != commands.count {
      throw Violation("answered \(applied) applied, \(duplicates) duplicates; \(expected) expected")
    }
    if highest != reference.state.highestSequence(of: commands[0].source) {
      throw Violation("answered sequence \(highest)")
    }
    if position.rawValue != UInt64(reference.timeline.count) {
      throw Violation("answered position \(position.rawValue), not \(reference.timeline.count)")
    }
    acknowledgedPosition = position.rawValue
    tally.acknowledged += applied
    tally.duplicates += duplicates
    clients[client].acknowledge(commands)
  }

  /// What the engine says about itself.
  private func notice() throws {
    guard let process else { return }
    let applied = process.sequencer.applied.withLock { $0 }
    try reference.note(hash: applied.stateHash, at: applied.position.rawValue)
    // A state that forgets its sources has another hash at once: too easy to find.
    let isComparable = plant != .appliesTwice && plant?.isOfDesk != true
    if applied.position.rawValue == UInt64(reference.timeline.count) && isComparable {
      if applied.stateHash != reference.state.hash {
        throw Violation("the state at \(applied.position.rawValue) is not what was applied")
      }
      process.state.desk.checkInvariants()
    }
    if applied.failure != nil && !hasFailed {
      hasFailed = true
      tally.failedLogs += 1
      if !isArmed { throw Violation("the log failed without a fault") }
    }
  }

  // MARK: Housekeeping

  private func keepHouse() throws {
    guard let process else { return }
    for _ in 0..<1 + random.below(12) {
      if random.below(3) == 0 { process.sequencer.turn([]) }
      if plant == .losesCopied {
        var bytes: [UInt8] = []
        _ = process.state.table.copyNext(recordsMax: 1, into: &bytes)
      }
      if plant == .losesReservations {
        var bytes: [UInt8] = []
        _ = process.state.desk.ledger.copyNext(countMax: 1_000, into: &bytes)
      }
      process.spares.work { _ in }
      _ = process.housekeeper.work(waits: false) { _ in }
    }
    for answer in snapshotAnswers.take() {
      switch answer {
      case .success(let report):
        tally.snapshots += 1
        try reference.note(hash: report.stateHash, at: report.position.rawValue)
      case .failure(let failure):
        tally.snapshotFailures += 1
        if !isArmed && disk.capacityBytes == nil && !hasFailed
          && ![.closed, .underWay].contains(failure)
        {
          throw Violation("no snapshot without a fault: \(failure)")
        }
      }
    }
    if plant == .prunesTooMuch, disk.fileNames.filter({ $0.hasPrefix("log-") }).count > 1 {
      disk.fileNames.first { $0.hasPrefix("log-") }.map { disk.delete($0) }
    }
    try notice()
  }

  // MARK: Faults

  private func arm() {
    isArmed = true
    tally.faults += 1
    let faults: [Fault] = [.storage, .noSpace, .shortWrite, .late, .halt]
    let fault = faults[random.below(faults.count)]
    disk.fail(call: 1 + random.below(40), with: fault)
  }

  private func disarm() {
    disk.clearFaults()
    disk.capacityBytes = nil
    isArmed = disk.isHalted
  }

  private var hasPlannedFault: Bool { isArmed || disk.capacityBytes != nil || hasFailed }

  // MARK: Ends and starts

  private func end() throws {
    if !hasFailed && random.below(6) == 0 { try stop() }
    durablePosition = process?.log.durablePosition ?? 0
    process = nil
    endProcess()
    try start()
  }

  private func endProcess() {
    if random.below(2) == 0 {
      tally.kills += 1
      return disk.crash()
    }
    tally.powerCuts += 1
    disk.powerCut()
    if options.durability != .always && durablePosition < acknowledgedPosition {
      // Promised is what was called durable.
      tally.intervalLosses += Int(acknowledgedPosition - durablePosition)
      acknowledgedPosition = durablePosition
    }
  }

  private func stop() throws {
    guard let process else { return }
    tally.cleanStops += 1
    process.sequencer.end()
    process.housekeeper.takeLastSnapshot()
    process.housekeeper.refuseAsked()
    _ = snapshotAnswers.take()
    try notice()
  }

  private func start() throws {
    if random.below(3) > 0 { disarm() }
    for attempt in 0... {
      tally.starts += 1
      if try tryStart() { return }
      tally.failedStarts += 1
      // A fault that was waiting for this start; the next finds none.
      if attempt > 3 { throw Violation("does not start") }
      endProcess()
      disarm()
    }
  }

  /// - Returns: false if the start was refused because of a planned fault.
  private func tryStart() throws -> Bool {
    let wasArmed = isArmed || disk.capacityBytes != nil
    let recovery = StoreRecovery(disk.process(), rules: rules, options: options, clock: clock)
    let store: RecoveredStore<SimulatedDisk>
    do throws(StoreFault) {
      store = try recovery.open(tableSeed: random.next())
    } catch {
      let isOfDisk = [.disk, .noSpace, .access].contains(error.kind)
      if wasArmed && isOfDisk { return false }
      throw Violation("refused to start: \(error)")
    }
    try check(store, wasArmed: wasArmed)
    hasFailed = false
    process = makeProcess(store)
    return true
  }

  private func check(_ store: RecoveredStore<SimulatedDisk>, wasArmed: Bool) throws {
    let position = store.state.position.rawValue
    if position < acknowledgedPosition {
      throw Violation("\(acknowledgedPosition) was acknowledged, \(position) is there")
    }
    if !store.report.damagedSnapshots.isEmpty && !wasArmed {
      throw Violation("a damaged snapshot: \(store.report.damagedSnapshots)")
    }
    try reference.note(hash: store.state.hash, at: position)
    if plant == .forgetsActivation, store.report.snapshotPosition > 0 {
      store.state.restore(store.state.shelf.withoutActivation)
    }
    try reference.settle(store.state)
    try checkReceipts(store.state, wasArmed: wasArmed)
    acknowledgedPosition = position
    tally.damagedSnapshots += store.report.damagedSnapshots.count
    tally.tornTails += store.report.tornTail == nil ? 0 : 1
    tally.snapshotsLoaded += store.report.snapshotPosition > 0 ? 1 : 0
    tally.replayed += Int(store.report.replayedCount)
    store.state.table.checkInvariants()
  }

  private func checkReceipts(_ state: IntegrityState, wasArmed: Bool) throws {
    tally.receipts += state.desk.claims.count
    let contents = disk.contents(of: FileNames.receipts(from: 0)) ?? []
    try reference.checkReceipts(state.desk) { number in
      let start = Int(number) * FileReceipts<SimulatedDisk>.slotBytes
      if start + Receipt.sizeBytes > contents.count { return nil }
      let bytes = Array(contents[start..<start + Receipt.sizeBytes])
      // A fault that is planned would hit the reading.
      return wasArmed || state.desk.receipts?.read(number) == bytes ? bytes : nil
    }
  }

  private func makeProcess(_ store: RecoveredStore<SimulatedDisk>) -> Process {
    let state = plant == .appliesTwice ? store.state.withoutSources() : store.state
    let log: any GroupLog =
      switch plant {
      case .acknowledgesEarly: EarlyLog(store.log, position: store.state.position.rawValue)
      case .snapshotsUnsynced: LazyLog(store.log)
      default: store.log
      }
    let sequencer = Sequencer(
      state: state, log: log, queue: JobQueue(commandsMax: 1 << 20), clock: clock, limits: limits)
    let housekeeper = Housekeeper(
      store, sequencer: sequencer, clock: clock, wakeSequencer: {}, notify: { _ in })
    let spares = SpareKeeper(store.log, sequencer: sequencer, clock: clock, notify: { _ in })
    return Process(
      state: state, log: log, sequencer: sequencer, housekeeper: housekeeper, spares: spares)
  }
}
