import Dispatch
import Glibc
import IntegrityCore
import Synchronization

/// Memory that is filled from its front while another thread has it put in place
/// ahead, as a growing table's is, and touched where it was written before, in no order
/// and as often as a table's is, with nothing else: what the machine itself makes a
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

  struct Waits {
    let steps: Distribution
    /// Nanoseconds of the longest step during which the thread was certainly not taken
    /// off its processor, among those longer than `noticedNanoseconds`; or 0.
    let longestNotPreempted: UInt64
  }

  /// Steps longer than this are asked what the kernel did meanwhile.
  private static let noticedNanoseconds: UInt64 = 500_000

  /// Writes one new record a step and touches old lines: two a step, as an insertion
  /// does its account's bucket and the record of another with its tag, and at every
  /// eighth a split's: twelve records and two buckets.
  ///
  /// - Parameter stepNanoseconds: for as long as this a step lasts at the least: what
  ///   comes over a machine now and then comes more often in a longer time.
  func fill(into samples: inout [UInt32], stepNanoseconds: Double) -> Waits {
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) { [self] in populateAhead() }
    defer { group.wait() }
    var longestNotPreempted: UInt64 = 0
    var preemptions = KernelUsage().preemptions
    let start = nanoseconds()
    for index in samples.indices {
      while index * 64 >= ready.load(ordering: .acquiring) {}
      let before = nanoseconds()
      unsafe base.storeBytes(of: before, toByteOffset: index * 64, as: UInt64.self)
      for line in 0..<(index & 7 == 7 ? 16 : 2) { touch(index * 16 + line, below: index + 1) }
      let duration = nanoseconds() - before
      samples[index] = UInt32(clamping: duration)
      written.store(index * 64, ordering: .relaxed)
      if duration > Self.noticedNanoseconds {
        let seen = KernelUsage().preemptions
        if seen == preemptions { longestNotPreempted = max(longestNotPreempted, duration) }
        preemptions = seen
      }
      while Double(nanoseconds() - start) < Double(index) * stepNanoseconds {}
    }
    let steps = Distribution(samples, totalNanoseconds: nanoseconds() - start)
    return Waits(steps: steps, longestNotPreempted: longestNotPreempted)
  }

  private func touch(_ number: Int, below recordCount: Int) {
    let record = Int(StateHash.mix(UInt64(number), 17) % UInt64(recordCount))
    // Safe: within what was written.
    let line = unsafe base + record * 64
    unsafe line.storeBytes(of: line.load(as: UInt64.self) &+ 1, as: UInt64.self)
  }

  private func populateAhead() {
    for offset in stride(from: 0, to: sizeBytes, by: Self.hugePage) {
      while offset > written.load(ordering: .relaxed) + Self.leadBytes { usleep(1_000) }
      unsafe madvise(base + offset, Self.hugePage, Self.populateWrite)
      ready.store(offset + Self.hugePage, ordering: .releasing)
    }
  }
}
