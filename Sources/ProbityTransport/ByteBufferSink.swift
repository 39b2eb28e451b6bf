import NIOCore
import ProbityWire

// Frames in NIO's buffers: what the client needs, and the wire, which knows no
// network, cannot hold.

extension ByteBuffer: FrameSink {
  @inlinable
  public mutating func append(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    unsafe writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
      // Safe: at least `count` bytes are there.
      unsafe fill(UnsafeMutableRawBufferPointer(rebasing: space[0..<count]))
      return count
    }
  }
}
