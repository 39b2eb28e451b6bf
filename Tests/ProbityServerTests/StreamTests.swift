import IntegrityCore
import IntegrityPolicy
import NIOCore
import ProbityClient
import ProbityServer
import ProbityWire
import Rescoring
import Testing

/// Calls that are answered in parts, over a real connection.
@Suite(.serialized, .timeLimit(.minutes(2))) struct StreamTests {
  static let merchant = AccountID(77)
  static let start = UnixSeconds(1_760_000_000)

  /// So many merchants with 100 orders each, of which every second is late.
  static func fill(
    _ client: ProbityClient, merchants: UInt64 = 3, buyers: UInt64 = 100, source: UInt64 = 9
  ) async throws {
    var sequence: UInt64 = 0
    for merchant in 0..<merchants {
      var commands: [Command] = []
      for index in 0..<100 as Range<UInt64> {
        sequence += 2
        let id = AccountID(Self.merchant.rawValue + merchant)
        let buyer = AccountID(1 + (index + merchant) % buyers)
        commands.append(
          Command(
            source: source, sequence: sequence,
            event: Event(
              at: start, buyer: buyer, merchant: id, amount: Minor(1_000),
              detail: .settled(orderedAt: .zero))))
        if index % 2 == 0 {
          commands.append(
            Command(
              source: source, sequence: sequence + 1,
              event: Event(at: start, buyer: buyer, merchant: id, detail: .pickedUp(late: true))))
        }
      }
      _ = try await client.record(commands)
    }
  }

  static func day(_ day: UInt32) -> UnixSeconds {
    UnixSeconds(start.rawValue + day * 86_400)
  }

  // MARK: Rescore

  private static func rescored(
    _ client: ProbityClient, _ order: RescoreOrder
  ) async throws -> (RescoreSummary, [RescoreRow], RescoreEnd?) {
    let call = try await client.rescore(order)
    var summary = RescoreSummary()
    var rows: [RescoreRow] = []
    while case .rescore(let part)? = try await call.next() {
      summary.add(part)
      rows += part.rows
    }
    if case .rescore(let end)? = call.end { return (summary, rows, end) }
    return (summary, rows, nil)
  }

  private static let strict = PolicyDocument.unboundText(version: 41)
    .replacing("  base: 600\n", with: "  base: 400\n")

  @Test func aRescoreJudgesEverybodyTwice() async throws {
    try await DeskTests.withClient { client, daemon in
      try await Self.fill(client, merchants: 20, buyers: 90)
      let asOf = Self.day(1)
      let (summary, rows, end) = try await Self.rescored(
        client, RescoreOrder(.document(Self.strict), asOf: asOf, rows: .scores))
      #expect(summary.buyers.tiers.total == 90 && summary.merchants.tiers.total == 20)
      #expect(rows.count == 110, "the base is another one for all")
      #expect(Set(rows.map(\.account)).count == 110)
      let candidate = try PolicyDocument.load(yaml: Self.strict, file: "strict").policy
      #expect(end?.candidateHash == candidate.hash && end?.policyHash == daemon.engine.policy.hash)
      let clock = DecayClock(.standard, now: asOf)
      for row in rows {
        let record = try #require(daemon.engine.table.record(of: row.account))
        let before = daemon.engine.policy.judge(record, at: clock)
        let after = candidate.judge(record, at: clock)
        #expect(row.before.score == before.score && row.after.score == after.score)
        #expect(row.before.tier == before.tier && row.after.tier == after.tier)
      }
      let changed = rows.filter { $0.before.tier != $0.after.tier }
      let byTier = try await Self.rescored(
        client, RescoreOrder(.document(Self.strict), asOf: asOf, rows: .tiers))
      #expect(Set(byTier.1.map(\.account)) == Set(changed.map(\.account)) && !changed.isEmpty)
      #expect(
        summary.buyers.tiers.changedCount + summary.merchants.tiers.changedCount
          == UInt64(changed.count))
      #expect(summary.movers.movers.count == 20)
    }
  }

  /// Shards that are complete are not told again; together they are the whole.
  @Test func aRescoreGoesOnWhereItWasInterrupted() async throws {
    try await DeskTests.withClient { client, _ in
      try await Self.fill(client, merchants: 20, buyers: 90)
      let order = RescoreOrder(.document(Self.strict), asOf: Self.day(1), rows: .scores)
      let whole = try await Self.rescored(client, order)
      var parts = RescoreSummary()
      var rows: Set<AccountKey> = []
      while parts.nextShard < 16 {
        var rest = order
        rest.firstShard = parts.nextShard
        let call = try await client.rescore(rest)
        let before = parts.nextShard
        while case .rescore(let part)? = try await call.next() {
          #expect(part.shard >= before)
          for row in part.rows { rows.insert(row.account) }
          parts.add(part)
          if parts.nextShard == before + 3 { break }
        }
        call.cancel()
      }
      #expect(parts.buyers == whole.0.buyers && parts.merchants == whole.0.merchants)
      #expect(parts.movers.movers == whole.0.movers.movers)
      #expect(rows.count == 110)
    }
  }

  @Test func claimsAreDecidedOnceMore() async throws {
    try await DeskTests.withClient { client, _ in
      let now = DeskTests.now
      for id in 1...9 as ClosedRange<UInt64> {
        let claim = Claim(
          id: ClaimID(id), buyer: AccountID(id), merchant: AccountID(77), openedAt: now,
          amount: Minor(2_000), kind: .quality, allegation: .defective,
          proofs: id <= 3 ? .emptyParcel : [])
        _ = try await client.openClaim(claim, at: now)
      }
      let none = PolicyDocument.unboundText(version: 42)
        .replacing("amountMax: 5000", with: "amountMax: 0")
      let (summary, _, _) = try await Self.rescored(
        client, RescoreOrder(.document(none), asOf: now, claimDays: 30))
      let claims = try #require(summary.claims)
      #expect(claims.claimCount == 9 && claims.unreadableCount == 0)
      #expect(claims.outcomes.count(.platformCompensates, .platformCompensates) == 3)
      #expect(claims.outcomes.count(.platformCompensates, .returnAndRefund) == 6)
      #expect(claims.subsidyBefore == Minor(18_000) && claims.subsidyAfter == Minor(6_000))
      let same = try await Self.rescored(client, RescoreOrder(asOf: now, claimDays: 30)).0.claims
      #expect(same?.changedCount == 0 && same?.claimCount == 9)
      let later = try await Self.rescored(
        client, RescoreOrder(asOf: UnixSeconds(now.rawValue + 90 * 86_400), claimDays: 30))
      #expect(later.0.claims?.claimCount == 0)
      let earlier = try await Self.rescored(
        client, RescoreOrder(asOf: UnixSeconds(now.rawValue - 86_400), claimDays: 30))
      #expect(earlier.0.claims?.claimCount == 0, "they were opened later")
      let reviewed = PolicyDocument.unboundText(version: 43)
        .replacing("spotCheckShare: 0\n", with: "spotCheckShare: 1\n")
      let left = try await Self.rescored(
        client, RescoreOrder(.document(reviewed), asOf: now, claimDays: 30)
      ).0.claims
      #expect(left?.reviewedBefore == Minor(0) && left?.reviewedAfter ?? Minor(0) > Minor(0))
    }
  }

  @Test func aCandidateThatDoesNotReadIsRefusedWithItsLine() async throws {
    try await DeskTests.withClient { client, _ in
      let call = try await client.rescore(RescoreOrder(.document("version: x\n")))
      let failure = await DeskTests.failure(.invalidArgument, field: "document", notExecuted: true)
      {
        while try await call.next() != nil {}
      }
      #expect(failure?.message.contains(":1:10") == true, "\(failure?.message ?? "")")
      let unknown = try await client.rescore(RescoreOrder(.put(77)))
      await DeskTests.failure(.notFound, field: "policy", notExecuted: true) {
        while try await unknown.next() != nil {}
      }
    }
  }

  /// So many buyers that the rows of a rescore wait for who takes them: no window is granted.
  private static func fillBeyondCredit(_ client: ProbityClient) async throws {
    for source in 1...4 as ClosedRange<UInt64> {
      let commands = (1...10_000 as ClosedRange<UInt64>).map { index in
        Command(
          source: source, sequence: index,
          event: Event(
            at: Self.start, buyer: AccountID(source * 10_000 + index), merchant: Self.merchant,
            amount: Minor(1_000), detail: .settled(orderedAt: .zero)))
      }
      _ = try await client.record(commands)
    }
  }

  private static func askForRows(_ socket: RawConnection, streams: Range<UInt32>) async throws {
    let order = RescoreOrder(.document(strict), asOf: day(1), rows: .scores)
    var bytes = ByteBuffer()
    for stream in streams {
      socket.codec.encodeStreamRequest(.rescore(order), .init(stream: stream), to: &bytes)
    }
    try await socket.send(bytes)
  }

  /// One at work whose parts nobody takes, one that waits, and no third.
  @Test func thereIsOneAtATimeAndOneThatWaits() async throws {
    try await DeskTests.withClient { client, daemon in
      try await Self.fillBeyondCredit(client)
      try await daemon.withSocket { socket in
        try await socket.hello()
        _ = try await socket.next()
        try await Self.askForRows(socket, streams: 1..<4)
        let refused = try await socket.failure(of: 3)
        #expect(refused?.status == .unavailable && refused?.notExecuted == true)
        #expect(refused?.retryAfterMilliseconds ?? 0 > 0)
        // The place of one that does not want it any more is another's at once.
        try await Self.cancel(socket, stream: 2)
        try await Self.askForRows(socket, streams: 4..<5)
        try await Self.cancel(socket, stream: 1)
        var first: FrameType?
        while first == nil, let (header, _) = try await socket.next() {
          if header.stream == 4 { first = header.type }
        }
        #expect(first == .data)
      }
    }
  }

  private static func cancel(_ socket: RawConnection, stream: UInt32) async throws {
    var bytes = ByteBuffer()
    FrameHeader(type: .cancel, stream: stream).write(to: &bytes)
    try await socket.send(bytes)
  }

  /// Who waits for its place is not held up for good, and the one who waits too long hears of it
  /// though it has no credit left.
  @Test func aScanThatNobodyTakesEnds() async throws {
    try await DeskTests.withClient(limits: { $0.unsentTimeout = .milliseconds(300) }) {
      client, daemon in
      try await Self.fillBeyondCredit(client)
      try await daemon.withSocket { socket in
        try await socket.hello()
        _ = try await socket.next()
        try await Self.askForRows(socket, streams: 1..<2)
        let failure = try await socket.failure(of: 1)
        #expect(failure?.status == .resourceExhausted && failure?.notExecuted == false)
        #expect(failure?.message.contains("nobody has taken") == true)
      }
      let (summary, _, end) = try await Self.rescored(client, RescoreOrder(asOf: Self.day(1)))
      #expect(end != nil && summary.buyers.tiers.total == 40_000)
    }
  }

  @Test func aScanWithoutCreditIsCancelledAtOnce() async throws {
    try await DeskTests.withClient { client, daemon in
      try await Self.fillBeyondCredit(client)
      try await daemon.withSocket { socket in
        try await socket.hello()
        _ = try await socket.next()
        try await Self.askForRows(socket, streams: 1..<2)
        #expect(try await socket.next()?.0.type == .data)
        try await Self.cancel(socket, stream: 1)
        #expect(try await socket.failure(of: 1)?.status == .cancelled)
      }
      var end: RescoreEnd?
      while end == nil {
        do {
          end = try await Self.rescored(client, RescoreOrder(asOf: Self.day(1))).2
        } catch let failure as CallFailure where failure.notExecuted {
          // The cancelled one is still being put away.
        }
      }
    }
  }

  // MARK: Credit, cancelling, ending

  /// Without a WINDOW no more comes than the stream began with, and lookups are answered.
  @Test func aSlowReaderHoldsUpNobody() async throws {
    try await DeskTests.withClient(limits: { $0.watchSignInterval = .milliseconds(20) }) {
      client, daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        _ = try await socket.next()
        var bytes = ByteBuffer()
        socket.codec.encodeStreamRequest(
          .watch(WatchOrder(kinds: [ChangeKinds(.override)])), .init(stream: 1), to: &bytes)
        try await socket.send(bytes)
        // Each change takes some 40 bytes.
        let count = ProtocolLimits.streamCreditBytes / 30
        for index in 1...count {
          _ = try await client.setOverride(
            AccountKey(.buyer, AccountID(UInt64(index))), .listed, actor: "li")
          if index % 1_000 == 0 { _ = try await client.health() }
        }
        var (received, changes) = (0, 0)
        var stream: UInt32 = 1
        func ask() async throws {
          stream += 1
          var call = ByteBuffer()
          socket.codec.encodeHealthRequest(service: "", .init(stream: stream), to: &call)
          try await socket.send(call)
        }
        try await ask()
        while let (header, payload) = try await socket.next() {
          if header.type == .response && header.stream == stream { break }
          received += payload.readableBytes
          changes += try Self.changes(socket, payload)
        }
        #expect(received > ProtocolLimits.streamCreditBytes / 2)
        #expect(received < ProtocolLimits.streamCreditBytes + 64_000)
        #expect(changes < count)
        // What is granted comes.
        var window = ByteBuffer()
        for number in [1, 0] as [UInt32] {
          FrameHeader(type: .window, stream: number, time: 10 << 20).write(to: &window)
        }
        try await socket.send(window)
        while changes < count, let (header, payload) = try await socket.next() {
          if header.type == .data { changes += try Self.changes(socket, payload) }
        }
        #expect(changes == count)
        try await Self.cancel(socket, stream: 1)
        #expect(try await socket.failure(of: 1)?.status == .cancelled)
      }
    }
  }

  private static func changes(_ socket: RawConnection, _ payload: ByteBuffer) throws -> Int {
    if case .watch(let part) = try socket.part(.watch, payload) { part.changes.count } else { 0 }
  }

  @Test func aDeadlineEndsAStream() async throws {
    try await DeskTests.withClient { _, daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        _ = try await socket.next()
        var bytes = ByteBuffer()
        socket.codec.encodeStreamRequest(
          .watch(WatchOrder()), .init(stream: 1, timeoutMicroseconds: 50_000), to: &bytes)
        try await socket.send(bytes)
        #expect(try await socket.failure(of: 1)?.status == .deadlineExceeded)
      }
    }
  }

  @Test func aServerThatLeavesEndsItsStreams() async throws {
    try await Daemon.run { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        _ = try await socket.next()
        var bytes = ByteBuffer()
        socket.codec.encodeStreamRequest(.watch(WatchOrder()), .init(stream: 1), to: &bytes)
        try await socket.send(bytes)
        // Its first part says where it begins.
        #expect(try await socket.next()?.0.type == .data)
        await daemon.shutDown()
        #expect(try await socket.failure(of: 1)?.status == .unavailable)
      }
    }
  }

  // MARK: Figures

  @Test func figuresAreOfThePeriod() async throws {
    try await DeskTests.withClient { client, _ in
      try await Self.fill(client)
      let now = DeskTests.now
      for id in 1...6 as ClosedRange<UInt64> {
        let claim = Claim(
          id: ClaimID(id), buyer: AccountID(500 + id), merchant: AccountID(77), openedAt: now,
          amount: Minor(2_000), kind: .quality, allegation: .defective)
        _ = try await client.openClaim(claim, at: now)
      }
      let later = UnixSeconds(now.rawValue + 7_200)
      _ = try await client.decideClaim(ClaimID(1), .abuse, actor: "li", at: later)
      _ = try await client.decideClaim(ClaimID(2), .upheld, actor: "li", at: later)
      func figures(_ from: UnixSeconds, _ to: UnixSeconds) async throws -> KeyFigures? {
        let call = try await client.keyFigures(from: from, to: to)
        while try await call.next() != nil {}
        if case .kpi(let figures)? = call.end { return figures }
        return nil
      }
      let found = try await figures(now, UnixSeconds(now.rawValue + 86_400))
      #expect(found?.claims.claimCount == 6 && found?.claims.humanCount == 2)
      #expect(found?.claims.humanSeconds == 14_400 && found?.claims.abuseCount == 1)
      #expect(
        found?.market.standings == [4, 0, 0, 0, 0] || found?.market.standings == [3, 0, 0, 0, 0])
      #expect(found.map { $0.market.latePickups > 5 } == true)
      let before = try await figures(UnixSeconds(now.rawValue - 86_400), now)
      #expect(before?.claims.claimCount == 0)
      await DeskTests.failure(.invalidArgument, field: "from", notExecuted: true) {
        _ = try await figures(later, now)
      }
      await DeskTests.failure(.invalidArgument, field: "from", notExecuted: true) {
        _ = try await figures(UnixSeconds(1_000_000_000), now)
      }
    }
  }

  /// Figures over claims of which some are gone would be wrong, and nothing would show it.
  @Test func figuresOverForgottenClaimsAreRefused() async throws {
    try await DeskTests.withClient { client, _ in
      let end = DeskTests.now
      let start = UnixSeconds(end.rawValue - 420 * 86_400)
      for (id, at) in [(1, start), (2, end), (3, end), (4, end)] as [(UInt64, UnixSeconds)] {
        let claim = Claim(
          id: ClaimID(id), buyer: AccountID(500 + id), merchant: AccountID(77), openedAt: at,
          amount: Minor(2_000), kind: .quality, allegation: .defective)
        _ = try await client.openClaim(claim, at: at)
      }
      func ask(_ call: StreamedCall) async throws {
        while try await call.next() != nil {}
      }
      let from = UnixSeconds(start.rawValue - 10)
      await DeskTests.failure(.invalidArgument, field: "from", notExecuted: true) {
        try await ask(try await client.keyFigures(from: from, to: UnixSeconds(from.rawValue + 60)))
      }
      let order = RescoreOrder(asOf: UnixSeconds(start.rawValue + 60), claimDays: 30)
      let failure = await DeskTests.failure(
        .invalidArgument, field: "claim_days", notExecuted: true
      ) {
        try await ask(try await client.rescore(order))
      }
      #expect(failure?.message.contains("400 days") == true)
      let kept = UnixSeconds(end.rawValue - 399 * 86_400)
      try await ask(try await client.keyFigures(from: kept, to: end))
    }
  }
}
