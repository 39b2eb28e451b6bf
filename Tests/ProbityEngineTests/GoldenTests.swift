import EventFeed
import Foundation
import IntegrityCore
import IntegrityPolicy
import MarketplaceSimulator
import ProbityEngine
import Testing

/// The same commands give the same bits: on every machine, in debug and release.
///
/// `Golden/events.ndjson` holds the commands, `Golden/expected.txt` the state
/// hash after every hundred of them and what every account scores at the end.
/// If a change of the policy or the core is meant to change them, write them
/// anew with PROBITY_UPDATE_GOLDEN=1 and look at the difference.
@Suite struct GoldenTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
  static let judgedAt = UnixSeconds(1_772_323_200)

  @Test func commandsGiveTheRecordedHashesAndScores() throws {
    let events = Self.folder.appending(path: "events.ndjson")
    let expected = Self.folder.appending(path: "expected.txt")
    if ProcessInfo.processInfo.environment["PROBITY_UPDATE_GOLDEN"] == "1" {
      try Self.simulatedFeed().write(to: events, atomically: true, encoding: .utf8)
      let lines = try Self.replay(String(contentsOf: events, encoding: .utf8))
      try (lines.joined(separator: "\n") + "\n").write(
        to: expected, atomically: true, encoding: .utf8)
    }
    let lines = try Self.replay(String(contentsOf: events, encoding: .utf8))
    let recorded = try String(contentsOf: expected, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == recorded.count)
    for (line, record) in zip(lines, recorded) { #expect(line == record) }
  }

  private static func simulatedFeed() -> String {
    let market = MarketplaceSimulator(
      accounts: 40, orders: 600, seed: 20_260_301, start: UnixSeconds(1_740_787_200), days: 300)
    let writer = EventLineWriter()
    return market.map { writer.line($0) + "\n" }.joined()
  }

  private static func replay(_ feed: String) throws -> [String] {
    let parser = EventLineParser(latest: judgedAt)
    let state = IntegrityState(table: Make.table(), rules: Make.rules)
    var lines: [String] = []
    var keys: Set<AccountKey> = []
    for (index, line) in feed.split(separator: "\n").enumerated() {
      let event = try parser.parse(String(line), number: index + 1).event
      _ = state.apply([Command(source: 1, sequence: UInt64(index + 1), event: event)])
      if event.changesBuyer { keys.insert(AccountKey(.buyer, event.buyer)) }
      if event.changesMerchant { keys.insert(AccountKey(.merchant, event.merchant)) }
      if (index + 1) % 100 == 0 { lines.append("\(index + 1) \(hex(state.hash))") }
    }
    lines.append("end \(hex(state.hash)) policy \(hex(Make.rules.policy.hash))")
    let clock = DecayClock(.standard, now: judgedAt)
    let order = keys.sorted {
      ($0.kind.rawValue, $0.id.rawValue) < ($1.kind.rawValue, $1.id.rawValue)
    }
    return lines
      + order.map { key in
        let record = state.table.record(of: key) ?? AccountRecord(key)
        let j = Make.rules.policy.judge(record, at: clock)
        let reasons = j.reasons.map { "\($0.code.label)\($0.points)" }.joined(separator: " ")
        return "\(key.kind.name) \(key.id.rawValue): \(j.score) \(j.scoreFloor) \(j.tier.name) "
          + "\(hex(UInt64(j.confidence.bitPattern))) \(reasons)"
      }
  }

  private static func hex(_ value: UInt64) -> String { String(value, radix: 16) }
}
