import BenchmarkMachine
import Foundation
import Histogram
import LoadGenerator

/// Latencies as JSON has them.
struct LatencyReport: Encodable {
  let p50Microseconds: Double
  let p90Microseconds: Double
  let p99Microseconds: Double
  let p999Microseconds: Double
  let maxMicroseconds: Double

  init(_ latencies: Histogram<UInt64>) {
    let summary = LatencySummary(latencies)
    p50Microseconds = summary.p50
    p90Microseconds = summary.p90
    p99Microseconds = summary.p99
    p999Microseconds = summary.p999
    maxMicroseconds = summary.max
  }

  var summary: String {
    let values = [
      p50Microseconds, p90Microseconds, p99Microseconds, p999Microseconds, maxMicroseconds,
    ].map { String(Int($0.rounded())) }.joined(separator: " / ")
    return "p50 / p90 / p99 / p99.9 / max \(values) µs"
  }
}

/// How an open-loop load was kept up.
struct PaceReport: Encodable {
  let ratePerSecond: Double
  /// From when a request was due to when the client wrote it: its own lateness,
  /// and waiting for the most that may be in flight.
  let writtenLate: LatencyReport

  init(ratePerSecond: Double, _ result: LoadResult) {
    self.ratePerSecond = ratePerSecond
    writtenLate = LatencyReport(result.delays)
  }
}

/// A run as `--json` prints it.
struct LoadReport: Encodable {
  let server: String
  let connections: Int
  let inFlightPerConnection: Int
  /// Accounts, or keys, that each request asks for.
  let batch: Int
  let threads: Int
  let accounts: UInt64
  let seed: UInt64
  let seconds: Double
  let requests: UInt64
  let requestsPerSecond: Double
  let accountsPerSecond: Double
  let latency: LatencyReport
  let pace: PaceReport?
  /// Answers that an account is not known; of probity's, one in 256 is looked at,
  /// of batches one in 64.
  let misses: UInt64
  /// By status.
  let errors: [String: UInt64]
  let machine: Machine

  init(_ result: LoadResult, _ options: RunOptions) {
    server = options.load.server.rawValue
    connections = options.connections
    inFlightPerConnection = options.inFlight
    batch = options.batch
    threads = options.threads
    accounts = options.load.accounts
    seed = options.load.seed
    seconds = Double(result.nanoseconds) / 1e9
    requests = result.answeredCount
    requestsPerSecond = (Double(requests) / seconds).rounded()
    accountsPerSecond = requestsPerSecond * Double(batch)
    latency = LatencyReport(result.latencies)
    pace = options.load.rate.map { PaceReport(ratePerSecond: $0, result) }
    misses = result.missCount
    errors = Dictionary(
      uniqueKeysWithValues: result.refusedCounts.map { ("status \($0.key)", $0.value) })
    machine = Machine()
  }

  /// One line for people.
  var summary: String {
    let accounts = batch > 1 ? " of \(batch)" : ""
    return "\(server): \(Int(requestsPerSecond)) requests/s\(accounts), \(connections) x "
      + "\(inFlightPerConnection) in flight; \(latency.summary); "
      + "\(misses) misses, errors \(errors); \(machine.summary); seed \(seed)"
  }
}

func printJSON(_ report: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
  print(String(decoding: try encoder.encode(report), as: UTF8.self))
}

extension LoadResult {
  /// Two little-endian 64-bit words a request: when it was due, on the
  /// machine's monotonic clock, and its latency, both in nanoseconds.
  func writeSamples(to path: String) throws {
    guard let file = fopen(path, "w") else { throw SocketFailure("cannot write \(path)") }
    let written = samples.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
    let isWhole = written == samples.count * MemoryLayout<LatencySample>.stride
    if fclose(file) != 0 || !isWhole { throw SocketFailure("cannot write \(path)") }
  }
}
