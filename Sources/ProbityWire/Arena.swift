import CProtobufC

/// Zeroed memory for one message at a time, with a hard cap.
///
/// The C codec allocates without limit: its scanner turns 2 bytes of input
/// into 32 of memory, and two bytes can announce a sub-message of 160. So it
/// gets its memory from here, is told "no more" at the cap, and all of it goes
/// at once with `reset`. One block, which stays, serves nearly every message;
/// larger messages get more blocks, which `reset` gives back.
///
/// Used by one thread at a time.
@safe package final class Arena {
  // Safe: all blocks are allocated in `init` or `addBlock` and freed in `deinit`
  // or `reset`; what `allocate` returns is dead after `reset`, which only
  // `Codec` calls, at the start of each message.
  private let firstBlock: UnsafeMutableRawPointer
  private let firstBlockBytes: Int
  let allocator: UnsafeMutablePointer<ProtobufCAllocator>
  private var moreBlocks: [UnsafeMutableRawPointer] = unsafe []
  /// The block that small allocations come from, and how much of it is gone.
  private var block: UnsafeMutableRawPointer
  private var blockBytes: Int
  private var blockUsedBytes = 0
  private var firstBlockUsedBytes = 0
  private let capBytes: Int

  /// Bytes handed out since the last `reset`, rounded up to 16 each; at most the cap.
  package private(set) var allocatedBytes = 0
  /// Bytes of all blocks: what the arena costs. At most 4/3 of the cap and two blocks.
  package private(set) var heldBytes: Int
  /// True: something was refused since the last `reset`.
  package private(set) var isExhausted = false

  /// Blocks after the first. What does not fit into a quarter of one gets its
  /// own, so that at most a quarter of a block is lost when it is left behind.
  private static let moreBlockBytes = 256 << 10

  package init(blockBytes: Int = 64 << 10, capBytes: Int = ProtocolLimits.decodeBytesMax) {
    firstBlockBytes = blockBytes
    heldBytes = blockBytes
    self.blockBytes = blockBytes
    self.capBytes = capBytes
    unsafe firstBlock = .allocate(byteCount: blockBytes, alignment: 16)
    unsafe firstBlock.initializeMemory(as: UInt8.self, repeating: 0, count: blockBytes)
    unsafe block = unsafe firstBlock
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
    unsafe firstBlock.deallocate()
  }

  /// `size` zeroed bytes aligned to 16, or nil at the cap.
  package func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size >= 0, size <= capBytes, (size + 15) & ~15 <= capBytes - allocatedBytes else {
      isExhausted = true
      return nil
    }
    let rounded = (size + 15) & ~15
    allocatedBytes += rounded
    if rounded > blockBytes - blockUsedBytes {
      if rounded > Self.moreBlockBytes / 4 { return unsafe addBlock(rounded) }
      leaveBlock()
    }
    defer { blockUsedBytes += rounded }
    return unsafe block + blockUsedBytes
  }

  /// Makes a fresh block the one that small allocations come from.
  private func leaveBlock() {
    if unsafe block == firstBlock { firstBlockUsedBytes = blockUsedBytes }
    unsafe block = unsafe addBlock(Self.moreBlockBytes)
    blockBytes = Self.moreBlockBytes
    blockUsedBytes = 0
  }

  private func addBlock(_ count: Int) -> UnsafeMutableRawPointer {
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 16)
    unsafe fresh.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    unsafe moreBlocks.append(fresh)
    heldBytes += count
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
  package func reset() {
    if unsafe block == firstBlock { firstBlockUsedBytes = blockUsedBytes }
    if firstBlockUsedBytes > 0 {
      unsafe firstBlock.initializeMemory(as: UInt8.self, repeating: 0, count: firstBlockUsedBytes)
    }
    while let pointer = unsafe moreBlocks.popLast() { unsafe pointer.deallocate() }
    unsafe block = unsafe firstBlock
    blockBytes = firstBlockBytes
    blockUsedBytes = 0
    firstBlockUsedBytes = 0
    allocatedBytes = 0
    heldBytes = firstBlockBytes
    isExhausted = false
  }
}
