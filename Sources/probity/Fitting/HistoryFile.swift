import ArgumentParser
import EventFeed
import Foundation
import IntegrityCore
import ProbityServer

/// A history of events in a file, read whole: what a policy is fitted to and judged by.
struct HistoryFile {
  /// About two gigabytes of memory.
  static let eventsMax = 20_000_000

  private(set) var events: [Event] = []
  private(set) var refused = 0

  /// Bad lines are named and counted, as `probity record` does; the others are used.
  init(_ path: String, quiet: Bool) throws {
    let latest = UnixSeconds(UnixSeconds.now.rawValue + ServerLimits().futureSecondsMax)
    let parser = EventLineParser(latest: latest)
    let reader = try LineReader(path: path)
    var faults = FaultReport()
    var progress = Progress(
      total: reader.sizeBytes, unit: "events", isShown: !quiet && Output.isErrorTerminal)
    while let lines = try reader.next() {
      for line in lines where !line.isBlank {
        do throws(FeedFault) {
          events.append(try parser.parse(line.bytes.span, number: line.number).event)
        } catch {
          faults.add(error)
        }
      }
      if events.count > Self.eventsMax {
        throw CommandFailure(
          "\(path) has more than \(Self.eventsMax) events: take a part of the accounts")
      }
      progress.update(done: reader.readBytes, items: events.count)
    }
    progress.finish()
    refused = faults.count
    if events.isEmpty { throw CommandFailure("\(path) has no event") }
    // Stable: at one moment they stay as they were told.
    events = events.enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }.map(\.element)
  }

  /// What every command that reads a history ends with.
  func exit() throws { if refused > 0 { throw ExitCode.linesRefused } }
}
