import CProtobufC

/// Zeroed memory for one message at a time, with a hard cap.
///
/// The C codec allocates without limit: its scanner turns 2 bytes of input
/// into 32 of memory, and two bytes can announce a sub-message of 160. So it
/// gets its memory from here, is told "no more" at the cap, and all of it goes
/// at once with `reset`. One block serves nearly every message; what does not
/// fit gets blocks of its own, which `reset` gives back.
///
/// Used by one thread at a time.
@safe final class Arena {
  // Safe: all three are allocated in `init` and freed in `deinit`; what
  // `allocate` returns is dead after `reset`, which only `Codec` calls, at the
  // start of each message.
  private let block: UnsafeMutableRawPointer
  private let blockBytes: Int
  let allocator: UnsafeMutablePointer<ProtobufCAllocator>
  private var large: [UnsafeMutableRawPointer] = unsafe []
  private var usedBytes = 0
  private var largeBytes = 0
  private let capBytes: Int
  /// True: something was refused since the last `reset`.
  private(set) var isExhausted = false

  init(blockBytes: Int = 64 << 10, capBytes: Int = ProtocolLimits.decodeBytesMax) {
    self.blockBytes = blockBytes
    self.capBytes = capBytes
    unsafe block = .allocate(byteCount: blockBytes, alignment: 16)
    unsafe block.initializeMemory(as: UInt8.self, repeating: 0, count: blockBytes)
    unsafe allocator = .allocate(capacity: 1)
    unsafe allocator.initialize(
      to: ProtobufCAllocator(
        alloc: { data, size in
          guard let data = unsafe data else { return nil }
          return unsafe Unmanaged<Arena>.fromOpaque(data).takeUnretainedValue().allocate(size)
        },
        free: { _, _ in },
        allocator_data: Unmanaged.passUnretained(self).toOpaque()))
  }

  deinit {
    reset()
    unsafe allocator.deallocate()
    unsafe block.deallocate()
  }

  /// Bytes handed out since the last `reset`.
  var allocatedBytes: Int { usedBytes + largeBytes }

  /// `size` zeroed bytes aligned to 16, or nil at the cap.
  func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size >= 0, size <= capBytes, allocatedBytes + size <= capBytes else {
      isExhausted = true
      return nil
    }
    let rounded = (size + 15) & ~15
    if rounded <= blockBytes - usedBytes {
      defer { usedBytes += rounded }
      return unsafe block + usedBytes
    }
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: 16)
    unsafe fresh.initializeMemory(as: UInt8.self, repeating: 0, count: rounded)
    unsafe large.append(fresh)
    largeBytes += rounded
    return unsafe fresh
  }

  /// `count` zeroed elements, or nil at the cap.
  func allocate<T: BitwiseCopyable>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T>? {
    // Safe: zeroed memory aligned to 16 of the right size; T is a C type or an integer.
    unsafe allocate(count * MemoryLayout<T>.stride)?.bindMemory(to: type, capacity: count)
  }

  /// A NUL-terminated copy, or nil at the cap.
  func string(_ text: String) -> UnsafeMutablePointer<CChar>? {
    var text = text
    return text.withUTF8 { utf8 in
      guard let copy = unsafe allocate(CChar.self, count: utf8.count + 1) else { return nil }
      for i in 0..<utf8.count { unsafe copy[i] = CChar(bitPattern: utf8[i]) }
      return unsafe copy
    }
  }

  /// Takes everything back.
  func reset() {
    if usedBytes > 0 {
      unsafe block.initializeMemory(as: UInt8.self, repeating: 0, count: usedBytes)
    }
    while let pointer = unsafe large.popLast() { unsafe pointer.deallocate() }
    usedBytes = 0
    largeBytes = 0
    isExhausted = false
  }
}
