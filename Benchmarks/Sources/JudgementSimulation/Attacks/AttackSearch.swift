/// The best that an attacker was found to do.
struct AttackFinding: Sendable {
  var variant: String
  var plan: String
  /// Plans that were tried.
  var tried: Int
  /// Means over fresh luck.
  var result: AttackResult
  var isForHarm: Bool

  var gain: Int64 { result.aim(isForHarm: isForHarm) }
  var pays: Bool { gain > 0 }
}

/// Looks for an attacker's best plan: one number after the other, until none helps, from
/// several beginnings.
struct AttackSearch<A: Attack> {
  private let attack: A
  private let arena: Arena
  private let seed: UInt64
  private var known: [[Int]: Int64] = [:]

  private static var roundsMax: Int { 4 }
  /// Beginnings that are drawn, beside those that somebody thought of.
  private static var randomStarts: UInt64 { 1 }

  init(_ attack: A, _ arena: Arena, seed: UInt64) {
    self.attack = attack
    self.arena = arena
    self.seed = seed
  }

  mutating func best() -> AttackFinding {
    let starts = attack.starts + (1...Self.randomStarts).map(randomPlan)
    var best = (plan: starts[0], value: Int64.min)
    for start in starts {
      let climbed = climb(start)
      if climbed.value > best.value { best = climbed }
    }
    // Trade and luck that no plan was chosen by.
    let fresh = Luck.each(seed &+ 1_000).enumerated().map { number, luck in
      arena.run(attack, best.plan, luck, in: .fresh(number))
    }
    return AttackFinding(
      variant: arena.variant.name, plan: attack.text(best.plan), tried: known.count,
      result: .mean(fresh), isForHarm: attack.isForHarm)
  }

  private func randomPlan(_ index: UInt64) -> A.Plan {
    var dice = Dice(seed, .plan, index)
    var plan = attack.starts[0]
    for axis in attack.axes {
      plan[keyPath: axis.path] = axis.values[dice.below(axis.values.count)]
    }
    return plan
  }

  private mutating func climb(_ start: A.Plan) -> (plan: A.Plan, value: Int64) {
    var best = (plan: start, value: value(start, toBeat: .min))
    for _ in 0..<Self.roundsMax {
      let before = best.value
      for axis in attack.axes {
        var plan = best.plan
        for choice in axis.values {
          plan[keyPath: axis.path] = choice
          let found = value(plan, toBeat: best.value)
          if found > best.value { best = (plan, found) }
        }
      }
      if best.value == before { break }
    }
    return best
  }

  /// Mean of what the attacker is after; where that is below `least`, no more than a bound.
  private mutating func value(_ plan: A.Plan, toBeat least: Int64) -> Int64 {
    let key = attack.axes.map { plan[keyPath: $0.path] }
    if let value = known[key] { return value }
    let worst = arena.run(attack, plan, Luck(seed: seed, reviews: .all), in: .searched(0))
    var value: Int64
    if worst.reviews > 0 {
      value = meanWithReviews(plan, worst, toBeat: least)
    } else {
      let others = (1..<attack.runsPerPlan).map {
        arena.run(
          attack, plan, Luck(seed: seed &+ UInt64($0), reviews: .all), in: .searched($0))
      }
      value = AttackResult.mean([worst] + others).aim(isForHarm: attack.isForHarm)
    }
    known[key] = value
    return value
  }

  /// Who is seen through at once, and who never is, bound the mean from above.
  private func meanWithReviews(
    _ plan: A.Plan, _ worst: AttackResult, toBeat least: Int64
  ) -> Int64 {
    let best = arena.run(attack, plan, Luck(seed: seed, reviews: .none), in: .searched(0))
    let share = worst.seenThroughShare
    let bound =
      share * Double(worst.aim(isForHarm: attack.isForHarm))
      + (1 - share) * Double(best.aim(isForHarm: attack.isForHarm))
    if Int64(bound) <= least { return Int64(bound) }
    let results = Luck.each(seed).enumerated().map { number, luck in
      arena.run(attack, plan, luck, in: .searched(number))
    }
    return AttackResult.mean(results).aim(isForHarm: attack.isForHarm)
  }
}
