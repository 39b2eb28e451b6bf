import ArgumentParser
import CommitteeReports
import IntegrityCore
import ProbityClient
import ProbityWire
import Rescoring

struct KpiCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kpi",
    abstract: "Print the committee's figures over a period, each with how it is worked out.",
    discussion: """
      Rule optimisation, market order, efficiency. Claims are counted by when they were opened: \
      in at most 400 days, and in days of which no claim is forgotten. Example: probity kpi --from 2026-01-01 --to 2026-04-01 --report q1.html
      """)

  @Option(
    help: """
      Begin of the period (RFC 3339, a date, or Unix seconds); 90 days before its end if not given.
      """)
  var from: TimeArgument?

  @Option(help: "End of the period, not included; now if not given.")
  var to: TimeArgument?

  @Option(help: ArgumentHelp("Write a report with charts, one HTML page.", valueName: "file"))
  var report: String?

  @Option(help: "Title of the report.")
  var title = "Key figures"

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let page = try report.map { try NewFile($0) }
    var isDone = false
    defer { if !isDone { page?.abandon() } }
    let interrupt = Interrupt()
    guard let figures = try await figures(interrupt) else { throw ExitCode.interrupted }
    try page?.write(KeyFiguresReport.page(title: title, figures) { $0.iso8601 })
    try page?.finish()
    isDone = true
    if json { return try Output.printJSON(KpiOutput(figures)) }
    for group in KeyFigure.Group.allCases {
      Output.print(Style().bold(group.rawValue))
      for figure in figures.all where figure.group == group {
        Output.print("  \(figure.name.padded(to: 32)) \(figure.text.rightAligned(to: 16))")
        Output.print("      \(figure.how)")
      }
    }
    Output.print(
      "\(figures.from.iso8601) to \(figures.to.iso8601), policy version "
        + "\(figures.policyVersion), position \(figures.position.rawValue)")
    if let report { Output.print("wrote \(report)") }
  }

  private func figures(_ interrupt: Interrupt) async throws -> KeyFigures? {
    try await client.withClient { client in
      let call = try await client.keyFigures(from: from?.time ?? .zero, to: to?.time ?? .zero)
      interrupt.onRaise { call.cancel() }
      var progress = Progress(total: 1_000, unit: "records", isShown: Output.isErrorTerminal)
      defer { progress.finish() }
      while case .kpi(let part)? = try await call.next(unless: interrupt) {
        let share = Int(1_000 * part.walkedCount / max(part.totalCount, 1))
        progress.update(done: share, items: Int(part.walkedCount))
      }
      if case .kpi(let figures)? = call.end { return figures }
      return nil
    }
  }
}

/// The figures as `--json` prints them.
private struct KpiOutput: Encodable {
  struct Figure: Encodable {
    let name: String
    let value: Double?
    let text: String
    let how: String
  }

  let from: String
  let to: String
  let figures: [String: Figure]
  let outcomes: [String: UInt64]
  let standings: [String: UInt64]
  let steps: [String: UInt64]
  let policyVersion: UInt32
  let policyHash: String
  let shadowHash: String?
  let logPosition: UInt64

  init(_ figures: KeyFigures) {
    from = figures.from.iso8601
    to = figures.to.iso8601
    self.figures = Dictionary(
      uniqueKeysWithValues: figures.all.map {
        ($0.key, Figure(name: $0.name, value: $0.value, text: $0.text, how: $0.how))
      })
    outcomes = Dictionary(
      uniqueKeysWithValues: zip(Outcome.allCases.map(\.name), figures.claims.outcomes))
    let names = Standing.allCases.map(\.name)
    standings = Dictionary(uniqueKeysWithValues: zip(names, figures.market.standings))
    steps = Dictionary(uniqueKeysWithValues: zip(names, figures.market.steps))
    policyVersion = figures.policyVersion
    policyHash = figures.policyHash.hex
    shadowHash = figures.shadowHash?.hex
    logPosition = figures.position.rawValue
  }
}
