import AccountStore
import IntegrityCore
import ProbityEngine
import ProbityWire
import Reactor
import Synchronization

/// What the connections of one event loop share: made once a loop, used by it alone.
///
/// `tally` and `deliver` are the exceptions: counters may be read, and outcomes
/// delivered, from any thread.
final class LoopContext: ReplySink {
  let eventLoop: EventLoop
  let codec = Codec()
  /// Where sockets are read to; of no connection between two calls of `ready`.
  let arrivals = ByteQueue()
  /// Replies of the connection at work; empty between two calls of `ready`.
  var replies = ByteQueue()
  let service: Service
  let tally = Tally()
  // The engine's own, here once more: reached through `service` each would be
  // retained and released for every lookup, by all loops at once.
  let engine: Engine
  let table: AccountTable
  let overrides: OverrideBoard
  let certifications: CertificationBoard
  private(set) var policy: Policy
  private var policyGeneration: UInt64
  private(set) var connections: [UInt64: Connection] = [:]
  var lookahead = Lookahead()
  let watches: WatchBoard
  private var decay: DecayClock

  init(eventLoop: EventLoop, service: Service) {
    self.eventLoop = eventLoop
    self.service = service
    engine = service.engine
    table = engine.table
    overrides = engine.overrides
    certifications = engine.certifications
    policyGeneration = engine.policies.generation
    policy = engine.policy
    decay = DecayClock(engine.schema, now: .zero)
    watches = WatchBoard(engine, service.limits, eventLoop)
  }

  /// To be called before calls are answered: another policy may be in force. About 1 ns.
  func refreshPolicy() {
    let generation = engine.policies.generation
    if generation == policyGeneration { return }
    policyGeneration = generation
    policy = engine.policy
  }

  func add(_ connection: Connection) { connections[connection.id] = connection }

  /// - Returns: whether it was there.
  func remove(_ connection: Connection) -> Bool {
    connections.removeValue(forKey: connection.id) != nil
  }

  @discardableResult
  func schedule(after duration: Duration, _ body: @escaping () -> Void) -> LoopTimer {
    eventLoop.schedule(afterNanoseconds: duration.nanoseconds, body)
  }

  /// The decay factor of a moment; that of the last moment asked is kept.
  func decayClock(at now: UnixSeconds) -> DecayClock {
    if decay.now != now { decay = DecayClock(engine.schema, now: now) }
    return decay
  }

  /// Called by the sequencer: one hop to this loop and one flush per
  /// connection for a whole group.
  func deliver(_ outcomes: [(EngineJob.Ticket, JobOutcome)]) {
    eventLoop.execute { [self] in
      refreshPolicy()
      let byConnection = outcomes.sorted { $0.0.connection < $1.0.connection }
      var start = 0
      while start < byConnection.count {
        let id = byConnection[start].0.connection
        let end = byConnection[start...].firstIndex { $0.0.connection != id } ?? byConnection.count
        if let connection = connections[id] {
          for (ticket, outcome) in byConnection[start..<end] {
            connection.finish(stream: ticket.stream, outcome)
          }
          connection.flushReplies()
          connection.closeIfDrained()
        }
        start = end
      }
    }
  }
}

// Safe: see the type's comment; everything that changes, but for `tally`, is touched on
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
