import IntegrityCore
import ProbityClient
import ProbityEngine
import ProbityServer
import ProbityWire
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

  /// The refusal says from where on one can watch, and there one can.
  @Test func aCursorThatIsNotKeptIsRefused() async throws {
    try await DeskTests.withClient { client, daemon in
      let watched = AccountKey(.merchant, Self.merchant)
      for _ in 0..<3 { try await client.setOverride(watched, .listed, actor: "li") }
      let position = daemon.engine.position
      let change = AccountChange(
        account: AccountKey(.buyer, AccountID(1)), what: .tier, before: 1, after: 2,
        at: Self.start, position: position)
      for _ in 0..<ChangeHistory.countStandard { daemon.engine.changes.append(change) }
      let old = client.watch(WatchOrder([watched], cursor: LogPosition(1)))
      let failure = await DeskTests.failure(.outOfRange, field: "cursor", notExecuted: false) {
        _ = try await old.next()
      }
      let isNamed = failure?.message.contains("from the cursor \(position.rawValue) on")
      #expect(isNamed == true, "\(failure?.message ?? "")")
      let watching = client.watch(WatchOrder([watched], cursor: position))
      _ = try await watching.next()
      let told = try await client.setOverride(watched, .listed, actor: "li")
      var part = try await watching.next()
      while part.changes.isEmpty { part = try await watching.next() }
      #expect(part.changes.map(\.position) == [told])
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

  // MARK: Who does not read

  /// So many changes that who is told all of them uses up the credit of its stream.
  private static let changeCount = ProtocolLimits.streamCreditBytes / 30

  private static func changeMuch(_ client: ProbityClient) async throws {
    for index in 1...changeCount {
      let account = AccountKey(.buyer, AccountID(UInt64(index)))
      try await client.setOverride(account, .listed, actor: "li")
    }
  }

  /// What comes for who does not read is granted again, too: otherwise a client that keeps its
  /// connection would hear nothing more after a few.
  @Test func aConnectionsCreditIsNotUsedUp() async throws {
    try await DeskTests.withClient { client, _ in
      try await Self.changeMuch(client)
      var unread: [StreamedCall] = []
      for _ in 0..<ProtocolLimits.connectionCreditBytes / ProtocolLimits.streamCreditBytes {
        let call = try await client.watchOnce(WatchOrder(cursor: LogPosition(1)))
        _ = try await call.next()
        unread.append(call)
      }
      // A few turns of the loop, in which the watches use up their own credit.
      for _ in 0..<50 { _ = try await client.health() }
      let call = try await client.watchOnce(WatchOrder(), silenceMax: .seconds(10))
      #expect(try await call.next() != nil)
      for call in unread { call.cancel() }
    }
  }

  /// A daemon that waits for credit is not taken for dead, with all calls on its connection.
  @Test func whoDoesNotReadDoesNotCallTheDaemonSilent() async throws {
    try await DeskTests.withClient { client, _ in
      try await Self.changeMuch(client)
      let slow = try await client.watchOnce(
        WatchOrder(cursor: LogPosition(1)), silenceMax: .seconds(1))
      _ = try await slow.next()
      let watched = AccountKey(.merchant, Self.merchant)
      let other = try await client.watchOnce(WatchOrder([watched]), silenceMax: nil)
      _ = try await other.next()
      let clock = ContinuousClock()
      let start = clock.now
      while clock.now < start + .milliseconds(1_500) { _ = try await client.health() }
      try await client.setOverride(watched, .listed, actor: "li")
      guard case .watch(let part)? = try await other.next() else {
        Issue.record("no part")
        return
      }
      #expect(part.changes.map(\.account) == [watched])
      slow.cancel()
    }
  }

  /// Where nothing is recorded, too: who watches knows that the daemon is there.
  @Test func aQuietDaemonGivesSignsOfLife() async throws {
    try await DeskTests.withClient(limits: { $0.watchSignInterval = .milliseconds(20) }) {
      client, daemon in
      let call = try await client.watchOnce(WatchOrder())
      for _ in 0..<5 {
        let part = WatchPart(changes: [], cursor: daemon.engine.position)
        #expect(try await call.next() == .watch(part))
      }
      call.cancel()
    }
  }

  @Test func aSilentDaemonIsNoticed() async throws {
    try await DeskTests.withClient(limits: { $0.watchSignInterval = .seconds(60) }) { client, _ in
      let call = try await client.watchOnce(WatchOrder(), silenceMax: .milliseconds(100))
      await DeskTests.failure(.unavailable, field: "", notExecuted: false) {
        while try await call.next() != nil {}
      }
    }
  }
}
