import IntegrityCore

/// Every attack under every variant of a policy.
struct AttackReport {
  private(set) var tables: [Table] = []
  /// By attack, in the order of the variants.
  private(set) var findings: [(id: String, title: String, findings: [AttackFinding])] = []
  /// What an attack should have made without rules, and did not.
  private(set) var blunt: [String] = []

  static let all: [any Attack] = [
    CrewAttack.ringForMoney, CrewAttack.ringForHarm, FloodAttack(), FakeTradeAttack(),
    CrewAttack.trustThenClaim, CrewAttack.pair, CrewAttack.pairsRing, CrewAttack.provenPair,
    CrewAttack.whitewashing, SlowAttack(),
  ]

  /// - Parameter ids: attacks to be tried; empty = all.
  init(_ script: TradeScript, _ variants: [Variant], seed: UInt64, ids: Set<String>) {
    let arenas = variants.map { Arena(script, $0) }
    for attack in Self.all where ids.isEmpty || ids.contains(attack.id) {
      add(attack, arenas, seed)
    }
  }

  private mutating func add(_ attack: some Attack, _ arenas: [Arena], _ seed: UInt64) {
    let found = arenas.map { AttackSearch(arena: $0, seed: seed).best(attack) }
    findings.append((attack.id, attack.title, found))
    tables.append(Self.table(attack, found))
    if attack.mustPayWhenNaive, let naive = found.first(where: { $0.variant == "naive" }),
      !naive.pays
    {
      blunt.append("\(attack.id) does not pay under the naive policy")
    }
  }

  private static func table(_ attack: some Attack, _ findings: [AttackFinding]) -> Table {
    let harms = findings.contains { $0.result.effect.days > 0 }
    var columns = ["policy", "spent", "of the platform"]
    if harms { columns += ["by tiers", "score", "tier", "days"] }
    columns += ["net", "accounts", "reviews", "pays", "best plan found"]
    var table = Table("\(attack.id): \(attack.title)", columns)
    for finding in findings {
      let result = finding.result
      var row: [Cell] = [
        .text(finding.variant), .money(result.spent), .money(result.compensated),
      ]
      if harms {
        let effect = result.effect
        row += [
          .money(effect.gain), .text(effect.scoreMost > 0 ? "−\(effect.scoreMost)" : "+\(-effect.scoreMost)"),
          .text("\(effect.tiers.without.name) → \(effect.tiers.with.name)"), .count(effect.days),
        ]
      }
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
      ["attack", ""] + (findings.first?.findings.map(\.variant) ?? []))
    for (id, title, findings) in findings {
      table.add([.text(id), .text(title)] + findings.map { .money($0.gain) })
    }
    return table
  }
}
