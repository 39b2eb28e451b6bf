import IntegrityCore

/// What a place in the market is worth.
enum StandingValue {
  /// What a rival has from a merchant's fall: a part of the sales that go elsewhere.
  static func rivalsGain(
    _ merchant: MerchantTruth, with: [[Standing]], without: [[Standing]]
  ) -> StandingEffect {
    effect(merchant, with: with, without: without) { steps in
      max(0, steps) * Assumptions.rivalShare.value
    }
  }

  /// What a merchant has from its own rise.
  static func ownGain(
    _ merchant: MerchantTruth, with: [[Standing]], without: [[Standing]]
  ) -> StandingEffect {
    effect(merchant, with: with, without: without) { steps in -steps * 1_000 }
  }

  /// - Parameter share: thousandths that the attacker has of the sales that so many steps down
  ///   move.
  private static func effect(
    _ merchant: MerchantTruth, with: [[Standing]], without: [[Standing]],
    _ share: (Int64) -> Int64
  ) -> StandingEffect {
    let index = Int(merchant.id.rawValue) - 1
    let salesPerDay = Int64(merchant.ordersPerDay * MarketShape.meanPrice)
    var effect = StandingEffect()
    var most = 0
    for day in MarketShape.warmUpDays..<MarketShape.days {
      let (now, usual) = (with[day][index], without[day][index])
      let steps = Int64(now.tier.rawValue) - Int64(usual.tier.rawValue)
      let moved = Assumptions.salesPerTier.of(salesPerDay)
      effect.gain += Assumptions.margin.of(moved * share(steps) / 1_000)
      if steps != 0 { effect.days += 1 }
      let points = usual.score - now.score
      if abs(points) > abs(effect.scoreMost) { effect.scoreMost = points }
      if abs(Int(steps)) >= most {
        most = abs(Int(steps))
        effect.tiers = (usual.tier, now.tier)
      }
    }
    return effect
  }
}
