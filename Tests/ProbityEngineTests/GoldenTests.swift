import Foundation
import GoldenReplay
import IntegrityCore
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

  @Test func claimsAreDecidedAsTheTableHasIt() throws {
    let table = try String(contentsOf: Self.folder.appending(path: "claims.txt"), encoding: .utf8)
    let decided = try GoldenClaims.updated(table).split(separator: "\n")
    let recorded = table.split(separator: "\n")
    #expect(decided.count == recorded.count && decided.count > 60)
    for (line, record) in zip(decided, recorded) { #expect(line == record) }
  }

  @Test func theTableHasEveryOutcomeReasonAndScope() throws {
    let table = try String(contentsOf: Self.folder.appending(path: "claims.txt"), encoding: .utf8)
    let rows = table.split(separator: "\n").filter { !$0.hasPrefix("#") }
    let words = Set(rows.flatMap { $0.split { " |:+-,".contains($0) }.map(String.init) })
    for outcome in Outcome.allCases { #expect(words.contains(outcome.name)) }
    for code in ReasonCode.allCases { #expect(words.contains(code.label), "\(code)") }
    for scope in SubsidyScope.allCases { #expect(words.contains(scope.name)) }
    for allegation in [Allegation.notReceived, .parcelEmpty, .defective, .changedMind] {
      #expect(words.contains("\(allegation)"))
    }
  }

  @Test func theFeedIsWhatTheSimulatorMakesOfItsSeed() throws {
    let feed = try String(
      contentsOf: Self.folder.appending(path: "events.ndjson"), encoding: .utf8)
    #expect(feed == GoldenReplay.simulatedFeed())
  }
}
