import ProbityWire
import Reactor

// Frames in the loop's own buffers.

extension ByteQueue: FrameSink {
  @inlinable @inline(__always)
  public func append(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    // Safe: at least `count` bytes are there.
    unsafe fill(UnsafeMutableRawBufferPointer(rebasing: space(atLeast: count)[0..<count]))
    commit(count)
  }

  @inlinable @inline(__always)
  public func append(countMax: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
    let space = unsafe space(atLeast: countMax)
    // Safe: at least `countMax` bytes are there, and `commit` checks what was used.
    commit(unsafe fill(UnsafeMutableRawBufferPointer(rebasing: space[0..<countMax])))
  }
}
