import IntegrityCore
import NIOCore
import ProbityWire
import Rescoring

/// Calls that are answered in parts.
extension ProbityClient {
  /// Has every merchant's standing follow its evidence, by one step at most.
  ///
  /// - Parameter at: zero = the daemon's clock.
  public func sweep(
    actor: String = "", reason: String = "", at: UnixSeconds = .zero
  ) async throws(CallFailure) -> StreamedCall {
    try await stream(.sweep(at: at, actor: actor, reason: reason))
  }

  /// Judges the whole population under two policies.
  public func rescore(_ order: RescoreOrder) async throws(CallFailure) -> StreamedCall {
    try await stream(.rescore(order))
  }

  /// The committee's figures over a period.
  ///
  /// - Parameters:
  ///   - from: zero = 90 days before `to`; at most 400.
  ///   - to: zero = now.
  public func keyFigures(
    from: UnixSeconds = .zero, to: UnixSeconds = .zero
  ) async throws(CallFailure) -> StreamedCall {
    try await stream(.kpi(from: from, to: to))
  }

  /// Tells of changes as they come; goes on by itself where the connection is lost.
  public func watch(_ order: WatchOrder) -> Watching { Watching(order, self) }

  /// On one connection, for as long as that lasts.
  ///
  /// - Parameter silenceMax: the daemon gives a sign of life every 2 s.
  package func watchOnce(
    _ order: WatchOrder, silenceMax: TimeAmount? = .seconds(20)
  ) async throws(CallFailure) -> StreamedCall {
    try await stream(.watch(order), silenceMax: silenceMax)
  }
}

/// A watch across reconnections and restarts of the daemon: each change is told at least once.
public final class Watching {
  private var order: WatchOrder
  private let client: ProbityClient
  private var call: StreamedCall?
  private var pause = Duration.milliseconds(50)

  /// Between two tries to connect, at the most.
  private static let pauseMax = Duration.seconds(5)

  init(_ order: WatchOrder, _ client: ProbityClient) {
    self.order = order
    self.client = client
  }

  /// Where a watch goes on that begins anew, after a restart of the watcher, say.
  public var cursor: LogPosition { order.cursor }

  /// The next part. Waits while the daemon cannot be reached.
  ///
  /// - Throws: OUT_OF_RANGE where changes behind the cursor are not kept any more; its message
  ///   says where to go on. CANCELLED where the task is.
  public func next() async throws(CallFailure) -> WatchPart {
    while true {
      do throws(CallFailure) {
        if call == nil { call = try await client.watchOnce(order) }
        if case .watch(let part)? = try await call?.next() {
          order.cursor = max(order.cursor, part.cursor)
          pause = .milliseconds(50)
          return part
        }
        call = nil
      } catch {
        call = nil
        // A daemon that ends its calls at their deadline, restarts, or cannot be reached.
        guard error.status == .unavailable || error.status == .deadlineExceeded else {
          throw error
        }
        try await rest(at: error)
      }
    }
  }

  private func rest(at failure: CallFailure) async throws(CallFailure) {
    do {
      try await Task.sleep(for: pause * Double.random(in: 0.5...1.5))
    } catch {
      throw CallFailure(.cancelled, "cancelled by the caller", notExecuted: false)
    }
    pause = min(pause * 2, Self.pauseMax)
  }
}
