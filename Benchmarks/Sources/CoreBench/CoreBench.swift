import ArgumentParser
import BenchmarkMachine
import Foundation

// Nanoseconds of what a lookup and a command are made of, without a network.
//
// A plain loop and a clock rather than a benchmark framework: the operations
// take tens of nanoseconds, and what is printed should be no more than the
// minimum, the median and the maximum of a few runs.

@main
struct CoreBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "core-bench",
    abstract: "Measure judging, finding, applying and coding, in nanoseconds per operation.")

  @Option(help: "Numbers of accounts for the lookups.")
  var accounts: [Int] = [1_000_000]

  @Option(help: "Runs of each, of which the median counts.")
  var runs = 11

  @Option(help: "Seed of accounts and histories.")
  var seed: UInt64 = 1

  @Flag(help: "Print one JSON object on standard output.")
  var json = false

  func validate() throws {
    guard (1...1_001).contains(runs) else { throw ValidationError("--runs must be 1 to 1001") }
    guard accounts.allSatisfy({ (1_000...200_000_000).contains($0) }) else {
      throw ValidationError("--accounts must be from 1000 to 200000000")
    }
  }

  private struct Report: Encodable {
    let machine: Machine
    let seed: UInt64
    let timings: [Timing]
  }

  func run() throws {
    let machine = Machine()
    let heading = "\(machine.summary); seed \(seed); ns per operation: median, min, max\n"
    FileHandle.standardError.write(Data(heading.utf8))
    var watch = Stopwatch(runCount: runs)
    DecisionBenchmarks(seed: seed).run(&watch)
    WireBenchmarks().run(&watch)
    for count in accounts { try TableBenchmarks(accountCount: count, seed: seed).run(&watch) }
    if !json { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let report = Report(machine: machine, seed: seed, timings: watch.timings)
    print(String(decoding: try encoder.encode(report), as: UTF8.self))
  }
}
