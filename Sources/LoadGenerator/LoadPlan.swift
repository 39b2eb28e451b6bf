import IntegrityCore
import ProbityWire

// Load for a daemon: what `probity bench` does, and what the comparisons with
// other servers are measured by.
//
// For: calls as fast as replies come or at a given rate, their latencies, and a
// report. Not for: checking what scores are answered, or other servers' protocols
// (Benchmarks has those).

/// What is asked of a daemon.
public enum Workload: String, Sendable, CaseIterable, Encodable {
  case score
  case batch
  case record
  case mixed
  case claim

  /// Calls that a workload consists of.
  enum Call: UInt8, CaseIterable {
    case score = 0
    case batch = 1
    case record = 2
    /// By itself, of which it is the first kind.
    case claim = 3

    /// As a protocol notes it.
    @inline(__always)
    var kind: UInt8 { rawValue }

    var name: String {
      switch self {
      case .score: "score"
      case .batch: "batch"
      case .record: "record"
      case .claim: "claim"
      }
    }
  }

  /// In the order of the protocol's kinds.
  var calls: [Call] {
    switch self {
    case .score: [.score]
    case .batch: [.batch]
    case .record: [.record]
    case .mixed: [.score, .batch, .record]
    case .claim: [.claim]
    }
  }

  /// Whether it sends Records.
  public var records: Bool { self == .record || self == .mixed }

  /// Whether a call has many ids or commands.
  public var hasBatches: Bool { self != .score && self != .claim }

  public var connectionsStandard: Int { self == .score ? 50 : 4 }
  public var inFlightStandard: Int {
    switch self {
    case .score: 16
    case .batch: 2
    case .record: 1
    case .mixed: 8
    case .claim: 16
    }
  }
  public var batchStandard: Int {
    switch self {
    case .score, .claim: 1
    case .batch: 1_000
    case .record: 500
    case .mixed: 100
    }
  }
}

/// A load, and how it is measured.
public struct LoadPlan: Sendable {
  public var address: ServerAddress
  public var identity: ClientIdentity
  public var workload: Workload
  public var connections: Int
  /// On each connection; with a rate, the most there may be.
  public var inFlight: Int
  /// Requests a second, due at fixed times; nil: as fast as replies come.
  public var rate: Double?
  public var threads = 1
  /// Accounts 1…N are asked for, and recorded.
  public var accounts: UInt64 = 1_000_000
  public var distribution = AccountDistribution.uniform
  /// Ids of a ScoreBatch, commands of a Record.
  public var batch: Int
  public var mix = CallMix.standard
  public var warmUpSeconds = 1.0
  public var durationSeconds = 5.0
  public var runs = 1
  public var seed: UInt64 = 1
  /// Whether the accounts get a history first.
  public var fills = false
  /// Whether smaller loads are measured as well.
  public var sweeps = false
  /// Whether the generator itself is measured, against the least that a server can be.
  public var measuresCeiling = false
  /// A daemon that answers nothing for so long has failed.
  public var timeoutSeconds = 10.0

  /// With what suits the workload.
  public init(_ workload: Workload, of address: ServerAddress, _ identity: ClientIdentity) {
    self.workload = workload
    self.address = address
    self.identity = identity
    connections = workload.connectionsStandard
    inFlight = workload.inFlightStandard
    batch = workload.batchStandard
  }

  /// What every connection may hold of requests that are not sent yet.
  private static let unsentBytesMax = 1 << 30

  /// What an option cannot be, and what would be right; nil: all is well.
  public var fault: String? {
    let batchMax =
      workload.records ? ProtocolLimits.recordCommandsMax : ProtocolLimits.batchAccountsMax
    let ranges: [(String, Int, ClosedRange<Int>)] = [
      ("--connections", connections, 1...10_000), ("--in-flight", inFlight, 1...4_096),
      ("--threads", threads, 1...64), ("--batch", batch, 1...batchMax), ("--runs", runs, 1...100),
    ]
    for (name, value, range) in ranges where !range.contains(value) {
      return "\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value)"
    }
    if threads > connections {
      return "--threads must be at most --connections, which is \(connections), not \(threads)"
    }
    if !(1...1_000_000_000).contains(accounts) {
      return "--accounts must be from 1 to 1000000000, not \(accounts)"
    }
    if !(durationSeconds >= 0.01 && durationSeconds <= 3_600) {
      return "--duration must be from 0.01 to 3600 seconds, not \(durationSeconds)"
    }
    if !(warmUpSeconds >= 0 && warmUpSeconds <= 3_600) {
      return "--warm-up must be from 0 to 3600 seconds, not \(warmUpSeconds)"
    }
    if let rate, !(rate >= 1 && rate <= 100_000_000) {
      return "--rate must be from 1 to 100000000 requests a second, not \(rate)"
    }
    if case .zipf(let exponent) = distribution, !(exponent > 0 && exponent <= 5) {
      return "--zipf-exponent must be more than 0 and at most 5, not \(exponent)"
    }
    if measuresCeiling && workload == .claim {
      return "--ceiling has no responder for claims: use --workload score, batch, record or mixed"
    }
    return faultOfMix ?? faultOfSize
  }

  private var faultOfMix: String? {
    let shares = [mix.score, mix.batch, mix.record]
    if shares.allSatisfy({ (0...1_000_000).contains($0) }) && shares.contains(where: { $0 > 0 }) {
      return nil
    }
    return "--mix must be three numbers from 0 to 1000000 with colons between, not all 0: "
      + "\(CallMix.standard) is 90 Score, 5 ScoreBatch and 5 Record of a hundred calls"
  }

  /// Records in flight are bounded by the daemon; memory by what a machine has.
  private var faultOfSize: String? {
    if workload.records && inFlight > ProbityRecording.placeCountMax {
      return
        "--in-flight must be at most \(ProbityRecording.placeCountMax) where Records are sent, "
        + "not \(inFlight): use more connections"
    }
    let requestBytes = 32 + batch * (workload.records ? 80 : 8)
    let bytes = requestBytes * (inFlight + 1) * connections
    if bytes > Self.unsentBytesMax {
      return "--connections, --in-flight and --batch are too much together: requests of up to "
        + "\(bytes >> 20) MiB could be in flight, and may be \(Self.unsentBytesMax >> 20)"
    }
    return nil
  }

  /// The part of thread `index` in a load of `inFlight` or `rate`.
  func shape(_ load: OneLoad, thread index: Int, monitor: LoadMonitor) -> LoadShape {
    let share = connections / threads + (index < connections % threads ? 1 : 0)
    var shape = LoadShape(
      address: address, connections: share, depth: load.inFlight,
      warmUpNanoseconds: UInt64(load.warmUpSeconds * 1e9),
      durationNanoseconds: UInt64(load.durationSeconds * 1e9))
    shape.ratePerSecond = load.rate.map { $0 * Double(share) / Double(connections) }
    shape.silenceNanosecondsMax = UInt64(timeoutSeconds * 1e9)
    shape.monitor = monitor
    return shape
  }

  /// The load that was asked for.
  package var whole: OneLoad {
    OneLoad(
      inFlight: inFlight, rate: rate, warmUpSeconds: warmUpSeconds,
      durationSeconds: durationSeconds)
  }

  /// Smaller loads than that, the smallest first: powers of two in flight, or
  /// fractions of the rate. Each takes two seconds at most.
  package var smaller: [OneLoad] {
    var load = whole
    load.warmUpSeconds = min(warmUpSeconds, 0.5)
    load.durationSeconds = min(durationSeconds, 2)
    if let rate {
      return [0.1, 0.25, 0.5, 0.75, 0.9].map {
        load.rate = rate * $0
        return load
      }
    }
    return sequence(first: 1) { $0 * 2 }.prefix { $0 < inFlight }.map {
      load.inFlight = $0
      return load
    }
  }
}

/// One load of those that a plan consists of.
package struct OneLoad: Sendable {
  package var inFlight: Int
  package var rate: Double?
  package var warmUpSeconds: Double
  package var durationSeconds: Double

  var seconds: Double { warmUpSeconds + durationSeconds }
}
