import AccountStore
import CommandLog
import IntegrityCore
import Synchronization

/// The sequencer's side of a snapshot: copies the state in bounded steps between
/// groups of commands, and what they changed meanwhile again, until so little is
/// left that one short pause copies it. What the file then holds is the state at
/// the position of that pause.
///
/// Source: pre-copy, as live migration of virtual machines does it (Clark et
/// al., NSDI 2005).
///
/// `ask` may be called by any thread, the rest by the one that writes the state.
package final class StateCopier {
  /// A copy that commands overtake ends when it has copied everything so often.
  static let roundsMax = 4

  private let state: IntegrityState
  private let clock: any EngineClock
  private let limits: Engine.Limits
  private struct Mailbox {
    var channel: SnapshotChannel?
    /// No turns come: whoever asks is refused.
    var isClosed = false
  }

  private let asked = Mutex(Mailbox())
  private let isAsked = Atomic<Bool>(false)
  private var channel: SnapshotChannel?
  private var pauseNanosecondsMax: UInt64 = 0
  private var copiedCount = 0
  private var copiedCountMax = 0
  /// A piece as it is copied: in the last step most are small, and get memory of
  /// their size.
  private var scratch: [UInt8] = []

  init(state: IntegrityState, clock: any EngineClock, limits: Engine.Limits) {
    self.state = state
    self.limits = limits
    self.clock = clock
  }

  // MARK: Any thread

  /// Asks for a copy of the state; it begins with the next turn.
  func ask(_ channel: SnapshotChannel) {
    let isClosed = asked.withLock {
      if !$0.isClosed { $0.channel = channel }
      return $0.isClosed
    }
    if isClosed { return channel.abandon() }
    isAsked.store(true, ordering: .releasing)
  }

  // MARK: The writer of the state

  /// Whether a turn would do something now.
  var wantsTurn: Bool {
    if let channel { return channel.room > 0 || channel.isGivenUp }
    return isAsked.load(ordering: .acquiring)
  }

  /// Copies as much as the channel takes, and ends the copy if little is left.
  ///
  /// - Parameter settle: called in the last step, before the ending is made:
  ///   makes the log durable up to the state's position; false if it could not.
  func turn(settle: () -> Bool) {
    guard wantsTurn else { return }
    let started = clock.monotonicNanoseconds
    if channel == nil { begin() }
    guard let channel else { return }
    if channel.isGivenUp { return stop() }
    var room = channel.room
    while room > 0 && backlog > lastRecordsMax {
      copyPiece(limits.copiedRecordsMax, channel)
      room -= 1
    }
    let isLast = room > 0 && backlog <= lastRecordsMax
    if isLast {
      while backlog > 0 { copyPiece(limits.copiedRecordsMax, channel) }
      if !settle() {
        channel.abandon()
        return stop()
      }
    }
    // Put before the ending, which tells it.
    let ending = isLast ? outline(channel) : nil
    pauseNanosecondsMax = max(pauseNanosecondsMax, clock.monotonicNanoseconds - started)
    if var ending {
      ending.pauseNanosecondsMax = pauseNanosecondsMax
      channel.end(ending)
      stop()
    }
  }

  /// Gives up what is under way: no more turns will come until `reopen`.
  func close() {
    channel?.abandon()
    let waiting = asked.withLock {
      $0.isClosed = true
      return takeChannel(&$0)
    }
    waiting?.abandon()
    isAsked.store(false, ordering: .relaxed)
    stop()
  }

  /// Turns will come again, on another thread than before `close`.
  func reopen() { asked.withLock { $0.isClosed = false } }

  private func takeChannel(_ mailbox: inout Mailbox) -> SnapshotChannel? {
    defer { mailbox.channel = nil }
    return mailbox.channel
  }

  private func begin() {
    channel = asked.withLock { takeChannel(&$0) }
    isAsked.store(false, ordering: .relaxed)
    pauseNanosecondsMax = 0
    copiedCount = 0
    state.table.beginCopy()
    state.sources.beginCopy()
    copiedCountMax = Self.roundsMax * (backlog + limits.pauseRecordsMax)
  }

  private func stop() {
    if channel == nil { return }
    state.table.endCopy()
    state.sources.endCopy()
    channel = nil
  }

  private var backlog: Int { state.table.copyBacklog + state.sources.copyBacklog }

  private var lastRecordsMax: Int {
    copiedCount > copiedCountMax ? .max : limits.pauseRecordsMax
  }

  private func copyPiece(_ countMax: Int, _ channel: SnapshotChannel) {
    scratch.removeAll(keepingCapacity: true)
    scratch.reserveCapacity(countMax * AccountRecord.sizeBytes)
    if let piece = state.table.copyNext(recordsMax: countMax, into: &scratch) {
      copiedCount += piece.recordCount
      channel.put(
        SnapshotChannel.Piece(
          section: .accounts, group: UInt32(piece.shard), itemCount: piece.recordCount,
          bytes: Array(scratch[...])))
    } else if let count = state.sources.copyNext(entriesMax: countMax, into: &scratch) {
      copiedCount += count
      channel.put(
        SnapshotChannel.Piece(
          section: .sources, group: 0, itemCount: count, bytes: Array(scratch[...])))
    }
  }

  private func outline(_ channel: SnapshotChannel) -> SnapshotChannel.Ending {
    let outline = StateOutline(state)
    channel.put(
      SnapshotChannel.Piece(section: .outline, group: 0, itemCount: 1, bytes: outline.encoded))
    return SnapshotChannel.Ending(
      summary: SnapshotSummary(
        position: state.position.rawValue, stateHash: state.hash,
        rules: ReplayRules(state.rules.policy), createdAt: clock.wallSeconds.rawValue),
      pauseNanosecondsMax: 0, accountCount: state.table.count)
  }
}

// Safe: see the type's comment; what `ask` touches is locked or atomic.
extension StateCopier: @unchecked Sendable {}

extension ReplayRules {
  /// What commands applied by this core under `policy` can be replayed under.
  init(_ policy: Policy) {
    self.init(semantics: CoreSemantics.version, policyHash: policy.hash)
  }
}
