import IntegrityCore
import ProbityEngine
import ProbityServer
import Testing

/// Watches without a socket: who wants what, and how far each has come.
@Suite struct WatchTests {
  // MARK: Index

  @Test func everyWatchOfAnAccountIsFound() {
    var index = WatchIndex()
    var expected: [AccountKey: Set<UInt32>] = [:]
    var random = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 1 ... .max, using: &random)
    var state = seed
    func next(_ bound: UInt64) -> UInt64 {
      state = StateHash.mix(state, 0x9e37_79b9_7f4a_7c15)
      return state % bound
    }
    for _ in 0..<5_000 {
      let account = AccountKey(next(2) == 0 ? .buyer : .merchant, AccountID(1 + next(40)))
      let watch = UInt32(next(30))
      if expected[account, default: []].contains(watch) {
        index.remove(account, of: watch)
        expected[account]?.remove(watch)
      } else {
        index.insert(account, of: watch)
        expected[account, default: []].insert(watch)
      }
    }
    for (account, watches) in expected {
      var found: Set<UInt32> = []
      index.forEach(of: account) { #expect(found.insert($0).inserted, "seed \(seed)") }
      #expect(found == watches, "seed \(seed)")
    }
    #expect(index.count == expected.values.reduce(0) { $0 + $1.count })
    for (account, watches) in expected { for watch in watches { index.remove(account, of: watch) } }
    #expect(index.count == 0)
  }

  // MARK: Progress

  private static func change(
    _ position: UInt64, account: UInt64 = 1, _ what: ChangeKind = .tier
  ) -> AccountChange {
    AccountChange(
      account: AccountKey(.merchant, AccountID(account)), what: what, before: 1, after: 2,
      at: UnixSeconds(1), position: LogPosition(position))
  }

  private static let order = WatchOrder(
    [AccountKey(.merchant, AccountID(1))], kinds: [.init(.tier)])

  /// Takes all parts that there are.
  private static func parts(
    _ progress: inout WatchProgress, position: UInt64, tellsCursor: Bool = false
  ) -> [WatchPart] {
    var parts: [WatchPart] = []
    while let part = progress.nextPart(position: LogPosition(position), tellsCursor: tellsCursor) {
      parts.append(part)
    }
    return parts
  }

  @Test func whatLiesBehindTheCursorIsToldFirst() {
    let history = ChangeHistory(countMax: 10_000)
    for position in 1...3_000 as ClosedRange<UInt64> {
      history.append(
        Self.change(position, account: position % 2, position % 3 == 0 ? .override : .tier))
    }
    var progress = WatchProgress(Self.order, from: 1_000, cursor: LogPosition(1_000))
    var told: [UInt64] = []
    var goes = 0
    while !progress.isLive {
      goes += 1
      #expect(
        progress.catchUp(with: history, live: 3_000, position: LogPosition(3_010)) == nil)
      for part in Self.parts(&progress, position: 3_010) {
        told += part.changes.map(\.position.rawValue)
        // Never behind what was not told.
        let due = (1_001...3_000).filter {
          $0 % 2 == 1 && $0 % 3 != 0 && $0 <= part.cursor.rawValue
        }
        #expect(told.starts(with: due))
      }
    }
    #expect(goes == 2, "1,024 changes in one go")
    #expect(told == (1_001...3_000 as ClosedRange<UInt64>).filter { $0 % 2 == 1 && $0 % 3 != 0 })
    progress.take(Self.change(3_020), number: 3_000)
    progress.take(Self.change(3_021, .override), number: 3_001)
    let parts = Self.parts(&progress, position: 3_030)
    #expect(parts.map { $0.changes.map(\.position.rawValue) } == [[3_020]])
    #expect(parts.last?.cursor == LogPosition(3_030))
    #expect(Self.parts(&progress, position: 3_030).isEmpty)
    // A sign of life, whether or not it has come further.
    for position in [3_030, 3_040] as [UInt64] {
      #expect(
        progress.nextPart(position: LogPosition(position), tellsCursor: true)
          == WatchPart(changes: [], cursor: LogPosition(position)))
    }
  }

  /// One that takes nothing holds no more than it may, and is told all of it later.
  @Test func aSlowWatchGoesThroughTheHistoryLater() {
    let history = ChangeHistory(countMax: 10_000)
    var progress = WatchProgress(Self.order, from: 0, cursor: LogPosition(0))
    _ = progress.catchUp(with: history, live: 0, position: LogPosition(0))
    #expect(progress.isLive)
    let count = UInt64(WatchProgress.waitingMax) + 300
    for position in 1...count {
      history.append(Self.change(position))
      progress.take(Self.change(position), number: position - 1)
    }
    #expect(!progress.isLive)
    #expect(progress.nextPart(position: LogPosition(count), tellsCursor: false) == nil)
    var told: [UInt64] = []
    repeat {
      _ = progress.catchUp(with: history, live: count, position: LogPosition(count))
      for part in Self.parts(&progress, position: count) {
        told += part.changes.map(\.position.rawValue)
      }
    } while !progress.isLive
    #expect(told == Array(1...count))
  }

  /// Half of a position's changes told is none of them, as far as the cursor goes.
  @Test func theCursorNeverPassesChangesThatWait() {
    let history = ChangeHistory(countMax: 10_000)
    var progress = WatchProgress(Self.order, from: 0, cursor: LogPosition(0))
    _ = progress.catchUp(with: history, live: 0, position: LogPosition(0))
    for number in 0..<UInt64(WatchProgress.partMax) + 1 {
      progress.take(Self.change(5), number: number)
    }
    let first = progress.nextPart(position: LogPosition(5), tellsCursor: false)
    #expect(first?.changes.count == WatchProgress.partMax && first?.cursor == LogPosition(4))
    let second = progress.nextPart(position: LogPosition(5), tellsCursor: false)
    #expect(second?.changes.count == 1 && second?.cursor == LogPosition(5))
  }

  @Test func whatIsForgottenIsSaid() {
    let history = ChangeHistory(countMax: 10)
    for position in 1...50 as ClosedRange<UInt64> { history.append(Self.change(position)) }
    var progress = WatchProgress(Self.order, from: 20, cursor: LogPosition(20))
    #expect(
      progress.catchUp(with: history, live: 50, position: LogPosition(50)) == LogPosition(40))
  }
}
