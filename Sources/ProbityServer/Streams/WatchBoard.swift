import IntegrityCore
import ProbityEngine
import ProbityWire
import Reactor

/// A watch on one connection.
final class WatchCall: StreamCall {
  fileprivate let id: UInt32
  fileprivate weak var connection: Connection?
  fileprivate var progress: WatchProgress
  fileprivate unowned let board: WatchBoard
  /// Changes up to there are forgotten, and were not told.
  fileprivate var lostUpTo: LogPosition?
  /// At its begin, and when it is time for a sign of life.
  fileprivate var tellsCursor = true

  fileprivate init(
    _ id: UInt32, _ progress: WatchProgress, on board: WatchBoard, _ connection: Connection,
    stream: UInt32
  ) {
    self.id = id
    self.progress = progress
    self.board = board
    self.connection = connection
    super.init(.watch, stream: stream)
  }

  override func nextPart() -> StreamPart? {
    if lostUpTo != nil { return nil }
    lostUpTo = board.catchUp(&progress)
    let part = progress.nextPart(position: board.position, tellsCursor: tellsCursor)
    if part != nil { tellsCursor = false }
    // A slow reader does not keep the loop: it goes on once others had their turn.
    if part == nil && !progress.isLive && lostUpTo == nil { board.continueLater(self) }
    return part.map { .watch($0) }
  }

  override func ending() -> Result<StreamEnd, CallFailure>? {
    lostUpTo.map { .failure(board.tooOld($0)) }
  }
}

/// The watches of one event loop, and what they are told from. Touched on the loop only.
///
/// The sequencer wakes the loop, at most once a group, where there is a watch at all; the loop
/// goes through the new changes and finds who wants each in an index. So a change costs the
/// sequencer an append, whoever watches.
final class WatchBoard {
  private let engine: Engine
  private let limits: ServerLimits
  private let eventLoop: EventLoop
  private var watches: [UInt32: WatchCall] = [:]
  private var index = WatchIndex()
  /// Those that watch all accounts.
  private var general: Set<UInt32> = []
  private var lastID: UInt32 = 0
  /// The next change to be given to those that are live; those up to `position` were.
  private var liveNumber: UInt64 = 0
  fileprivate private(set) var position = LogPosition.zero
  private var signTimer: LoopTimer?
  private var isWoken = false

  init(_ engine: Engine, _ limits: ServerLimits, _ eventLoop: EventLoop) {
    self.engine = engine
    self.limits = limits
    self.eventLoop = eventLoop
  }

  // MARK: Coming and going

  func open(
    _ order: WatchOrder, for connection: Connection, stream: UInt32
  ) throws(CallFailure) -> WatchCall {
    if index.count + order.accounts.count > limits.watchedAccountsMax {
      throw CallFailure(
        .resourceExhausted,
        "no room for \(order.accounts.count) more watched accounts: \(limits.watchedAccountsMax) "
          + "on each event loop are the most")
    }
    let isFirst = watches.isEmpty
    if isFirst { begin() }
    let touched = dispatch()
    // Not now: this connection's replies are being written.
    if !touched.isEmpty { pumpLater(touched) }
    let start: (number: UInt64, cursor: LogPosition)
    do throws(CallFailure) {
      start = try self.start(of: order)
    } catch {
      if isFirst { end() }
      throw error
    }
    lastID &+= 1
    let call = WatchCall(
      lastID, WatchProgress(order, from: start.number, cursor: start.cursor), on: self,
      connection, stream: stream)
    watches[call.id] = call
    if order.accounts.isEmpty { general.insert(call.id) }
    for account in order.accounts { index.insert(account, of: call.id) }
    return call
  }

  private func start(
    of order: WatchOrder
  ) throws(CallFailure) -> (number: UInt64, cursor: LogPosition) {
    // From now on: behind the last group that was applied in full, not in the midst of one.
    let cursor = order.cursor == .zero ? position : order.cursor
    if cursor > position {
      throw CallFailure(
        .outOfRange,
        "the log has not come to position \(cursor.rawValue): it is at "
          + "\(position.rawValue)", field: "cursor")
    }
    switch engine.changes.number(behind: cursor) {
    case .forgotten(let upTo): throw tooOld(upTo)
    case .changes(_, let next): return (min(next, liveNumber), cursor)
    }
  }

  /// Says from where on one can watch.
  fileprivate func tooOld(_ upTo: LogPosition) -> CallFailure {
    CallFailure(
      .outOfRange,
      "changes up to position \(upTo.rawValue) are not kept any more: watch from the cursor "
        + "\(position.rawValue) on, and ask for the accounts' scores once after that",
      field: "cursor", notExecuted: false)
  }

  func close(_ call: WatchCall) {
    guard watches.removeValue(forKey: call.id) != nil else { return }
    general.remove(call.id)
    for account in call.progress.order.accounts { index.remove(account, of: call.id) }
    if watches.isEmpty { end() }
  }

  private func begin() {
    liveNumber = engine.changes.next
    position = engine.position
    engine.changeNotices.listen(self) { [weak self, eventLoop] in
      eventLoop.execute { [weak self] in self?.tell() }
    }
    scheduleSign()
  }

  private func end() {
    engine.changeNotices.stop(self)
    signTimer?.cancel()
    signTimer = nil
  }

  /// Tells how far everybody has come, so that who comes back need not begin far behind, and
  /// who is gone is found out.
  private func scheduleSign() {
    signTimer = eventLoop.schedule(afterNanoseconds: limits.watchSignInterval.nanoseconds) {
      [weak self] in
      guard let self, !self.watches.isEmpty else { return }
      self.dispatch()
      for call in self.watches.values {
        call.tellsCursor = true
        self.pump(call)
      }
      // Telling may have ended the last one.
      if !self.watches.isEmpty { self.scheduleSign() }
    }
  }

  // MARK: Telling

  /// There are new changes.
  private func tell() {
    for id in dispatch() {
      if let call = watches[id] { pump(call) }
    }
  }

  private static let changesPerRead = 512

  /// Gives every live watch the changes that it wants.
  ///
  /// - Returns: those that were given some.
  @discardableResult
  private func dispatch() -> Set<UInt32> {
    // Before the history: what is applied up to here is in it.
    let applied = engine.position
    var touched: Set<UInt32> = []
    while true {
      switch engine.changes.read(from: liveNumber, countMax: Self.changesPerRead) {
      case .changes(let changes, let next):
        for (index, change) in changes.enumerated() {
          give(change, liveNumber + UInt64(index), &touched)
        }
        liveNumber = next
        if changes.count == Self.changesPerRead { continue }
      case .forgotten(let upTo):
        for call in watches.values where call.progress.isLive {
          call.lostUpTo = upTo
          touched.insert(call.id)
        }
        liveNumber = engine.changes.next
        continue
      }
      break
    }
    position = max(position, applied)
    return touched
  }

  private func give(_ change: AccountChange, _ number: UInt64, _ touched: inout Set<UInt32>) {
    func give(_ id: UInt32) {
      watches[id]?.progress.take(change, number: number)
      touched.insert(id)
    }
    index.forEach(of: change.account, give)
    for id in general { give(id) }
  }

  fileprivate func catchUp(_ progress: inout WatchProgress) -> LogPosition? {
    progress.catchUp(with: engine.changes, live: liveNumber, position: position)
  }

  fileprivate func continueLater(_ call: WatchCall) {
    eventLoop.execute { [weak self, weak call] in
      guard let self, let call, self.watches[call.id] === call else { return }
      self.pump(call)
    }
  }

  private func pumpLater(_ ids: Set<UInt32>) {
    eventLoop.execute { [weak self] in
      guard let self else { return }
      for id in ids {
        if let call = self.watches[id] { self.pump(call) }
      }
    }
  }

  private func pump(_ call: WatchCall) {
    guard let connection = call.connection else { return }
    connection.pump(call)
    connection.flushReplies()
  }
}

// Safe: closures that are given to other threads carry it to its loop; it is touched on its
// loop only.
extension WatchBoard: @unchecked Sendable {}
extension WatchCall: @unchecked Sendable {}
