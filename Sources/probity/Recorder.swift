import EventFeed
import Foundation
import IntegrityCore
import ProbityClient
import ProbityWire

/// What came of recording, as `--json` prints it.
struct RecordResult: Encodable {
  var applied = 0
  var duplicates = 0
  var refused = 0
  var blank = 0
  var source: UInt64
  var logPosition: UInt64 = 0
  var seconds = 0.0

  var summary: String {
    var text = "recorded \(applied) events"
    if duplicates > 0 { text += ", skipped \(duplicates) recorded before" }
    if refused > 0 { text += ", refused \(refused) lines" }
    let rate = seconds > 0 ? Int(Double(applied) / seconds) : 0
    return text + "; log position \(logPosition), source \(source), \(rate) events/s"
  }
}

/// Turns lines into batches of commands and records them, in order.
///
/// A batch is sent while the next one is parsed. What the daemon refuses in a
/// batch is reported by its line, and the rest of the batch is sent again.
struct Recorder {
  let client: ProbityClient
  let parser: EventLineParser
  let batchCommandsMax: Int
  let isStrict: Bool
  private(set) var result: RecordResult
  private(set) var mustStop = false
  private var faults = FaultReport()
  private var batch = Batch()
  private var inFlight: Task<Recorded, any Error>?
  private let started = ContinuousClock.now

  /// Commands of one source with the numbers of their lines.
  private struct Batch: Sendable {
    var commands: [Command] = []
    var lines: [Int] = []

    /// Whether `command` may follow: same source, greater sequence.
    func takes(_ command: Command) -> Bool {
      guard let last = commands.last else { return true }
      return last.source == command.source && last.sequence < command.sequence
    }
  }

  /// What became of a batch.
  private struct Recorded: Sendable {
    var applied = 0
    var duplicates = 0
    var logPosition: UInt64 = 0
    var faults: [FeedFault] = []
  }

  init(
    client: ProbityClient, parser: EventLineParser, batchCommandsMax: Int, source: UInt64,
    isStrict: Bool
  ) {
    self.client = client
    self.parser = parser
    self.batchCommandsMax = batchCommandsMax
    self.isStrict = isStrict
    result = RecordResult(source: source)
  }

  /// Records the good lines among `lines`; with `--strict`, those before the first bad one.
  mutating func record(_ lines: [LineReader.Line]) async throws {
    for line in lines where !mustStop {
      guard let command = command(of: line) else { continue }
      if !batch.takes(command) || batch.commands.count == batchCommandsMax { try await send() }
      batch.commands.append(command)
      batch.lines.append(line.number)
    }
    try await send()
    try await settle()
    result.seconds = (ContinuousClock.now - started) / .seconds(1)
  }

  /// The command on a line, or nil for a blank one and for one that was refused.
  private mutating func command(of line: LineReader.Line) -> Command? {
    if line.isBlank {
      result.blank += 1
      return nil
    }
    do throws(FeedFault) {
      let parsed = try parser.parse(line.bytes.span, number: line.number)
      return Command(
        source: parsed.source ?? result.source, sequence: parsed.sequence ?? UInt64(line.number),
        event: parsed.event)
    } catch {
      refuse([error])
      return nil
    }
  }

  private mutating func refuse(_ refused: [FeedFault]) {
    for fault in refused { faults.add(fault) }
    result.refused += refused.count
    if isStrict && !refused.isEmpty { mustStop = true }
  }

  /// Puts the batch on its way, behind the one that is.
  private mutating func send() async throws {
    if batch.commands.isEmpty { return }
    try await settle()
    let (client, batch) = (client, batch)
    inFlight = Task { try await Self.record(batch, client) }
    self.batch = Batch()
  }

  /// Waits for the batch on its way and counts it.
  private mutating func settle() async throws {
    guard let task = inFlight else { return }
    inFlight = nil
    let recorded = try await task.value
    result.applied += recorded.applied
    result.duplicates += recorded.duplicates
    result.logPosition = max(result.logPosition, recorded.logPosition)
    refuse(recorded.faults)
  }

  /// Records a batch; a command that the daemon refuses is left out and reported.
  private static func record(_ batch: Batch, _ client: ProbityClient) async throws -> Recorded {
    var batch = batch
    var recorded = Recorded()
    while !batch.commands.isEmpty {
      do throws(CallFailure) {
        let reply = try await client.record(batch.commands)
        recorded.applied += Int(reply.applied)
        recorded.duplicates += Int(reply.duplicates)
        recorded.logPosition = reply.logPosition.rawValue
        return recorded
      } catch {
        guard error.status == .invalidArgument, let index = error.commandIndex,
          batch.commands.indices.contains(index)
        else { throw error }
        recorded.faults.append(
          FeedFault(line: batch.lines[index], field: nil, message: error.message))
        batch.commands.remove(at: index)
        batch.lines.remove(at: index)
      }
    }
    return recorded
  }
}
