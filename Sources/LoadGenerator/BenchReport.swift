import BenchmarkMachine
import Histogram
import ProbityWire

/// Latencies in µs, from when a request was written, or due, to its reply.
public struct LatencySummary: Encodable, Sendable, Equatable {
  public var p50 = 0.0
  public var p90 = 0.0
  public var p99 = 0.0
  public var p999 = 0.0
  public var p9999 = 0.0
  public var max = 0.0

  public init(_ latencies: Histogram<UInt64>) {
    if latencies.totalCount == 0 { return }
    func microseconds(_ percentile: Double) -> Double {
      Double(latencies.valueAtPercentile(percentile)) / 1e3
    }
    p50 = microseconds(50)
    p90 = microseconds(90)
    p99 = microseconds(99)
    p999 = microseconds(99.9)
    p9999 = microseconds(99.99)
    max = Double(latencies.max) / 1e3
  }
}

/// The middle of several runs, and how far they lie apart.
public struct Spread: Encodable, Sendable, Equatable {
  public var median = 0.0
  public var min = 0.0
  public var max = 0.0

  /// Of an even number, the median is the mean of the two in the middle.
  package init(_ values: [Double]) {
    let sorted = values.sorted()
    guard let least = sorted.first, let most = sorted.last else { return }
    let middle = sorted.count / 2
    median =
      sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    min = least
    max = most
  }
}

/// What a plan came to, as `--json` prints it.
///
/// Rates are the median of the runs; latencies are those of all runs together.
public struct BenchReport: Encodable, Sendable {
  /// Calls of one kind, in a mixed load: of all runs together.
  public struct Calls: Encodable, Sendable {
    public let requestsPerSecond: Double
    public let itemsPerSecond: Double
    public let latencyMicroseconds: LatencySummary
  }

  /// One load: a run, or a smaller load of the plot.
  public struct Run: Encodable, Sendable {
    public let inFlight: Int
    public let rate: Double?
    public let seconds: Double
    public let requests: UInt64
    public let requestsPerSecond: Double
    public let itemsPerSecond: Double
    public let latencyMicroseconds: LatencySummary
    public let errors: UInt64
  }

  public struct Runs: Encodable, Sendable {
    public let count: Int
    public let requestsPerSecond: Spread
    public let p50Microseconds: Spread
    public let p99Microseconds: Spread
    public let each: [Run]
  }

  /// What the generator itself took: to judge whether it is what was measured.
  public struct Client: Encodable, Sendable {
    /// Processor time, system calls included.
    public let nanosecondsPerRequest: Double
    /// Of its threads' time; near 1 it may be the generator that was measured.
    public let busyShare: Double
    /// With a rate: from when requests were due to when they were written, of those
    /// that did not have to wait for others in flight.
    public let lateMicroseconds: LatencySummary?
    /// With a rate: requests that had to wait for the most that may be in flight.
    public let heldBack: UInt64?
  }

  public let workload: Workload
  public let connections: Int
  public let inFlight: Int
  public let threads: Int
  public let rate: Double?
  public let accounts: UInt64
  public let distribution: String
  public let zipfExponent: Double?
  public let batch: Int?
  public let mix: String?
  public let warmUpSeconds: Double
  public let seconds: Double
  public let seed: UInt64
  public let isCeiling: Bool
  public let requests: UInt64
  public let requestsPerSecond: Double
  public let itemsPerSecond: Double
  public let latencyMicroseconds: LatencySummary
  public let calls: [String: Calls]?
  /// Requests that failed, by the name of their status; those without a reply under
  /// NO_REPLY.
  public let errors: [String: UInt64]
  /// Of the lookups that were looked at, one in some hundred, those that found an
  /// account unknown.
  public let unknownLookups: UInt64
  public let runs: Runs
  public let smallerLoads: [Run]
  public let client: Client
  public let server: ServerFacts
  public let machine: Machine
  public let notes: [String]
  public let isInterrupted: Bool
  /// What ended the measurement early; left out where nothing did.
  public let failure: String?

  /// All runs together, for the plot.
  let whole: LoadResult

  /// Whether every request was answered with a success.
  public var isFlawless: Bool { errors.isEmpty && failure == nil }

  private enum CodingKeys: String, CodingKey {
    case workload, connections, inFlight, threads, rate, accounts, distribution, zipfExponent
    case batch, mix, warmUpSeconds, seconds, seed, isCeiling, requests, requestsPerSecond
    case itemsPerSecond, latencyMicroseconds, calls, errors, unknownLookups, runs, smallerLoads
    case client, server, machine, notes, isInterrupted, failure
  }

  package init(
    _ plan: LoadPlan, _ facts: ServerFacts, _ measured: Measured, isInterrupted: Bool
  ) {
    var whole = LoadResult(kindCount: plan.workload.calls.count)
    for run in measured.runs { whole.merge(run, isLater: true) }
    self.whole = whole
    workload = plan.workload
    connections = plan.connections
    inFlight = plan.inFlight
    threads = plan.threads
    rate = plan.rate
    accounts = plan.accounts
    (distribution, zipfExponent) = Self.words(plan.distribution)
    batch = plan.workload.hasBatches ? plan.batch : nil
    mix = plan.workload == .mixed ? plan.mix.description : nil
    warmUpSeconds = plan.warmUpSeconds
    seconds = Double(whole.nanoseconds) / 1e9
    seed = plan.seed
    isCeiling = plan.measuresCeiling
    requests = whole.answeredCount
    let each = measured.runs.map { Self.run(plan, plan.whole, $0) }
    let latencies = LatencySummary(whole.latencies)
    runs = Runs(
      count: each.count, requestsPerSecond: Spread(each.map(\.requestsPerSecond)),
      p50Microseconds: Spread(each.map(\.latencyMicroseconds.p50)),
      p99Microseconds: Spread(each.map(\.latencyMicroseconds.p99)), each: each)
    requestsPerSecond = runs.requestsPerSecond.median
    itemsPerSecond = Spread(each.map(\.itemsPerSecond)).median
    latencyMicroseconds = latencies
    calls = plan.workload == .mixed ? Self.calls(plan, whole) : nil
    errors = Self.errors(whole)
    unknownLookups = whole.missCount
    smallerLoads = measured.smaller.map { Self.run(plan, $0.load, $0.result) }
    client = Self.client(plan, whole)
    server = facts
    machine = Machine()
    self.isInterrupted = isInterrupted
    failure = measured.failure?.description
    notes = Self.notes(plan, facts, whole, client)
  }

  // MARK: Parts

  private static func words(_ distribution: AccountDistribution) -> (String, Double?) {
    switch distribution {
    case .uniform: ("uniform", nil)
    case .zipf(let exponent): ("zipf", exponent)
    }
  }

  private static func perSecond(_ count: UInt64, _ result: LoadResult) -> Double {
    result.nanoseconds == 0
      ? 0 : (Double(count) / Double(result.nanoseconds) * 1e10).rounded() / 10
  }

  /// Ids and commands, where a call has many.
  private static func itemCount(_ plan: LoadPlan, _ result: LoadResult) -> UInt64 {
    zip(plan.workload.calls, result.calls).reduce(0) {
      $0 + $1.1.answeredCount * UInt64(plan.workload.hasBatches && $1.0 != .score ? plan.batch : 1)
    }
  }

  private static func run(_ plan: LoadPlan, _ load: OneLoad, _ result: LoadResult) -> Run {
    Run(
      inFlight: load.inFlight, rate: load.rate, seconds: Double(result.nanoseconds) / 1e9,
      requests: result.answeredCount,
      requestsPerSecond: perSecond(result.answeredCount, result),
      itemsPerSecond: perSecond(itemCount(plan, result), result),
      latencyMicroseconds: LatencySummary(result.latencies),
      errors: result.refusedCount + result.unansweredCount)
  }

  private static func calls(_ plan: LoadPlan, _ whole: LoadResult) -> [String: Calls] {
    var found: [String: Calls] = [:]
    for (call, result) in zip(plan.workload.calls, whole.calls) {
      let items = result.answeredCount * UInt64(call == .score ? 1 : plan.batch)
      found[call.name] = Calls(
        requestsPerSecond: perSecond(result.answeredCount, whole),
        itemsPerSecond: perSecond(items, whole),
        latencyMicroseconds: LatencySummary(result.latencies))
    }
    return found
  }

  private static func errors(_ whole: LoadResult) -> [String: UInt64] {
    var errors: [String: UInt64] = [:]
    for (status, count) in whole.refusedCounts {
      let name = UInt16(exactly: status).flatMap(StatusCode.init)?.name ?? "STATUS_\(status)"
      errors[name, default: 0] += count
    }
    if whole.unansweredCount > 0 { errors["NO_REPLY"] = whole.unansweredCount }
    return errors
  }

  private static func client(_ plan: LoadPlan, _ whole: LoadResult) -> Client {
    let time = Double(whole.nanoseconds) * Double(plan.threads)
    let busy = Double(whole.clientNanoseconds)
    return Client(
      nanosecondsPerRequest: (busy / Double(max(whole.answeredCount, 1))).rounded(),
      busyShare: time == 0 ? 0 : (busy / time * 100).rounded() / 100,
      lateMicroseconds: plan.rate.map { _ in LatencySummary(whole.ownDelays) },
      heldBack: plan.rate.map { _ in whole.delays.totalCount - whole.ownDelays.totalCount })
  }

  /// What a reader of the figures should know.
  private static func notes(
    _ plan: LoadPlan, _ facts: ServerFacts, _ whole: LoadResult, _ client: Client
  ) -> [String] {
    var notes: [String] = []
    if plan.measuresCeiling {
      notes.append("a bare responder in this process answered: this is the generator's ceiling")
    } else if facts.buyers < plan.accounts && plan.workload != .record {
      notes.append(
        "the daemon holds \(facts.buyers) buyers and \(plan.accounts) are asked for: lookups of "
          + "the others find nobody. Add --fill"
          + (facts.buyers == 0 ? "" : ", or say --accounts \(facts.buyers)"))
    }
    if !plan.measuresCeiling && client.busyShare > 0.9 && plan.rate == nil {
      notes.append(
        "the generator was busy for \(Int(client.busyShare * 100)) % of the time: it may be what "
          + "was measured. See --ceiling, and more --threads where there are cores for them")
    }
    if let rate = plan.rate {
      if let heldBack = client.heldBack, heldBack > 0 {
        notes.append(
          "\(heldBack) requests had to wait for the most that may be in flight (it is in their "
            + "latency): \(plan.connections) connections × \(plan.inFlight)")
      }
      let due = rate * Double(whole.nanoseconds) / 1e9
      // In each run of each thread the next one is due just behind the end.
      let behind = Double(plan.runs * plan.threads)
      if Double(whole.answeredCount) + behind < 0.99 * due {
        notes.append("the daemon did not keep up with \(Int(rate)) requests a second")
      }
    }
    return notes
  }
}
