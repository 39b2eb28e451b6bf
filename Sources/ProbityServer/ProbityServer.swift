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
  /// Where a socket listens.
  public struct Address: Sendable, Equatable {
    public var host: String
    /// 0 = any free port.
    public var port: Int

    public init(host: String, port: Int) {
      self.host = host
      self.port = port
    }
  }

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
    /// Where metrics and health are served over HTTP; nil = nowhere.
    public var admin: Address?

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
  private let onListening: OnListening

  /// Gets the addresses that were bound.
  public typealias OnListening = @Sendable (_ address: Address, _ admin: Address?) -> Void

  /// - Parameter onListening: called once, when both addresses accept connections.
  public convenience init(
    _ configuration: Configuration, engine: Engine, logger: Logger,
    onListening: @escaping OnListening = { _, _ in }
  ) {
    self.init(
      configuration, engine: engine, durability: engine, logger: logger, onListening: onListening)
  }

  /// - Parameter durability: what is said about the disk, in the engine's place.
  package init(
    _ configuration: Configuration, engine: Engine, durability: any DurabilitySource,
    logger: Logger, onListening: @escaping OnListening
  ) {
    self.configuration = configuration
    self.engine = engine
    self.logger = logger
    self.onListening = onListening
    service = Service(configuration, engine: engine, durability: durability, logger: logger)
  }

  /// Serves until graceful shutdown, or until the log fails: then refuses new
  /// calls, finishes what was accepted, applies what is queued, and returns.
  ///
  /// - Throws: `ServerError`.
  public func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoopCount)
    service.loops = group.makeIterator().map { LoopContext(eventLoop: $0, service: service) }
    let listener: any Channel
    do {
      listener = try await listenOnAll(group)
    } catch {
      engine.stop()
      try? await group.shutdownGracefully()
      throw error
    }
    await withGracefulShutdownHandler {
      engine.onFailure { [logger] reason in
        logger.critical(
          "the log failed: nothing more can be recorded, shutting down",
          metadata: ["reason": "\(reason)"])
        listener.close(promise: nil)
      }
      try? await listener.closeFuture.get()
    } onGracefulShutdown: {
      listener.close(promise: nil)
    }
    await drain()
    engine.stop()
    await closeAll()
    // Closes the admin listener too, which tells of the draining until here.
    try? await group.shutdownGracefully()
    if let reason = engine.failure { throw ServerError.logFailed(reason) }
  }

  /// The admin listener first: who is told that the daemon listens finds both.
  private func listenOnAll(_ group: MultiThreadedEventLoopGroup) async throws -> any Channel {
    var admin: Address?
    if let wanted = configuration.admin {
      admin = Self.bound(try await AdminListener(service).bind(wanted, on: group), wanted)
    }
    let listener = try await listen(group)
    let wanted = Address(host: configuration.host, port: configuration.port)
    onListening(Self.bound(listener, wanted), admin)
    return listener
  }

  private static func bound(_ channel: any Channel, _ wanted: Address) -> Address {
    let local = channel.localAddress
    return Address(host: local?.ipAddress ?? wanted.host, port: local?.port ?? wanted.port)
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
  /// Storage that cannot be trusted: what was acknowledged before is as safe
  /// as the durability says, what came after it was refused.
  case logFailed(String)

  public var description: String {
    switch self {
    case .cannotListen(let host, let port, let reason):
      "cannot listen on \(host):\(port): \(reason)"
    case .logFailed(let reason):
      "the log failed, so that nothing more could be recorded: \(reason)"
    }
  }
}
