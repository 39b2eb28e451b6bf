import ArgumentParser
import IntegrityCore
import ProbityClient
import ProbityWire

struct SweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Have every merchant's standing follow its evidence, by one step at most.",
    discussion: """
      Prints each step that is taken, and each merchant that waits for a human. With a policy in \
      shadow it also prints whom that would have stand worse: so its limits are seen at work \
      before they are in force. No merchant takes two steps to the worse within the policy's \
      `stepDays`, however often it is swept. To be run every night, say.
      """)

  @Flag(help: "Print one JSON object a line: each step, and the sums at the end.")
  var json = false

  @OptionGroup var actor: ActorOptions
  @OptionGroup var client: ClientOptions

  func run() async throws {
    let interrupt = Interrupt()
    let end = try await client.withClient { client in
      let call = try await client.sweep(
        actor: actor.name, reason: actor.reason, at: actor.time)
      interrupt.onRaise { call.cancel() }
      var progress = Progress(total: 1_000, unit: "accounts", isShown: Output.isErrorTerminal)
      while case .sweep(let part)? = try await call.next(unless: interrupt) {
        progress.finish()
        for step in part.steps { try show(step) }
        let share = Int(1_000 * part.walkedCount / max(part.accountCount, 1))
        progress.update(done: share, items: Int(part.walkedCount))
      }
      progress.finish()
      if case .sweep(let end)? = call.end { return end as SweepEnd? }
      return nil
    }
    guard let end else { throw ExitCode.interrupted }
    if json {
      try Output.printJSON(SweepOutput(end))
    } else {
      SweepText.lines(end).forEach(Output.print)
    }
    if end.refusedCount > 0 {
      throw CommandFailure(
        "\(end.refusedCount) merchants could not be moved: no room on disk, or for more entries")
    }
  }

  private func show(_ step: SweepStep) throws {
    if json { return try Output.printJSON(SweepStepOutput(step)) }
    Output.print(SweepText.line(step))
  }
}

/// A step as `--json` prints it.
private struct SweepStepOutput: Encodable {
  let merchant: UInt64
  let before: String
  let after: String
  let conduct: StandingOutput.Conduct?
  let callsFor: String
  let shadowCallsFor: String
  let waitsForHuman: Bool

  init(_ step: SweepStep) {
    merchant = step.merchant.rawValue
    before = step.before.name
    after = step.after.name
    conduct = step.finding.map { StandingOutput.Conduct($0.dimension, $0.conduct, of: $0) }
    callsFor = step.callsFor.name
    shadowCallsFor = step.shadowCallsFor.name
    waitsForHuman = step.isWaiting
  }
}

/// The sums as `--json` prints them.
private struct SweepOutput: Encodable {
  let merchants: UInt64
  let standings: [String: UInt64]
  let worse: UInt64
  let better: UInt64
  let waitForHuman: UInt64
  let refused: UInt64
  let shadowHash: String?
  let shadowWorse: UInt64?
  let asOf: String
  let logPosition: UInt64
  let policyVersion: UInt32
  let policyHash: String

  init(_ end: SweepEnd) {
    merchants = end.merchantCount
    standings = Dictionary(
      uniqueKeysWithValues: zip(Standing.allCases.map(\.name), end.standings))
    worse = end.worseCount
    better = end.betterCount
    waitForHuman = end.waitingCount
    refused = end.refusedCount
    shadowHash = end.shadowHash?.hex
    shadowWorse = end.shadowHash.map { _ in end.shadowWorseCount }
    asOf = end.asOf.iso8601
    logPosition = end.position.rawValue
    policyVersion = end.policyVersion
    policyHash = end.policyHash.hex
  }
}

private enum SweepText {
  static func line(_ step: SweepStep) -> String {
    var line = "merchant \(step.merchant.rawValue) \(step.before.name)"
    if step.after != step.before { line += " → \(step.after.name)" }
    if let finding = step.finding {
      line += ": \(StandingText.words(finding.dimension, finding.conduct))"
    }
    if step.shadowCallsFor > step.callsFor {
      line += "; in shadow called to \(step.shadowCallsFor.name)"
    }
    return step.isWaiting ? line + " — waits for a human" : line
  }

  static func lines(_ end: SweepEnd) -> [String] {
    let counts = zip(Standing.allCases, end.standings).map { "\($1) \($0.name)" }
    var lines = [
      "\(end.merchantCount) merchants: \(counts.joined(separator: ", "))",
      "\(end.worseCount) a step worse, \(end.betterCount) better, "
        + "\(end.waitingCount) wait for a human",
    ]
    if let hash = end.shadowHash {
      lines.append(
        "the policy in shadow (\(hash.hex)) calls \(end.shadowWorseCount) to stand worse")
    }
    lines.append(
      "as of \(end.asOf.iso8601), policy version \(end.policyVersion), position "
        + "\(end.position.rawValue)")
    return lines
  }
}
