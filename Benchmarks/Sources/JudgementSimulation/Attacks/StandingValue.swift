import IntegrityCore

/// What an attack did to a merchant's place in the market, and what that was worth to the
/// attacker.
struct StandingEffect: Sendable {
  var gain: Int64 = 0
  /// Points that the attack took, at most; below zero where it gave some.
  var pointsTaken = 0
  /// Tiers without the attack and with it, on the last day they differed most.
  var tiers = (without: Tier.c, with: Tier.c)
  /// Days on which the tier was another.
  var days = 0

  /// Points, tiers, days.
  var cells: [Cell] {
    let change = days == 0 ? "–" : "\(tiers.without.name) → \(tiers.with.name)"
    return [.count(-pointsTaken), .text(change), .count(days)]
  }

  /// Of the tiers, those of the first.
  static func mean(_ effects: [StandingEffect]) -> StandingEffect {
    var mean = effects[0]
    mean.gain = effects.reduce(0) { $0 + $1.gain } / Int64(effects.count)
    mean.pointsTaken = effects.reduce(0) { $0 + $1.pointsTaken } / effects.count
    mean.days = effects.reduce(0) { $0 + $1.days } / effects.count
    return mean
  }
}

/// What a place in the market is worth.
enum StandingValue {
  /// What a rival has from a merchant's fall: a part of the sales that go elsewhere.
  static func rivalsGain(
    _ merchant: MerchantTruth, with: [[Standing]], without: [[Standing]]
  ) -> StandingEffect {
    effect(merchant, with, without) { steps in max(0, steps) * Assumptions.rivalShare.value }
  }

  /// What a merchant has from its own rise.
  static func ownGain(
    _ merchant: MerchantTruth, with: [[Standing]], without: [[Standing]]
  ) -> StandingEffect {
    effect(merchant, with, without) { steps in -steps * 1_000 }
  }

  /// - Parameter share: thousandths that the attacker has of the sales that so many steps down
  ///   move.
  private static func effect(
    _ merchant: MerchantTruth, _ with: [[Standing]], _ without: [[Standing]],
    _ share: (Int64) -> Int64
  ) -> StandingEffect {
    let index = Int(merchant.id.rawValue) - 1
    let salesPerDay = Int64(merchant.ordersPerDay * MarketShape.meanPrice)
    let moved = Assumptions.salesPerTier.of(salesPerDay)
    var effect = StandingEffect()
    var most = 0
    for day in MarketShape.warmUpDays..<MarketShape.days {
      let (now, usual) = (with[day][index], without[day][index])
      let steps = Int(now.tier.rawValue) - Int(usual.tier.rawValue)
      effect.gain += Assumptions.margin.of(moved * share(Int64(steps)) / 1_000)
      if steps != 0 { effect.days += 1 }
      let points = usual.score - now.score
      if abs(points) > abs(effect.pointsTaken) { effect.pointsTaken = points }
      if abs(steps) >= most {
        most = abs(steps)
        effect.tiers = (usual.tier, now.tier)
      }
    }
    return effect
  }
}
