import IntegrityCore
import NIOCore
import ProbityTransport
import ProbityWire

extension LoopContext {
  func explain(
    _ payload: UnsafeRawBufferPointer, _ stream: UInt32, _ now: UnixSeconds,
    _ replies: inout ByteBuffer
  ) throws(CallFailure) {
    throw CallFailure(.unimplemented, "later")
  }
}
