import IntegrityCore

/// Every attack under every variant of a policy.
struct AttackReport {
  /// What one attack came to, in the order of the variants.
  struct Entry {
    var id: String
    var title: String
    var findings: [AttackFinding]
  }

  private(set) var entries: [Entry] = []
  private(set) var tables: [Table] = []
  /// What an attack should have made without rules, and did not.
  private(set) var blunt: [String] = []

  /// All attacks and variants side by side: they share nothing that changes.
  ///
  /// - Parameter ids: attacks to be tried; empty = all.
  static func make(
    _ markets: AttackedMarkets, _ variants: [Variant], seed: UInt64, ids: Set<String>
  ) async -> AttackReport {
    let attacks = KnownAttacks.all.filter { ids.isEmpty || ids.contains($0.id) }
    let trials = attacks.flatMap { attack in variants.map { Trial(attack: attack, variant: $0) } }
    let findings = await concurrently(trials) { $0.run(markets, seed) }
    var report = AttackReport()
    for (index, attack) in attacks.enumerated() {
      let first = index * variants.count
      report.add(attack, Array(findings[first..<first + variants.count]))
    }
    return report
  }

  private struct Trial: Sendable {
    var attack: any Attack
    var variant: Variant

    func run(_ markets: AttackedMarkets, _ seed: UInt64) -> AttackFinding {
      search(attack, markets, seed)
    }

    private func search(
      _ attack: some Attack, _ markets: AttackedMarkets, _ seed: UInt64
    ) -> AttackFinding {
      var search = AttackSearch(attack, Arena(markets, variant), seed: seed)
      return search.best()
    }
  }

  private mutating func add(_ attack: some Attack, _ findings: [AttackFinding]) {
    entries.append(Entry(id: attack.id, title: attack.title, findings: findings))
    tables.append(Self.table(attack, findings))
    let naive = findings.first { $0.variant == Variant.naiveName }
    if attack.mustPayWhenNaive, let naive, !naive.pays {
      blunt.append("\(attack.id) does not pay under the naive policy, where it must")
    }
  }

  private static func table(_ attack: some Attack, _ findings: [AttackFinding]) -> Table {
    let isWatched = findings.contains { $0.result.effect.days > 0 } || attack.isForHarm
    var columns = ["policy", "spent", "of the platform"]
    if isWatched { columns += ["by tiers", "points", "tier", "days"] }
    columns += ["net", "accounts", "reviews", "pays", "best plan found"]
    var table = Table("\(attack.id): \(attack.title)", columns)
    for finding in findings {
      let result = finding.result
      var row: [Cell] = [
        .text(finding.variant), .money(result.spent), .money(result.compensated),
      ]
      if isWatched { row += [.money(result.effect.gain)] + result.effect.cells }
      row += [
        .money(finding.gain), .count(result.accounts), .count(result.reviews),
        .text(finding.pays ? "pays" : "no"), .text(finding.plan),
      ]
      table.add(row)
    }
    let tried = findings.map { "\($0.tried)" }.joined(separator: ", ")
    table.notes.append("tried (\(tried) plans): \(attack.bounds)")
    if attack.isForHarm {
      table.notes.append("net: without what the platform pays, which would come on top")
    }
    return table
  }

  /// One row an attack, a column a variant.
  var summary: Table {
    var table = Table(
      "Attacks: the best net found in \(MarketShape.attackDays) days",
      ["attack", ""] + (entries.first?.findings.map(\.variant) ?? []))
    table.notes = [
      "more than 0: it pays. a2 and b count no money of the platform's: is harm worth its costs? "
        + "They and c live off where a tier's edge lies, and move by some tens with the seed.",
      "no credibility: every word weighs 1. No caps: of subsidies, cold starts and a buyer's weight. "
        + "Caps of amounts alone: the same for all, whatever they traded. No abuse rules: neither "
        + "suspicion, concentration nor lot sends a claim to a human. Sharp tiers: lost at their "
        + "lowest score. Naive: none of all these.",
      "at most 40 accounts, in a2 80, and 20,000.00 a claim; goods of one's own accomplice cost the "
        + "commission and an envelope",
    ]
    for entry in entries {
      table.add([.text(entry.id), .text(entry.title)] + entry.findings.map { .money($0.gain) })
    }
    return table
  }
}
