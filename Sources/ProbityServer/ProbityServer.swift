import IntegrityCore
import Logging
import NIOCore
import ProbityEngine
import ProbityWire
import Reactor
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
    public var version: String
    public var limits: ServerLimits
    public var clock: any EngineClock
    /// Where metrics and health are served over HTTP; nil = nowhere.
    public var admin: Address?

    /// As many as there are cores.
    public static var eventLoopCountStandard: Int { System.coreCount }

    public init(
      host: String, port: Int, token: [UInt8] = [],
      eventLoopCount: Int = eventLoopCountStandard, version: String,
      limits: ServerLimits = ServerLimits(), clock: any EngineClock = SystemClock()
    ) {
      self.host = host
      self.port = port
      self.token = token
      self.eventLoopCount = eventLoopCount
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
  /// calls, finishes what was accepted, applies what is queued, and returns. Where
  /// its task is cancelled it waits for no connection, but applies what is queued.
  /// Once only.
  ///
  /// - Throws: `ServerError`.
  public func run() async throws {
    var admin: AdminListener?
    let doorway: Doorway
    do {
      // The admin listener first: who is told that the daemon listens finds both.
      admin = try await AdminListener.start(configuration.admin, service)
      doorway = try openDoorway()
    } catch {
      await admin?.stop()
      engine.stop()
      throw error
    }
    onListening(doorway.address, admin?.address)
    await withGracefulShutdownHandler {
      // The engine keeps this for as long as it lives, and the doorway keeps the engine.
      engine.onFailure { [logger, weak doorway] reason in
        logger.critical(
          "the log failed: nothing more can be recorded, shutting down",
          metadata: ["reason": "\(reason)"])
        doorway?.close()
      }
      await doorway.waitUntilClosed()
    } onGracefulShutdown: {
      doorway.close()
    }
    // Where the task is cancelled nobody has closed it.
    await doorway.closed()
    await drain()
    engine.stop()
    await doorway.end()
    // It tells of the draining until here.
    await admin?.stop()
    // They hold the service as it holds them: what was served is let go of.
    service.loops = []
    if let reason = engine.failure { throw ServerError.logFailed(reason) }
  }

  private func openDoorway() throws -> Doorway {
    do throws(SocketError) {
      return try Doorway(configuration, service)
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
    let timeout = configuration.limits.drainTimeout.nanoseconds
    let deadline = configuration.clock.monotonicNanoseconds + timeout
    while openConnections > 0 && configuration.clock.monotonicNanoseconds < deadline {
      do { try await Task.sleep(for: .milliseconds(5)) } catch { return }
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
