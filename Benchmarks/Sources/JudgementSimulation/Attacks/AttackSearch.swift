/// The best that an attacker was found to do.
struct AttackFinding: Sendable {
  var variant: String
  var plan: String
  /// Plans that were tried.
  var tried: Int
  /// Means over trade and luck that no plan was chosen by.
  var result: AttackResult
  var isForHarm: Bool

  var gain: Int64 { result.aim(isForHarm: isForHarm) }
  var pays: Bool { gain > 0 }
}

/// Looks for an attacker's best plan: one number after the other, until none helps, from
/// several beginnings.
struct AttackSearch<A: Attack> {
  /// A plan, and what it is thought to be worth.
  private struct Estimate {
    var plan: A.Plan
    var value: Int64
  }

  private let attack: A
  private let arena: Arena
  private let seed: UInt64
  private var known: [[Int]: Int64] = [:]
  private var weighedBefore: [[Int]: Int64] = [:]

  private static var roundsMax: Int { 3 }
  /// Beginnings that are drawn, beside those that somebody thought of.
  private static var randomStarts: UInt64 { 1 }

  init(_ attack: A, _ arena: Arena, seed: UInt64) {
    self.attack = attack
    self.arena = arena
    self.seed = seed
  }

  mutating func best() -> AttackFinding {
    let starts = attack.starts + (1...Self.randomStarts).map(randomPlan)
    var best: Estimate?
    // The best of many is by chance better than it is: it is weighed once more, beside what
    // somebody thought of.
    for var candidate in starts.map({ climb($0) }) + attack.starts.map({ first($0) }) {
      candidate.value = weighed(candidate.plan)
      if best.map({ candidate.value > $0.value }) ?? true { best = candidate }
    }
    guard let best else { preconditionFailure("\(attack.id) begins nowhere") }
    return AttackFinding(
      variant: arena.variant.name, plan: attack.text(best.plan), tried: known.count,
      result: arena.mean(attack, best.plan, seed: seed &+ 1_000), isForHarm: attack.isForHarm)
  }

  /// By luck that it was not chosen by.
  private mutating func weighed(_ plan: A.Plan) -> Int64 {
    let key = key(plan)
    if let value = weighedBefore[key] { return value }
    let value = arena.mean(attack, plan, seed: seed &+ 500).aim(attack)
    weighedBefore[key] = value
    return value
  }

  private mutating func first(_ start: A.Plan) -> Estimate { estimate(start, toBeat: .min) }

  private func key(_ plan: A.Plan) -> [Int] { attack.axes.map { plan[keyPath: $0.path] } }

  private func randomPlan(_ index: UInt64) -> A.Plan {
    var dice = Dice(seed, .plan, index)
    var plan = attack.starts[0]
    for axis in attack.axes {
      plan[keyPath: axis.path] = axis.values[dice.below(axis.values.count)]
    }
    return plan
  }

  private mutating func climb(_ start: A.Plan) -> Estimate {
    var best = estimate(start, toBeat: .min)
    for _ in 0..<Self.roundsMax {
      let before = best.value
      for axis in attack.axes {
        var plan = best.plan
        for choice in axis.values {
          plan[keyPath: axis.path] = choice
          let found = estimate(plan, toBeat: best.value)
          if found.value > best.value { best = found }
        }
      }
      if best.value == before { break }
    }
    return best
  }

  /// Mean of what the attacker is after; where that is below `least`, no more than a bound.
  private mutating func estimate(_ plan: A.Plan, toBeat least: Int64) -> Estimate {
    let key = key(plan)
    if let value = known[key] { return Estimate(plan: plan, value: value) }
    let worst = arena.run(attack, plan, Luck(seed: seed, reviews: .all), in: .searched(0))
    var estimate = Estimate(plan: plan, value: 0)
    if worst.reviews > 0 {
      estimate.value = meanWithReviews(plan, worst, toBeat: least)
    } else {
      let others = (1..<attack.runsPerPlan).map {
        arena.run(
          attack, plan, Luck(seed: seed &+ UInt64($0), reviews: .all), in: .searched($0))
      }
      estimate.value = AttackResult.mean([worst] + others).aim(attack)
    }
    known[key] = estimate.value
    return estimate
  }

  /// Who is seen through at once, and who never is, bound the mean from above.
  private func meanWithReviews(
    _ plan: A.Plan, _ worst: AttackResult, toBeat least: Int64
  ) -> Int64 {
    let best = arena.run(attack, plan, Luck(seed: seed, reviews: .none), in: .searched(0))
    let lots = Double(arena.variant.policy.claims.spotCheckShare)
    let share = worst.seenThroughShare * (lots > 0 ? lots : 1)
    let bound = Int64(
      share * Double(worst.aim(attack)) + (1 - share) * Double(best.aim(attack)))
    if bound <= least { return bound }
    let results = Luck.each(seed).enumerated().map { number, luck in
      arena.run(attack, plan, luck, in: .searched(number))
    }
    return AttackResult.mean(results).aim(attack)
  }
}
