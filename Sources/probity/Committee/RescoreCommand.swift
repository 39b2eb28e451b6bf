import ArgumentParser
import CommitteeReports
import Foundation
import IntegrityCore
import IntegrityPolicy
import ProbityClient
import ProbityWire
import Rescoring

struct RescoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rescore",
    abstract: "Judge the whole population under a candidate policy, or under the one in force.",
    discussion: """
      Says how tiers and scores would change, who moves furthest and why, and which claims of the \
      last days would have been decided otherwise and at what cost. Nothing is changed by it. \
      Lookups and commands go on; with --checkpoint, one that is interrupted goes on when it is \
      started again. Example: probity rescore --policy candidate.yaml --report candidate.html
      """)

  @Option(
    help: ArgumentHelp(
      "The candidate's document; the policy in force if neither this nor --put is given.",
      valueName: "file"))
  var policy: String?

  @Option(help: "A candidate that was put: its version, or the first digits of its hash.")
  var put: PolicyArgument?

  @Option(
    help: ArgumentHelp("Claims of so many days are decided once more; 0 = none.", valueName: "days")
  )
  var claims: UInt32 = 30

  @Option(
    help: ArgumentHelp(
      "Write a row for each account that changes: a file that ends in .csv or .ndjson.",
      valueName: "file"))
  var out: String?

  @Option(help: "What --out takes for a change: of the tier, or of the score.")
  var changed: Changed = .tier

  @Option(help: ArgumentHelp("Write a report with charts, one HTML page.", valueName: "file"))
  var report: String?

  @Option(help: "Title of the report.")
  var title = "Rescore"

  @Option(
    help: ArgumentHelp(
      "Keep what is done in this file, and in FILE.part of --out, and go on from there.",
      valueName: "file"))
  var checkpoint: String?

  @Option(help: "Judge as of this time (RFC 3339, a date, or Unix seconds), not now.")
  var asOf: TimeArgument?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var client: ClientOptions

  enum Changed: String, CaseIterable, ExpressibleByArgument { case tier, score }

  func validate() throws {
    if policy != nil && put != nil {
      throw ValidationError("--policy and --put exclude one another")
    }
    if claims > RescoreOrder.claimDaysMax {
      throw ValidationError("--claims must be at most \(RescoreOrder.claimDaysMax)")
    }
    if let out, RowFile.format(of: out) == nil {
      throw ValidationError("--out must end in .csv or .ndjson")
    }
  }

  func run() async throws {
    let document = try policy.map { try PolicyFile.read($0) }
    // Before the scan, not after: what cannot be written.
    let saved = try checkpoint.map { try Checkpoint($0, of: identity(document)) }
    let page = try report.map { try NewFile($0) }
    var rows: RowFile?
    var isDone = false
    defer {
      if !isDone {
        page?.abandon()
        if saved == nil { rows?.abandon() }
      }
    }
    rows = try out.map { try RowFile($0, from: saved?.rowBytes ?? 0) }
    let interrupt = Interrupt()
    let result = try await client.withClient { [rows] client in
      let run = RescoreRunner(client, try await order(document, client), rows, saved, interrupt)
      return try await run.run()
    }
    guard let (summary, end) = result else {
      if let checkpoint { Output.printError("go on with --checkpoint \(checkpoint)") }
      throw ExitCode.interrupted
    }
    try page?.write(
      RescoreReport.page(title: title, summary, end) { $0.iso8601 })
    try page?.finish()
    // In this order: one that goes on finds both, or neither.
    saved?.remove()
    try rows?.finish()
    isDone = true
    if json { return try Output.printJSON(RescoreOutput(summary, end)) }
    RescoreText.lines(summary, end).forEach(Output.print)
    for path in [report, out] { if let path { Output.print("wrote \(path)") } }
  }

  private func order(
    _ document: PolicyDocument?, _ client: ProbityClient
  ) async throws -> RescoreOrder {
    var candidate = document.map { RescoreOrder.Candidate.document($0.text) } ?? .active
    if let put { candidate = .put(try put.choose(from: try await client.policies().report).hash) }
    let rows: RescoreRows = out == nil ? .none : changed == .tier ? .tiers : .scores
    return RescoreOrder(
      candidate, asOf: asOf?.time ?? .zero, claimDays: claims, rows: rows)
  }

  /// Whatever makes a rescore another one.
  private func identity(_ document: PolicyDocument?) -> String {
    let candidate = document?.policy.hash.hex ?? put?.text ?? "active"
    return "\(candidate) \(asOf?.time.rawValue ?? 0) \(out ?? "-") \(changed.rawValue) "
      + client.server.description
  }
}

/// A rescore from its first shard to its last, across lost connections.
private struct RescoreRunner {
  private let client: ProbityClient
  private let order: RescoreOrder
  private let rows: RowFile?
  private let saved: Checkpoint?
  private let interrupt: Interrupt

  init(
    _ client: ProbityClient, _ order: RescoreOrder, _ rows: RowFile?, _ saved: Checkpoint?,
    _ interrupt: Interrupt
  ) {
    self.client = client
    self.order = order
    self.rows = rows
    self.saved = saved
    self.interrupt = interrupt
  }

  /// Tries without a shard more between them, before it is given up.
  private static let triesMax = 5

  /// - Returns: nil where it was interrupted.
  func run() async throws -> (RescoreSummary, RescoreEnd)? {
    var summary = saved?.summary ?? RescoreSummary()
    // Where the rows of complete shards end.
    var rowBytes = rows?.count ?? 0
    var tries = 0
    while true {
      let before = summary.nextShard
      let result: Result<(RescoreSummary, RescoreEnd)?, any Error>
      do throws(CallFailure) {
        result = try await once(&summary, &rowBytes)
      } catch {
        tries = summary.nextShard > before ? 1 : tries + 1
        if error.status == .cancelled && interrupt.isRaised { return nil }
        guard error.status == .unavailable, tries < Self.triesMax else { throw error }
        try await Task.sleep(for: .milliseconds(max(200, error.retryAfterMilliseconds)))
        if interrupt.isRaised { return nil }
        continue
      }
      return try result.get()
    }
  }

  /// - Returns: as `run`, or a file's failure.
  private func once(
    _ summary: inout RescoreSummary, _ rowBytes: inout UInt64
  ) async throws(CallFailure) -> Result<(RescoreSummary, RescoreEnd)?, any Error> {
    var order = order
    order.firstShard = summary.nextShard
    if summary.asOf != .zero { order.asOf = summary.asOf }
    let call = try await client.rescore(order)
    interrupt.onRaise { call.cancel() }
    var progress = Progress(total: 1_000, unit: "accounts", isShown: Output.isErrorTerminal)
    defer { progress.finish() }
    do { try rows?.truncate(to: rowBytes) } catch { return .failure(error) }
    while case .rescore(let part)? = try await call.next() {
      if interrupt.isRaised {
        call.cancel()
        return .success(nil)
      }
      do {
        if !summary.fits(part) {
          throw CommandFailure(
            "another policy was activated meanwhile: begin anew, without the checkpoint")
        }
        try rows?.add(part.rows)
        if part.isComplete {
          rowBytes = rows?.count ?? 0
          if saved != nil { try rows?.synchronize() }
          try saved?.add(part, rowBytes: rowBytes)
        }
      } catch {
        call.cancel()
        return .failure(error)
      }
      summary.add(part)
      let share = Int(1_000 * part.walkedCount / max(part.accountCount, 1))
      progress.update(done: share, items: Int(part.walkedCount))
    }
    guard case .rescore(let end)? = call.end else { return .success(nil) }
    return .success((summary, end))
  }
}
