import IntegrityCore
import ProbityEngine

/// How far a watch has come: what is to be told next, without a socket.
///
/// Live, it is given the changes that it wants as they come. With too many of them waiting to be
/// taken, or begun in the past, it goes through the history by itself until it has caught up:
/// so it holds few changes, however slowly they are taken.
package struct WatchProgress {
  package let order: WatchOrder
  /// Changes that wait to be sent, each with its number in the history.
  private var waiting: [(number: UInt64, change: AccountChange)] = []
  /// Where it reads in the history; nil = it is live.
  package private(set) var catchingUpFrom: UInt64?
  /// All changes up to here are told, or among those that wait.
  private var cursor: LogPosition

  /// Changes that may wait; and that are sent in one part.
  package static let waitingMax = 512
  package static let partMax = 256
  /// Changes that are gone through in one go while it catches up.
  static let goMax = 1_024

  /// - Parameter number: the first change behind `cursor`.
  package init(_ order: WatchOrder, from number: UInt64, cursor: LogPosition) {
    self.order = order
    self.cursor = cursor
    catchingUpFrom = number
  }

  package var isLive: Bool { catchingUpFrom == nil }

  /// A change that this watch may want, as it comes: only while it is live.
  package mutating func take(_ change: AccountChange, number: UInt64) {
    if !isLive || !order.kinds.contains(change.what) { return }
    waiting.append((number, change))
    if waiting.count <= Self.waitingMax { return }
    catchingUpFrom = waiting[0].number
    cursor = Self.before(waiting[0].change)
    waiting.removeAll()
  }

  /// Others of the same position may have come before it.
  private static func before(_ change: AccountChange) -> LogPosition {
    LogPosition(change.position.rawValue - 1)
  }

  /// Goes on through the history, if it is not live and little waits.
  ///
  /// - Parameters:
  ///   - live: the number from which on changes are given as they come.
  ///   - position: all changes up to there have numbers below `live`.
  /// - Returns: the position up to which changes are forgotten, if it is too late.
  package mutating func catchUp(
    with history: ChangeHistory, live: UInt64, position: LogPosition
  ) -> LogPosition? {
    guard let from = catchingUpFrom, waiting.count < Self.partMax else { return nil }
    let countMax = Int(min(UInt64(Self.goMax), live - min(from, live)))
    switch history.read(from: from, countMax: countMax) {
    case .forgotten(let upTo): return upTo
    case .changes(let changes, let next):
      for (index, change) in changes.enumerated() where order.wants(change) {
        waiting.append((from + UInt64(index), change))
      }
      if next >= live {
        catchingUpFrom = nil
        cursor = max(cursor, position)
      } else {
        catchingUpFrom = next
        if let last = changes.last { cursor = max(cursor, Self.before(last)) }
      }
      return nil
    }
  }

  /// The next part to be sent; nil = there is nothing to tell.
  ///
  /// - Parameters:
  ///   - position: a live watch was given all changes up to there.
  ///   - tellsCursor: also where there is no change: a sign of life.
  package mutating func nextPart(position: LogPosition, tellsCursor: Bool) -> WatchPart? {
    if isLive { cursor = max(cursor, position) }
    if waiting.isEmpty && !tellsCursor { return nil }
    let count = min(waiting.count, Self.partMax)
    let changes = waiting[..<count].map(\.change)
    waiting.removeFirst(count)
    let told = waiting.first.map { min(Self.before($0.change), cursor) } ?? cursor
    return WatchPart(changes: changes, cursor: told)
  }
}
