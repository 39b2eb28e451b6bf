import Benchmark
import Foundation
import MeasuredOperations

// Nanoseconds of what a lookup and a command are made of, without a network.
//
// `make core-bench` runs it; the operations themselves are in MeasuredOperations.

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock], timeUnits: .nanoseconds, warmupIterations: 3, scalingFactor: .kilo,
    maxDuration: .seconds(1), maxIterations: 20_000)
  let operations =
    DecisionOperations.all + ClaimOperations.all + [TableOperations.insertion] + WireOperations.all
    + LogOperations.all(in: executableDirectory)
    + accountCounts.flatMap { TableOperations.all(accountCount: $0) }
  for operation in operations { register(operation) }
}

/// Sizes of the tables that are looked up in: PROBITY_BENCHMARK_ACCOUNTS, separated by commas.
/// A hundred million take 8 GiB of memory and minutes to fill, and are made only if asked for.
private let accountCounts: [Int] = {
  let asked = ProcessInfo.processInfo.environment["PROBITY_BENCHMARK_ACCOUNTS"] ?? ""
  let counts = asked.split(separator: ",").map { Int($0) ?? 0 }
  precondition(
    counts.allSatisfy { (1_000...200_000_000).contains($0) },
    "PROBITY_BENCHMARK_ACCOUNTS must be numbers from 1000 to 200000000, separated by commas")
  return counts.isEmpty ? [1_000_000, 10_000_000] : counts
}()

/// Below the package's build directory: on disk, where /tmp may be in memory.
private let executableDirectory =
  URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path

/// Holds an operation's workload from the set-up of its benchmark to the end of it.
private final class WorkloadSlot {
  var workload: Workload?
}

private func register(_ operation: MeasuredOperation) {
  var configuration = Benchmark.defaultConfiguration
  if let aim = operation.aimNanoseconds { configuration.tags = ["aim": "\(aim) ns"] }
  if let runsMax = operation.runsMax {
    // Some of them go to the warm-up.
    configuration.maxIterations =
      min(configuration.maxIterations, runsMax) - configuration.warmupIterations
  }
  let slot = WorkloadSlot()
  Benchmark(operation.name, configuration: configuration) { benchmark in
    guard let workload = slot.workload else { return benchmark.error("nothing was prepared") }
    blackHole(workload.run(benchmark.scaledIterations.count))
  } setup: {
    slot.workload = try operation.prepare()
  } teardown: {
    slot.workload = nil
  }
}
