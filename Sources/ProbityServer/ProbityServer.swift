import IntegrityCore
import Logging
import NIOCore
import NIOPosix
import ProbityEngine
import ProbityTransport
import ProbityWire
import ServiceLifecycle

// The daemon's network side.
//
// For: listening, connections, admission, answering lookups, handing commands
// to the engine. Not for: what scores mean, how state is kept, the CLI.

/// Listens, serves, and drains: a service to run in a `ServiceGroup`.
public final class ProbityServer: ServiceLifecycle.Service {
  public struct Configuration: Sendable {
    public var host: String
    /// 0 = any free port.
    public var port: Int
    /// Secret that clients must present; empty = none.
    public var token: [UInt8]
    public var eventLoopCount: Int
    public var policyName: String
    public var version: String
    public var limits: ServerLimits
    public var clock: any EngineClock

    /// As many as there are cores.
    public static var eventLoopCountStandard: Int { System.coreCount }

    public init(
      host: String, port: Int, token: [UInt8] = [],
      eventLoopCount: Int = eventLoopCountStandard, policyName: String, version: String,
      limits: ServerLimits = ServerLimits(), clock: any EngineClock = SystemClock()
    ) {
      self.host = host
      self.port = port
      self.token = token
      self.eventLoopCount = eventLoopCount
      self.policyName = policyName
      self.version = version
      self.limits = limits
      self.clock = clock
    }
  }

  private let configuration: Configuration
  private let engine: Engine
  private let service: Service
  private let logger: Logger
  private let onListening: @Sendable (_ host: String, _ port: Int) -> Void

  /// - Parameter onListening: called once, with the address that was bound.
  public init(
    _ configuration: Configuration, engine: Engine, logger: Logger,
    onListening: @escaping @Sendable (_ host: String, _ port: Int) -> Void = { _, _ in }
  ) {
    self.configuration = configuration
    self.engine = engine
    self.logger = logger
    self.onListening = onListening
    service = Service(configuration, engine: engine, logger: logger)
  }

  /// Serves until graceful shutdown: then refuses new calls, finishes what was
  /// accepted, applies what is queued, and returns.
  ///
  /// - Throws: `ServerError.cannotListen`.
  public func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoopCount)
    service.loops = group.makeIterator().map { LoopContext(eventLoop: $0, service: service) }
    let listener: any Channel
    do {
      listener = try await listen(group)
    } catch {
      engine.stop()
      try? await group.shutdownGracefully()
      throw error
    }
    onListening(
      listener.localAddress?.ipAddress ?? configuration.host,
      listener.localAddress?.port ?? configuration.port)
    await withGracefulShutdownHandler {
      try? await listener.closeFuture.get()
    } onGracefulShutdown: {
      listener.close(promise: nil)
    }
    await drain()
    engine.stop()
    await closeAll()
    try? await group.shutdownGracefully()
  }

  private func listen(_ group: MultiThreadedEventLoopGroup) async throws -> any Channel {
    let limits = configuration.limits
    let contexts = Dictionary(
      uniqueKeysWithValues: service.loops.map { (ObjectIdentifier($0.eventLoop), $0) })
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: limits.backlog)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(
        .recvAllocator,
        value: AdaptiveRecvByteBufferAllocator(
          minimum: limits.readBytesMin, initial: 16 << 10, maximum: limits.readBytesMax)
      )
      .childChannelOption(
        .writeBufferWaterMark,
        value: .init(low: limits.unsentBytesLow, high: limits.unsentBytesHigh)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let loop = contexts[ObjectIdentifier(channel.eventLoop)] else { return }
          let handler = ConnectionHandler(loop: loop, allocator: channel.allocator)
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
    do {
      return try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
    } catch {
      throw ServerError.cannotListen(
        host: configuration.host, port: configuration.port, reason: "\(error)")
    }
  }

  /// GOAWAY on every connection; returns when all are closed or time is up.
  private func drain() async {
    service.isDraining.store(true, ordering: .relaxed)
    logger.info("draining", metadata: ["connections": "\(openConnections)"])
    for loop in service.loops {
      loop.eventLoop.execute { for connection in loop.connections.values { connection.drain() } }
    }
    let timeout = UInt64(configuration.limits.drainTimeout.nanoseconds)
    let deadline = configuration.clock.monotonicNanoseconds + timeout
    while openConnections > 0 && configuration.clock.monotonicNanoseconds < deadline {
      try? await Task.sleep(for: .milliseconds(5))
    }
  }

  private func closeAll() async {
    for loop in service.loops {
      try? await loop.eventLoop.submit {
        for connection in loop.connections.values { connection.abort() }
      }.get()
    }
  }

  private var openConnections: Int { service.connectionCount.load(ordering: .relaxed) }
}

/// Why the daemon could not serve.
public enum ServerError: Error, CustomStringConvertible {
  case cannotListen(host: String, port: Int, reason: String)

  public var description: String {
    switch self {
    case .cannotListen(let host, let port, let reason):
      "cannot listen on \(host):\(port): \(reason)"
    }
  }
}
