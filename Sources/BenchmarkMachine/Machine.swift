import Glibc

// What the benchmarks say about where they ran.
//
// For: the processor's name, monotonic time, reproducible random numbers. Not
// for: measuring, which each benchmark does in its own way.

/// The machine that a figure was taken on: part of every report.
public struct Machine: Encodable, Sendable {
  /// As /proc/cpuinfo has it.
  public let cpuModel: String
  public let coreCount: Int
  public let memoryGibibytes: Int

  /// This machine.
  public init() {
    cpuModel = Self.field("model name", in: "/proc/cpuinfo") ?? "unknown processor"
    coreCount = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    memoryGibibytes = (pages * sysconf(Int32(_SC_PAGESIZE)) + 1 << 29) >> 30
  }

  /// "AMD EPYC, 2 cores, 24 GiB".
  public var summary: String { "\(cpuModel), \(coreCount) cores, \(memoryGibibytes) GiB" }

  /// What follows the colon in the first line that begins with `name`.
  private static func field(_ name: String, in path: String) -> String? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 4096)
    while unsafe fgets(&line, Int32(line.count), file) != nil {
      let bytes = line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
      let text = String(decoding: bytes, as: UTF8.self)
      guard text.hasPrefix(name), let colon = text.firstIndex(of: ":") else { continue }
      return String(text[text.index(after: colon)...].drop { $0 == " " })
    }
    return nil
  }
}

/// Nanoseconds since some start. About 25 ns a call.
@inlinable
public func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// Nanoseconds that this thread has had a processor for: what others take of the
/// machine does not count. About 250 ns a call.
public func threadNanoseconds() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// The same numbers for the same seed, on every machine.
/// Source: Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  @usableFromInline var state: UInt64

  @inlinable
  public init(seed: UInt64) { state = seed }

  @inlinable
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Uniform over 1…`count`: multiply and shift, whose bias is count / 2^64.
  @inlinable
  public mutating func account(of count: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: count).high + 1
  }
}
