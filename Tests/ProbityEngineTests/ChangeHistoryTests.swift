import ClaimStore
import IntegrityCore
import ProbityEngine
import Testing

/// The newest changes: kept, read, forgotten, copied.
@Suite struct ChangeHistoryTests {
  static func change(_ position: UInt64) -> AccountChange {
    AccountChange(
      account: AccountKey(.merchant, AccountID(position * 7)), what: .standing,
      before: UInt8(position % 5), after: UInt8((position + 1) % 5),
      at: UnixSeconds(UInt32(1_700_000_000 + position)), position: LogPosition(position))
  }

  private static func history(_ count: UInt64, countMax: Int = 100) -> ChangeHistory {
    let history = ChangeHistory(countMax: countMax)
    for position in 1...count { history.append(change(position)) }
    return history
  }

  private static func changes(_ reading: ChangeHistory.Reading) -> [UInt64]? {
    if case .changes(let changes, _) = reading { return changes.map(\.position.rawValue) }
    return nil
  }

  @Test func whatWasAppendedIsReadInOrder() {
    let history = Self.history(50)
    #expect(history.next == 50)
    #expect(
      history.read(from: 0, countMax: 3)
        == .changes([1, 2, 3].map { Self.change($0) }, next: 3))
    #expect(Self.changes(history.read(from: 48, countMax: 10)) == [49, 50])
    #expect(history.read(from: 50, countMax: 10) == .changes([], next: 50))
  }

  @Test func theOldestAreForgottenAndSaidToBe() {
    let history = Self.history(250)
    #expect(history.read(from: 149, countMax: 1) == .forgotten(upTo: LogPosition(150)))
    #expect(Self.changes(history.read(from: 150, countMax: 2)) == [151, 152])
    #expect(history.number(behind: LogPosition(149)) == .forgotten(upTo: LogPosition(150)))
    #expect(history.number(behind: LogPosition(150)) == .changes([], next: 150))
    #expect(history.number(behind: LogPosition(200)) == .changes([], next: 200))
    #expect(history.number(behind: LogPosition(900)) == .changes([], next: 250))
  }

  @Test func manyChangesOfOnePositionAreBehindTheOneBefore() {
    let history = ChangeHistory(countMax: 100)
    for position: UInt64 in [5, 7, 7, 7, 9] { history.append(Self.change(position)) }
    for (cursor, next) in [(0, 0), (5, 1), (6, 1), (7, 4), (8, 4), (9, 5)] as [(UInt64, UInt64)] {
      #expect(history.number(behind: LogPosition(cursor)) == .changes([], next: next))
    }
  }

  // MARK: Copying

  /// Copies a history while so many changes a piece come to it, and loads the copy.
  private static func copied(
    _ history: ChangeHistory, countMax: Int, growing: UInt64 = 0, from position: UInt64 = 0
  ) throws -> ChangeHistory {
    var position = position
    var pieces: [[UInt8]] = []
    history.beginCopy()
    while history.copyBacklog > 0 {
      var bytes: [UInt8] = []
      guard let count = history.copyNext(countMax: 7, into: &bytes) else { break }
      #expect(bytes.count == count * 32)
      pieces.append(bytes)
      if pieces.count > 20 { continue }
      for _ in 0..<growing {
        position += 1
        history.append(change(position))
      }
    }
    history.endCopy()
    let copy = ChangeHistory(countMax: countMax)
    for piece in pieces { try copy.load(piece) }
    try copy.finishLoad(history.outline)
    return copy
  }

  @Test(arguments: [1, 50, 99, 100, 101, 250] as [UInt64], [0, 3, 20] as [UInt64])
  func aCopyIsTheSame(count: UInt64, growing: UInt64) throws {
    let history = Self.history(count)
    let copy = try Self.copied(history, countMax: 100, growing: growing, from: count)
    #expect(copy.hash == history.hash && copy.outline == history.outline)
    for number in history.outline.first...history.outline.next {
      #expect(copy.read(from: number, countMax: 5) == history.read(from: number, countMax: 5))
    }
    // And goes on as the other does.
    for position in 1_000...1_150 as ClosedRange<UInt64> {
      history.append(Self.change(position))
      copy.append(Self.change(position))
    }
    #expect(copy.hash == history.hash)
  }

  @Test func nothingIsCopiedOfNothing() throws {
    let history = ChangeHistory(countMax: 10)
    #expect(history.hash == 0)
    let copy = try Self.copied(history, countMax: 10)
    #expect(copy.hash == 0 && copy.next == 0)
  }

  @Test func damagedCopiesAreRefused() {
    let history = Self.history(20)
    var bytes: [UInt8] = []
    history.beginCopy()
    _ = history.copyNext(countMax: 100, into: &bytes)
    func loads(_ bytes: [UInt8], _ change: (inout ChangeHistory.Outline) -> Void = { _ in }) -> Bool
    {
      let copy = ChangeHistory(countMax: 100)
      var outline = history.outline
      change(&outline)
      do throws(ClaimLoadFault) {
        try copy.load(bytes)
        try copy.finishLoad(outline)
        return true
      } catch {
        return false
      }
    }
    #expect(loads(bytes))
    #expect(!loads(Array(bytes.dropLast())), "half a change")
    #expect(!loads(Array(bytes.dropLast(32))), "one is missing")
    #expect(!loads(Array(bytes[..<32] + bytes[64...])), "one is left out that is not forgotten")
    #expect(!loads(bytes) { $0.next += 1 })
    #expect(!loads(bytes) { $0.first = 25 })
    var broken = bytes
    broken[32 + 8 * 3 + 5] = 9
    #expect(!loads(broken), "no such sort of change")
    broken = bytes
    broken[32] = 77
    #expect(!loads(broken), "another number")
  }

  // MARK: What is a change

  @Test func tiersThatEventsChangeAreNoted() throws {
    let fixture = try DeskFixture()
    fixture.orders(1, of: 1)
    #expect(fixture.state.desk.changes.next == 0, "a first tier is no news")
    // Twenty lost parcels.
    let events = (1...20).map { index in
      Command(
        source: 9, sequence: UInt64(index),
        event: Event(
          at: fixture.now, buyer: AccountID(1), merchant: AccountID(500), claim: UInt64(index),
          amount: Minor(100), detail: .claimOpened(.quality, .notReceived)))
    }
    let before = fixture.state.position
    _ = fixture.state.apply(events)
    guard case .changes(let changes, _) = fixture.state.desk.changes.read(from: 0, countMax: 10)
    else {
      Issue.record("forgotten")
      return
    }
    #expect(!changes.isEmpty && changes.allSatisfy { $0.what == .tier && $0.position > before })
    #expect(changes.allSatisfy { $0.account == AccountKey(.buyer, AccountID(1)) })
    #expect(zip(changes, changes.dropFirst()).allSatisfy { $0.after == $1.before })
    let record = try #require(fixture.state.table.record(of: AccountKey(.buyer, AccountID(1))))
    #expect(changes.last?.after == record.tierCode)
  }

  @Test func ordersOfOperatorsAreNoted() throws {
    let fixture = try DeskFixture()
    let buyer = AccountKey(.buyer, AccountID(1))
    fixture.orders(1, of: 1, from: 9)
    fixture.apply(.setOverride(buyer, .listed, endsAt: .zero))
    fixture.apply(.setOverride(buyer, .listed, endsAt: .zero))
    fixture.apply(.clearOverride(buyer, .listed))
    fixture.apply(.clearOverride(buyer, .listed))
    fixture.apply(.certify(AccountID(9), .factory, endsAt: UnixSeconds(.max)))
    fixture.apply(.revokeCertification(AccountID(9)))
    guard case .changes(let changes, _) = fixture.state.desk.changes.read(from: 0, countMax: 10)
    else {
      Issue.record("forgotten")
      return
    }
    #expect(
      changes.map(\.what) == [.override, .override, .override, .certification, .certification])
    #expect(changes.map(\.before) == [0, 3, 3, 0, 1])
    #expect(changes.map(\.after) == [3, 3, 0, 1, 0])
  }
}
