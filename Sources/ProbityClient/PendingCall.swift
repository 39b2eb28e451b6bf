import NIOCore
import ProbityTransport
import ProbityWire
import Synchronization

/// A call on its way, without its reply's type.
public class OutgoingCall: @unchecked Sendable {
  // Safe: constant but for `isFinished` of the subclass, which is guarded.
  typealias Encode = @Sendable (Codec, Codec.Call, inout ByteBuffer) -> Void

  let method: Method
  let encode: Encode
  let timeoutMicroseconds: UInt32
  /// Longest without a sign of life; nil = it may be silent until it is answered.
  let silenceMax: TimeAmount?
  /// Whether the daemon may be silent because nobody takes what it has sent. Any thread.
  var hasUntaken: Bool { false }

  init(
    _ method: Method, encode: @escaping Encode, timeoutMicroseconds: UInt32,
    silenceMax: TimeAmount? = nil
  ) {
    self.method = method
    self.encode = encode
    self.timeoutMicroseconds = timeoutMicroseconds
    self.silenceMax = silenceMax
  }

  /// A part of the answer, on the connection's event loop.
  func take(_ codec: Codec, _ payload: UnsafeRawBufferPointer) {}

  /// On the connection's event loop.
  func succeed(_ codec: Codec, _ payload: UnsafeRawBufferPointer) {}

  /// Any thread. The first of `succeed` and `fail` counts.
  func fail(_ failure: CallFailure) {}
}

/// A call that a task waits for.
@safe final class PendingCall<Reply: Sendable>: OutgoingCall, @unchecked Sendable {
  typealias Decode = @Sendable (Codec, UnsafeRawBufferPointer) throws(CallFailure) -> Reply
  private typealias Continuation = CheckedContinuation<Result<Reply, CallFailure>, Never>

  private enum State {
    case new
    case waiting(Continuation)
    case finished(Result<Reply, CallFailure>)
  }

  private let decode: Decode
  private let state = Mutex(State.new)

  init(
    _ method: Method, encode: @escaping Encode, decode: @escaping Decode,
    timeoutMicroseconds: UInt32
  ) {
    unsafe self.decode = decode
    super.init(method, encode: encode, timeoutMicroseconds: timeoutMicroseconds)
  }

  /// Sends the call and waits for its end; cancelling the task cancels the call.
  func run(on connection: ClientConnection) async throws(CallFailure) -> Reply {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: Continuation) in
        let finished: Result<Reply, CallFailure>? = state.withLock {
          if case .finished(let result) = $0 { return result }
          $0 = .waiting(continuation)
          return nil
        }
        if let finished { continuation.resume(returning: finished) } else { connection.send(self) }
      }
    } onCancel: {
      fail(CallFailure(.cancelled, "cancelled by the caller", notExecuted: false))
      connection.cancel(self)
    }
    return try result.get()
  }

  override func succeed(_ codec: Codec, _ payload: UnsafeRawBufferPointer) {
    do throws(CallFailure) {
      finish(.success(try unsafe decode(codec, payload)))
    } catch {
      let reason = "the daemon's reply does not decode: \(error.message)"
      finish(.failure(CallFailure(.internal, reason, notExecuted: false)))
    }
  }

  override func fail(_ failure: CallFailure) { finish(.failure(failure)) }

  private func finish(_ result: Result<Reply, CallFailure>) {
    let waiting: Continuation? = state.withLock {
      switch $0 {
      case .finished: return nil
      case .new:
        $0 = .finished(result)
        return nil
      case .waiting(let continuation):
        $0 = .finished(result)
        return continuation
      }
    }
    waiting?.resume(returning: result)
  }
}
