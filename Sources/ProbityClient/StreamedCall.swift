import NIOCore
import ProbityTransport
import ProbityWire
import Synchronization

/// A call that is answered in parts: one task takes them, one by one.
///
/// The daemon sends as many bytes as were taken, and 256 KiB more; so a slow taker makes it
/// wait, and memory is bounded. To be taken to its end, or cancelled.
public final class StreamedCall: OutgoingCall, @unchecked Sendable {
  // Safe: constant but for what `state` guards.
  private typealias Continuation = CheckedContinuation<Next, Never>

  private enum Next {
    case part(StreamPart, bytes: Int)
    case end(Result<StreamEnd, CallFailure>)
  }

  private struct State {
    var parts: [(part: StreamPart, bytes: Int)] = []
    var result: Result<StreamEnd, CallFailure>?
    var waiting: Continuation?
    /// Bytes that were taken and not granted anew.
    var taken = 0
  }

  private let state = Mutex(State())
  private let connection: ClientConnection
  /// What is granted at once.
  private static let grantBytes = ProtocolLimits.streamCreditBytes / 4

  init(
    _ request: StreamRequest, on connection: ClientConnection, timeout: Duration,
    silenceMax: TimeAmount?
  ) {
    self.connection = connection
    super.init(
      request.method, encode: { $0.encodeStreamRequest(request, $1, to: &$2) },
      timeoutMicroseconds: UInt32(min(max(timeout / .microseconds(1), 1), Double(UInt32.max))),
      silenceMax: silenceMax)
  }

  /// What the call came to, once `next` has returned nil.
  public var end: StreamEnd? {
    state.withLock { if case .success(let end)? = $0.result { end } else { nil } }
  }

  override var hasUntaken: Bool { state.withLock { !$0.parts.isEmpty } }

  /// The next part; nil = that is all. Cancelling the task cancels the call.
  public func next() async throws(CallFailure) -> StreamPart? {
    let next = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: Continuation) in
        let next: Next? = state.withLock {
          if let next = Self.takeNext(&$0) { return next }
          precondition($0.waiting == nil, "a streamed call is taken by one task")
          $0.waiting = continuation
          return nil
        }
        if let next { continuation.resume(returning: next) }
      }
    } onCancel: {
      cancel()
    }
    switch next {
    case .part(let part, let bytes):
      grant(bytes)
      return part
    case .end(let result):
      _ = try result.get()
      return nil
    }
  }

  private static func takeNext(_ state: inout State) -> Next? {
    if !state.parts.isEmpty {
      let first = state.parts.removeFirst()
      return .part(first.part, bytes: first.bytes)
    }
    return state.result.map { .end($0) }
  }

  private func grant(_ bytes: Int) {
    let granted = state.withLock { state in
      state.taken += bytes
      if state.taken < Self.grantBytes { return 0 }
      defer { state.taken = 0 }
      return state.taken
    }
    if granted > 0 { connection.grant(self, bytes: granted) }
  }

  /// Ends the call; `next` then throws CANCELLED.
  public func cancel() {
    fail(CallFailure(.cancelled, "cancelled by the caller", notExecuted: false))
    connection.cancel(self)
  }

  override func take(_ codec: Codec, _ payload: UnsafeRawBufferPointer) {
    do throws(CallFailure) {
      let part = try unsafe codec.decodePart(method, payload)
      resume {
        if $0.result == nil { $0.parts.append((part, payload.count)) }
      }
    } catch {
      cancel(with: error)
    }
  }

  private func cancel(with failure: CallFailure) {
    let reason = "a part of the daemon's answer does not decode: \(failure.message)"
    fail(CallFailure(.internal, reason, notExecuted: false))
    connection.cancel(self)
  }

  override func succeed(_ codec: Codec, _ payload: UnsafeRawBufferPointer) {
    do throws(CallFailure) {
      let end = try unsafe codec.decodeEnd(method, payload)
      resume { $0.result = $0.result ?? .success(end) }
    } catch {
      cancel(with: error)
    }
  }

  override func fail(_ failure: CallFailure) {
    resume { $0.result = $0.result ?? .failure(failure) }
  }

  private func resume(_ change: (inout State) -> Void) {
    let ready: (Continuation, Next)? = state.withLock {
      change(&$0)
      guard let waiting = $0.waiting, let next = Self.takeNext(&$0) else { return nil }
      $0.waiting = nil
      return (waiting, next)
    }
    if let (continuation, next) = ready { continuation.resume(returning: next) }
  }
}
