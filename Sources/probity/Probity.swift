import ArgumentParser
import CProbityShims

// The command line: arguments in, calls to the client or the server, text out.
//
// For: commands, wiring, signals, what people see. Not for: any logic of its own.

@main
struct Probity: AsyncParsableCommand {
  static let version = "0.1.0"

  /// A line in place of the crash on a processor that lacks what we are compiled for.
  static func main() async {
    guard probity_processor_is_supported() != 0 else {
      Output.printError(
        "this build needs a processor with AVX2: see Docs/decisions/0003-release-flags.md")
      Self.exit(withError: ExitCode.failure)
    }
    await main(nil)
  }

  static let configuration = CommandConfiguration(
    commandName: "probity",
    abstract: "Account-integrity scores for marketplaces: who can be trusted how far, and why.",
    discussion: """
      Start a daemon with `probity serve`, tell it what happens with `probity record`, \
      and ask with `probity score`.

      Exit codes: 0 all went well; 1 something failed; 2 `record` refused some lines; \
      3 a store is damaged or cannot be opened as it is; 64 the command line is wrong; \
      130 interrupted.
      """,
    version: version,
    subcommands: [
      Serve.self, Score.self, Explain.self, Record.self, ClaimCommand.self, AppealCommand.self,
      BudgetCommand.self, OverrideCommand.self, MerchantCommand.self, SweepCommand.self,
      WatchCommand.self, RankCommand.self, RescoreCommand.self, KpiCommand.self,
      PolicyCommand.self,
      ReceiptCommand.self,
      StatusCommand.self, Snapshot.self, Inspect.self, Repair.self, Simulate.self, Bench.self,
    ])
}
