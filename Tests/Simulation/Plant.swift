import ClaimStore
import CommandLog
import IntegrityCore
import ProbityEngine
import Synchronization

/// A fault put in on purpose: the simulation must find it.
enum Plant: String, CaseIterable {
  /// The disk says that a sync is done and does nothing.
  case skipsSync
  /// The same for the names of files.
  case forgetsDirectorySync
  /// A group is answered while it is still in memory.
  case acknowledgesEarly
  /// What sources have sent is not part of what is recovered: a retry is applied twice.
  case appliesTwice
  /// A snapshot is published before the log has reached its position on disk.
  case snapshotsUnsynced
  /// Some of what was copied for a snapshot does not get into it.
  case losesCopied
  /// One segment more than allowed is removed.
  case prunesTooMuch
  /// Receipts are not on disk when a snapshot that needs them is published.
  case forgetsReceipts
  /// A claim that is opened once more counts once more against its merchant.
  case reservesTwice
  /// What an appeal gives back still counts.
  case keepsUndoneMoney
  /// Reservations do not get into a snapshot.
  case losesReservations
  /// A snapshot has the policies, but not which of them was activated.
  case forgetsActivation

  /// Whether it disturbs what single commands of the desk do.
  var isOfDesk: Bool { self == .reservesTwice || self == .keepsUndoneMoney }

  /// Does to a state what the fault would have done, behind a command.
  func disturb(
    _ state: IntegrityState, _ command: DeskCommand, _ result: Result<DeskAnswer, DeskRefusal>
  ) {
    guard case .success(.claim(let answer)) = result,
      let number = state.desk.claims.number(of: answer.claim.id)
    else { return }
    switch (self, command.action) {
    case (.reservesTwice, .openClaim):
      if !answer.isRepeated || !answer.money.state.counts { return }
      state.desk.claims.addMerchantUsed(answer.claim.amount.rawValue, ofMerchantOf: number)
    case (.keepsUndoneMoney, .decideAppeal(_, isUpheld: true)):
      if ![.reversed, .released].contains(answer.money.state) || answer.isRepeated { return }
      state.desk.ledger.reserve(number, at: state.newestEventAt, claims: &state.desk.claims)
    default: return
    }
  }
}

/// Answers before it writes.
final class EarlyLog: GroupLog {
  private let log: any GroupLog
  private let waiting = Mutex<(payload: [UInt8], count: Int)?>(nil)
  private let position: Mutex<UInt64>

  init(_ log: any GroupLog, position: UInt64) {
    self.log = log
    self.position = Mutex(position)
  }

  func append(_ payload: [UInt8], count: Int) throws(LogError) -> UInt64 {
    let before = waiting.withLock { waiting in
      defer { waiting = (payload, count) }
      return waiting
    }
    if let before { _ = try log.append(before.payload, count: before.count) }
    return position.withLock { position in
      defer { position += UInt64(count) }
      return position + 1
    }
  }

  func sync() throws(LogError) { try log.sync() }
  var syncDueNanoseconds: UInt64? { log.syncDueNanoseconds }
  var durablePosition: UInt64 { log.durablePosition }
  var durability: Durability { log.durability }
}

/// Syncs when it wants to, not when it is asked to.
final class LazyLog: GroupLog {
  private let log: any GroupLog

  init(_ log: any GroupLog) { self.log = log }

  func append(_ payload: [UInt8], count: Int) throws(LogError) -> UInt64 {
    try log.append(payload, count: count)
  }

  func sync() throws(LogError) {}
  var syncDueNanoseconds: UInt64? { log.syncDueNanoseconds }
  var durablePosition: UInt64 { log.durablePosition }
  var durability: Durability { log.durability }
}

extension IntegrityState {
  /// For `Plant.appliesTwice`.
  func withoutSources() -> IntegrityState {
    let state = IntegrityState(table: table, rules: rules, sourcesMax: sources.capacity)
    try? state.restore(
      position: position, newestEventAt: newestEventAt,
      sources: SourceTable(capacity: sources.capacity))
    return state
  }
}
