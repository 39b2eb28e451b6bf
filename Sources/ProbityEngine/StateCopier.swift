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

  package init(state: IntegrityState, clock: any EngineClock, limits: Engine.Limits) {
    self.state = state
    self.limits = limits
    self.clock = clock
  }

  // MARK: Any thread

  /// Memory that a piece takes.
  var pieceBytesMax: Int { limits.copiedRecordsMax * AccountRecord.sizeBytes }

  /// Asks for a copy of the state; it begins with the next turn.
  package func ask(_ channel: SnapshotChannel) {
    let isClosed = asked.withLock {
      if !$0.isClosed { $0.channel = channel }
      return $0.isClosed
    }
    if isClosed { return channel.abandon() }
    isAsked.store(true, ordering: .releasing)
  }

  // MARK: The writer of the state

  /// Whether a copy is under way: its channel is to be looked at again soon.
  var isUnderWay: Bool { channel != nil }

  /// Whether a turn would do something now.
  var wantsTurn: Bool {
    if let channel { return channel.room > 0 || channel.isGivenUp }
    return isAsked.load(ordering: .acquiring)
  }

  /// Copies as much as the channel takes, and ends the copy if little is left.
  ///
  /// - Parameter settle: called in the last step, before the ending is made:
  ///   makes the log durable up to the state's position; false if it could not.
  package func turn(settle: () -> Bool) {
    guard wantsTurn else { return }
    let started = clock.monotonicNanoseconds
    if channel == nil { begin() }
    guard let channel else { return }
    if channel.isGivenUp { return stop() }
    let room = copyAhead(into: channel)
    var ending: SnapshotChannel.Ending?
    if room > 0 && backlog <= lastRecordsMax {
      ending = copyLast()
      if !settle() {
        channel.abandon()
        return stop()
      }
    }
    pauseNanosecondsMax = max(pauseNanosecondsMax, clock.monotonicNanoseconds - started)
    if var ending {
      ending.pauseNanosecondsMax = pauseNanosecondsMax
      channel.end(ending)
      stop()
    }
  }

  /// Copies as much as the channel takes, but does not end: between two jobs of a
  /// group, which may take longer than the writer takes for all that a turn gave it.
  package func copyAhead() {
    guard let channel, channel.room > 0, !channel.isGivenUp else { return }
    let started = clock.monotonicNanoseconds
    _ = copyAhead(into: channel)
    pauseNanosecondsMax = max(pauseNanosecondsMax, clock.monotonicNanoseconds - started)
  }

  /// - Returns: how many more pieces the channel took, if they were there.
  private func copyAhead(into channel: SnapshotChannel) -> Int {
    var room = channel.room
    while room > 0 && backlog > lastRecordsMax {
      channel.put { copyNext(into: &$0) }
      room -= 1
    }
    return room
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
    state.desk.beginCopy()
    copiedCountMax = Self.roundsMax * (backlog + limits.pauseRecordsMax)
  }

  private func stop() {
    if channel == nil { return }
    state.table.endCopy()
    state.sources.endCopy()
    state.desk.endCopy()
    channel = nil
  }

  /// Records of the desk are larger than those of accounts.
  private var deskRecordsMax: Int { max(1, limits.copiedRecordsMax / 4) }

  private var backlog: Int {
    state.table.copyBacklog + state.sources.copyBacklog + state.desk.copyBacklog
  }

  private var lastRecordsMax: Int {
    copiedCount > copiedCountMax ? .max : limits.pauseRecordsMax
  }

  /// - Returns: false if nothing is left.
  private func copyNext(into piece: inout SnapshotChannel.Piece) -> Bool {
    let countMax = limits.copiedRecordsMax
    if let copied = state.table.copyNext(recordsMax: countMax, into: &piece.bytes) {
      piece.section = .accounts
      piece.group = UInt32(copied.shard)
      piece.itemCount = copied.recordCount
    } else if let count = state.sources.copyNext(entriesMax: countMax, into: &piece.bytes) {
      piece.section = .sources
      piece.group = 0
      piece.itemCount = count
    } else if let (section, count) = state.desk.copyNext(
      countMax: deskRecordsMax, into: &piece.bytes)
    {
      piece.section = section
      piece.group = 0
      piece.itemCount = count
    } else {
      return false
    }
    copiedCount += piece.itemCount
    return true
  }

  /// What is left, in pieces of a shard each, and what the state comes to.
  private func copyLast() -> SnapshotChannel.Ending {
    var pieces: [SnapshotChannel.Piece] = []
    var piece = SnapshotChannel.Piece(section: .outline, group: 0, itemCount: 1, bytes: [])
    while backlog > 0 && copyNext(into: &piece) {
      // The memory that it was copied to serves the next one.
      pieces.append(piece)
      pieces[pieces.count - 1].bytes = Array(piece.bytes[...])
      piece.bytes.removeAll(keepingCapacity: true)
    }
    for policy in state.shelf.copied {
      pieces.append(
        SnapshotChannel.Piece(section: .policies, group: 0, itemCount: 1, bytes: policy))
    }
    pieces.append(
      SnapshotChannel.Piece(
        section: .outline, group: 0, itemCount: 1, bytes: StateOutline(state).encoded))
    return SnapshotChannel.Ending(
      pieces: pieces,
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
