import AccountStore
import IntegrityCore

// The engine: commands into order, state out of commands.
//
// For: sequencing, grouping, applying, and publishing what is applied. Not for:
// what an event means (IntegrityCore), memory layout (AccountStore), sockets
// (ProbityServer). Written by one thread, the sequencer's.

/// What a state knows about policies beyond the one in force.
public struct PolicySetup: Sendable {
  /// Of the policy in force from the beginning.
  public let name: String
  public let text: String
  public let compile: PolicyCompiler

  public init(name: String, text: String, compile: @escaping PolicyCompiler) {
    self.name = name
    self.text = text
    self.compile = compile
  }
}

/// The deterministic state: a fold over the log, equal wherever the same prefix was applied.
///
/// Lookups read `table` from any thread; everything else is the sequencer's.
public final class IntegrityState {
  public let table: AccountTable
  /// With the policy in force: `activatePolicy` changes it.
  public private(set) var rules: EvidenceRules
  /// Claims, money, appeals, orders of operators.
  public let desk: ClaimDesk
  public private(set) var shelf: PolicyShelf
  let compile: PolicyCompiler
  public private(set) var position = LogPosition.zero
  /// The state's own time: that of the newest event applied. Zero before the first.
  public private(set) var newestEventAt = UnixSeconds.zero
  /// To be copied by the sequencer's thread; changed by `apply` alone.
  public private(set) var sources: SourceTable

  /// - Parameter sourcesMax: sources remembered, 1…2^30. Which of them are
  ///   forgotten depends on it: states that are to be equal need the same.
  public init(
    table: AccountTable, rules: EvidenceRules, sourcesMax: Int = SourceTable.capacityStandard,
    policies: PolicySetup? = nil
  ) {
    self.table = table
    self.rules = rules
    sources = SourceTable(capacity: sourcesMax)
    desk = ClaimDesk(seed: table.seed)
    shelf = PolicyShelf(
      ShelvedPolicy(
        name: policies?.name ?? "", text: policies?.text ?? "", policy: rules.policy,
        position: .zero))
    compile = policies?.compile ?? Self.readsNone
  }

  private static let readsNone: PolicyCompiler = { _ in
    .failure(DeskRefusal(.precondition, field: "document", "policies are not read here"))
  }

  /// Takes over what was copied of another state: its sources and where it stood.
  ///
  /// Its accounts must be in `table` already. Equal hashes then prove that this
  /// state is that state. A fault leaves the state as it was.
  ///
  /// - Precondition: nothing was applied.
  /// - Parameter sources: loaded with the copy's entries; this finishes the load.
  public func restore(
    position: LogPosition, newestEventAt: UnixSeconds, sources: SourceTable
  ) throws(SourceLoadFault) {
    precondition(self.position == .zero, "a state that has applied commands is not restored")
    try sources.finishLoad(position: position, newestEventAt: newestEventAt)
    self.position = position
    self.newestEventAt = newestEventAt
    self.sources = sources
  }

  /// Hash of everything above: accounts, sources, position, time, policy and schema.
  public var hash: UInt64 { hash(policyHash: rules.policy.hash) }

  /// The hash that this state had while another policy was in force.
  func hash(policyHash: UInt64) -> UInt64 {
    let evidence = StateHash.of([
      position.rawValue, UInt64(newestEventAt.rawValue), table.recordHashSum, UInt64(table.count),
      sources.hashSum, UInt64(sources.count), policyHash,
      UInt64(rules.schema.halfLifeSeconds),
    ])
    let (desk, shelf) = (desk.hash, shelf.hash)
    return desk == 0 && shelf == 0 ? evidence : StateHash.of([evidence, desk, shelf])
  }

  /// The next position, which is a command's of the desk.
  func takePosition() -> LogPosition {
    position = LogPosition(position.rawValue + 1)
    return position
  }

  /// Moves the state's time on: with it budgets, reservations and windows.
  func moveTime(to time: UnixSeconds) {
    newestEventAt = Swift.max(newestEventAt, time)
    desk.advance(to: newestEventAt, rules.policy)
  }

  /// Reads a policy's document.
  func compile(
    _ text: String, at position: LogPosition
  ) throws(DeskRefusal) -> ShelvedPolicy {
    let made = try compile(text).get()
    return ShelvedPolicy(name: made.name, text: text, policy: made.policy, position: position)
  }

  /// Why a command of the desk must not be logged; nil = it may be.
  ///
  /// What the log cannot hold, or a document that another version of the program may read
  /// otherwise: what is logged must come to the same whenever it is replayed.
  func refusalBeforeLogging(_ command: DeskCommand) -> DeskRefusal? {
    for (text, field, bytesMax) in [
      (command.actor, "actor", DeskCommand.actorBytesMax),
      (command.reason, "reason", DeskCommand.reasonBytesMax),
    ] where text.utf8.count > bytesMax {
      return DeskRefusal(.invalid, field: field, "must be at most \(bytesMax) bytes of UTF-8")
    }
    guard case .putPolicy(let text) = command.action else { return nil }
    if text.utf8.count > PolicyShelf.textBytesMax {
      return DeskRefusal(
        .invalid, field: "document",
        "has \(text.utf8.count) bytes: must be at most \(PolicyShelf.textBytesMax)")
    }
    if case .failure(let refusal) = compile(text) { return refusal }
    return nil
  }

  /// Takes over the policies of another state.
  package func restore(_ shelf: PolicyShelf) {
    self.shelf = shelf
    rules = EvidenceRules(schema: rules.schema, policy: shelf.active.policy)
  }

  /// Puts, activates or tries a policy.
  func changePolicy(
    _ action: DeskAction, _ context: DeskContext
  ) throws(DeskRefusal) -> DeskAnswer {
    let hash: UInt64
    switch action {
    case .putPolicy(let text):
      let made = try compile(text, at: context.position)
      hash = made.policy.hash
      try shelf.put(made)
    case .activatePolicy(let wanted):
      hash = wanted
      try shelf.activate(wanted, at: context.now)
      rules = EvidenceRules(schema: rules.schema, policy: shelf.active.policy)
    case .shadowPolicy(let wanted):
      hash = wanted ?? shelf.activeHash
      let before = shelf.shadowHash
      try shelf.shadow(wanted, at: context.now)
      if before != shelf.shadowHash { desk.shadow = ShadowTally() }
    default: preconditionFailure("no change of a policy: \(action)")
    }
    context.begin()
    let version = shelf[hash]?.policy.version ?? 0
    return .policy(version: version, hash: hash, isActive: hash == shelf.activeHash)
  }

  /// Highest sequence applied of `source`; 0 = none, or forgotten.
  public func highestSequence(of source: UInt64) -> UInt64 {
    sources.entry(of: source)?.sequence ?? 0
  }

  /// Why applying `commands`, in this order, would find no room for an account
  /// or a source; nil if it finds it.
  ///
  /// To be asked before commands are applied that another state accepted: a
  /// log's, say, whose state had a larger table. A few nanoseconds far from
  /// full; near it, about 0.2 µs a command. Sequencer only.
  public func lackOfRoom(for commands: [LoggedCommand]) -> String? {
    let accountsFit = table.hasRoom(for: 2 * commands.count)
    if accountsFit && sources.count + commands.count <= sources.capacity { return nil }
    var forecast = RoomForecast(self, tracksAccounts: !accountsFit)
    for command in commands {
      let lack =
        switch command {
        case .event(let command): forecast.take(CollectionOfOne(command))
        case .desk(let command): forecast.take(command)
        }
      if let lack { return lack }
    }
    return nil
  }

  /// The same of events.
  public func lackOfRoom(for commands: [Command]) -> String? {
    lackOfRoom(for: commands.map { LoggedCommand.event($0) })
  }

  /// Applies commands in order and moves the position past them.
  ///
  /// A command whose sequence is at or below the highest of its source is a
  /// duplicate: it takes a position, and its source is the last one used, but
  /// nothing else changes. Memory latency is overlapped by asking for the
  /// accounts of the commands ahead.
  ///
  /// - Precondition: there is room for the accounts and sources that are new,
  ///   as `lackOfRoom` has it. Traps otherwise.
  /// - Returns: how many changed the state.
  public func apply(_ commands: [Command]) -> Int {
    for command in commands.prefix(Self.bucketLookahead) { prefetchBuckets(command.event) }
    for command in commands.prefix(Self.recordLookahead) { prefetchRecords(command.event) }
    var appliedCount = 0
    for index in commands.indices {
      if index + Self.bucketLookahead < commands.count {
        prefetchBuckets(commands[index + Self.bucketLookahead].event)
      }
      if index + Self.recordLookahead < commands.count {
        prefetchRecords(commands[index + Self.recordLookahead].event)
      }
      if apply(commands[index]) { appliedCount += 1 }
    }
    return appliedCount
  }

  /// Applies a group as it was logged.
  ///
  /// - Returns: how many commands changed the state; nil, and nothing is done,
  ///   where the bytes are not `count` commands, or one of them finds no room.
  public func replay(_ body: [UInt8], count: Int) -> Int? {
    LoggedCommand.decodeAll(body, bodyBytes: body.count, count: count).map { apply($0) }
  }

  /// Applies commands in order; what refuses a command of the desk refused it when it was
  /// logged, too.
  public func apply(_ commands: [LoggedCommand]) -> Int {
    var appliedCount = 0
    var events: [Command] = []
    for command in commands {
      switch command {
      case .event(let command): events.append(command)
      case .desk(let command):
        appliedCount += apply(events)
        events.removeAll(keepingCapacity: true)
        if case .success = apply(command) { appliedCount += 1 }
      }
    }
    return appliedCount + apply(events)
  }

  private static let bucketLookahead = 8
  private static let recordLookahead = 4

  private func apply(_ command: Command) -> Bool {
    position = LogPosition(position.rawValue + 1)
    let slot = sources.slot(of: command.source)
    let highest = slot.map { sources.nodes[$0].entry.sequence } ?? 0
    let isDuplicate = command.sequence <= highest
    // The event counts for the time at which its own source finds room:
    // otherwise a full table would stay so while only new sources come.
    if !isDuplicate { newestEventAt = Swift.max(newestEventAt, command.event.at) }
    if let slot {
      sources.use(
        slot, sequence: Swift.max(highest, command.sequence), position: position.rawValue,
        at: newestEventAt)
    } else if !isDuplicate {
      sources.insert(
        SourceTable.Entry(
          source: command.source, sequence: command.sequence, lastPosition: position.rawValue,
          lastAt: newestEventAt))
    }
    if isDuplicate { return false }
    apply(command.event)
    return true
  }

  private func apply(_ event: Event) {
    var buyer = table.locate(AccountKey(.buyer, event.buyer))
    var merchant = table.locate(AccountKey(.merchant, event.merchant))
    let before = (buyer.record.tierCode, merchant.record.tierCode)
    rules.apply(event, buyer: &buyer.record, merchant: &merchant.record)
    if event.changesBuyer { store(buyer, tierBefore: before.0, at: event.at) }
    if event.changesMerchant { store(merchant, tierBefore: before.1, at: event.at) }
  }

  /// Puts a record back, and notes where its tier is not what it was. An account's first tier
  /// is no news.
  @inline(__always)
  func store(_ located: AccountTable.Located, tierBefore: UInt8, at time: UnixSeconds) {
    table.store(located)
    let tier = located.record.tierCode
    if tier == tierBefore || tierBefore == 0 { return }
    noteChange(of: located.record.key, .tier, before: tierBefore, after: tier, at: time)
  }

  @inline(never)
  func noteChange(
    of account: AccountKey, _ what: ChangeKind, before: UInt8, after: UInt8, at time: UnixSeconds
  ) {
    desk.changes.append(
      AccountChange(
        account: account, what: what, before: before, after: after, at: time, position: position))
  }

  private func prefetchBuckets(_ event: Event) {
    table.prefetchBucket(of: AccountKey(.buyer, event.buyer))
    table.prefetchBucket(of: AccountKey(.merchant, event.merchant))
  }

  private func prefetchRecords(_ event: Event) {
    table.prefetchRecord(of: AccountKey(.buyer, event.buyer))
    table.prefetchRecord(of: AccountKey(.merchant, event.merchant))
  }
}
