import IntegrityCore
import IntegrityPolicy
import ProbityClient
import ProbityServer
import ProbityWire
import Testing

/// Sweeps, and what they lead to, over a real connection.
@Suite(.serialized, .timeLimit(.minutes(2))) struct SweepStreamTests {
  private static func swept(
    _ client: ProbityClient, day: UInt32
  ) async throws -> (steps: [SweepStep], end: SweepEnd?) {
    let call = try await client.sweep(actor: "night", at: StreamTests.day(day))
    var steps: [SweepStep] = []
    while case .sweep(let part)? = try await call.next() { steps += part.steps }
    if case .sweep(let end)? = call.end { return (steps, end) }
    return (steps, nil)
  }

  @Test func aSweepMovesWhoseEvidenceCallsForIt() async throws {
    try await DeskTests.withClient { client, _ in
      try await StreamTests.fill(client)
      let early = try await Self.swept(client, day: 29)
      #expect(early.steps.isEmpty && early.end?.standings == [3, 0, 0, 0, 0])
      let first = try await Self.swept(client, day: 31)
      #expect(first.steps.count == 3 && first.end?.worseCount == 3)
      #expect(first.steps.allSatisfy { $0.before == .normal && $0.after == .watch })
      #expect(first.steps.allSatisfy { $0.finding?.dimension == .latePickup })
      #expect(first.end?.standings == [0, 3, 0, 0, 0] && first.end?.merchantCount == 3)
      let again = try await Self.swept(client, day: 31)
      #expect(again.steps.isEmpty && again.end?.worseCount == 0)
      _ = try await Self.swept(client, day: 38)
      let notice = try await Self.swept(client, day: 45)
      #expect(notice.end?.standings == [0, 0, 0, 3, 0] && notice.end?.waitingCount == 0)
      let over = try await Self.swept(client, day: 75)
      #expect(over.end?.waitingCount == 3 && over.steps.allSatisfy(\.isWaiting))
      #expect(over.end?.standings == [0, 0, 0, 3, 0], "a human alone clears out")
      let page = try await client.standings(StandingFilter(isWaiting: true))
      #expect(page.standings.count == 3)
      let out = try await client.decideStanding(
        StreamTests.merchant, .clearOut, actor: "li", at: StreamTests.day(75))
      #expect(out.report.standing == .clearedOut)
      let ranked = try await client.scoreBatch(
        [StreamTests.merchant], kind: .merchant, sourcing: true)
      #expect(ranked.sourcing == [PackedSourcing(.clearedOut, nil, weight: 0)])
    }
  }

  @Test func aSweepSaysWhomThePolicyInShadowWouldHit() async throws {
    try await DeskTests.withClient { client, _ in
      try await StreamTests.fill(client)
      let strict = PolicyDocument.unboundText(version: 40)
        .replacing("maturityDays: 30", with: "maturityDays: 5")
      let put = try await client.putPolicy(strict, actor: "li", at: StreamTests.day(1))
      _ = try await client.shadowPolicy(put.hash, actor: "li", at: StreamTests.day(1))
      let swept = try await Self.swept(client, day: 10)
      #expect(swept.end?.shadowHash == put.hash && swept.end?.shadowWorseCount == 3)
      #expect(swept.steps.count == 3)
      #expect(
        swept.steps.allSatisfy { $0.after == .normal && $0.shadowCallsFor == .clearOutNotice })
      await DeskTests.failure(.failedPrecondition, field: "policy", notExecuted: false) {
        _ = try await client.activatePolicy(put.hash, actor: "li", at: StreamTests.day(10))
      }
    }
  }

  /// What support keeps a sweep from hits nobody, and what another policy takes of it does.
  @Test func aSweepSaysWhomLessSupportWouldHit() async throws {
    try await DeskTests.withClient { client, daemon in
      try await StreamTests.fill(client)
      let until = UnixSeconds(.max)
      _ = try await client.certify(
        StreamTests.merchant, .factory, endsAt: until, actor: "li", at: StreamTests.day(1))
      let text = PolicyDocument.unboundText(version: 40)
      let line = "standingMax: RESTRICTED"
      #expect(text.contains(line))
      let put = try await client.putPolicy(
        text.replacing(line, with: "standingMax: CLEAR_OUT_NOTICE"), actor: "li",
        at: StreamTests.day(1))
      _ = try await client.shadowPolicy(put.hash, actor: "li", at: StreamTests.day(1))
      let swept = try await Self.swept(client, day: 31)
      #expect(swept.end?.shadowWorseCount == 1)
      let hit = swept.steps.filter { $0.shadowCallsFor > $0.callsFor }
      #expect(hit.map(\.merchant) == [StreamTests.merchant])
      #expect(hit[0].callsFor == .restricted && hit[0].shadowCallsFor == .clearOutNotice)
      // Nothing goes back in time: it is as of the newest command.
      #expect(try await Self.swept(client, day: 2).end?.asOf == StreamTests.day(31))
    }
  }

  /// Lookups see a certification until the end that the desk has for it.
  @Test func aLateCertificationDoesNotEndTheNext() async throws {
    try await DeskTests.withClient { client, daemon in
      try await StreamTests.fill(client, merchants: 1)
      for end in [100, 200, 100] as [UInt32] {
        _ = try await client.certify(
          StreamTests.merchant, .factory, endsAt: StreamTests.day(end), actor: "li",
          at: end == 100 ? StreamTests.day(1) : StreamTests.day(2))
      }
      let record = try #require(
        daemon.engine.table.record(of: AccountKey(.merchant, StreamTests.merchant)))
      let board = daemon.engine.certifications
      #expect(board.inForce(record, at: StreamTests.day(150)) == .factory)
      #expect(board.inForce(record, at: StreamTests.day(201)) == nil)
    }
  }
}
