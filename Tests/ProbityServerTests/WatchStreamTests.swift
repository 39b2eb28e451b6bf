import IntegrityCore
import ProbityClient
import ProbityEngine
import ProbityServer
import Testing

/// Watches over a real connection.
@Suite(.serialized, .timeLimit(.minutes(2))) struct WatchStreamTests {
  private static let merchant = AccountID(77)
  private static let start = UnixSeconds(1_760_000_000)

  @Test func changesAreToldAsTheyCome() async throws {
    try await DeskTests.withClient { client, _ in
      let watched = AccountKey(.merchant, Self.merchant)
      let watching = client.watch(
        WatchOrder([watched], kinds: [ChangeKinds(.certification), ChangeKinds(.override)]))
      let first = try await watching.next()
      #expect(first.changes.isEmpty)
      try await client.setOverride(AccountKey(.merchant, AccountID(5)), .listed, actor: "li")
      try await client.setOverride(AccountKey(.buyer, Self.merchant), .listed, actor: "li")
      let position = try await client.setOverride(watched, .listed, actor: "li")
      var part = try await watching.next()
      while part.changes.isEmpty { part = try await watching.next() }
      #expect(part.changes.map(\.position) == [position] && part.cursor >= position)
      #expect(part.changes.map(\.account) == [watched] && part.changes[0].after == 3)
      _ = try await client.certify(Self.merchant, .factory, endsAt: UnixSeconds(.max), actor: "li")
      repeat { part = try await watching.next() } while part.changes.isEmpty
      #expect(part.changes.map(\.what) == [.certification])
      // Another one from the past.
      let late = client.watch(WatchOrder(cursor: LogPosition(position.rawValue - 2)))
      var told: [AccountChange] = []
      while told.count < 3 { told += try await late.next().changes }
      #expect(told.map(\.account.id.rawValue) == [77, 77, 77])
    }
  }

  @Test func aCursorOfTheFutureIsRefused() async throws {
    try await DeskTests.withClient { client, daemon in
      let watching = client.watch(WatchOrder(cursor: LogPosition(1_000_000)))
      await DeskTests.failure(.outOfRange, field: "cursor", notExecuted: true) {
        _ = try await watching.next()
      }
      #expect(daemon.engine.changeNotices.listenerCount == 0, "nobody is left to be woken")
    }
  }

  /// What a group that is being applied has changed already is told behind it.
  @Test func aWatchThatBeginsAmidAGroupMissesNoneOfIt() async throws {
    try await DeskTests.withClient { client, daemon in
      let watched = AccountKey(.merchant, Self.merchant)
      _ = try await client.setOverride(AccountKey(.buyer, AccountID(1)), .listed, actor: "li")
      let position = daemon.engine.position
      let change = AccountChange(
        account: watched, what: .override, before: 0, after: 3, at: Self.start,
        position: LogPosition(position.rawValue + 1))
      daemon.engine.changes.append(change)
      let watching = client.watch(WatchOrder([watched]))
      var part = try await watching.next()
      while part.changes.isEmpty { part = try await watching.next() }
      #expect(part.changes == [change] && part.cursor == position)
    }
  }

  @Test func thereIsABoundOfWatchedAccounts() async throws {
    try await DeskTests.withClient(limits: { $0.watchedAccountsMax = 10 }) { client, _ in
      let accounts = Set((1...11 as ClosedRange<UInt64>).map { AccountKey(.buyer, AccountID($0)) })
      let watching = client.watch(WatchOrder(accounts))
      await DeskTests.failure(.resourceExhausted, field: "", notExecuted: true) {
        _ = try await watching.next()
      }
    }
  }
}
