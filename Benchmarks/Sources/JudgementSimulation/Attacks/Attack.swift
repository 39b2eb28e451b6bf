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
    Axis(name: name, path: path, values: values.map { $0 * 100 }) { value in
      value % 100 == 0 ? "\(value / 100)" : Money.text(Int64(value))
    }
  }

  static func choice(
    _ name: String, _ path: WritableKeyPath<Plan, Int>, _ names: [String]
  ) -> Axis {
    Axis(name: name, path: path, values: Array(names.indices)) { names[$0] }
  }
}

/// What an attack did to places in the market, and what that was worth to the attacker.
struct StandingEffect: Sendable {
  var gain: Int64 = 0
  /// Points between the scores with and without the attack, at their widest.
  var scoreMost = 0
  /// Tiers without the attack and with it, on the day they differed most.
  var tiers = (without: Tier.c, with: Tier.c)
  /// Days on which the tier was another.
  var days = 0
}

/// A way to make money of the marketplace.
protocol Attack: Sendable {
  associatedtype Plan: Sendable
  /// "a1".
  var id: String { get }
  var title: String { get }
  var starts: [Plan] { get }
  var axes: [Axis<Plan>] { get }
  /// What the platform pays does not count: is harm worth its costs by itself?
  var isForHarm: Bool { get }
  /// Without any of the policy's rules it must pay, or the simulation is blunt.
  var mustPayWhenNaive: Bool { get }
  func attacker(_ plan: Plan) -> any Attacker
  func effect(_ plan: Plan, with: [[Standing]], without: [[Standing]]) -> StandingEffect
}

extension Attack {
  var isForHarm: Bool { false }
  var mustPayWhenNaive: Bool { true }
  func effect(_ plan: Plan, with: [[Standing]], without: [[Standing]]) -> StandingEffect {
    StandingEffect()
  }

  func text(_ plan: Plan) -> String {
    axes.map { "\($0.name) \($0.text(plan[keyPath: $0.path]))" }.joined(separator: ", ")
  }

  /// What was tried.
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

  /// Without what came in.
  var spent: Int64 { compensated + effect.gain - net }
}

/// Where attacks are tried: a policy's marketplace, without an attack and with one.
final class Arena {
  let variant: Variant
  let script: TradeScript
  private(set) lazy var peace: [[Standing]] = {
    let market = Marketplace(script, variant, luck: 0)
    market.run()
    market.audit(standingGain: 0)
    return market.standings
  }()

  init(_ script: TradeScript, _ variant: Variant) {
    self.script = script
    self.variant = variant
  }

  /// Plays a plan. Traps if the books are wrong.
  func run<A: Attack>(_ attack: A, _ plan: A.Plan, luck: UInt64) -> AttackResult {
    let market = Marketplace(script, variant, luck: luck)
    market.run(attack.attacker(plan))
    let effect = attack.effect(plan, with: market.standings, without: peace)
    market.books.pay(.merchants, .attacker, effect.gain)
    market.audit(standingGain: effect.gain)
    return AttackResult(
      net: market.books[.attacker], compensated: market.books.compensated.attacker,
      effect: effect, accounts: market.accountsRegistered, reviews: market.attackReviews)
  }
}
