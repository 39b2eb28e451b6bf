/// Bytes that come at the end and go from the front, in one growing allocation.
///
/// Takes no memory until it is used. One thread at a time.
@safe public final class ByteQueue {
  // Safe: one allocation, made by `grow`, freed by `release`; offsets stay within it.
  @usableFromInline var base: UnsafeMutableRawPointer?
  @usableFromInline var capacity = 0
  @usableFromInline var start = 0
  @usableFromInline var end = 0

  public init() {}

  deinit { release() }

  @inlinable @inline(__always)
  public var count: Int { end - start }

  @inlinable @inline(__always)
  public var isEmpty: Bool { start == end }

  /// Bytes of memory held.
  public var heldBytes: Int { capacity }

  /// The bytes in order; gone with the next change.
  @inlinable @inline(__always)
  public var bytes: UnsafeRawBufferPointer {
    guard let base = unsafe base else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
    return unsafe UnsafeRawBufferPointer(start: base + start, count: end - start)
  }

  /// Space for at least `count` bytes behind the last, to be filled and then
  /// taken in with `commit`. Amortized constant time.
  @inlinable @inline(__always)
  public func space(atLeast count: Int) -> UnsafeMutableRawBufferPointer {
    if count > capacity - end { grow(by: count) }
    guard let base = unsafe base else {
      return unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
    return unsafe UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
  }

  /// Takes in the first `count` bytes of the last `space`.
  @inlinable @inline(__always)
  public func commit(_ count: Int) {
    precondition(count >= 0 && count <= capacity - end)
    end += count
  }

  public func append(_ bytes: UnsafeRawBufferPointer) {
    let count = bytes.count
    if count == 0 { return }
    // Safe: the space has at least as many bytes.
    unsafe space(atLeast: count).copyMemory(from: bytes)
    commit(count)
  }

  /// Forgets the first `count` bytes.
  @inlinable @inline(__always)
  public func drop(_ count: Int) {
    precondition(count >= 0 && count <= end - start)
    start += count
    if start == end {
      start = 0
      end = 0
    }
  }

  /// Forgets all bytes, and gives back memory beyond `bytesMax`.
  public func clear(keepingBytesMax bytesMax: Int) {
    start = 0
    end = 0
    if capacity > bytesMax { release() }
  }

  /// At least doubles, or moves what is there to the front if that is enough.
  @usableFromInline @inline(never)
  func grow(by count: Int) {
    let used = end - start
    if used + count <= capacity && used <= capacity / 2 {
      if let base = unsafe base { unsafe base.copyMemory(from: base + start, byteCount: used) }
    } else {
      let size = Swift.max(used + count, capacity * 2, Self.bytesMin)
      let fresh = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
      if let base = unsafe base {
        unsafe fresh.copyMemory(from: base + start, byteCount: used)
        unsafe base.deallocate()
      }
      unsafe base = unsafe fresh
      capacity = size
    }
    start = 0
    end = used
  }

  private static let bytesMin = 4 << 10

  private func release() {
    unsafe base?.deallocate()
    unsafe base = nil
    capacity = 0
    start = 0
    end = 0
  }
}
