import ArgumentParser
import Foundation
import LoadGenerator

extension Workload: ExpressibleByArgument {}

/// How often which accounts are asked for.
enum DistributionArgument: String, ExpressibleByArgument, CaseIterable {
  case uniform
  case zipf
}

/// Shares of a mixed load: `SCORE:BATCH:RECORD`.
struct MixArgument: ExpressibleByArgument {
  let mix: CallMix

  init?(argument: String) {
    let shares = argument.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard shares.count == 3, let score = shares[0], let batch = shares[1], let record = shares[2]
    else { return nil }
    mix = CallMix(score: score, batch: batch, record: record)
  }
}

/// What is asked of the daemon.
struct LoadArguments: ParsableArguments {
  @Option(help: "score, batch (ScoreBatch), record, mixed, or claim (OpenClaim).")
  var workload = Workload.score

  @Option(help: "Connections: 50 for score, else 4, if not given.")
  var connections: Int?

  @Option(
    help: """
      Requests in flight on each connection: 16 for score and claim, 8 for mixed, 2 for batch, 1 for record, \
      if not given. With --rate the most there may be.
      """)
  var inFlight: Int?

  @Option(
    help: ArgumentHelp(
      "Requests a second, due at fixed times; as fast as replies come if not given.",
      valueName: "per-second"))
  var rate: Double?

  @Option(help: "Threads of the generator, which share the connections.")
  var threads = 1

  @Option(help: "Accounts to ask for.")
  var accounts: UInt64 = 1_000_000

  @Option(help: "How often which: uniform, or zipf: few often, most seldom.")
  var distribution = DistributionArgument.uniform

  @Option(help: "With zipf: the k-th account in rank is asked for in proportion to k^-exponent.")
  var zipfExponent: Double?

  @Option(
    help: """
      Ids of a ScoreBatch and commands of a Record: 1000 for batch, 500 for record, 100 for mixed, \
      if not given.
      """)
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      "With mixed: shares of the calls, 90:5:5 if not given.", valueName: "score:batch:record"))
  var mix: MixArgument?

  @Option(help: "Seed of accounts and events.")
  var seed: UInt64 = 1

  @Flag(help: "First record a history for each account. WRITES to the daemon.")
  var fill = false

  private static let zipfExponentStandard = 0.99

  func validate() throws {
    if zipfExponent != nil && distribution != .zipf {
      throw ValidationError("--zipf-exponent needs --distribution zipf")
    }
    if mix != nil && workload != .mixed { throw ValidationError("--mix needs --workload mixed") }
    if batch != nil && !workload.hasBatches {
      throw ValidationError("--batch is for the workloads batch, record and mixed")
    }
  }

  func put(into plan: inout LoadPlan) {
    if let connections { plan.connections = connections }
    if let inFlight { plan.inFlight = inFlight }
    if let batch { plan.batch = batch }
    if let mix { plan.mix = mix.mix }
    if distribution == .zipf {
      plan.distribution = .zipf(exponent: zipfExponent ?? Self.zipfExponentStandard)
    }
    plan.rate = rate
    plan.threads = threads
    plan.accounts = accounts
    plan.seed = seed
    plan.fills = fill
  }
}

/// How the load is measured.
struct MeasuringArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Before anything is counted, in each run.", valueName: "seconds"))
  var warmUp = 1.0

  @Option(help: ArgumentHelp("What is counted of each run.", valueName: "seconds"))
  var duration = 5.0

  @Option(help: "Runs; rates are the median of them, and the least and the most are told.")
  var runs = 1

  @Flag(
    help: """
      Measure the generator itself, against a bare responder in this process: the most that can \
      be measured on this machine. No daemon is asked.
      """)
  var ceiling = false

  func put(into plan: inout LoadPlan) {
    plan.warmUpSeconds = warmUp
    plan.durationSeconds = duration
    plan.runs = runs
    plan.measuresCeiling = ceiling
  }
}

/// The plot's file.
enum PlotFile {
  /// - Throws: if it could not be written, before anything is measured for it.
  static func check(_ path: String) throws {
    let url = URL(fileURLWithPath: path)
    let isThere = FileManager.default.fileExists(atPath: path)
    let place = isThere ? path : url.deletingLastPathComponent().path
    let isDirectory = try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory
    guard FileManager.default.isWritableFile(atPath: place), isDirectory != true else {
      throw CommandFailure("cannot write the plot to \(path)")
    }
  }

  static func write(_ text: String, to path: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    } catch { throw CommandFailure("cannot write the plot to \(path)") }
  }
}

/// Progress of a bench on a terminal.
struct BenchProgress {
  private var filling = Progress(total: nil, unit: "accounts", isShown: false)
  private var loading: Progress?
  private var isFilling = false

  mutating func show(_ step: LoadProgress) {
    switch step {
    case .filling(let done, let total):
      if !isFilling {
        filling = Progress(total: Int(total), unit: "accounts", isShown: Output.isErrorTerminal)
        isFilling = true
      }
      filling.update(done: Int(done), items: Int(done))
    case .loading(let done, let total, let answered):
      var progress =
        loading ?? Progress(total: total, unit: "requests", isShown: Output.isErrorTerminal)
      progress.update(done: done, items: Int(answered))
      loading = progress
    }
  }

  func finish() {
    filling.finish()
    loading?.finish()
  }
}
