import IntegrityCore
import NIOCore
import ProbityClient
import ProbityEngine
import ProbityServer
import ProbityTransport
import ProbityWire
import Testing

/// A peer that is not cut off, an answer that does not come: such a test ends by its limit.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ServerTests {
  static func settled(_ sequence: UInt64, buyer: UInt64 = 42, merchant: UInt64 = 7) -> Command {
    let event = Event(
      at: UnixSeconds(1_760_000_000), buyer: AccountID(buyer), merchant: AccountID(merchant),
      amount: Minor(1_999), detail: .settled(orderedAt: .zero))
    return Command(source: 5, sequence: sequence, event: event)
  }

  @Test func eventsGoInAndIntegrityComesOut() async throws {
    try await Daemon.run { daemon in
      try await daemon.withClient { client in
        let stranger = try await client.score(AccountKey(.buyer, AccountID(42)))
        #expect(!stranger.isKnown)
        let recorded = try await client.record((1...50).map { Self.settled($0) })
        #expect(recorded.applied == 50)
        #expect(recorded.logPosition == LogPosition(50))
        let known = try await client.score(
          AccountKey(.buyer, AccountID(42)), asOf: UnixSeconds(1_760_000_000))
        #expect(known.isKnown)
        #expect(known.score > stranger.score)
        #expect(known.scoreFloor <= known.score)
        #expect(abs(known.confidence - 50) < 0.01)
        #expect(known.reasons.first?.code == .b01StrongHistory)
        #expect(known.basis.logPosition == LogPosition(50))
        #expect(known.basis.policyHash == daemon.engine.policy.hash)
      }
    }
  }

  @Test func aBatchAnswersWhatSingleScoresAnswer() async throws {
    try await Daemon.run { daemon in
      try await daemon.withClient { client in
        let commands = (1...100).map { Self.settled($0, buyer: 1 + $0 % 10, merchant: 1 + $0 % 3) }
        _ = try await client.record(commands)
        let ids = (1...40).map { AccountID(UInt64($0)) }
        let asOf = UnixSeconds(1_761_000_000)
        let batch = try await client.scoreBatch(ids, kind: .buyer, asOf: asOf)
        #expect(batch.verdicts.count == 40)
        for (index, id) in ids.enumerated() {
          let single = try await client.score(AccountKey(.buyer, id), asOf: asOf)
          #expect(batch.verdicts[index].score == single.score)
          #expect(batch.verdicts[index].scoreFloor == single.scoreFloor)
          #expect(batch.verdicts[index].tier == single.tier)
          #expect(batch.verdicts[index].isKnown == single.isKnown)
          #expect(batch.confidences[index] == single.confidence)
        }
      }
    }
  }

  @Test func explainAddsUpAndKnowsNoStrangers() async throws {
    try await Daemon.run { daemon in
      try await daemon.withClient { client in
        _ = try await client.record((1...30).map { Self.settled($0) })
        let reply = try await client.explain(AccountKey(.merchant, AccountID(7)))
        let sum = reply.pointsBase + reply.dimensions.reduce(0) { $0 + $1.points }
        #expect(abs(min(max(sum, 0), 1000) - Double(reply.verdict.score)) <= 0.51)
        #expect(reply.evidence.contains { $0.name == "ordersSettled" && $0.value > 0 })
        await #expect {
          _ = try await client.explain(AccountKey(.buyer, AccountID(999)))
        } throws: { ($0 as? CallFailure)?.status == .notFound }
      }
    }
  }

  @Test func statusAndHealthTellTheTruth() async throws {
    try await Daemon.run { daemon in
      try await daemon.withClient { client in
        _ = try await client.record((1...3).map { Self.settled($0) })
        _ = try await client.record((1...3).map { Self.settled($0) })
        _ = try await client.score(AccountKey(.buyer, AccountID(42)))
        let status = try await client.status()
        #expect(status.logPosition == LogPosition(6))
        #expect(status.stateHash == daemon.engine.applied.stateHash)
        #expect((status.buyers, status.merchants) == (1, 1))
        #expect((status.commandsApplied, status.commandsDuplicate) == (3, 3))
        #expect(status.lookups == 1)
        #expect(status.connections == 1)
        #expect(status.durability == "memory")
        for service in ["", "lookups", "recording"] {
          #expect(try await client.health(service) == .serving)
        }
        await #expect {
          _ = try await client.health("payments")
        } throws: { ($0 as? CallFailure)?.status == .notFound }
      }
    }
  }

  @Test func aBadCommandRefusesTheWholeRecord() async throws {
    try await Daemon.run { daemon in
      try await daemon.withClient { client in
        var commands = (1...3).map { Self.settled($0) }
        commands[1].event.amount = Minor(-1)
        await #expect {
          _ = try await client.record(commands)
        } throws: { error in
          guard let failure = error as? CallFailure else { return false }
          return failure.status == .invalidArgument && failure.field == "commands[1].amount"
            && failure.commandIndex == 1 && failure.notExecuted
        }
        #expect(daemon.engine.position == .zero)
        commands[1].event.amount = Minor(1)
        commands[2].event.at = UnixSeconds(4_000_000_000)
        await #expect {
          _ = try await client.record(commands)
        } throws: { ($0 as? CallFailure)?.field == "commands[2].at" }
      }
    }
  }

  @Test func aFullStoreSaysResourceExhaustedAndKeepsServing() async throws {
    try await Daemon.run(accountsMax: 1_000) { daemon in
      try await daemon.withClient { client in
        _ = try await client.record((1...999).map { Self.settled($0, buyer: $0, merchant: 1) })
        await #expect {
          _ = try await client.record([Self.settled(1_000, buyer: 5_000)])
        } throws: { ($0 as? CallFailure)?.status == .resourceExhausted }
        #expect(try await client.score(AccountKey(.buyer, AccountID(1))).isKnown)
        #expect(try await client.health("lookups") == .serving)
        #expect(try await client.health("recording") == .notServing)
      }
    }
  }

  @Test func aTokenIsAskedFor() async throws {
    try await Daemon.run(token: "open sesame") { daemon in
      for wrong in ["", "open sesamE", "open sesame "] {
        await #expect("token \"\(wrong)\"") {
          try await daemon.withClient(token: wrong) { _ = try await $0.status() }
        } throws: { ($0 as? CallFailure)?.status == .unauthenticated }
      }
      try await daemon.withClient(token: "open sesame") { _ = try await $0.status() }
    }
  }

  @Test func aConnectionTooManyIsTold() async throws {
    try await Daemon.run(limits: { $0.connectionsMax = 1 }) { daemon in
      try await daemon.withClient { client in
        _ = try await client.status()
        let notice = try await daemon.withSocket { try await $0.goAway() }
        #expect(notice?.status == .resourceExhausted)
        _ = try await client.status()
      }
    }
  }

  /// The memory for frames that come in part is all connections' together: one that
  /// would take more is cut off, and what it had is there for the next.
  @Test func framesThatComeInPartTakeSoMuchMemory() async throws {
    try await Daemon.run(limits: { $0.keptBytesMax = 150_000 }) { daemon in
      try await daemon.withClient { client in
        // A part takes 90,000 bytes at least, of which 65,536 are free.
        try await Self.withFramesInPart(8, of: daemon) {
          while try await client.status().connections > 8 {}
        }
        while try await client.status().connections > 1 {}
        try await daemon.withSocket { socket in
          let rest = try await Self.sendInPart(&socket)
          _ = try await client.status()
          try await socket.send(rest)
          #expect(try await socket.next()?.0.type == .response)
        }
      }
    }
  }

  /// Runs `body` while so many connections have each sent a frame in part.
  private static func withFramesInPart(
    _ count: Int, of daemon: Daemon, _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    if count == 0 { return try await body() }
    try await daemon.withSocket { socket in
      // Who is cut off may be so while it sends.
      _ = try? await sendInPart(&socket)
      try await withFramesInPart(count - 1, of: daemon, body)
    }
  }

  /// Greets, and sends 90,000 bytes of a frame.
  ///
  /// - Returns: the rest of it.
  private static func sendInPart(_ socket: inout RawConnection) async throws -> ByteBuffer {
    try await socket.hello()
    #expect(try await socket.next()?.0.type == .hello)
    let ids = (1...12_000).map { AccountID(UInt64($0)) }
    var frame = ByteBuffer()
    socket.codec.encodeScoreBatchRequest(ids, kind: .buyer, asOf: nil, .init(stream: 1), to: &frame)
    let part = frame.readSlice(length: 90_000)
    try await socket.send(try #require(part))
    return frame
  }

  @Test func whoSaysNoHelloIsSentAway() async throws {
    try await Daemon.run(limits: { $0.helloTimeout = .milliseconds(20) }) { daemon in
      let notice = try await daemon.withSocket { try await $0.goAway() }
      #expect(notice?.status == .deadlineExceeded)
    }
  }

  /// With turns of no length, the connection gives way after every costly call
  /// and after every 64 cheap ones, and still answers everything in order.
  @Test func aConnectionThatGivesWayLosesNothing() async throws {
    try await Self.withTurnsOfNoLength { socket in
      var buffer = ByteBuffer()
      for stream in 1...1_000 as ClosedRange<UInt32> {
        let call = Codec.Call(stream: stream)
        if stream % 7 == 0 {
          socket.codec.encodeStatusRequest(call, to: &buffer)
        } else {
          let account = AccountKey(.buyer, AccountID(UInt64(stream)))
          socket.codec.encodeScoreRequest(
            AccountRequest(account: account, asOf: nil), call, to: &buffer)
        }
      }
      try await socket.send(buffer)
      for stream in 1...1_000 as ClosedRange<UInt32> {
        let header = try await socket.next()?.0
        #expect(header?.stream == stream)
        #expect(header?.code == 0)
      }
    }
  }

  /// A turn ends for others' sake whatever the frames are: also those that are no calls.
  @Test func framesThatAreNoCallsGiveWayToo() async throws {
    try await Self.withTurnsOfNoLength { socket in
      var buffer = ByteBuffer()
      for stream in 1...1_000 as ClosedRange<UInt32> {
        FrameHeader(type: .ping).write(to: &buffer)
        FrameHeader(type: .request, flags: .end, stream: stream, code: 999).write(to: &buffer)
      }
      try await socket.send(buffer)
      for stream in 1...1_000 as ClosedRange<UInt32> {
        #expect(try await socket.next()?.0.type == .pong)
        let header = try await socket.next()?.0
        #expect(header?.stream == stream)
        #expect(header?.code == StatusCode.unimplemented.rawValue)
      }
    }
  }

  /// Runs `body` with a socket that was greeted.
  private static func withTurnsOfNoLength(
    _ body: @escaping @Sendable (inout RawConnection) async throws -> Void
  ) async throws {
    try await Daemon.run(limits: { $0.turnNanosecondsMax = 0 }) { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        #expect(try await socket.next()?.0.type == .hello)
        try await body(&socket)
      }
    }
  }

  /// One that is owed so much that it is not read any more, and one that never is: it
  /// is cut off all the same, however little it does not take.
  @Test(arguments: [64 << 10, 1 << 30])
  func aPeerThatTakesNothingIsCutOffAndHarmsNobody(unsentBytesHigh: Int) async throws {
    func tighten(_ limits: inout ServerLimits) {
      limits.unsentTimeout = .milliseconds(200)
      limits.unsentBytesHigh = unsentBytesHigh
      limits.unsentBytesLow = 16 << 10
    }
    try await Daemon.run(limits: tighten) { daemon in
      try await daemon.withClient { client in
        try await daemon.withSocket(receiveBytes: 16 << 10) { socket in
          try await socket.hello()
          let ids = (1...65_000).map { AccountID(UInt64($0)) }
          // More answers than the daemon's kernel takes for a peer that takes nothing.
          do {
            for stream in 1...16 as ClosedRange<UInt32> {
              var buffer = ByteBuffer()
              socket.codec.encodeScoreBatchRequest(
                ids, kind: .buyer, asOf: nil, .init(stream: stream), to: &buffer)
              try await socket.send(buffer)
            }
          } catch {}
          // Our end is still open: only the daemon can have closed.
          while try await client.status().connections > 1 {}
          #expect(try await client.health() == .serving)
        }
      }
    }
  }

  /// Whose machine has vanished is found out by the kernel, which has to be told to ask.
  @Test func aPeersMachineIsAskedWhetherItIsThere() async throws {
    try await Daemon.run { daemon in
      try await daemon.withClient { client in
        _ = try await client.status()
        #expect(daemon.connectionsWithProbes == 1)
      }
    }
  }

  /// A program that embeds the daemon may mean never, and any date.
  @Test func limitsMayBeAsFarAwayAsCanBe() async throws {
    func loosen(_ limits: inout ServerLimits) {
      limits.helloTimeout = .seconds(Int64.max)
      limits.unsentTimeout = .seconds(Int64.max)
      limits.drainTimeout = .seconds(Int64.max)
      limits.futureSecondsMax = .max
    }
    try await Daemon.run(limits: loosen) { daemon in
      try await daemon.withClient { client in
        let recorded = try await client.record([Self.settled(1)])
        #expect(recorded.applied == 1)
      }
    }
  }
}
