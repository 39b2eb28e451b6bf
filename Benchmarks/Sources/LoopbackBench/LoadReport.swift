import BenchmarkMachine
import Foundation

/// A run as `--json` prints it.
struct LoadReport: Encodable {
  let server: String
  let connections: Int
  let inFlightPerConnection: Int
  let threads: Int
  let accounts: UInt64
  let seed: UInt64
  let seconds: Double
  let requests: UInt64
  let requestsPerSecond: Double
  let p50Microseconds: Double
  let p90Microseconds: Double
  let p99Microseconds: Double
  let p999Microseconds: Double
  let maxMicroseconds: Double
  /// Answers that the account is not known; of probity's, one in 256 is looked at.
  let misses: UInt64
  /// By status.
  let errors: [String: UInt64]
  let machine: Machine

  init(_ result: LoadResult, _ options: RunOptions) {
    server = options.server.rawValue
    connections = options.connections
    inFlightPerConnection = options.inFlight
    threads = options.threads
    accounts = options.accounts
    seed = options.seed
    seconds = Double(result.nanoseconds) / 1e9
    requests = result.answeredCount
    requestsPerSecond = (Double(requests) / seconds).rounded()
    let latencies = result.latencies
    func microseconds(_ percentile: Double) -> Double {
      Double(latencies.valueAtPercentile(percentile)) / 1e3
    }
    p50Microseconds = microseconds(50)
    p90Microseconds = microseconds(90)
    p99Microseconds = microseconds(99)
    p999Microseconds = microseconds(99.9)
    maxMicroseconds = Double(latencies.max) / 1e3
    misses = result.missCount
    errors = Dictionary(
      uniqueKeysWithValues: result.refusedCounts.map { ("status \($0.key)", $0.value) })
    machine = Machine()
  }

  /// One line for people.
  var summary: String {
    let latency = [
      p50Microseconds, p90Microseconds, p99Microseconds, p999Microseconds, maxMicroseconds,
    ].map { String(Int($0.rounded())) }.joined(separator: " / ")
    return "\(server): \(Int(requestsPerSecond)) requests/s, \(connections) x "
      + "\(inFlightPerConnection) in flight; p50 / p90 / p99 / p99.9 / max \(latency) µs; "
      + "\(misses) misses, errors \(errors); \(machine.summary); seed \(seed)"
  }

  func printJSON() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    print(String(decoding: try encoder.encode(self), as: UTF8.self))
  }
}
