import NIOCore
import ProbityWire
import Synchronization

/// One connection: a queue any task may add to, and what the event loop does with it.
///
/// Calls that come while the loop is busy go out together, in one write.
final class ClientConnection: Sendable {
  private let channel: any Channel
  private let retirement: Retirement
  private let outbox = Mutex<[OutgoingCall]>([])
  private let handler: NIOLoopBound<ClientHandler>

  /// On the channel's event loop.
  init(channel: any Channel, handler: ClientHandler) {
    self.channel = channel
    retirement = handler.retirement
    self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
  }

  /// False: calls go on another connection.
  var isUsable: Bool { channel.isActive && !retirement.isRetired }

  func send(_ call: OutgoingCall) {
    let isFirst = outbox.withLock {
      $0.append(call)
      return $0.count == 1
    }
    if isFirst { channel.eventLoop.execute { self.flush() } }
  }

  private func flush() {
    let calls = outbox.withLock { calls in
      defer { calls = [] }
      return calls
    }
    handler.value.send(calls)
  }

  func cancel(_ call: OutgoingCall) {
    channel.eventLoop.execute { self.handler.value.cancel(call) }
  }

  /// Lets the daemon send so many bytes more, of the call and of all calls.
  func grant(_ call: OutgoingCall, bytes: Int) {
    channel.eventLoop.execute { self.handler.value.grant(call, bytes: bytes) }
  }

  func close() async { try? await channel.close() }
}

/// Whether the daemon has said that it takes no more calls here.
final class Retirement: Sendable {
  private let flag = Atomic<Bool>(false)
  var isRetired: Bool { flag.load(ordering: .relaxed) }
  func retire() { flag.store(true, ordering: .relaxed) }
}
