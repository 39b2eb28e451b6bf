import BenchmarkMachine
import Foundation

/// One figure: nanoseconds per operation over several runs.
struct Timing: Encodable {
  let name: String
  let medianNanoseconds: Double
  let minNanoseconds: Double
  let maxNanoseconds: Double
  let operationsPerRun: Int
  let runs: Int
  /// At most so many nanoseconds in the median, where the project has said so.
  let targetNanoseconds: Double?

  var line: String {
    func rounded(_ value: Double) -> String { String(format: "%9.1f", value) }
    let target = targetNanoseconds.map {
      String(format: "  target %.0f: %@", $0, medianNanoseconds <= $0 ? "met" : "MISSED")
    }
    return name.padding(toLength: 46, withPad: " ", startingAt: 0) + rounded(medianNanoseconds)
      + rounded(minNanoseconds) + rounded(maxNanoseconds) + (target ?? "")
  }
}

/// Runs bodies over and over and keeps what they took of the processor.
struct Stopwatch {
  let runCount: Int
  private(set) var timings: [Timing] = []

  init(runCount: Int) { self.runCount = runCount }

  /// Measures `body`, which does `operations` operations and returns something
  /// that depends on all of them.
  mutating func measure(
    _ name: String, operations: Int, target: Double? = nil, _ body: () -> UInt64
  ) {
    consume(body())
    var times: [Double] = []
    for _ in 0..<runCount {
      let started = threadNanoseconds()
      consume(body())
      times.append(Double(threadNanoseconds() - started) / Double(operations))
    }
    times.sort()
    let timing = Timing(
      name: name, medianNanoseconds: times[times.count / 2], minNanoseconds: times[0],
      maxNanoseconds: times[times.count - 1], operationsPerRun: operations, runs: runCount,
      targetNanoseconds: target)
    timings.append(timing)
    FileHandle.standardError.write(Data((timing.line + "\n").utf8))
  }
}

/// Keeps the optimizer from dropping what computed `value`.
@inline(never) @_optimize(none)
func consume(_ value: UInt64) {}
