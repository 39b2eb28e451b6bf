import Glibc

/// Monotonic clock; a read costs about 25 ns.
@inline(__always)
func nanoseconds() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)  // Safe: the pointer lives for the call.
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Processor time of the calling thread: others on the machine do not lengthen
/// it, but for what they take of the memory's. A read costs about 200 ns.
func threadNanoseconds() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)  // Safe: the pointer lives for the call.
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// What the kernel did to the calling thread so far.
struct KernelUsage {
  let pageFaults: Int
  let preemptions: Int

  init() {
    var usage = rusage()
    // Safe: the pointer lives for the call. 1 is RUSAGE_THREAD.
    unsafe getrusage(__rusage_who_t(1), &usage)
    pageFaults = usage.ru_minflt + usage.ru_majflt
    preemptions = usage.ru_nivcsw
  }
}

/// Resident bytes of this process, from /proc/self/statm.
func residentBytes() -> Int {
  guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
  defer { unsafe fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  // Safe: at most the array's size is written, and it is not kept.
  guard unsafe fgets(&line, 256, file) != nil else { return 0 }
  let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  return pages * Int(getpagesize())
}

/// What became of many durations.
struct Distribution {
  let median, p999, p9999, longest: UInt32
  /// Index of the longest among the samples.
  let longestIndex: Int
  let totalNanoseconds: UInt64

  init(_ samples: [UInt32], totalNanoseconds: UInt64) {
    let sorted = samples.sorted()
    median = sorted[sorted.count / 2]
    p999 = sorted[Int(Double(sorted.count) * 0.999)]
    p9999 = sorted[Int(Double(sorted.count) * 0.9999)]
    longest = sorted[sorted.count - 1]
    longestIndex = samples.firstIndex(of: sorted[sorted.count - 1]) ?? 0
    self.totalNanoseconds = totalNanoseconds
  }
}

struct SlowInsertion {
  let index: Int
  let nanoseconds: UInt64
  let pageFaults: Int
  let isSplit: Bool
}

struct Causes {
  /// Slowest first, without those that were preempted.
  let slowest: [SlowInsertion]
  /// Durations of insertions, slower than these, during which the thread was preempted.
  let preempted: [UInt64]
}

struct Report {
  let accountCount: Int
  let growth: Distribution
  let floor: Distribution
  let memory: FreshMemory.Waits
  let bytesPerAccount: Double
  let residentBytesPerAccount: Double
  let lookups: (single: Double, batch: Double)
  let reader: ReaderBesideWriter
  let copy: CopyCosts
  let causes: Causes

  var text: String {
    var lines = [
      "\(accountCount) accounts in \(Double(growth.totalNanoseconds / 1_000_000) / 1000) s,"
        + " \(tenth(bytesPerAccount)) bytes each (resident: \(tenth(residentBytesPerAccount)))",
      line("insertion", growth),
      line("noise floor", floor),
      line("memory alone", memory.steps)
        + "; not preempted, longest \(memory.longestNotPreempted) ns",
      "longest insertion: number \(growth.longestIndex)",
      "lookup: \(tenth(lookups.single)) ns single, \(tenth(lookups.batch)) ns in a batch",
      reader.text,
      copy.text,
      "second run: \(causes.preempted.count) slow insertions were preempted, the longest for"
        + " \(causes.preempted.max() ?? 0) ns; the slowest of the others:",
    ]
    for slow in causes.slowest {
      lines.append(
        "  \(slow.nanoseconds) ns, number \(slow.index): \(slow.pageFaults) page faults"
          + (slow.isSplit ? ", a split" : ""))
    }
    return lines.joined(separator: "\n")
  }

  var json: String {
    "{\"accounts\":\(accountCount),\"total_ns\":\(growth.totalNanoseconds)"
      + ",\"bytes_per_account\":\(tenth(bytesPerAccount))"
      + ",\"resident_bytes_per_account\":\(tenth(residentBytesPerAccount))"
      + ",\"insert_ns\":\(object(growth)),\"floor_ns\":\(object(floor))"
      + ",\"memory_ns\":\(object(memory.steps))"
      + ",\"memory_longest_not_preempted_ns\":\(memory.longestNotPreempted)"
      + ",\"longest_not_preempted_ns\":\(causes.slowest.first?.nanoseconds ?? 0)"
      + ",\"longest_index\":\(growth.longestIndex)"
      + ",\"lookup_ns\":\(tenth(lookups.single)),\"batch_lookup_ns\":\(tenth(lookups.batch)),\"reader\":\(reader.json)"
      + ",\"copy\":\(copy.json)}"
  }

  private func line(_ name: String, _ d: Distribution) -> String {
    "\(name): median \(d.median) ns, p99.9 \(d.p999) ns, p99.99 \(d.p9999) ns, longest \(d.longest) ns"
  }

  private func object(_ d: Distribution) -> String {
    "{\"median\":\(d.median),\"p99_9\":\(d.p999),\"p99_99\":\(d.p9999),\"longest\":\(d.longest)}"
  }

  private func tenth(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
