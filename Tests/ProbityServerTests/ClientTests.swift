import IntegrityCore
import NIOCore
import NIOPosix
import ProbityClient
import ProbityEngine
import ProbityTransport
import ProbityWire
import Synchronization
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct ClientTests {
  @Test func manyCallersShareOneConnection() async throws {
    try await Daemon.run { daemon in
      try await daemon.withClient { client in
        let scores = try await withThrowingTaskGroup(of: Bool.self) { group in
          for id in 1...500 as ClosedRange<UInt64> {
            group.addTask { try await client.score(AccountKey(.buyer, AccountID(id))).isKnown }
          }
          return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(scores == 0)
        let status = try await client.status()
        #expect(status.connections == 1)
        #expect(status.lookups == 500)
      }
    }
  }

  /// Answers HELLO and nothing else; closes after some requests if told to.
  static func withFakeServer<Result: Sendable>(
    closesAfter requestsMax: Int = .max,
    _ body: (Int, @Sendable () -> Int) async throws -> Result
  ) async throws -> Result {
    let requests = RequestCount()
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            MuteHandler(requests: requests, requestsMax: requestsMax))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let result = try await body(server.localAddress?.port ?? 0, { requests.value })
    try await server.close()
    return result
  }

  final class RequestCount: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add() { count.wrappingAdd(1, ordering: .relaxed) }
  }

  final class MuteHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    let requests: RequestCount
    let requestsMax: Int
    var isGreeted = false

    init(requests: RequestCount, requestsMax: Int) {
      self.requests = requests
      self.requestsMax = requestsMax
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      if isGreeted {
        requests.add()
        if requests.value >= requestsMax { context.close(promise: nil) }
        return
      }
      isGreeted = true
      var buffer = ByteBuffer()
      let hello = Hello(
        schemaHash: 0, payloadBytesMax: 1 << 20, inFlightMax: 1, token: [], agent: "fake")
      Codec().encodeHello(hello, to: &buffer)
      context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }
  }

  /// Without a deadline of their own, both would take an hour. No closer bound than that holds
  /// where other tests keep all threads busy.
  @Test(.timeLimit(.minutes(5))) func aCallThatGetsNoAnswerEndsAtItsDeadline() async throws {
    try await Self.withFakeServer { port, _ in
      var configuration = ProbityClient.Configuration(host: "127.0.0.1", port: port, agent: "test")
      for (inGeneral, ofTheCall) in [(0.1, 3_600), (3_600, 0.1)] {
        configuration.callTimeout = .seconds(inGeneral)
        let client = ProbityClient(configuration)
        await #expect {
          if inGeneral < ofTheCall {
            _ = try await client.status()
          } else {
            _ = try await client.snapshot(timeout: .seconds(ofTheCall))
          }
        } throws: { error in
          guard let failure = error as? CallFailure else { return false }
          return failure.status == .deadlineExceeded && !failure.notExecuted
        }
        await client.shutdown()
      }
    }
  }

  @Test func aCancelledTaskEndsItsCall() async throws {
    try await Self.withFakeServer { port, count in
      let client = ProbityClient(.init(host: "127.0.0.1", port: port, agent: "test"))
      let task = Task { try await client.status() }
      while count() == 0 { await Task.yield() }
      task.cancel()
      await #expect {
        _ = try await task.value
      } throws: { ($0 as? CallFailure)?.status == .cancelled }
      await client.shutdown()
    }
  }

  /// Every try loses its connection: four tries, then the truth.
  @Test func aLostConnectionIsMadeAnewAFewTimes() async throws {
    try await Self.withFakeServer(closesAfter: 1) { port, count in
      var configuration = ProbityClient.Configuration(
        host: "127.0.0.1", port: port, agent: "test")
      // On a busy machine four tries can take as long as a call may.
      configuration.callTimeout = .seconds(60)
      let client = ProbityClient(configuration)
      await #expect {
        _ = try await client.status()
      } throws: { ($0 as? CallFailure)?.status == .unavailable }
      #expect(count() == 4)
      // The budget of ten tokens lets half of them be spent: 5 retries in all.
      _ = try? await client.status()
      _ = try? await client.status()
      #expect(count() == 4 + 3 + 1)
      await client.shutdown()
    }
  }

  @Test func recordsOfOneSourceGoOneByOne() async throws {
    try await Daemon.run { daemon in
      try await daemon.withClient { client in
        let applied = try await withThrowingTaskGroup(of: UInt32.self) { group in
          for sequence in 1...100 as ClosedRange<UInt64> {
            group.addTask {
              var command = ServerTests.settled(1)
              command.source = sequence
              return try await client.record([command]).applied
            }
          }
          return try await group.reduce(0, +)
        }
        #expect(applied == 100)
      }
    }
  }

  @Test func aShutClientRefuses() async throws {
    let client = ProbityClient(.init(host: "127.0.0.1", port: 1, agent: "test"))
    await client.shutdown()
    await #expect(throws: CallFailure.self) { _ = try await client.status() }
  }
}
