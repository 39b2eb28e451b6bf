// What lookups and commands are made of, each as something to run many times.
//
// For: one definition of each operation, which the suite times and
// `count-operations` counts. Not for: measuring.

/// An operation under a name that says what is done once.
public struct MeasuredOperation: Sendable {
  /// Unique; what thresholds are kept under.
  public let name: String
  /// Nanoseconds an operation that the project aims for, where it has said so.
  public let aimNanoseconds: Int?
  /// False: what it costs shows in time alone, as with misses of the cache and disks.
  public let isCounted: Bool
  /// Runs of `operationsUnit` for which its memory or its file has room; nil = any number.
  public let runsMax: Int?
  /// Makes what the operation works on. Takes up to seconds.
  public let prepare: @Sendable () throws -> Workload

  init(
    _ name: String, aimNanoseconds: Int? = nil, isCounted: Bool = true, runsMax: Int? = nil,
    prepare: @escaping @Sendable () throws -> Workload
  ) {
    self.name = name
    self.aimNanoseconds = aimNanoseconds
    self.isCounted = isCounted
    self.runsMax = runsMax
    self.prepare = prepare
  }
}

/// An operation with all that it needs, used by one thread.
public struct Workload {
  /// Operations come in multiples of this: batches have so many elements, or a part of it.
  public static let operationsUnit = 1_000

  /// Does so many operations, a multiple of `operationsUnit`.
  ///
  /// - Returns: a number that depends on all of them, so that none is optimized away.
  public let run: (Int) -> UInt64
  /// Bytes that an operation encodes, on the wire or in the log; nil where it encodes nothing.
  public let encodedBytes: Double?

  init(encodedBytes: Double? = nil, _ run: @escaping (Int) -> UInt64) {
    self.encodedBytes = encodedBytes
    self.run = run
  }

  /// `count` times `body`, as a loop of its own.
  @inline(__always)
  static func repeating(_ count: Int, _ body: () -> UInt64) -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<count { sum &+= body() }
    return sum
  }
}

/// What kept an operation from being prepared, in words.
public struct PreparationFailure: Error, CustomStringConvertible {
  public let description: String
}
