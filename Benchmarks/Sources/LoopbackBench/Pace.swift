/// When each request of an open-loop load is due: evenly, and connection by
/// connection in turn.
///
/// A request's latency counts from when it is due, not from when it could be
/// written: what a stall keeps waiting is measured as having waited.
/// Source: Tene: How Not to Measure Latency, 2013 ("coordinated omission").
struct Pace {
  private let startedNanoseconds: UInt64
  private let connectionCount: UInt64
  private let intervalNanoseconds: Double
  /// Nothing is due from here on.
  var endNanoseconds = UInt64.max

  init(ratePerSecond: Double, connections: Int, now: UInt64) {
    startedNanoseconds = now
    connectionCount = UInt64(connections)
    intervalNanoseconds = 1e9 / ratePerSecond
  }

  /// When the next request of a connection is due, of which `sentCount` were
  /// written; `.max` = never.
  @inline(__always)
  func due(connection: Int, sentCount: UInt64) -> UInt64 {
    let index = UInt64(connection) + sentCount * connectionCount
    let due = startedNanoseconds + UInt64(Double(index) * intervalNanoseconds)
    return due < endNanoseconds ? due : .max
  }
}
