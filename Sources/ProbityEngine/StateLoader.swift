import AccountStore
import CommandLog
import IntegrityCore
import Synchronization

/// Makes a state from a snapshot's file, trusting nothing in it.
///
/// Shards are loaded by several threads. What comes out has the state hash that
/// the file's trailer names, or nothing comes out. Memory: that of the state, a
/// table of 32 bytes a chunk, and a chunk a thread.
public struct StateLoader<Storage: Disk>: Sendable {
  private let reader: SnapshotReader<Storage>
  private let rules: EvidenceRules
  private let accountsMax: Int
  private let sourcesMax: Int
  private let policies: PolicySetup?

  /// - Parameters:
  ///   - rules: in force from now on, unless a policy was activated by command; the snapshot
  ///     may have been made under another policy.
  ///   - accountsMax: of the table that is made.
  ///   - policies: reads the documents of policies that were put.
  public init(
    _ reader: SnapshotReader<Storage>, rules: EvidenceRules, accountsMax: Int, sourcesMax: Int,
    policies: PolicySetup? = nil
  ) {
    self.policies = policies
    self.reader = reader
    self.rules = rules
    self.accountsMax = accountsMax
    self.sourcesMax = sourcesMax
  }

  /// - Parameter threadCount: 1 or more; 1 loads on the caller's thread.
  public func load(threadCount: Int) throws(StoreFault) -> IntegrityState {
    let outline = try readOutline()
    let table = try makeTable(outline)
    try loadAccounts(into: table, outline, threadCount: threadCount)
    // Its sources come with `restore`.
    let state = IntegrityState(table: table, rules: rules, sourcesMax: 1, policies: policies)
    try loadSources(into: state, outline)
    if let desk = outline.desk { try loadDesk(desk, into: state) }
    let hash = state.hash(policyHash: reader.summary.rules.policyHash)
    if hash != reader.summary.stateHash {
      throw damage(at: 0, "what it holds does not have the state hash that its trailer names")
    }
    return state
  }

  // MARK: Outline

  func readOutline() throws(StoreFault) -> StateOutline {
    guard let chunk = reader.chunks.last, chunk.section == SnapshotSection.outline.rawValue,
      chunk.bodyBytes <= StateOutline.bytesMax
    else { throw damage(at: reader.sizeBytes, "the last chunk is not the outline of a state") }
    var body: [UInt8] = []
    try reader.read(chunk, into: &body)
    guard let outline = StateOutline(body[..<Int(chunk.bodyBytes)]),
      outline.position == reader.summary.position
    else { throw damage(at: Int(chunk.offset), "the outline of the state contradicts itself") }
    return outline
  }

  private func makeTable(_ outline: StateOutline) throws(StoreFault) -> AccountTable {
    let shardCounts = outline.shardCounts.map { Int($0) }
    // Before any address space is reserved.
    if outline.accountCount > UInt64(accountsMax) {
      throw StoreFault(
        .room, file: reader.path,
        what: "it holds \(outline.accountCount) accounts, and the limit is \(accountsMax)",
        remedy: "start with --accounts-max \(outline.accountCount) or more")
    }
    do {
      let table = try AccountTable(
        layout: StoreLayout(accountsMax: accountsMax, shardCount: shardCounts.count),
        seed: outline.seed)
      try table.checkRoom(forShards: shardCounts)
      return table
    } catch let fault as LoadFault {
      throw StoreFault(
        .room, file: reader.path, what: "\(fault)",
        remedy: "start with a larger --accounts-max")
    } catch {
      throw StoreFault(
        .room, file: reader.path, what: "its table cannot be made: \(error)",
        remedy: "lower --accounts-max, or raise the limit on address space (ulimit -v)")
    }
  }

  // MARK: Accounts

  private func loadAccounts(
    into table: AccountTable, _ outline: StateOutline, threadCount: Int
  ) throws(StoreFault) {
    let chunks = try chunksByShard(shardCount: outline.shardCounts.count)
    let work = ShardWork(shardCount: chunks.count)
    let load: @Sendable () -> Void = {
      do throws(StoreFault) {
        let file = try reader.open()
        var buffer: [UInt8] = []
        while let shard = work.next() {
          let loader = try self.load(
            shard, recordCount: Int(outline.shardCounts[shard]), chunks[shard], file, &buffer,
            table)
          work.finish(loader)
        }
      } catch {
        work.fail(error)
      }
    }
    let others = (1..<max(1, threadCount)).map { _ in EngineThread(load) }
    load()
    for thread in others { thread.join() }
    let loaders = try work.result()
    do throws(LoadFault) {
      try table.finishLoad(loaders)
    } catch {
      throw damage(at: 0, "\(error)")
    }
  }

  private func chunksByShard(shardCount: Int) throws(StoreFault) -> [[SnapshotChunk]] {
    var chunks = [[SnapshotChunk]](repeating: [], count: shardCount)
    for chunk in reader.chunks where chunk.section == SnapshotSection.accounts.rawValue {
      guard chunk.group < shardCount else {
        throw damage(at: Int(chunk.offset), "a chunk names shard \(chunk.group) of \(shardCount)")
      }
      chunks[Int(chunk.group)].append(chunk)
    }
    return chunks
  }

  private func load(
    _ shard: Int, recordCount: Int, _ chunks: [SnapshotChunk], _ file: Storage.File,
    _ buffer: inout [UInt8], _ table: AccountTable
  ) throws(StoreFault) -> ShardLoader {
    var offset = 0
    do {
      let loader = try table.shardLoader(shard, recordCount: recordCount)
      for chunk in chunks {
        offset = Int(chunk.offset)
        try reader.read(chunk, file, into: &buffer)
        try loader.load(buffer.span.extracting(0..<Int(chunk.bodyBytes)))
      }
      try loader.finish()
      return loader
    } catch let fault as LoadFault {
      throw damage(at: offset, "\(fault)")
    } catch let fault as StoreFault {
      throw fault
    } catch {
      preconditionFailure("\(error)")
    }
  }

  // MARK: Sources

  private func loadSources(
    into state: IntegrityState, _ outline: StateOutline
  ) throws(StoreFault) {
    var offset = 0
    do {
      let file = try reader.open()
      let sources = SourceTable(capacity: sourcesMax)
      var buffer: [UInt8] = []
      for chunk in reader.chunks where chunk.section == SnapshotSection.sources.rawValue {
        offset = Int(chunk.offset)
        try reader.read(chunk, file, into: &buffer)
        try sources.load(Array(buffer[..<Int(chunk.bodyBytes)]))
      }
      try state.restore(
        position: LogPosition(outline.position), newestEventAt: outline.newestEventAt,
        sources: sources)
    } catch let fault as StoreFault {
      throw fault
    } catch {
      throw damage(at: offset, "\(error)")
    }
    if UInt64(state.sources.count) != outline.sourceCount {
      throw damage(at: 0, "it holds \(state.sources.count) sources, not \(outline.sourceCount)")
    }
  }

  // MARK: The desk

  private func loadDesk(_ outline: DeskOutline, into state: IntegrityState) throws(StoreFault) {
    let sections: [SnapshotSection] = [
      .claims, .notes, .orders, .reservations, .policies, .changes,
    ]
    var offset = 0
    var documents: [(position: LogPosition, text: String)] = []
    do {
      let file = try reader.open()
      var buffer: [UInt8] = []
      for chunk in reader.chunks {
        guard let section = SnapshotSection(rawValue: chunk.section), sections.contains(section)
        else { continue }
        offset = Int(chunk.offset)
        try reader.read(chunk, file, into: &buffer)
        let bytes = Array(buffer[..<Int(chunk.bodyBytes)])
        if section != .policies {
          try state.desk.load(bytes, of: section)
        } else if let document = PolicyShelf.load(bytes) {
          documents.append(document)
        } else {
          throw damage(at: offset, "a policy's document is damaged")
        }
      }
      try state.desk.finishLoad(outline)
    } catch let fault as StoreFault {
      throw fault
    } catch {
      throw damage(at: offset, "\(error)")
    }
    try loadPolicies(documents, outline, into: state)
  }

  private func loadPolicies(
    _ documents: [(position: LogPosition, text: String)], _ outline: DeskOutline,
    into state: IntegrityState
  ) throws(StoreFault) {
    if documents.isEmpty { return }
    var shelved: [ShelvedPolicy] = []
    for document in documents {
      do throws(DeskRefusal) {
        shelved.append(try state.compile(document.text, at: document.position))
      } catch {
        // No damage, for which an older snapshot would be a substitute.
        throw StoreFault(
          .rules, file: reader.path,
          what: "a policy that was put is refused by this version: \(error.message)",
          remedy: "use the version of the program that wrote it")
      }
    }
    let shelf = PolicyShelf(
      shelved, activeHash: outline.activeHash, shadowHash: outline.shadowHash,
      shadowSince: outline.shadowSince,
      changeCount: outline.policyChangeCount)
    guard let shelf else { throw damage(at: 0, "the policy in force is not in it") }
    state.restore(shelf)
  }

  private func damage(at offset: Int, _ what: String) -> StoreFault {
    .damagedSnapshot(reader.path, at: offset, what)
  }
}

/// Shards to be loaded, shared by the threads that load them.
private final class ShardWork: Sendable {
  private struct State {
    var loaders: [ShardLoader] = []
    var fault: StoreFault?
  }

  private let shardCount: Int
  private let nextShard = Atomic<Int>(0)
  private let state = Mutex(State())

  init(shardCount: Int) { self.shardCount = shardCount }

  /// nil when all are taken, or one failed.
  func next() -> Int? {
    if state.withLock({ $0.fault != nil }) { return nil }
    let shard = nextShard.wrappingAdd(1, ordering: .relaxed).oldValue
    return shard < shardCount ? shard : nil
  }

  func finish(_ loader: ShardLoader) { state.withLock { $0.loaders.append(loader) } }

  func fail(_ fault: StoreFault) { state.withLock { $0.fault = $0.fault ?? fault } }

  func result() throws(StoreFault) -> [ShardLoader] {
    let (loaders, fault) = state.withLock { ($0.loaders, $0.fault) }
    if let fault { throw fault }
    return loaders
  }
}
