import AccountStore
import IntegrityCore

// The engine: commands into order, state out of commands.
//
// For: sequencing, grouping, applying, and publishing what is applied. Not for:
// what an event means (IntegrityCore), memory layout (AccountStore), sockets
// (ProbityServer). Written by one thread, the sequencer's.

/// The deterministic state: a fold over the log, equal wherever the same prefix was applied.
///
/// Lookups read `table` from any thread; everything else is the sequencer's.
public final class IntegrityState {
  public let table: AccountTable
  public let rules: EvidenceRules
  public private(set) var position = LogPosition.zero
  private var sourcesMap: [UInt64: UInt64] = [:]
  let sources = SourceTable()
  var newestEventAt = UnixSeconds.zero
  private var sourceHashSum: UInt64 = 0

  public init(table: AccountTable, rules: EvidenceRules, sourcesMax: Int = 1_048_576) {
    self.table = table
    self.rules = rules
  }

  /// Hash of everything above: accounts, sources, position, policy and schema.
  public var hash: UInt64 { hash(policyHash: rules.policy.hash) }
  func finishLoad(position: LogPosition, newestEventAt: UnixSeconds) throws {
    self.position = position
  }
  func lackOfRoom(for commands: [Command]) -> String? { nil }
  func hash(policyHash: UInt64) -> UInt64 {
    StateHash.of([
      position.rawValue, table.recordHashSum, UInt64(table.count), sourceHashSum,
      UInt64(sourcesMap.count), policyHash, UInt64(rules.schema.halfLifeSeconds),
    ])
  }

  public var sourceCount: Int { sourcesMap.count }

  /// Highest sequence applied of `source`; 0 = none.
  public func highestSequence(of source: UInt64) -> UInt64 { sourcesMap[source] ?? 0 }

  /// Applies commands in order and moves the position past them.
  ///
  /// A command whose sequence is at or below the highest of its source is a
  /// duplicate: it takes a position and changes nothing else. Memory latency is
  /// overlapped by asking for the accounts of the commands ahead.
  ///
  /// - Precondition: the table has room for the accounts that are new.
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
  ///   where the bytes are not `count` commands.
  public func replay(_ body: [UInt8], count: Int) -> Int? {
    let commands = (0..<count).compactMap {
      CommandCoding.decode(body, at: $0 * CommandCoding.sizeBytes)
    }
    return commands.count == count ? apply(commands) : nil
  }

  private static let bucketLookahead = 8
  private static let recordLookahead = 4

  private func apply(_ command: Command) -> Bool {
    position = LogPosition(position.rawValue + 1)
    let highest = sourcesMap[command.source] ?? 0
    if command.sequence <= highest { return false }
    sourcesMap[command.source] = command.sequence
    sourceHashSum &+= StateHash.mix(command.source, command.sequence)
    if highest > 0 { sourceHashSum &-= StateHash.mix(command.source, highest) }
    apply(command.event)
    return true
  }

  private func apply(_ event: Event) {
    var buyer = table.locate(AccountKey(.buyer, event.buyer))
    var merchant = table.locate(AccountKey(.merchant, event.merchant))
    rules.apply(event, buyer: &buyer.record, merchant: &merchant.record)
    if event.changesBuyer { table.store(buyer) }
    if event.changesMerchant { table.store(merchant) }
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
