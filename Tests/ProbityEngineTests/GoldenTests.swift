import Foundation
import GoldenReplay
import Testing

@Suite struct GoldenTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Golden")

  @Test func commandsGiveTheRecordedHashesAndScores() throws {
    let feed = try String(
      contentsOf: Self.folder.appending(path: "events.ndjson"), encoding: .utf8)
    let recorded = try String(
      contentsOf: Self.folder.appending(path: "expected.txt"), encoding: .utf8
    ).split(separator: "\n")
    let lines = try GoldenReplay.lines(feed)
    #expect(lines.count == recorded.count)
    for (line, record) in zip(lines, recorded) { #expect(line == record) }
  }

  @Test func theFeedIsWhatTheSimulatorMakesOfItsSeed() throws {
    let feed = try String(
      contentsOf: Self.folder.appending(path: "events.ndjson"), encoding: .utf8)
    #expect(feed == GoldenReplay.simulatedFeed())
  }
}
