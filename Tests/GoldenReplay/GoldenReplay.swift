import AccountStore
import EventFeed
import IntegrityCore
import IntegrityPolicy
import MarketplaceSimulator
import ProbityEngine

/// The same commands give the same bits: on every machine, in debug and release.
///
/// `Tests/Golden/events.ndjson` holds the commands, `Tests/Golden/expected.txt`
/// the state hash after every hundred of them and what every account scores at
/// the end. The unit tests check the debug build, `golden-check` the release.
package enum GoldenReplay {
  /// When the accounts are judged: 2026-03-01.
  private static let judgedAt = UnixSeconds(1_772_323_200)

  /// The lines that replaying `feed` gives, to be compared with those expected.
  package static func lines(_ feed: String) throws -> [String] {
    let rules = EvidenceRules(schema: .standard, policy: PolicyDocument.standard.policy)
    let table = try AccountTable(
      layout: StoreLayout(accountsMax: 100_000, shardCount: 16), seed: .random(in: 0 ... .max))
    let state = IntegrityState(table: table, rules: rules)
    let parser = EventLineParser(latest: judgedAt)
    var lines: [String] = []
    var keys: Set<AccountKey> = []
    for (index, line) in feed.split(separator: "\n").enumerated() {
      let event = try parser.parse(String(line), number: index + 1).event
      _ = state.apply([Command(source: 1, sequence: UInt64(index + 1), event: event)])
      if event.changesBuyer { keys.insert(AccountKey(.buyer, event.buyer)) }
      if event.changesMerchant { keys.insert(AccountKey(.merchant, event.merchant)) }
      if (index + 1) % 100 == 0 { lines.append("\(index + 1) \(hex(state.hash))") }
    }
    lines.append("end \(hex(state.hash)) policy \(hex(rules.policy.hash))")
    let order = keys.sorted {
      ($0.kind.rawValue, $0.id.rawValue) < ($1.kind.rawValue, $1.id.rawValue)
    }
    let clock = DecayClock(.standard, now: judgedAt)
    return lines
      + order.map { key in
        line(key, rules.policy.judge(table.record(of: key) ?? AccountRecord(key), at: clock))
      }
  }

  private static func line(_ key: AccountKey, _ j: Judgement) -> String {
    let reasons = j.reasons.map { "\($0.code.label)\($0.points < 0 ? "" : "+")\($0.points)" }
    return "\(key.kind.name) \(key.id.rawValue): \(j.score) \(j.scoreFloor) \(j.tier.name) "
      + "\(hex(UInt64(j.confidence.bitPattern))) \(reasons.joined(separator: " "))"
  }

  private static func hex(_ value: UInt64) -> String { String(value, radix: 16) }

  /// The feed as it was made: a small marketplace with some of every cheat.
  package static func simulatedFeed() -> String {
    let market = MarketplaceSimulator(
      accounts: 40, orders: 600, seed: 20_260_301, start: UnixSeconds(1_740_787_200), days: 300)
    let writer = EventLineWriter()
    return market.map { writer.line($0) + "\n" }.joined()
  }
}
