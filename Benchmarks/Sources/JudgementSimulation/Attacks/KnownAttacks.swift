import IntegrityCore

/// Everything that is tried, in the order of the report.
enum KnownAttacks {
  static let all: [any Attack] = [
    CrewAttack.ringForMoney, CrewAttack.ringForHarm,
    FloodAttack.all[0], FloodAttack.all[1], FakeTradeAttack(), CrewAttack.trustThenClaim,
    CrewAttack.pair, CrewAttack.pairsRing, CrewAttack.provenPair, CrewAttack.whitewashing,
    SlowAttack(),
  ]
}

/// A regular customer's.
struct SlowAttack: Attack {
  let id = "g"
  let title = "a slow abuser stays under each threshold"
  let starts = [SlowPlan(), SlowPlan(ordersPerMonth: 16, price: 29_900, ordersPerClaim: 5)]
  let axes: [Axis<SlowPlan>] = [
    .count("orders a month", \.ordersPerMonth, [4, 8, 16]),
    .money("price", \.price, [50, 100, 200, 299, 500, 1_000]),
    .count("orders a claim", \.ordersPerClaim, [30, 20, 12, 8, 6, 5, 4, 3, 2]),
    .count("a claimed order costs times", \.claimedTimes, [1, 3, 10]),
  ]

  func attacker(_ plan: SlowPlan) -> any Attacker { SlowAbuser(plan) }

  func text(_ plan: SlowPlan) -> String {
    "\(plan.ordersPerMonth) orders a month of \(plan.price / 100), a claim for each "
      + "\(plan.ordersPerClaim)"
      + (plan.claimedTimes > 1 ? ", of \(plan.claimedTimes) times as much" : "")
  }
}

/// A competitor's.
struct FloodAttack: Attack {
  static let all = [
    FloodAttack(id: "b1", title: "a competitor orders and cancels", disturbs: false),
    FloodAttack(
      id: "b2", title: "the same, where real orders are late or find no stock for it",
      disturbs: true),
  ]

  let id: String
  let title: String
  /// Whether real orders suffer.
  let disturbs: Bool
  let starts = [
    FloodPlan(days: 40), FloodPlan(victim: 2, perHundred: 300, days: 20),
    FloodPlan(victim: 0, days: 120),
  ]
  let isForHarm = true
  let mustPayWhenNaive = false
  let axes: [Axis<FloodPlan>] = [
    .choice("victim", \.victim, MarketShape.victims),
    .count("fake orders for 100 real", \.perHundred, [100, 300, 1_000]),
    .count("days", \.days, [10, 20, 40, 80, 120]),
    .choice("they are", \.isSent, ["cancelled", "not picked up"]),
  ]

  let livesOffStanding = true

  func attacker(_ plan: FloodPlan) -> any Attacker { OrderFlood(plan, disturbs: disturbs) }
  func isWatched(_ plan: FloodPlan) -> Bool { true }

  func effect(_ plan: FloodPlan, with: [[Standing]], without: [[Standing]]) -> StandingEffect {
    StandingValue.rivalsGain(plan.merchant, with: with, without: without)
  }

  func text(_ plan: FloodPlan) -> String {
    "\(plan.perHundred) for 100 real orders, \(plan.days) days, "
      + (plan.isSent == 1 ? "not picked up" : "cancelled")
      + ", victim \(MarketShape.victims[plan.victim])"
  }
}

/// A bad merchant's.
struct FakeTradeAttack: Attack {
  let id = "c"
  let title = "friends inflate a bad merchant by fake orders"
  let livesOffStanding = true
  let starts = [
    FakeTradePlan(perHundred: 25), FakeTradePlan(merchant: 2, perHundred: 50, price: 2_000),
  ]
  let mustPayWhenNaive = false
  let axes: [Axis<FakeTradePlan>] = [
    .choice("merchant", \.merchant, MarketShape.notHonest),
    .count("fake orders for 100 real", \.perHundred, [10, 25, 50, 100, 200, 400]),
    .money("price", \.price, [1, 5, 20, 80]),
  ]

  func attacker(_ plan: FakeTradePlan) -> any Attacker { FakeTrade(plan) }
  func isWatched(_ plan: FakeTradePlan) -> Bool { true }

  func effect(_ plan: FakeTradePlan, with: [[Standing]], without: [[Standing]]) -> StandingEffect {
    StandingValue.ownGain(plan.truth, with: with, without: without)
  }

  func text(_ plan: FakeTradePlan) -> String {
    "\(plan.perHundred) for 100 real orders, of \(plan.price / 100), "
      + "merchant \(MarketShape.notHonest[plan.merchant])"
  }
}
