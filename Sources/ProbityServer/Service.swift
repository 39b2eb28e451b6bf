import IntegrityCore
import Logging
import ProbityEngine
import ProbityWire
import Synchronization

/// What all event loops of a daemon share.
final class Service: Sendable {
  let engine: Engine
  let durability: any DurabilitySource
  let limits: ServerLimits
  let token: [UInt8]
  let agent: String
  let version: String
  let clock: any EngineClock
  let logger: Logger
  let startedNanoseconds: UInt64
  let connectionCount = Atomic<Int>(0)
  /// Memory that connections keep from one read or write to the next, beyond what each has free.
  let keptBytes = Atomic<Int>(0)
  let isDraining = Atomic<Bool>(false)
  private let connectionIDs = Atomic<UInt64>(0)
  private let incidents: Atomic<UInt64>
  private let loopContexts = Mutex<[LoopContext]>([])

  init(
    _ configuration: ProbityServer.Configuration, engine: Engine,
    durability: any DurabilitySource, logger: Logger
  ) {
    self.engine = engine
    self.durability = durability
    limits = configuration.limits
    token = configuration.token
    version = configuration.version
    agent = "probity/\(configuration.version)"
    clock = configuration.clock
    self.logger = logger
    startedNanoseconds = clock.monotonicNanoseconds
    // Numbers of one run do not repeat those of the last.
    incidents = Atomic(UInt64(clock.wallSeconds.rawValue) << 20)
  }

  func nextConnectionID() -> UInt64 {
    connectionIDs.wrappingAdd(1, ordering: .relaxed).newValue
  }

  var loops: [LoopContext] {
    get { loopContexts.withLock { $0 } }
    set { loopContexts.withLock { $0 = newValue } }
  }

  /// Logs a fault of ours and gives it the number that the caller is told.
  func incident(_ reason: String) -> UInt64 {
    let number = incidents.wrappingAdd(1, ordering: .relaxed).newValue
    logger.error("internal fault", metadata: ["incident": "\(number)", "reason": "\(reason)"])
    return number
  }

  /// Takes as long for a wrong token as for a right one of that length.
  func isAuthorized(_ presented: [UInt8]) -> Bool {
    if token.isEmpty { return true }
    if presented.count != token.count { return false }
    return zip(presented, token).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  var hello: Hello {
    Hello(
      schemaHash: Codec.schemaHash, payloadBytesMax: ProtocolLimits.payloadBytesMax,
      inFlightMax: UInt32(limits.recordsInFlightMax), token: [], agent: agent)
  }

  /// What health is asked about: the whole, and its parts.
  static let healthNames = ["", "lookups", "recording"]

  /// grpc.health.v1's answer for one of `healthNames`; nil = no such service.
  func health(of service: String) -> ServingStatus? {
    switch service {
    case "", "lookups": isDraining.load(ordering: .relaxed) ? .notServing : .serving
    case "recording":
      recordingRefused(durability.durabilityStatus).isEmpty ? .serving : .notServing
    default: nil
    }
  }

  /// Why a Record would be refused for more than a moment; empty = it would not.
  private func recordingRefused(_ durability: DurabilityStatus) -> String {
    if let reason = engine.failure { return "the log failed: \(reason)" }
    if isDraining.load(ordering: .relaxed) { return "the daemon is shutting down" }
    if !durability.recordingRefused.isEmpty { return durability.recordingRefused }
    if engine.table.hasRoomApproximately { return "" }
    return "no room for new accounts: the limit is \(engine.table.layout.accountsMax)"
  }

  func status() -> StatusReply {
    let durability = durability.durabilityStatus
    let applied = engine.applied
    let tallies = loops.map(\.tally)
    var reply = StatusReply()
    reply.version = version
    reply.uptimeSeconds = (clock.monotonicNanoseconds - startedNanoseconds) / 1_000_000_000
    reply.logPosition = applied.position
    reply.stateHash = applied.stateHash
    reply.buyers = UInt64(engine.table.count(.buyer))
    reply.merchants = UInt64(engine.table.count(.merchant))
    reply.memoryBytes = UInt64(engine.table.memoryBytes)
    let active = engine.policies.policy
    reply.policyVersion = active.policy.version
    reply.policyHash = active.policy.hash
    reply.policyName = active.name
    reply.claims = UInt64(applied.claimCount)
    reply.set(durability)
    reply.recordingRefused = recordingRefused(durability)
    reply.connections = UInt32(connectionCount.load(ordering: .relaxed))
    reply.commandsQueued = UInt64(engine.queuedCommands)
    reply.commandsApplied = applied.appliedCount
    reply.commandsDuplicate = applied.duplicateCount
    reply.lookups = tallies.reduce(0) { $0 + $1.lookups }
    reply.callsRefused = tallies.reduce(0) { $0 + $1.refused }
    reply.isDraining = isDraining.load(ordering: .relaxed)
    reply.eventLoops = UInt32(tallies.count)
    reply.halfLifeSeconds = UInt64(engine.schema.halfLifeSeconds)
    return reply
  }
}
