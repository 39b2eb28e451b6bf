import AccountStore
import CommandLog
import IntegrityCore

/// What a snapshot holds, as its outline says.
package struct SnapshotContents: Equatable, Sendable {
  package var accountCount: UInt64
  package var sourceCount: UInt64
  package var newestEventAt: UnixSeconds
}

/// What a replay of the log came to.
package struct FoldFinding: Equatable, Sendable {
  /// Position of the snapshot that it began with; 0 = with nothing.
  package var basePosition: UInt64
  /// Of snapshots passed on the way: whether they hold what the log comes to.
  package var comparisons: [Comparison] = []
  package var endPosition: UInt64 = 0
  package var stateHash: UInt64 = 0
  package var accountCount = 0
  package var sourceCount = 0

  /// A snapshot beside the fold of the log up to its position.
  package struct Comparison: Equatable, Sendable {
    package var position: UInt64
    package var isEqual: Bool
    /// Of the fold.
    package var stateHash: UInt64
  }
}

/// Loads the snapshots of a store and replays its log without serving it: what
/// proves a back-up good. Changes nothing; memory: that of one state.
package struct StoreExamination<Storage: Disk> {
  private let disk: Storage
  private let identity: StoreIdentity
  private let rules: EvidenceRules
  private let options: StoreOptions
  /// Called with bytes of the log that were replayed.
  private let progress: (Int) -> Void

  /// - Parameters:
  ///   - rules: with the half-life of the store; the log is replayed under them.
  ///   - options: their limits count.
  package init(
    _ disk: Storage, _ identity: StoreIdentity, rules: EvidenceRules, options: StoreOptions,
    progress: @escaping (Int) -> Void = { _ in }
  ) {
    self.disk = disk
    self.identity = identity
    self.rules = rules
    self.options = options
    self.progress = progress
  }

  /// What a daemon under these rules asks of a log.
  package var replayRules: ReplayRules { ReplayRules(rules.policy) }

  /// Reads the outline alone.
  package func contents(ofSnapshotNamed name: String) throws(StoreFault) -> SnapshotContents {
    let outline = try loader(try SnapshotReader(disk, identity, name: name)).readOutline()
    return SnapshotContents(
      accountCount: outline.accountCount, sourceCount: outline.sourceCount,
      newestEventAt: outline.newestEventAt)
  }

  /// The state of a snapshot, with the state hash that its trailer names.
  package func state(ofSnapshotAt position: UInt64) throws(StoreFault) -> IntegrityState {
    try loader(try SnapshotReader(disk, identity, position: position))
      .load(threadCount: options.loadThreadCount)
  }

  /// The same of a snapshot whatever its name.
  package func state(ofSnapshotNamed name: String) throws(StoreFault) -> IntegrityState {
    try loader(try SnapshotReader(disk, identity, name: name))
      .load(threadCount: options.loadThreadCount)
  }

  /// The newest snapshot that a start would load, and why newer ones were passed over.
  ///
  /// - Throws: what a start would refuse with.
  package func newestSnapshot() throws(StoreFault) -> (SnapshotSummary?, passedOver: [StoreFault]) {
    var passedOver: [StoreFault] = []
    let positions = try faulting { () throws(DiskError) in try disk.snapshotPositions() }
    for position in positions.reversed() {
      do throws(StoreFault) {
        let reader = try SnapshotReader(disk, identity, position: position)
        _ = try loader(reader).load(threadCount: options.loadThreadCount)
        return (reader.summary, passedOver)
      } catch {
        guard error.allowsOlderSnapshot else { throw error }
        passedOver.append(error)
      }
    }
    return (nil, passedOver)
  }

  private func loader(_ reader: SnapshotReader<Storage>) -> StateLoader<Storage> {
    StateLoader(
      reader, rules: rules, accountsMax: options.accountsMax, sourcesMax: options.sourcesMax,
      policies: options.policies)
  }

  /// Replays the log from a snapshot, or from the beginning, to its end.
  ///
  /// - Parameters:
  ///   - base: position of the snapshot; 0 = from the beginning.
  ///   - snapshots: compared with the fold where it passes them.
  package func fold(
    from base: UInt64, comparing snapshots: [SnapshotSummary]
  ) throws(StoreFault) -> FoldFinding {
    let state = base == 0 ? try .empty(disk, rules, options) : try state(ofSnapshotAt: base)
    var finding = FoldFinding(basePosition: base)
    var waiting = snapshots.filter { $0.position > base }.sorted { $0.position < $1.position }[...]
    let inspector = StoreInspector(disk, identity, progress: progress)
    let logRules = ReplayRules(state.shelf.policies[0].policy)
    let forecast = try inspector.forecast(after: base, rules: logRules) {
      (group, body) throws(StoreFault) in
      try state.replay(group, body, file: disk.path(of: ""))
      while let next = waiting.first, next.position <= state.position.rawValue {
        waiting.removeFirst()
        let hash = state.hash(policyHash: next.rules.policyHash)
        finding.comparisons.append(
          .init(position: next.position, isEqual: hash == next.stateHash, stateHash: hash))
      }
    }
    finding.endPosition = forecast.endPosition
    finding.stateHash = state.hash
    finding.accountCount = state.table.count
    finding.sourceCount = state.sources.count
    return finding
  }
}

extension StoreFault {
  /// Only damage makes an older snapshot a substitute.
  var allowsOlderSnapshot: Bool { kind == .damage || kind == .disk }

  /// The refusal of a clock that lies far behind what the store has seen: all
  /// evidence would look as if it lay in the future.
  ///
  /// - Parameters:
  ///   - newest: when the store was last written to for certain, UTC seconds.
  ///   - backSecondsMax: how far behind is no matter.
  package static func clock(
    _ path: String, newest: UInt32, now: UInt32, backSecondsMax: UInt32
  ) -> StoreFault? {
    if newest <= now || newest - now <= backSecondsMax { return nil }
    return StoreFault(
      .clock, file: path,
      what: "this machine's clock says \(now) s since 1970, and the store was written at "
        + "\(newest), \((newest - now) / 86_400) days later",
      remedy: "set the clock (is time synchronisation running?) and start again")
  }
}

extension IntegrityState {
  /// A state without anything.
  static func empty(
    _ disk: some Disk, _ rules: EvidenceRules, _ options: StoreOptions, seed: UInt64 = 0
  ) throws(StoreFault) -> IntegrityState {
    do throws(StoreError) {
      let table = try AccountTable(
        layout: StoreLayout(accountsMax: options.accountsMax), seed: seed)
      return IntegrityState(
        table: table, rules: rules, sourcesMax: options.sourcesMax, policies: options.policies)
    } catch {
      switch error {
      case .outOfAddressSpace(let sizeBytes):
        throw StoreFault(
          .room, file: disk.path(of: ""),
          what: "cannot reserve \(sizeBytes >> 20) MiB of address space",
          remedy: "lower --accounts-max, or raise the limit on address space (ulimit -v)")
      }
    }
  }

  /// Applies a group as it was logged.
  ///
  /// - Parameter file: to be named in a fault.
  func replay(_ group: LogGroup, _ body: [UInt8], file: String) throws(StoreFault) {
    guard
      let commands = LoggedCommand.decodeAll(
        body, bodyBytes: group.bodyBytes, count: group.count)
    else {
      throw StoreFault(
        .dataLoss, file: file,
        what:
          "the group at position \(group.firstPosition) has a right checksum and holds no commands",
        remedy: "use the version of the program that wrote it; if it is the same, report a fault",
        intactPosition: group.firstPosition - 1)
    }
    if let reason = lackOfRoom(for: commands) {
      throw StoreFault(
        .room, file: file, what: "replaying position \(group.firstPosition): \(reason)",
        remedy: "start with a larger --accounts-max")
    }
    for case .desk(let command) in commands {
      guard let refusal = refusalBeforeLogging(command) else { continue }
      throw StoreFault(
        .rules, file: file,
        what: "replaying position \(group.firstPosition): what was taken when it was logged is "
          + "refused by this version: \(refusal.message)",
        remedy: "use the version of the program that wrote it")
    }
    _ = apply(commands)
  }
}
