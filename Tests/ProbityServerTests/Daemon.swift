import AccountStore
import CommandLog
import Glibc
import IntegrityCore
import IntegrityPolicy
import Logging
import NIOCore
import NIOPosix
import ProbityClient
import ProbityEngine
import ProbityServer
import ProbityWire
import ServiceLifecycle
import Synchronization
import Testing

/// A daemon in this process, on a free port of loopback.
struct Daemon {
  let port: Int
  /// Where metrics and health are; 0 = nowhere.
  let adminPort: Int
  private let group: ServiceGroup
  private let running: Task<Void, any Error>
  let engine: Engine

  /// Runs `body` beside a daemon, which is drained afterwards.
  static func run<Result: Sendable>(
    token: String = "", accountsMax: Int = 100_000, log: any GroupLog = MemoryLog(),
    durability: (any DurabilitySource)? = nil, admin: Bool = false,
    limits change: (inout ServerLimits) -> Void = { _ in },
    _ body: @escaping @Sendable (Daemon) async throws -> Result
  ) async throws -> Result {
    var limits = ServerLimits()
    change(&limits)
    let table = try AccountTable(
      layout: StoreLayout(accountsMax: accountsMax, shardCount: 16), seed: 1)
    let document = PolicyDocument.unbound
    let rules = EvidenceRules(schema: .standard, policy: document.policy)
    let engine = Engine(
      table: table, rules: rules, log: log, clock: SystemClock(), limits: limits.engine,
      policies: PolicySetup(
        name: document.name, text: document.text, compile: PolicyDocument.compile))
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    var configuration = ProbityServer.Configuration(
      host: "127.0.0.1", port: 0, token: Array(token.utf8), eventLoopCount: 2,
      version: "test", limits: limits)
    configuration.admin = admin ? .init(host: "127.0.0.1", port: 0) : nil
    let (addresses, listening) = AsyncStream<(Int, Int)>.makeStream()
    let server = ProbityServer(
      configuration, engine: engine, durability: durability ?? engine, logger: logger,
      onListening: { listening.yield(($0.port, $1?.port ?? 0)) })
    let group = ServiceGroup(services: [server], logger: logger)
    let running = Task { try await group.run() }
    var iterator = addresses.makeAsyncIterator()
    let (port, adminPort) = await iterator.next() ?? (0, 0)
    let daemon = Daemon(
      port: port, adminPort: adminPort, group: group, running: running, engine: engine)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(daemon)) } catch { result = .failure(error) }
    await group.triggerGracefulShutdown()
    do { try await running.value } catch is CancellationError {}
    return try result.get()
  }

  func shutDown() async { await group.triggerGracefulShutdown() }

  /// Cancels the task that the daemon runs in, as a program may that holds one.
  func cancel() { running.cancel() }

  /// Runs `body` with a client of this daemon.
  func withClient<Result>(
    token: String = "", timeout: Duration = .seconds(10),
    _ body: (ProbityClient) async throws -> Result
  ) async throws -> Result {
    var configuration = ProbityClient.Configuration(host: "127.0.0.1", port: port, agent: "test")
    configuration.token = Array(token.utf8)
    configuration.callTimeout = timeout
    let client = ProbityClient(configuration)
    do {
      let result = try await body(client)
      await client.shutdown()
      return result
    } catch {
      await client.shutdown()
      throw error
    }
  }

  /// Runs `body` with a bare socket to this daemon.
  ///
  /// - Parameter receiveBytes: what its kernel takes before `body` reads; nil = as it likes.
  func withSocket<Result: Sendable>(
    receiveBytes: Int? = nil,
    _ body: @escaping @Sendable (inout RawConnection) async throws -> Result
  ) async throws -> Result {
    try await Self.connect(port, receiveBytes).executeThenClose { inbound, outbound in
      var connection = RawConnection(inbound.makeAsyncIterator(), outbound)
      return try await body(&connection)
    }
  }
}

extension Daemon {
  func isServing() async throws -> Bool {
    try await withClient { try await $0.health() == .serving }
  }

  /// Sockets of this process at the daemon's port whose peers the kernel asks for signs of life.
  var connectionsWithProbes: Int {
    (0..<4_096 as Range<Int32>).count { descriptor in
      var address = sockaddr_in()
      var addressBytes = socklen_t(MemoryLayout<sockaddr_in>.size)
      // Safe: the kernel writes no more than the sizes say.
      let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe getsockname(descriptor, $0, &addressBytes)
        }
      }
      var isProbed: Int32 = 0
      var optionBytes = socklen_t(MemoryLayout<Int32>.size)
      unsafe getsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &isProbed, &optionBytes)
      return status == 0 && isProbed != 0 && UInt16(bigEndian: address.sin_port) == port
    }
  }

  private static func connect(
    _ port: Int, _ receiveBytes: Int? = nil
  ) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
    var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    if let receiveBytes {
      bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBytes))
    }
    return
      try await bootstrap
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
  }

  /// What the admin listener sends in answer to these bytes until it closes.
  func http(_ request: String) async throws -> String {
    try await Self.connect(adminPort).executeThenClose { inbound, outbound in
      if !request.isEmpty { try await outbound.write(ByteBuffer(string: request)) }
      var answer = ByteBuffer()
      for try await var bytes in inbound { answer.writeBuffer(&bytes) }
      return String(buffer: answer)
    }
  }
}

/// Frames by hand.
struct RawConnection {
  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var received = ByteBuffer()
  let codec = Codec()

  init(
    _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
    _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    self.inbound = inbound
    self.outbound = outbound
  }

  func send(_ bytes: ByteBuffer) async throws { try await outbound.write(bytes) }

  func hello(token: String = "") async throws {
    var buffer = ByteBuffer()
    codec.encodeHello(
      Hello(
        schemaHash: 0, payloadBytesMax: 1 << 20, inFlightMax: 0, token: Array(token.utf8),
        agent: "raw"), to: &buffer)
    try await send(buffer)
  }

  /// The next frame, or nil once the daemon has closed.
  mutating func next() async throws -> (FrameHeader, ByteBuffer)? {
    while true {
      let scan = unsafe received.withUnsafeReadableBytes {
        unsafe FrameHeader.scan($0, payloadBytesMax: ProtocolLimits.payloadBytesMax)
      }
      if case .frame(let header) = scan {
        received.moveReaderIndex(forwardBy: FrameHeader.sizeBytes)
        guard let payload = received.readSlice(length: Int(header.payloadBytes)) else { return nil }
        return (header, payload)
      }
      guard var more = try await inbound.next() else { return nil }
      received.writeBuffer(&more)
    }
  }

  /// The GOAWAY that comes next, whatever comes before it.
  mutating func goAway() async throws -> GoAway? {
    while let (header, payload) = try await next() {
      if header.type != .goAway { continue }
      return try unsafe payload.withUnsafeReadableBytes { try unsafe codec.decodeGoAway($0) }
    }
    return nil
  }

  /// A part of a streamed answer.
  func part(_ method: ProbityWire.Method, _ payload: ByteBuffer) throws -> StreamPart {
    try unsafe payload.withUnsafeReadableBytes { try unsafe codec.decodePart(method, $0) }
  }

  /// The answer about a claim that comes next.
  mutating func claim() async throws -> ClaimReply? {
    guard let (header, payload) = try await next() else { return nil }
    #expect(header.type == .response && header.code == 0)
    return try unsafe payload.withUnsafeReadableBytes { try unsafe codec.decodeClaimReply($0) }
  }

  /// The failure that comes next, which must be of `stream`.
  mutating func failure(of stream: UInt32) async throws -> CallFailure? {
    while let (header, payload) = try await next() {
      if header.type != .response { continue }
      #expect(header.stream == stream)
      return unsafe payload.withUnsafeReadableBytes { unsafe codec.decodeFailure(header, $0) }
    }
    return nil
  }
}
