import IntegrityCore

/// An attack by accounts that buy and claim.
struct CrewAttack: Attack {
  var id: String
  var title: String
  var starts: [CrewPlan]
  var axes: [Axis<CrewPlan>]
  var isForHarm = false
  var livesOffStanding: Bool { isForHarm }
  var isAmongAccomplices: Bool {
    starts.allSatisfy { $0.claimAt == CrewPlan.Target.shop.rawValue }
  }
  var mustPayWhenNaive = true

  func attacker(_ plan: CrewPlan) -> any Attacker { ClaimingCrew(plan) }

  func isWatched(_ plan: CrewPlan) -> Bool { plan.claimAt == CrewPlan.Target.victim.rawValue }

  func effect(_ plan: CrewPlan, with: [[Standing]], without: [[Standing]]) -> StandingEffect {
    let victim = MarketShape.merchant(MarketShape.victims[plan.victim])
    var effect = StandingValue.rivalsGain(victim, with: with, without: without)
    if !isForHarm { effect.gain = 0 }
    return effect
  }

  func text(_ plan: CrewPlan) -> String {
    var parts: [String] = []
    if plan.accounts > 1 {
      parts.append("\(plan.accounts) accounts" + (plan.spread > 0 ? " in \(plan.spread) days" : ""))
    }
    if plan.buildOrders > 0 {
      let isFake = plan.buildAt == CrewPlan.History.shop.rawValue
      parts.append("\(plan.buildOrders) \(isFake ? "fake " : "")orders of \(plan.buildPrice / 100)")
    }
    let count = plan.claims == 1 ? "1 claim" : "up to \(plan.claims) claims"
    parts.append("\(count) of \(plan.claimPrice / 100)")
    if plan.claims > 1 {
      parts.append("\(plan.gap) days apart")
      if plan.ordersBetween > 0 { parts.append("\(plan.ordersBetween) orders between") }
      if plan.goesOn == 1 { parts.append("paid or not") }
    }
    if isForHarm { parts.append("victim \(MarketShape.victims[plan.victim])") }
    return parts.joined(separator: ", ")
  }
}

extension CrewAttack {
  private static let prices = [10, 20, 50, 100, 200, 299, 500, 1_000, 1_900, 5_000, 20_000]
  private static let histories = [0, 1, 2, 5, 10, 20, 30, 45, 60, 90]

  private static let ring: [Axis<CrewPlan>] = [
    .count("accounts", \.accounts, [10, 40]), .count("over days", \.spread, [0, 60]),
  ]

  private static let historyAt = Axis<CrewPlan>.choice(
    "history at", \.buildAt, ["honest merchants", "an accomplice"])

  private static let claiming: [Axis<CrewPlan>] = [
    .money("claim of", \.claimPrice, prices),
    .count("orders before", \.buildOrders, histories),
    .money("each of", \.buildPrice, [1, 5, 20, 100]),
    .count("claims an account", \.claims, [1, 2, 3, 5, 8, 15]),
    .count("days between", \.gap, [6, 10, 31, 91]),
    .count("orders between", \.ordersBetween, [0, 3, 10, 20]),
    .choice("when not paid", \.goesOn, ["stops", "goes on"]),
  ]

  static let ringForMoney = CrewAttack(
    id: "a1", title: "a ring of throwaway buyers claims against one honest merchant",
    starts: [
      CrewPlan(accounts: 40),
      CrewPlan(accounts: 40, buildOrders: 20, buildAt: 1, claimPrice: 50_000),
      twice(accounts: 40, claimAt: 0), bold(accounts: 40, claimAt: 0),
    ], axes: ring + [historyAt] + claiming)

  static let ringForHarm = CrewAttack(
    id: "a2", title: "the same ring, to sink the merchant for a rival",
    starts: [
      CrewPlan(accounts: 20, claimPrice: 100, victim: 2),
      CrewPlan(accounts: 10, claimPrice: 100, victim: 1),
    ],
    axes: [
      .choice("victim", \.victim, MarketShape.victims),
      .count("accounts", \.accounts, [3, 10, 20, 40, 80]),
      .count("over days", \.spread, [0, 60]),
      .money("claim of", \.claimPrice, [1, 10, 50]),
      .count("orders before", \.buildOrders, [0, 1, 2, 5, 10]),
      .count("claims an account", \.claims, [1, 2]),
    ], isForHarm: true, mustPayWhenNaive: false)

  static let trustThenClaim = CrewAttack(
    id: "d", title: "one buyer builds trust with small orders, then claims large ones",
    starts: [
      CrewPlan(buildOrders: 20, claimPrice: 50_000, claimAt: 1),
      CrewPlan(buildOrders: 45, claimPrice: 29_900, claims: 5, claimAt: 1),
      CrewPlan(
        buildOrders: 30, buildPrice: 10_000, buildAt: 1, claimPrice: 5_000, claims: 8, claimAt: 1),
      CrewPlan(
        buildOrders: 90, buildPrice: 2_000, buildAt: 1, claimPrice: 50_000, claims: 8, gap: 10,
        claimAt: 1),
    ],
    axes: [historyAt] + claiming)

  static let pair = CrewAttack(
    id: "e1", title: "a colluding buyer and merchant drain the subsidy",
    starts: [
      CrewPlan(buildOrders: 20, buildAt: 1, claimPrice: 50_000, claimAt: 2),
      CrewPlan(
        buildOrders: 45, buildAt: 1, claimPrice: 29_900, claims: 8, ordersBetween: 10, claimAt: 2),
      twice(accounts: 1, claimAt: 2), provoked(accounts: 1),
    ], axes: claiming)

  /// Claims on the accomplice, paid or not: a human looks at the third, and whom a human
  /// believes no cap of an account holds back.
  private static func provoked(accounts: Int) -> CrewPlan {
    CrewPlan(
      accounts: accounts, buildAt: 1, claimPrice: 190_000, claims: 5, claimAt: 2, goesOn: 1)
  }

  /// The most for the pair's cap, and once more when that is forgotten.
  private static func twice(accounts: Int, claimAt: Int) -> CrewPlan {
    CrewPlan(
      accounts: accounts, buildOrders: 45, buildAt: 1, claimPrice: 50_000, claims: 2, gap: 91,
      claimAt: claimAt)
  }

  /// As if nothing held it back.
  private static func bold(accounts: Int, claimAt: Int) -> CrewPlan {
    CrewPlan(
      accounts: accounts, buildOrders: 45, buildAt: 1, claimPrice: 190_000, claims: 15,
      ordersBetween: 3, claimAt: claimAt)
  }

  static let pairsRing = CrewAttack(
    id: "e2", title: "a merchant and a ring of buyers drain the subsidy",
    starts: [
      CrewPlan(accounts: 40, buildAt: 1, claimAt: 2),
      CrewPlan(
        accounts: 10, buildOrders: 30, buildPrice: 10_000, buildAt: 1, claimPrice: 5_000, claims: 3,
        claimAt: 2),
      twice(accounts: 40, claimAt: 2), bold(accounts: 40, claimAt: 2), provoked(accounts: 40),
    ], axes: ring + claiming)

  static let provenPair = CrewAttack(
    id: "e3", title: "a colluding pair has the carrier prove its empty parcels",
    starts: [
      CrewPlan(buildAt: 1, claimPrice: 500_000, claims: 5, claimAt: 2, isProven: 1)
    ],
    axes: [
      .money("claim of", \.claimPrice, prices), .count("claims an account", \.claims, [1, 5, 15]),
    ])

  static let whitewashing = CrewAttack(
    id: "f", title: "an abuser begins again and again with fresh accounts",
    starts: [
      CrewPlan(accounts: 10, spread: 110, claimAt: 1),
      CrewPlan(accounts: 20, spread: 110, buildOrders: 20, claimPrice: 50_000, claimAt: 1),
      CrewPlan(
        accounts: 20, spread: 110, buildOrders: 90, claimPrice: 50_000, claims: 15,
        ordersBetween: 3, claimAt: 1, goesOn: 1),
    ], axes: [.count("accounts", \.accounts, [4, 10, 20])] + claiming)
}
