import AccountStore
import IntegrityCore
import NIOCore
import ProbityEngine
import ProbityWire
import Synchronization

/// What the connections of one event loop share: made once a loop, used by it alone.
///
/// `tally` and `deliver` are the exceptions: counters may be read, and outcomes
/// delivered, from any thread.
final class LoopContext: ReplySink {
  let eventLoop: any EventLoop
  let codec = Codec()
  let service: Service
  let tally = Tally()
  // The engine's own, here once more: reached through `service` each would be
  // retained and released for every lookup, by all loops at once.
  let engine: Engine
  let table: AccountTable
  let policy: Policy
  private(set) var connections: [UInt64: ConnectionHandler] = [:]
  private var lookahead = Lookahead()
  private var decay: DecayClock

  init(eventLoop: any EventLoop, service: Service) {
    self.eventLoop = eventLoop
    self.service = service
    engine = service.engine
    table = engine.table
    policy = engine.policy
    decay = DecayClock(engine.schema, now: .zero)
  }

  func add(_ connection: ConnectionHandler) { connections[connection.id] = connection }

  func remove(_ connection: ConnectionHandler) { connections[connection.id] = nil }

  /// The decay factor of a moment; that of the last moment asked is kept.
  func decayClock(at now: UnixSeconds) -> DecayClock {
    if decay.now != now { decay = DecayClock(engine.schema, now: now) }
    return decay
  }

  /// Asks for the accounts of the next calls in `bytes`.
  ///
  /// - Returns: the bytes of the calls looked at.
  func askAhead(_ bytes: ByteBuffer) -> Int { lookahead.askAhead(bytes, table) }

  /// Called by the sequencer: one hop to this loop and one flush per
  /// connection for a whole group.
  func deliver(_ outcomes: [(RecordJob.Ticket, RecordOutcome)]) {
    eventLoop.execute {
      var touched: Set<UInt64> = []
      for (ticket, outcome) in outcomes {
        guard let connection = self.connections[ticket.connection] else { continue }
        connection.finish(stream: ticket.stream, outcome)
        touched.insert(ticket.connection)
      }
      for id in touched { self.connections[id]?.flushReplies() }
    }
  }
}

// Safe: see the type's comment; `connections`, `codec` and `decay` are touched on
// `eventLoop` only.
extension LoopContext: @unchecked Sendable {}

/// Counts of one event loop. Written by the loop, read by anyone.
final class Tally: Sendable {
  private let lookupCount = Atomic<UInt64>(0)
  private let refusedCount = Atomic<UInt64>(0)

  var lookups: UInt64 { lookupCount.load(ordering: .relaxed) }
  var refused: UInt64 { refusedCount.load(ordering: .relaxed) }

  /// One writer: a load and a store, no locked instruction.
  func addLookups(_ count: Int) {
    lookupCount.store(lookups &+ UInt64(count), ordering: .relaxed)
  }

  func addRefused() { refusedCount.store(refused &+ 1, ordering: .relaxed) }
}
