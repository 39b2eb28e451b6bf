import Dispatch
import Glibc
import Synchronization

/// Memory that is filled from its front while another thread has it put in place
/// ahead, as a growing table's is, with nothing else: what the machine itself makes a
/// writer wait.
///
/// A virtual machine's memory can be slow to come, and to be found again, long after
/// the guest's kernel has it in place; nothing in a process can see that, or help it.
@safe final class FreshMemory: @unchecked Sendable {
  // Safe: set once; the threads touch bytes of their own, or whole words.
  private let base: UnsafeMutableRawPointer
  private let sizeBytes: Int
  private let written = Atomic<Int>(0)
  private let ready = Atomic<Int>(0)

  private static let hugePage = 2 << 20
  /// How far ahead memory is put in place.
  private static let leadBytes = 64 << 20
  /// MADV_POPULATE_WRITE, which older headers lack.
  private static let populateWrite: Int32 = 23

  /// - Parameter recordCount: of 64 bytes each.
  init(recordCount: Int) {
    sizeBytes = (recordCount * 64 / Self.hugePage + 1) * Self.hugePage
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let mapped = unsafe mmap(
      nil, sizeBytes + Self.hugePage, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      preconditionFailure("no address space for \(sizeBytes) bytes")
    }
    let address = UInt(bitPattern: mapped)
    let page = UInt(Self.hugePage)
    unsafe base = mapped + Int((address + page - 1) / page * page - address)
    unsafe madvise(base, sizeBytes, Int32(MADV_HUGEPAGE))
  }

  deinit { unsafe munmap(base, sizeBytes) }

  /// Writes one new record and changes one old at a time, at random.
  func fill(into samples: inout [UInt32]) -> Distribution {
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) { [self] in populateAhead() }
    defer { group.wait() }
    var random: UInt64 = 88_172_645_463_325_252
    let start = nanoseconds()
    for index in samples.indices {
      while index * 64 >= ready.load(ordering: .acquiring) {}
      let before = nanoseconds()
      random ^= random << 13
      random ^= random >> 7
      random ^= random << 17
      // Safe: both are below `sizeBytes`, the second within what was written.
      unsafe base.storeBytes(of: random, toByteOffset: index * 64, as: UInt64.self)
      let old = unsafe base + Int(random % UInt64(index + 1)) * 64
      unsafe old.storeBytes(of: old.load(as: UInt64.self) &+ 1, as: UInt64.self)
      samples[index] = UInt32(clamping: nanoseconds() - before)
      written.store(index * 64, ordering: .relaxed)
    }
    return Distribution(samples, totalNanoseconds: nanoseconds() - start)
  }

  private func populateAhead() {
    for offset in stride(from: 0, to: sizeBytes, by: Self.hugePage) {
      while offset > written.load(ordering: .relaxed) + Self.leadBytes { usleep(1_000) }
      unsafe madvise(base + offset, Self.hugePage, Self.populateWrite)
      ready.store(offset + Self.hugePage, ordering: .releasing)
    }
  }
}
