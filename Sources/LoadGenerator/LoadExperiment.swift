import BenchmarkMachine
import Glibc
import IntegrityCore
import ProbityWire
import Synchronization

/// How far an experiment is.
public enum LoadProgress: Sendable {
  /// Accounts that have a history, of all.
  case filling(done: UInt64, of: UInt64)
  /// Milliseconds of all loads, and replies so far.
  case loading(done: Int, of: Int, answered: UInt64)
}

/// Carries out a plan.
public struct LoadExperiment {
  /// Told how far it is, some times a second; false ends the experiment soon.
  public typealias Watch = (LoadProgress) -> Bool

  private let plan: LoadPlan
  private let watch: Watch
  private var facts = ServerFacts()
  private var finishedMilliseconds = 0
  private var finishedAnswered: UInt64 = 0
  private var isStopped = false

  /// - Precondition: the plan has no `fault`.
  public init(_ plan: LoadPlan, watch: @escaping Watch) {
    precondition(plan.fault == nil)
    self.plan = plan
    self.watch = watch
  }

  /// Asks the daemon who it is, fills it if that is planned, loads it, and reports.
  ///
  /// - Throws: why nothing could be measured. What goes wrong later is in the report.
  public mutating func run() throws(SocketFailure) -> BenchReport {
    // Both ends of a connection to the bare responder are here.
    try ClientSocket.allowOpen(plan.measuresCeiling ? 2 * plan.connections : plan.connections)
    if !plan.measuresCeiling { return try run(plan) }
    let responder = try BareResponder(
      itemsPerCall: plan.batch, depth: plan.inFlight,
      requestBytesMax: 256 + plan.batch * (plan.workload.records ? 80 : 8))
    responder.start()
    var own = plan
    own.address = .loopback(port: responder.port)
    own.identity.token = []
    own.fills = false
    let outcome: Result<BenchReport, SocketFailure>
    do throws(SocketFailure) { outcome = .success(try run(own)) } catch {
      outcome = .failure(error)
    }
    _ = responder.stop()
    return try outcome.get()
  }

  private mutating func run(_ plan: LoadPlan) throws(SocketFailure) -> BenchReport {
    var plan = plan
    let session = try DaemonSession(
      plan.address, plan.identity, timeoutSeconds: plan.timeoutSeconds)
    plan.address = session.address
    try check(session, plan)
    if plan.fills { try fill(session, plan) }
    facts = ServerFacts(plan.address, try session.status())
    let measured = isStopped ? Measured() : try measure(plan)
    return BenchReport(plan, facts, measured, isInterrupted: isStopped)
  }

  private func check(_ session: DaemonSession, _ plan: LoadPlan) throws(SocketFailure) {
    let recordsMax = Int(session.hello.inFlightMax)
    if plan.workload.records && recordsMax > 0 && plan.inFlight > recordsMax {
      throw SocketFailure(
        reason: "\(plan.address) takes at most \(recordsMax) Records in flight on a connection, "
          + "and --in-flight is \(plan.inFlight): use more connections")
    }
  }

  private mutating func fill(_ session: DaemonSession, _ plan: LoadPlan) throws(SocketFailure) {
    var loader = AccountLoader(
      session, accountCount: plan.accounts, source: AccountLoader.source(ofFill: plan.seed),
      seed: plan.seed)
    var goesOn = true
    _ = try loader.load { done in
      goesOn = watch(.filling(done: done, of: plan.accounts))
      return goesOn
    }
    isStopped = !goesOn
  }

  // MARK: Loads

  private mutating func measure(_ plan: LoadPlan) throws(SocketFailure) -> Measured {
    func seed(_ thread: Int, _ purpose: UInt64) -> UInt64 {
      plan.seed &+ UInt64(thread) << 32 &+ purpose << 56
    }
    func choice(_ thread: Int, _ purpose: UInt64) -> AccountChoice {
      AccountChoice(count: plan.accounts, plan.distribution, seed: seed(thread, purpose))
    }
    func score(_ thread: Int) -> ProbityProtocol {
      ProbityProtocol(choice(thread, 0), plan.identity)
    }
    func batches(_ thread: Int) -> ProbityBatches {
      ProbityBatches(choice(thread, 1), accountsPerBatch: plan.batch, plan.identity)
    }
    func recording(_ thread: Int) throws(SocketFailure) -> ProbityRecording {
      try ProbityRecording(
        choice(thread, 2), accountCount: plan.accounts, commandsPerBatch: plan.batch,
        inFlight: plan.inFlight, seed: seed(thread, 3), plan.identity)
    }
    let threads = 0..<plan.threads
    switch plan.workload {
    case .score: return measure(plan, threads.map(score))
    case .batch: return measure(plan, threads.map(batches))
    case .record:
      var benches: [ProbityRecording] = []
      for thread in threads { benches.append(try recording(thread)) }
      return measure(plan, benches)
    case .mixed:
      var benches: [ProbityMix] = []
      for thread in threads {
        benches.append(
          ProbityMix(
            plan.mix, score(thread), batches(thread), try recording(thread),
            seed: seed(thread, 4)))
      }
      return measure(plan, benches)
    case .claim:
      var benches: [ProbityClaims] = []
      let now = UnixSeconds(EventMix.nowSeconds)
      for thread in threads {
        benches.append(
          try ProbityClaims(
            choice(thread, 5), accountCount: plan.accounts, openedAt: now,
            seed: seed(thread, 6), plan.identity))
      }
      return measure(plan, benches)
    }
  }

  /// Smaller loads first, so that the daemon is warm when it matters.
  private mutating func measure<P: BenchedProtocol & Sendable>(
    _ plan: LoadPlan, _ benches: [P]
  ) -> Measured {
    let smaller = plan.sweeps ? plan.smaller : []
    let loads = smaller + Array(repeating: plan.whole, count: plan.runs)
    let total = loads.reduce(0) { $0 + Int($1.seconds * 1_000) }
    var measured = Measured()
    for (index, load) in loads.enumerated() where !isStopped && measured.failure == nil {
      let result = run(load, plan, benches, totalMilliseconds: total)
      measured.failure = result.failure
      if result.nanoseconds == 0 { continue }
      if index < smaller.count {
        measured.smaller.append((load, result))
      } else {
        measured.runs.append(result)
      }
    }
    return measured
  }

  /// One load on all threads.
  private mutating func run<P: BenchedProtocol & Sendable>(
    _ load: OneLoad, _ plan: LoadPlan, _ benches: [P], totalMilliseconds: Int
  ) -> LoadResult {
    let outcomes = Outcomes()
    let monitors = benches.map { _ in LoadMonitor() }
    let started = monotonicNanoseconds()
    let threads = benches.enumerated().map { index, bench in
      let shape = plan.shape(load, thread: index, monitor: monitors[index])
      return LoadThread { outcomes.add(Self.run(bench, shape)) }
    }
    while !threads.allSatisfy(\.isOver) {
      usleep(Self.watchMicroseconds)
      let elapsed = Int((monotonicNanoseconds() - started) / 1_000_000)
      let answered = monitors.reduce(finishedAnswered) { $0 + $1.answeredCount }
      let progress = LoadProgress.loading(
        done: finishedMilliseconds + elapsed, of: totalMilliseconds, answered: answered)
      if !watch(progress) { isStopped = true }
      if isStopped || outcomes.hasFailed { monitors.forEach { $0.requestStop() } }
    }
    threads.forEach { $0.join() }
    finishedMilliseconds += Int(load.seconds * 1_000)
    finishedAnswered = monitors.reduce(finishedAnswered) { $0 + $1.answeredCount }
    return outcomes.merged
  }

  /// Twenty times a second: the controlling thread takes no processor from the load.
  private static var watchMicroseconds: UInt32 { 50_000 }

  private static func run<P: BenchedProtocol>(_ bench: P, _ shape: LoadShape) -> LoadResult {
    do throws(SocketFailure) {
      var loop = try LoadLoop(bench, shape)
      return loop.runToEnd()
    } catch {
      var result = LoadResult(kindCount: bench.kindCount)
      result.failure = error
      return result
    }
  }

  /// What the threads came to.
  private final class Outcomes: Sendable {
    private let results = Mutex<[LoadResult]>([])

    func add(_ result: LoadResult) { results.withLock { $0.append(result) } }

    var hasFailed: Bool { results.withLock { $0.contains { $0.failure != nil } } }

    var merged: LoadResult {
      results.withLock {
        var all = LoadResult()
        for result in $0 { all.merge(result) }
        return all
      }
    }
  }
}

/// What the daemon said of itself before the load.
public struct ServerFacts: Sendable, Encodable {
  public var address = ""
  public var version = ""
  /// "memory", "always", "interval=…"; empty for the bare responder.
  public var durability = ""
  public var buyers: UInt64 = 0

  package init() {}

  init(_ address: ServerAddress, _ status: StatusReply) {
    self.address = address.description
    version = status.version
    durability = status.durability
    buyers = status.buyers
  }
}

/// What the loads of a plan came to.
package struct Measured {
  package var runs: [LoadResult] = []
  package var smaller: [(load: OneLoad, result: LoadResult)] = []
  package var failure: SocketFailure?

  package init() {}
}
