import ArgumentParser
import MeasuredOperations

// Runs operations for a tool that counts what they execute. Prints no figures
// itself: Benchmarks/Harness/count_instructions.py does, from what valgrind saw
// within `countedRegion`.

@main
struct CountOperations: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "count-operations",
    abstract: "Run each operation N, N and 2 N times, each within one call of countedRegion.",
    discussion: """
      Prints a line for each operation: its name, N, and the bytes that one encodes or "-", \
      separated by tabs.
      """)

  @Option(help: "N, a multiple of \(Workload.operationsUnit).")
  var operations = Workload.operationsUnit

  @Option(help: "Where the log's files go meanwhile.")
  var directory = "/tmp"

  @Argument(help: "Operations to run, by name; all if there are none.")
  var names: [String] = []

  func validate() throws {
    guard operations > 0, operations % Workload.operationsUnit == 0 else {
      throw ValidationError("--operations must be a multiple of \(Workload.operationsUnit)")
    }
  }

  func run() throws {
    let all =
      DecisionOperations.all + ClaimOperations.all
      + TableOperations.all(accountCount: TableOperations.accountCountCounted)
      + [TableOperations.insertion] + WireOperations.all + LogOperations.all(in: directory)
    let counted = all.filter(\.isCounted)
    if let unknown = names.first(where: { name in !counted.contains { $0.name == name } }) {
      throw ValidationError("there is no operation \"\(unknown)\" that is counted")
    }
    for operation in counted where names.isEmpty || names.contains(operation.name) {
      let workload = try operation.prepare()
      // The first does what is done once only, such as binding symbols and growing
      // buffers; the difference between the other two is what operations take.
      for count in [operations, operations, 2 * operations] { countedRegion(workload, count) }
      let bytes = workload.encodedBytes.map { "\($0)" } ?? "-"
      print("\(operation.name)\t\(operations)\t\(bytes)")
    }
  }
}

/// What a tool watches, by this name: no other function's may contain it.
@inline(never)
func countedRegion(_ workload: Workload, _ count: Int) {
  consume(workload.run(count))
}

/// Keeps the optimizer from dropping what computed `value`.
@inline(never) @_optimize(none)
func consume(_ value: UInt64) {}
