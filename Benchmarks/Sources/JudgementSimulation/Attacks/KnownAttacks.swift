import IntegrityCore

/// An attack by accounts that buy and claim.
struct CrewAttack: Attack {
  var id: String
  var title: String
  var starts: [CrewPlan]
  var axes: [Axis<CrewPlan>]
  var isForHarm = false
  var mustPayWhenNaive = true

  func attacker(_ plan: CrewPlan) -> any Attacker { ClaimingCrew(plan) }

  func effect(_ plan: CrewPlan, with: [[Standing]], without: [[Standing]]) -> StandingEffect {
    if plan.claimAt != CrewPlan.Target.victim.rawValue { return StandingEffect() }
    let victim = MarketShape.victim(MarketShape.sizes[plan.victim])
    var effect = StandingValue.rivalsGain(victim, with: with, without: without)
    if !isForHarm { effect.gain = 0 }
    return effect
  }
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
    .choice("when reviewed", \.whenReviewed, ["waits", "withdraws"]),
  ]

  func attacker(_ plan: SlowPlan) -> any Attacker { SlowAbuser(plan) }
}

/// A competitor's.
struct FloodAttack: Attack {
  let id = "b"
  let title = "a competitor orders, and cancels or never picks up"
  let starts = [FloodPlan(), FloodPlan(victim: 2, perHundred: 400, days: 15)]
  let isForHarm = true
  let mustPayWhenNaive = false
  let axes: [Axis<FloodPlan>] = [
    .choice("victim", \.victim, MarketShape.sizes),
    .count("fake orders for 100 real", \.perHundred, [10, 30, 100, 300, 1_000]),
    .count("days", \.days, [5, 15, 30, 60, 120]),
    .choice("they are", \.isSent, ["cancelled", "not picked up"]),
  ]

  func attacker(_ plan: FloodPlan) -> any Attacker { OrderFlood(plan) }

  func effect(_ plan: FloodPlan, with: [[Standing]], without: [[Standing]]) -> StandingEffect {
    StandingValue.rivalsGain(plan.merchant, with: with, without: without)
  }
}

/// A bad merchant's.
struct FakeTradeAttack: Attack {
  let id = "c"
  let title = "friends inflate a bad merchant by fake orders"
  let starts = [FakeTradePlan(), FakeTradePlan(size: 0, perHundred: 400, price: 8_000)]
  let mustPayWhenNaive = false
  let axes: [Axis<FakeTradePlan>] = [
    .choice("size", \.size, ["small", "medium"]),
    .count("fake orders for 100 real", \.perHundred, [10, 25, 50, 100, 200, 400, 800]),
    .money("price", \.price, [1, 5, 20, 80, 200]),
    .count("friends", \.friends, [3, 10, 30]),
  ]

  func attacker(_ plan: FakeTradePlan) -> any Attacker { FakeTrade(plan) }

  func effect(_ plan: FakeTradePlan, with: [[Standing]], without: [[Standing]]) -> StandingEffect {
    StandingValue.ownGain(plan.merchant, with: with, without: without)
  }
}

extension CrewAttack {
  private static let prices = [10, 20, 50, 100, 200, 299, 500, 1_000, 1_900, 5_000, 20_000]
  private static let smallPrices = [1, 5, 10, 20, 50, 100, 200, 299, 500, 1_000, 1_900, 5_000]
  private static let histories = [0, 1, 2, 5, 10, 20, 30, 45, 60]

  private static let claiming: [Axis<CrewPlan>] = [
    .money("claim of", \.claimPrice, prices),
    .count("orders before", \.buildOrders, histories),
    .money("each of", \.buildPrice, [1, 5, 20, 100]),
    .count("claims an account", \.claims, [1, 2, 3, 5, 8, 15]),
    .count("days between", \.gap, [6, 10, 31]),
    .count("orders between", \.ordersBetween, [0, 3, 10, 20]),
    .choice("when reviewed", \.whenReviewed, ["waits", "withdraws"]),
  ]

  static let ringForMoney = CrewAttack(
    id: "a1", title: "a ring of throwaway buyers claims against one honest merchant",
    starts: [
      CrewPlan(accounts: 20), CrewPlan(accounts: 80, buildOrders: 20, claimPrice: 50_000),
    ],
    axes: [
      .count("accounts", \.accounts, [10, 20, 40, 80]),
      .count("over days", \.spread, [0, 30, 90]),
    ] + claiming)

  static let ringForHarm = CrewAttack(
    id: "a2", title: "the same ring, to sink the merchant for a rival",
    starts: [
      CrewPlan(accounts: 40, claimPrice: 1_000, victim: 2),
      CrewPlan(accounts: 10, buildOrders: 5, claimPrice: 1_000, victim: 1),
    ],
    axes: [
      .choice("victim", \.victim, MarketShape.sizes),
      .count("accounts", \.accounts, [5, 10, 20, 40, 80]),
      .count("over days", \.spread, [0, 30, 90]),
      .money("claim of", \.claimPrice, smallPrices),
      .count("orders before", \.buildOrders, [0, 1, 2, 5, 10, 20]),
      .count("claims an account", \.claims, [1, 2, 3, 5]),
    ], isForHarm: true, mustPayWhenNaive: false)

  static let trustThenClaim = CrewAttack(
    id: "d", title: "one buyer builds trust with small orders, then claims large ones",
    starts: [
      CrewPlan(buildOrders: 20, claimPrice: 50_000, claimAt: 1),
      CrewPlan(buildOrders: 45, claimPrice: 29_900, claims: 5, claimAt: 1),
    ],
    axes: [.choice("history at", \.buildAt, ["honest merchants", "an accomplice"])] + claiming)

  static let pair = CrewAttack(
    id: "e1", title: "a colluding buyer and merchant drain the subsidy",
    starts: [
      CrewPlan(buildOrders: 20, buildAt: 1, claimPrice: 50_000, claimAt: 2),
      CrewPlan(
        buildOrders: 45, buildAt: 1, claimPrice: 29_900, claims: 8, ordersBetween: 10, claimAt: 2),
    ], axes: claiming)

  static let pairsRing = CrewAttack(
    id: "e2", title: "a merchant and a ring of buyers drain the subsidy",
    starts: [
      CrewPlan(accounts: 40, buildAt: 1, claimAt: 2),
      CrewPlan(accounts: 80, buildOrders: 20, buildAt: 1, claimPrice: 50_000, claimAt: 2),
    ],
    axes: [
      .count("accounts", \.accounts, [10, 40, 80]), .count("over days", \.spread, [0, 30, 90]),
    ] + claiming)

  static let provenPair = CrewAttack(
    id: "e3", title: "a colluding pair has the carrier prove its empty parcels",
    starts: [
      CrewPlan(buildAt: 1, claimPrice: 500_000, claims: 5, claimAt: 2, isProven: 1)
    ],
    axes: [
      .money("claim of", \.claimPrice, prices), .count("claims an account", \.claims, [1, 5, 15]),
    ])

  static let whitewashing = CrewAttack(
    id: "f", title: "an abuser begins again with fresh accounts, one at a time",
    starts: [
      CrewPlan(accounts: 10, spread: 110, claimAt: 1),
      CrewPlan(accounts: 20, spread: 110, buildOrders: 20, claimPrice: 50_000, claimAt: 1),
    ], axes: [.count("accounts", \.accounts, [4, 10, 20])] + claiming)
}
