import AccountStore
import IntegrityCore
import ProbityWire
import Reactor

/// What was read of connections that are ready at the same time, and not yet parsed.
///
/// A client with one call in flight sends it alone: there is nothing in its read to
/// overlap its cache misses with. But others are ready as well. So a few sockets are
/// read first, each read asking for its first call's bucket, and only then are their
/// calls answered: `recv` takes longer than a cache miss.
///
/// The thread of a loop; empty between two rounds of it.
final class Arrivals {
  private struct Arrival {
    let connection: Connection
    let byteCount: Int
    let hash: Shard.Hash?
  }

  /// Connections read before the first is answered: more gave nothing, and bytes that
  /// lie too long leave the cache.
  private static let connectionsMax = 8

  private let buffers = (0..<connectionsMax).map { _ in ByteQueue() }
  private var waiting: [Arrival] = []

  init() { waiting.reserveCapacity(Self.connectionsMax) }

  /// Where the next socket is to be read to.
  func space(atLeast count: Int) -> UnsafeMutableRawBufferPointer {
    unsafe buffers[waiting.count].space(atLeast: count)
  }

  /// Takes note of what was read to the last `space`.
  func add(_ connection: Connection, byteCount: Int, _ table: AccountTable) {
    let buffer = buffers[waiting.count]
    buffer.commit(byteCount)
    let hash = unsafe ScoreHint.frame(in: buffer.bytes, at: 0)?.account.map { table.hash(of: $0) }
    if let hash { table.prefetchBucket(hash) }
    waiting.append(Arrival(connection: connection, byteCount: byteCount, hash: hash))
    if waiting.count == Self.connectionsMax { serve(table) }
  }

  /// Has everything parsed, in the order in which it was read.
  func serve(_ table: AccountTable) {
    if waiting.count > 1 {
      for arrival in waiting { if let hash = arrival.hash { table.prefetchRecord(hash) } }
    }
    for index in waiting.indices {
      let buffer = buffers[index]
      // Safe: nobody reads a socket meanwhile, so the buffer stays as it is.
      unsafe waiting[index].connection.arrived(buffer.bytes)
      buffer.drop(waiting[index].byteCount)
    }
    waiting.removeAll(keepingCapacity: true)
  }
}
