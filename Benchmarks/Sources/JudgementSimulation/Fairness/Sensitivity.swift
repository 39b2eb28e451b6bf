import IntegrityCore

/// How much decisions depend on each number of the policy.
struct Sensitivity {
  /// A number that is moved.
  private struct Change: Sendable {
    var name: String
    var variant: Variant
  }

  /// What was decided, in the order of the script.
  private struct Decisions: Sendable {
    var outcomes: [Outcome]
    /// Of merchants, each thirty days; of buyers, at the end.
    var merchants: [Tier]
    var buyers: [Tier]

    init(_ market: Marketplace) {
      outcomes = market.histories.filter(\.dispute.isFounded).map(\.firstOutcome)
      merchants = stride(from: 29, to: MarketShape.days, by: 30).flatMap { day in
        market.standings[day].map(\.tier)
      }
      buyers = (1...market.script.shape.buyerCount).compactMap { id in
        let key = AccountKey(.buyer, AccountID(UInt64(id)))
        return market.state.table.record(of: key) == nil ? nil : market.standing(key).tier
      }
    }
  }

  static func table(_ script: TradeScript, _ policy: Policy, _ seed: UInt64) async -> Table {
    let changes =
      [Change(name: "as it is", variant: Variant(name: "", policy: policy))]
      + changes(of: policy)
    let decided = await concurrently(changes) { change in
      let market = Marketplace(
        script, change.variant, luck: Luck(seed: seed, reviews: .stratum(0, of: 1)))
      market.run()
      return Decisions(market)
    }
    var table = Table(
      "How decisions on honest trade move with the policy's numbers",
      ["change", "claims", "merchants' tiers", "buyers' tiers"]
        + ["compensated", "returned", "to a human"] + Tier.allCases.map { "merchants \($0.name)" })
    for (change, one) in zip(changes, decided) { table.add(row(change.name, one, decided[0])) }
    table.notes = [
      "the first three columns: the share that came out otherwise than as it is. Claims are "
        + "founded ones; merchants' tiers are looked at each 30 days, buyers' at the end."
    ]
    return table
  }

  private static func row(_ name: String, _ one: Decisions, _ usual: Decisions) -> [Cell] {
    func differing<T: Equatable>(_ a: [T], _ b: [T]) -> Cell {
      .share(zip(a, b).count { $0 != $1 }, of: a.count)
    }
    func share(_ outcome: Outcome) -> Cell {
      .share(one.outcomes.count { $0 == outcome }, of: one.outcomes.count, digits: 1)
    }
    return [
      .text(name), differing(one.outcomes, usual.outcomes),
      differing(one.merchants, usual.merchants), differing(one.buyers, usual.buyers),
      share(.platformCompensates), share(.returnAndRefund), share(.manualReview),
    ]
      + Tier.allCases.map { tier in
        .share(one.merchants.count { $0 == tier }, of: one.merchants.count, digits: 1)
      }
  }

  private static func changes(of policy: Policy) -> [Change] {
    var changes = [UInt32(90), 360].map { days in
      Change(
        name: "half-life of \(days) days",
        variant: Variant(name: "", policy: policy, halfLifeDays: days))
    }
    func move(_ name: String, _ change: @escaping (inout PolicyParts, Float) -> Void) {
      for (sign, factor) in [("−", Float(0.9)), ("+", 1.1)] {
        changes.append(
          Change(
            name: "\(name) \(sign)10 %",
            variant: Variant(name: "", policy: policy.with { change(&$0, factor) })))
      }
    }
    func scaled(_ value: Int32, _ factor: Float) -> Int32 {
      Int32((Float(value) * factor).rounded())
    }
    func scaled(_ value: Minor, _ factor: Float) -> Minor {
      Minor(Int64((Float(value.rawValue) * factor).rounded()))
    }
    move("floorMin") { $0.claims.floorMin = scaled($0.claims.floorMin, $1) }
    move("coldStart.floorMin") {
      $0.claims.coldStart.floorMin = scaled($0.claims.coldStart.floorMin, $1)
    }
    move("coldStart.amountMax") {
      $0.claims.coldStart.amountMax = scaled($0.claims.coldStart.amountMax, $1)
    }
    move("manualAmount") { $0.claims.manualAmount = scaled($0.claims.manualAmount, $1) }
    move("evidenceAmount") { $0.claims.evidenceAmount = scaled($0.claims.evidenceAmount, $1) }
    move("abuse rates") {
      $0.claims.abuse.claimRate *= $1
      $0.claims.abuse.notReceivedRate *= $1
      $0.claims.abuse.mismatchRate *= $1
    }
    move("caps of the buyer") {
      for scope in [SubsidyScope.buyer30Days, .buyer365Days, .pair90Days] {
        $0.subsidy.caps[scope] = scaled($0.subsidy.caps[scope], $1)
      }
    }
    move("shares of turnover") {
      $0.subsidy.turnover.buyerShare *= $1
      $0.subsidy.turnover.merchantShare *= $1
    }
    move("tiers.fallMargin") {
      $0.tiers = TierRules(
        lowestScores: $0.tiers.lowestScores, cooldownDays: $0.tiers.cooldownDays,
        fallMargin: scaled($0.tiers.fallMargin, $1))
    }
    move("credibility.scoreFull") {
      $0.credibility.scoreFull = scaled($0.credibility.scoreFull, $1)
    }
    move("tiers") {
      var lowest = $0.tiers.lowestScores
      for lane in 0..<4 { lowest[lane] = scaled(lowest[lane], $1) }
      $0.tiers = TierRules(
        lowestScores: lowest, cooldownDays: $0.tiers.cooldownDays, fallMargin: $0.tiers.fallMargin)
    }
    return changes
  }
}
