import IntegrityCore
import NIOCore
import ProbityClient
import ProbityEngine
import ProbityTransport
import ProbityWire
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct DrainTests {
  @Test func aDrainingDaemonSaysWhichStreamWasTheLast() async throws {
    try await Daemon.run { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        var buffer = ByteBuffer()
        for stream in [3, 9] as [UInt32] {
          socket.codec.encodeStatusRequest(.init(stream: stream), to: &buffer)
        }
        try await socket.send(buffer)
        for expected in [.hello, .response, .response] as [FrameType] {
          #expect(try await socket.next()?.0.type == expected)
        }
        await daemon.shutDown()
        let notice = try await socket.goAway()
        #expect(notice?.lastStream == 9)
        #expect(notice?.status == .unavailable)
        #expect(try await socket.next() == nil, "and then it closes")
      }
    }
  }

  /// What was accepted is answered, and the state holds it.
  @Test func recordsInFlightAreFinished() async throws {
    try await Daemon.run { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        var buffer = ByteBuffer()
        for stream in 1...20 as ClosedRange<UInt32> {
          let first = UInt64(stream - 1) * 500 + 1
          let commands = (first..<(first + 500)).map { ServerTests.settled($0, buyer: $0) }
          socket.codec.encodeRecordRequest(commands, .init(stream: stream), to: &buffer)
        }
        try await socket.send(buffer)
        // All twenty are accepted before the shutdown: the status behind them is answered.
        var status = ByteBuffer()
        socket.codec.encodeStatusRequest(.init(stream: 21), to: &status)
        try await socket.send(status)
        var answered: [UInt32: UInt16] = [:]
        var isShutDown = false
        while let (header, _) = try await socket.next() {
          if header.type == .response { answered[header.stream] = header.code }
          if header.stream == 21 && !isShutDown {
            isShutDown = true
            await daemon.shutDown()
          }
        }
        #expect(answered.count == 21)
        #expect(answered.values.allSatisfy { $0 == 0 })
        #expect(daemon.engine.position == LogPosition(10_000))
      }
    }
  }

  /// Its last commands are applied and answered, and meanwhile nobody is let in.
  @Test func aCancelledDaemonFinishesAndLetsNobodyIn() async throws {
    let log = HeldLog()
    try await Daemon.run(log: log) { daemon in
      defer { log.letGo() }
      try await daemon.withSocket { socket in
        try await socket.hello()
        var buffer = ByteBuffer()
        socket.codec.encodeRecordRequest([ServerTests.settled(1)], .init(stream: 1), to: &buffer)
        try await socket.send(buffer)
        await log.held()
        daemon.cancel()
        #expect(try await socket.goAway()?.lastStream == 1)
        // The sequencer is held, so the daemon has not ended.
        await #expect(throws: (any Error).self) { try await daemon.withSocket { _ in } }
        log.letGo()
        let answer = try await socket.response()
        #expect(answer?.stream == 1)
        #expect(answer?.code == 0)
        #expect(try await socket.next() == nil, "and then it closes")
        #expect(daemon.engine.position == LogPosition(1))
      }
    }
  }

  /// A program that runs one daemon after the other keeps none of their accounts.
  @Test(arguments: [false, true])
  func aDaemonThatHasEndedIsLetGoOf(isCancelled: Bool) async throws {
    let engine = try await Daemon.run { daemon in
      try await daemon.withClient { _ = try await $0.status() }
      if isCancelled { daemon.cancel() }
      return { @Sendable [weak engine = daemon.engine] in engine }
    }
    // The last tasks of the libraries that ran it may let go a moment later.
    while engine() != nil && !Task.isCancelled { await Task.yield() }
    #expect(engine() == nil)
  }

  @Test func aClientGoesOnWithAnotherDaemonOfTheSameAddress() async throws {
    // The second daemon takes the first one's port.
    let port = try await Daemon.run { daemon in
      try await daemon.withClient { _ = try await $0.status() }
      return daemon.port
    }
    var configuration = ProbityClient.Configuration(host: "127.0.0.1", port: port, agent: "test")
    configuration.attemptsMax = 2
    let client = ProbityClient(configuration)
    await #expect {
      _ = try await client.status()
    } throws: { error in
      guard let failure = error as? CallFailure else { return false }
      return failure.status == .unavailable && failure.message.contains("cannot connect")
    }
    await client.shutdown()
  }
}
