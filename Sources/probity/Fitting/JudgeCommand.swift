import ArgumentParser
import IntegrityCore
import IntegrityPolicy
import PolicyFitting

extension PolicyCommand {
  struct Judge: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say how well a policy would have foreseen what followed in a history.",
      discussion: """
        Reads events as `probity record` does, scores each order's account from what had happened \
        before that order, and compares with how it went. --questions asks about accounts at \
        moments of your own instead: a CSV file with the header at,account,outcome (Unix seconds; \
        buyer:KEY or merchant:KEY; 1 = went wrong, 0 = did not).

        Example: probity policy judge history.ndjson --outcome latePickup --policy fitted.yaml \
        --half-life-days 365 --until 2026-06-01
        """)

    @Argument(help: "File of events, or - for standard input.")
    var events: String

    @Option(help: "In which way orders go wrong: latePickup, qualityRefund, noStock, claim, abuse.")
    var outcome: OrderFault?

    @Option(help: "File of questions, in the place of --outcome.")
    var questions: String?

    @OptionGroup var within: WithinOption

    @Option(help: "Judge orders from this time on only: those before, a policy was fitted to.")
    var until: TimeArgument?

    @Option(help: "The policy, in YAML. The built-in one if not given.")
    var policy: String?

    @Option(help: "Half-life of the evidence, 8 to 7300.")
    var halfLifeDays = Int(EvidenceSchema.standard.halfLifeSeconds / 86_400)

    @Option(help: "File to write one line of CSV an order to.")
    var rows: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws {
      try HalfLife.check(halfLifeDays)
      if (outcome == nil) == (questions == nil) {
        throw ValidationError("give --outcome or --questions, and not both")
      }
    }

    func run() throws {
      let document = try PolicyFile.read(policy)
      let file = try HistoryFile(events, quiet: quiet)
      let history = try history(file)
      let table = try rows.map { try RowsFile($0, history) }
      var quality = QualityByHistory()
      document.policy.judge(
        history.orders, events: history.events, schema: EvidenceSchema(days: halfLifeDays)
      ) { judged in
        table?.add(judged)
        if history.part(of: judged.order) == .judge { quality.add(judged) }
      }
      try table?.close()
      if json {
        try Output.printJSON(quality.output)
      } else {
        for line in quality.lines { Output.print(line) }
      }
      try file.exit()
    }

    private func history(_ file: HistoryFile) throws -> FitHistory {
      if let questions {
        return FitHistory(
          file.events, orders: try QuestionsFile.read(questions), until: until?.time ?? .zero)
      }
      guard let outcome else { throw CommandFailure("give --outcome or --questions") }
      return FitHistory(
        file.events, outcome, within: within.seconds, until: until?.time ?? .zero)
    }
  }
}
