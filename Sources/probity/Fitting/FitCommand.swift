import ArgumentParser
import Foundation
import IntegrityCore
import IntegrityPolicy
import PolicyFitting

extension PolicyCommand {
  struct Fit: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fit a scorecard to what followed in a history of events.",
      discussion: """
        Reads events as `probity record` does, asks before each order what the evidence was, and \
        fits the priors, the weights, the half-life and the scale of one scorecard to whether \
        that order went wrong. Only what was known before --until is used; the orders after it \
        tell how good the forecasts are. The same events give the same policy.

        What the history says nothing about stays as it is in the policy it starts from. The \
        document names where each number comes from. A half-life belongs to a store: make one \
        with `probity serve --half-life-days`.

        Outcomes: latePickup, qualityRefund and noStock are merchants'; claim and abuse buyers'. \
        --questions brings answers of your own: see `probity policy judge --help`.

        Example: probity policy fit history.ndjson --outcome latePickup --until 2026-06-01 \
        --output fitted.yaml
        """)

    @Argument(help: "File of events, or - for standard input.")
    var events: String

    @Option(help: "In which way orders go wrong: latePickup, qualityRefund, noStock, claim, abuse.")
    var outcome: OrderFault?

    @Option(help: "File of accounts, moments and answers, in the place of --outcome.")
    var questions: String?

    @Option(help: "Use what was known before this time (RFC 3339, a date, or Unix seconds).")
    var until: TimeArgument

    @OptionGroup var within: WithinOption

    @Option(help: "Policy to start from, in YAML. The built-in one if not given.")
    var policy: String?

    @Option(help: "Half-life to fit with, 8 to 7300; may be given more than once. Eight if not.")
    var halfLifeDays: [Int] = []

    @Flag(help: "Leave priors and weights as they are: fit only what the scores mean.")
    var scaleOnly = false

    @Flag(
      help: """
        Also try that every claim weighs alike, whoever makes it, and take that if outcomes are \
        likelier so. Throwaway accounts then weigh in full.
        """)
    var tryEqualWords = false

    @Option(help: "What the policy is called.")
    var name = "fitted"

    @Option(name: .shortAndLong, help: "File to write the policy to. Standard output if not given.")
    var output: String?

    @Flag(help: "Print what was found as one JSON object; needs --output.")
    var json = false

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws {
      for days in halfLifeDays { try HalfLife.check(days) }
      if (outcome == nil) == (questions == nil) {
        throw ValidationError("give --outcome or --questions, and not both")
      }
      if json && output == nil { throw ValidationError("--json needs --output for the policy") }
    }

    func run() throws {
      let base = try PolicyFile.read(policy)
      let file = try HistoryFile(events, quiet: quiet)
      let history = try history(file)
      let report = FitReport(try fit(history, base.policy), history, base)
      try write(try report.document(name: name))
      if json {
        try Output.printJSON(FitOutput(report))
      } else {
        // Standard output may be the policy's.
        for line in report.lines { Output.printError(line) }
      }
      try file.exit()
    }

    private func history(_ file: HistoryFile) throws -> FitHistory {
      if let questions {
        return FitHistory(
          file.events, orders: try QuestionsFile.read(questions), until: until.time)
      }
      guard let outcome else { throw CommandFailure("give --outcome or --questions") }
      return FitHistory(file.events, outcome, within: within.seconds, until: until.time)
    }

    private func fit(_ history: FitHistory, _ base: Policy) throws -> PolicyFit {
      do throws(PolicyFit.Refusal) {
        return try PolicyFit(
          history, base: base,
          halfLivesDays: halfLifeDays.isEmpty ? PolicyFit.halfLivesTried : halfLifeDays,
          scaleOnly: scaleOnly, triesEqualWords: tryEqualWords)
      } catch {
        switch error {
        case .tooFewOrders(let count, let wrongCount, let wrongMin):
          throw CommandFailure(
            "\(count) orders with a known outcome before --until, \(wrongCount) of them wrong: "
              + "too few to fit to; at least \(wrongMin) of either sort are needed")
        }
      }
    }

    private func write(_ text: String) throws {
      guard let output else { return Output.write(text, to: 1) }
      do {
        try Data(text.utf8).write(to: URL(filePath: output), options: .atomic)
      } catch {
        throw CommandFailure("cannot write \(output): \(error.localizedDescription)")
      }
    }
  }
}
