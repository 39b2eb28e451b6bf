import ArgumentParser
import EventFeed
import Foundation
import IntegrityCore
import ProbityClient
import ProbityServer

struct Record: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Record events: newline-delimited JSON, one a line.",
    discussion: """
      Docs/EVENTS.md describes the lines. A bad line is reported with its number, the field and \
      what would be right; the others are still recorded, and the exit code is 2. With --strict \
      a file with a bad line is not recorded at all, and standard input only up to it.

      Lines that carry no source of their own get the source of this run and their line number as \
      sequence. Give --source to make a run repeatable: what was recorded from it before is then \
      recognised and skipped.

      Example: {"type":"settled","at":"2026-03-01T12:00:00Z","buyer":42,"merchant":7,"amount":1999}
      """)

  @Argument(help: "File of events, or - for standard input.")
  var file: String

  @Flag(help: "Record nothing of a file with a bad line.")
  var strict = false

  @Option(help: "Source of lines that name none: a number from 1 to 2^64-1. Random if not given.")
  var source: UInt64?

  @Option(help: "Commands in a batch.")
  var batch = 1_000

  @Flag(help: "Print the result as one JSON object.")
  var json = false

  @Flag(help: "Show no progress.")
  var quiet = false

  @OptionGroup var client: ClientOptions

  func validate() throws {
    guard (1...10_000).contains(batch) else {
      throw ValidationError("--batch must be from 1 to 10000")
    }
    if source == 0 { throw ValidationError("--source must be 1 or more") }
  }

  func run() async throws {
    let latest = UnixSeconds(UnixSeconds.now.rawValue + ServerLimits().futureSecondsMax)
    if strict && file != "-" { try checkWholeFile(EventLineParser(latest: latest)) }
    let interrupt = Interrupt()
    let result = try await client.withClient { client in
      let reader = try LineReader(path: file)
      var recorder = Recorder(
        client: client, parser: EventLineParser(latest: latest), batchCommandsMax: batch,
        source: source ?? UInt64.random(in: 1 ... .max), isStrict: strict)
      var progress = Progress(
        total: reader.sizeBytes, unit: "events", isShown: !quiet && Output.isErrorTerminal)
      while !interrupt.isRaised, let lines = try reader.next() {
        try await recorder.record(lines)
        progress.update(done: reader.readBytes, items: recorder.result.applied)
        if recorder.mustStop { break }
      }
      progress.finish()
      return recorder.result
    }
    try report(result, interrupted: interrupt.isRaised)
  }

  /// - Throws: after naming the bad lines, if there are any.
  private func checkWholeFile(_ parser: EventLineParser) throws {
    let reader = try LineReader(path: file)
    var faults = FaultReport()
    while let lines = try reader.next() {
      for line in lines where !line.isBlank {
        do throws(FeedFault) {
          _ = try parser.parse(line.bytes.span, number: line.number)
        } catch {
          faults.add(error)
        }
      }
    }
    if faults.count > 0 {
      throw CommandFailure("\(faults.count) bad lines: nothing was recorded, because of --strict")
    }
  }

  private func report(_ result: RecordResult, interrupted: Bool) throws {
    if json {
      try Output.printJSON(result)
    } else {
      Output.print(result.summary)
    }
    if interrupted {
      Output.printError("interrupted: the lines above that count are recorded, the rest are not")
      throw ExitCode.interrupted
    }
    if result.refused > 0 { throw ExitCode.linesRefused }
  }
}
