import NIOCore
import NIOPosix
import ProbityWire
import Synchronization

/// Makes the connection that all calls share, and makes it anew when it is lost.
final class Connector: Sendable {
  private enum State {
    case none
    case connecting(Task<ClientConnection, any Error>)
    case connected(ClientConnection)
    case closed
  }

  private let configuration: ProbityClient.Configuration
  private let eventLoop: any EventLoop
  private let state = Mutex(State.none)

  init(_ configuration: ProbityClient.Configuration, eventLoop: any EventLoop) {
    self.configuration = configuration
    self.eventLoop = eventLoop
  }

  /// The connection in use, or a new one; callers that come at once share the attempt.
  func connection() async throws(CallFailure) -> ClientConnection {
    enum Choice {
      case use(ClientConnection)
      case wait(Task<ClientConnection, any Error>)
      case refuse
    }
    let choice: Choice = state.withLock {
      switch $0 {
      case .connected(let connection) where connection.isUsable: return .use(connection)
      case .connecting(let task): return .wait(task)
      case .closed: return .refuse
      case .none, .connected:
        let task = Task { try await self.connect() }
        $0 = .connecting(task)
        return .wait(task)
      }
    }
    switch choice {
    case .use(let connection): return connection
    case .refuse: throw CallFailure(.unavailable, "the client was shut down")
    case .wait(let task):
      do { return try await task.value } catch { throw failure(error) }
    }
  }

  func close() async {
    let previous = state.withLock { state in
      defer { state = .closed }
      return state
    }
    switch previous {
    case .connected(let connection): await connection.close()
    case .connecting(let task): await (try? task.value)?.close()
    case .none, .closed: break
    }
  }

  private func connect() async throws -> ClientConnection {
    do {
      let connection = try await open()
      state.withLock { if case .connecting = $0 { $0 = .connected(connection) } }
      return connection
    } catch {
      state.withLock { if case .connecting = $0 { $0 = .none } }
      throw error
    }
  }

  private func open() async throws -> ClientConnection {
    let ready = eventLoop.makePromise(of: Void.self)
    let hello = Hello(
      schemaHash: Codec.schemaHash, payloadBytesMax: ProtocolLimits.payloadBytesMax,
      inFlightMax: 0, token: configuration.token, agent: configuration.agent)
    do {
      let connection = try await ClientBootstrap(group: eventLoop)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .connectTimeout(configuration.connectTimeout)
        .connect(host: configuration.host, port: configuration.port) { channel in
          channel.eventLoop.makeCompletedFuture {
            let handler = ClientHandler(hello: hello, ready: ready)
            try channel.pipeline.syncOperations.addHandler(handler)
            return ClientConnection(channel: channel, handler: handler)
          }
        }
      try await ready.futureResult.get()
      return connection
    } catch {
      ready.fail(error)
      throw error
    }
  }

  private func failure(_ error: any Error) -> CallFailure {
    if let failure = error as? CallFailure { return failure }
    let address = "\(configuration.host):\(configuration.port)"
    return CallFailure(.unavailable, "cannot connect to \(address): \(Self.reason(error))")
  }

  private static func reason(_ error: any Error) -> String {
    guard let connectionError = error as? NIOConnectionError else { return "\(error)" }
    guard let first = connectionError.connectionErrors.first else {
      return "the name \(connectionError.host) has no address"
    }
    return "\(first.error)"
  }
}
