import IntegrityCore

/// How far honest merchants of each size fall when they are attacked with some force, whether
/// that is worth it or not.
enum HarmTable {
  static func make(_ markets: AttackedMarkets, _ variants: [Variant], seed: UInt64) async -> Table {
    var table = Table(
      "How far an honest merchant falls",
      ["attack", "victim", "policy", "points", "tier", "days", "of the platform", "rival's net"])
    for victim in MarketShape.victims.indices {
      let ring = CrewPlan(accounts: 40, claimPrice: 2_000, victim: victim)
      await add(CrewAttack.ringForHarm, ring, "40 accounts claim 20.00 each", victim)
    }
    for victim in MarketShape.victims.indices {
      let flood = FloodPlan(victim: victim, perHundred: 300, days: 40)
      for attack in FloodAttack.all where attack.disturbs {
        await add(attack, flood, "three fake orders for each real one, 40 days", victim)
      }
    }
    table.notes = [
      "means over \(Luck.strata) runs; tiers without and with the attack, on the last day of the "
        + "first run they differed most; rival's net: without what the platform pays"
    ]
    return table

    func add<A: Attack>(_ attack: A, _ plan: A.Plan, _ what: String, _ victim: Int) async {
      let results = await concurrently(variants) { variant in
        Arena(markets, variant).mean(attack, plan, seed: seed &+ 1_000)
      }
      for (variant, result) in zip(variants, results) {
        table.add(
          [.text(what), .text(MarketShape.victims[victim]), .text(variant.name)]
            + result.effect.cells + [.money(result.compensated), .money(result.aim(attack))])
      }
    }
  }
}
