import ArgumentParser
import LoadGenerator

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Load a daemon, and measure throughput and latency.",
    discussion: """
      Without --rate as fast as replies come (closed loop): latencies are those of full \
      pipelines. With --rate requests are due at fixed times, and latency counts from then, so \
      that a stall counts for all that came due in it (open loop).

      Accounts are buyers 1 to --accounts; --fill records a history for each of them first, once: \
      doing it again with the same seed records nothing. The workloads record, mixed and claim WRITE \
      to the daemon: they change the evidence of these buyers, and of merchants 1 to a twentieth of \
      that; claims reserve money. Use a daemon of its own. They send from sources that are drawn anew for each run, one \
      for each Record in flight, so that no run meets another or one of yours; a daemon remembers \
      1,048,576 sources.

      Exits with 1 if any request failed, with 130 if interrupted; what was measured is printed \
      all the same.

      Example: probity bench --fill --accounts 100000 --plot score.svg
      """)

  @OptionGroup(title: "Load") var load: LoadArguments

  @OptionGroup(title: "Measuring") var measuring: MeasuringArguments

  @Flag(help: "Print one JSON object.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Draw latency by percentile and throughput by load, smaller loads included, as SVG.",
      valueName: "file"))
  var plot: String?

  @OptionGroup var client: ClientOptions

  func validate() throws {
    if let fault = plan(token: []).fault { throw ValidationError(fault) }
  }

  func run() throws {
    let plan = plan(token: try client.token())
    if let plot { try PlotFile.check(plot) }
    let interrupt = Interrupt()
    var progress = BenchProgress()
    var experiment = LoadExperiment(plan) { step in
      progress.show(step)
      return !interrupt.isRaised
    }
    let report: BenchReport
    do {
      defer { progress.finish() }
      report = try experiment.run()
    } catch {
      throw CommandFailure(error.description)
    }
    try tell(report)
    if let plot { try PlotFile.write(report.plot, to: plot) }
    if report.isInterrupted { throw ExitCode.interrupted }
    if !report.isFlawless { throw ExitCode.failure }
  }

  /// The command line as the generator takes it.
  private func plan(token: [UInt8]) -> LoadPlan {
    var plan = LoadPlan(
      load.workload, of: ServerAddress(host: client.server.host, port: UInt16(client.server.port)),
      ClientIdentity(token: token, agent: "probity-bench/\(Probity.version)"))
    load.put(into: &plan)
    measuring.put(into: &plan)
    plan.sweeps = plot != nil
    if let timeout = client.timeout { plan.timeoutSeconds = timeout }
    return plan
  }

  private func tell(_ report: BenchReport) throws {
    for note in report.notes { Output.printError("note: \(note)") }
    if json {
      try Output.printJSON(report)
    } else {
      for line in report.lines { Output.print(line) }
    }
    if let failure = report.failure { Output.printError("Error: \(failure)") }
  }
}
