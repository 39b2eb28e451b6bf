import IntegrityCore

/// A number of an attacker's plan, and the values that are tried for it.
struct Axis<Plan>: @unchecked Sendable {
  let name: String
  let path: WritableKeyPath<Plan, Int>
  let values: [Int]
  let text: @Sendable (Int) -> String

  static func count(_ name: String, _ path: WritableKeyPath<Plan, Int>, _ values: [Int]) -> Axis {
    Axis(name: name, path: path, values: values) { "\($0)" }
  }

  /// In whole units of money.
  static func money(_ name: String, _ path: WritableKeyPath<Plan, Int>, _ values: [Int]) -> Axis {
    Axis(name: name, path: path, values: values.map { $0 * 100 }) { "\($0 / 100)" }
  }

  static func choice(
    _ name: String, _ path: WritableKeyPath<Plan, Int>, _ names: [String]
  ) -> Axis {
    Axis(name: name, path: path, values: Array(names.indices)) { names[$0] }
  }
}

/// A way to make money of the marketplace.
protocol Attack: Sendable {
  associatedtype Plan: Sendable
  /// "a1".
  var id: String { get }
  var title: String { get }
  /// Where the search begins.
  var starts: [Plan] { get }
  var axes: [Axis<Plan>] { get }
  /// What the platform pays does not count: is harm worth its costs by itself?
  var isForHarm: Bool { get }
  /// Without any of the policy's rules it must pay, or the simulation is blunt.
  var mustPayWhenNaive: Bool { get }
  /// Whether a merchant's place in the market is what the attacker lives off.
  var livesOffStanding: Bool { get }
  /// Whether only accomplices deal with each other: what else is sold then changes nothing.
  var isAmongAccomplices: Bool { get }
  /// Runs for each plan that is tried, with other trade and luck.
  var runsPerPlan: Int { get }
  /// Whether it changes how merchants stand.
  func isWatched(_ plan: Plan) -> Bool
  func attacker(_ plan: Plan) -> any Attacker
  func effect(_ plan: Plan, with: [[Standing]], without: [[Standing]]) -> StandingEffect
  /// In words.
  func text(_ plan: Plan) -> String
}

extension Attack {
  var isForHarm: Bool { false }
  var mustPayWhenNaive: Bool { true }
  var livesOffStanding: Bool { false }
  var isAmongAccomplices: Bool { false }
  var runsPerPlan: Int { livesOffStanding ? 4 : 1 }
  func isWatched(_ plan: Plan) -> Bool { false }

  func effect(_ plan: Plan, with: [[Standing]], without: [[Standing]]) -> StandingEffect {
    StandingEffect()
  }

  /// What is tried.
  var bounds: String {
    axes.map { axis in
      "\(axis.name) \(axis.values.map(axis.text).joined(separator: "/"))"
    }.joined(separator: "; ")
  }
}

/// What an attack came to.
struct AttackResult: Sendable {
  var net: Int64 = 0
  /// Of the platform.
  var compensated: Int64 = 0
  var effect = StandingEffect()
  var accounts = 0
  var reviews = 0
  /// How likely a human saw through a claim, where one looked.
  var seenThroughShare = 0.0

  /// Without what came in.
  var spent: Int64 { compensated + effect.gain - net }

  /// What the attacker is after.
  func aim(isForHarm: Bool) -> Int64 { isForHarm ? net - compensated : net }
  func aim(_ attack: some Attack) -> Int64 { aim(isForHarm: attack.isForHarm) }

  /// Of effects other than their gain, what the first has.
  static func mean(_ results: [AttackResult]) -> AttackResult {
    let count = Int64(results.count)
    var mean = results[0]
    mean.net = results.reduce(0) { $0 + $1.net } / count
    mean.compensated = results.reduce(0) { $0 + $1.compensated } / count
    mean.effect = StandingEffect.mean(results.map(\.effect))
    mean.accounts = results.reduce(0) { $0 + $1.accounts } / Int(count)
    mean.reviews = results.reduce(0) { $0 + $1.reviews } / Int(count)
    return mean
  }
}

/// Where attacks take place: markets to look for a plan in, and others to see what it is worth
/// there, so that no plan is praised for what was luck.
struct AttackedMarkets: Sendable {
  private let searched: [TradeScript]
  private let fresh: [TradeScript]
  private let quiet: TradeScript

  init(seed: UInt64) {
    searched = (0..<4).map { TradeScript(.attacked, seed: seed &+ 10_000 &* $0) }
    fresh = (4..<14).map { TradeScript(.attacked, seed: seed &+ 10_000 &* $0) }
    quiet = TradeScript(.quiet, seed: seed)
  }

  func script(_ market: Market, isQuiet: Bool) -> TradeScript {
    if isQuiet { return quiet }
    switch market {
    case .searched(let number): return searched[number % searched.count]
    case .fresh(let number): return fresh[number % fresh.count]
    }
  }

  /// Which of the markets.
  enum Market { case searched(Int), fresh(Int) }
}

/// Where attacks are tried under one variant, without an attack and with one.
final class Arena {
  let variant: Variant
  let markets: AttackedMarkets
  private var peace: [Setting: [[Standing]]] = [:]

  /// Which trade, and which luck.
  private struct Setting: Hashable {
    var seed: UInt64
    var luck: Luck
  }

  init(_ markets: AttackedMarkets, _ variant: Variant) {
    self.markets = markets
    self.variant = variant
  }

  /// How merchants stand where nobody attacks.
  private func standings(_ script: TradeScript, _ luck: Luck) -> [[Standing]] {
    let setting = Setting(seed: script.seed, luck: luck)
    if let known = peace[setting] { return known }
    let market = Marketplace(script, variant, luck: luck)
    market.run(isWatched: true)
    market.audit(standingGain: 0)
    peace[setting] = market.standings
    return market.standings
  }

  /// Mean over all strata, in markets that no plan is sought in.
  func mean<A: Attack>(_ attack: A, _ plan: A.Plan, seed: UInt64) -> AttackResult {
    .mean(
      Luck.each(seed).enumerated().map { number, luck in
        run(attack, plan, luck, in: .fresh(number))
      })
  }

  /// Plays a plan. Traps if the books are wrong.
  ///
  /// While a plan is sought, nobody watches merchants whose place is worth nothing to the
  /// attacker.
  func run<A: Attack>(
    _ attack: A, _ plan: A.Plan, _ luck: Luck, in place: AttackedMarkets.Market
  ) -> AttackResult {
    var isWatched = attack.isWatched(plan)
    if case .searched = place { isWatched = attack.livesOffStanding }
    // Caps that follow the turnover need all of it.
    let isQuiet = !isWatched && (!variant.followsTurnover || attack.isAmongAccomplices)
    let script = markets.script(place, isQuiet: isQuiet)
    let market = Marketplace(script, variant, luck: luck)
    market.run(attack.attacker(plan), isWatched: isWatched)
    let effect =
      isWatched
      ? attack.effect(plan, with: market.standings, without: standings(script, luck))
      : StandingEffect()
    market.books.pay(.merchants, .attacker, effect.gain)
    market.audit(standingGain: effect.gain)
    return AttackResult(
      net: market.books[.attacker], compensated: market.books.compensated.attacker,
      effect: effect, accounts: market.accountsRegistered, reviews: market.attackReviews,
      seenThroughShare: market.seenThroughShare)
  }
}
