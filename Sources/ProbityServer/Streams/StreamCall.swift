import IntegrityCore
import ProbityWire
import Reactor

/// A call that is answered in parts: what a connection asks of it. On the connection's loop.
class StreamCall {
  let stream: UInt32
  let method: Method
  /// Bytes that the client still takes.
  var credit = ProtocolLimits.streamCreditBytes
  var timeout: LoopTimer?

  init(_ method: Method, stream: UInt32) {
    self.method = method
    self.stream = stream
  }

  /// The next part, if there is one.
  func nextPart() -> StreamPart? { nil }

  /// How the call ends, once no part is left.
  func ending() -> Result<StreamEnd, CallFailure>? { nil }

  /// Nobody waits for it any more.
  func cancel() {}
}
