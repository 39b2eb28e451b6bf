/// When each request of an open-loop load is due: evenly, and connection by
/// connection in turn.
///
/// A request's latency counts from when it is due, not from when it could be
/// written: what a stall keeps waiting is measured as having waited.
/// Source: Tene: How Not to Measure Latency, 2013 ("coordinated omission").
package struct Pace {
  private let startedNanoseconds: UInt64
  private let connectionCount: UInt64
  private let intervalNanoseconds: Double
  /// Nothing is due from here on.
  package var endNanoseconds = UInt64.max

  package init(ratePerSecond: Double, connections: Int, now: UInt64) {
    startedNanoseconds = now
    connectionCount = UInt64(connections)
    intervalNanoseconds = 1e9 / ratePerSecond
  }

  /// When a request is due, by its number among all from 0; `.max` = never.
  @inline(__always)
  package func due(index: UInt64) -> UInt64 {
    let due = time(index: index)
    return due < endNanoseconds ? due : .max
  }

  /// The same, whether or not it is before the end.
  @inline(__always)
  package func time(index: UInt64) -> UInt64 {
    startedNanoseconds + UInt64(Double(index) * intervalNanoseconds)
  }

  /// The same for the next request of a connection, of which `sentCount` were written.
  @inline(__always)
  package func time(connection: Int, sentCount: UInt64) -> UInt64 {
    time(index: UInt64(connection) + sentCount * connectionCount)
  }
}
