import ProbityEngine
import ProbityWire
import Reactor
import Synchronization

/// The event loops of a daemon, their threads, and the socket by which connections
/// come in: to one loop after the other.
final class Doorway: Sendable {
  let address: ProbityServer.Address
  private let loops: [LoopContext]
  private let threads: [EngineThread]
  // Safe: touched on the first loop only, once that runs.
  private nonisolated(unsafe) let listener: StreamListener
  private let isClosed: AsyncStream<Never>
  private let closing: AsyncStream<Never>.Continuation

  /// Listens, and starts the loops.
  init(
    _ configuration: ProbityServer.Configuration, _ service: Service
  ) throws(SocketError) {
    let listener = try StreamListener(
      host: configuration.host, port: configuration.port, backlog: configuration.limits.backlog)
    unsafe self.listener = listener
    address = ProbityServer.Address(host: listener.host, port: listener.port)
    (isClosed, closing) = AsyncStream.makeStream()
    var loops: [LoopContext] = []
    for _ in 0..<configuration.eventLoopCount {
      loops.append(LoopContext(eventLoop: try EventLoop(), service: service))
    }
    try Self.accept(listener, loops, service)
    self.loops = loops
    service.loops = loops
    threads = loops.map { loop in EngineThread { loop.eventLoop.run() } }
  }

  private static func accept(
    _ listener: StreamListener, _ loops: [LoopContext], _ service: Service
  ) throws(SocketError) {
    var next = 0
    try listener.start(on: loops[0].eventLoop) { error in
      service.logger.warning(
        "no connection can be accepted for the moment", metadata: ["reason": "\(error)"])
    } accepted: { socket in
      let loop = loops[next]
      next = (next + 1) % loops.count
      loop.eventLoop.execute { Connection(socket, loop: loop).open() }
    }
  }

  /// Accepts nothing more. Any thread; more than once is as good as once.
  func close() {
    loops[0].eventLoop.execute { [self] in
      unsafe listener.close()
      closing.finish()
    }
  }

  /// The same, and returns when it is done.
  func closed() async {
    await withCheckedContinuation { done in
      close()
      loops[0].eventLoop.execute { done.resume() }
    }
  }

  /// Returns at once where the task is cancelled.
  func waitUntilClosed() async { for await _ in isClosed {} }

  /// Closes the connections there are, and ends the loops.
  func end() async {
    for loop in loops {
      loop.eventLoop.execute {
        for connection in loop.connections.values { connection.disconnect() }
      }
      loop.eventLoop.stop()
    }
    for thread in threads { thread.join() }
  }
}
