/// The best that an attacker was found to do.
struct AttackFinding: Sendable {
  var variant: String
  var plan: String
  /// Plans that were tried.
  var tried: Int
  /// Means over fresh luck.
  var result: AttackResult
  var isForHarm: Bool

  /// What the attacker is after.
  var gain: Int64 { isForHarm ? result.net - result.compensated : result.net }
  var pays: Bool { gain > 0 }
}

/// Looks for an attacker's best plan: one number after the other, until none helps.
struct AttackSearch {
  let arena: Arena
  let seed: UInt64

  private static let roundsMax = 4
  /// Humans' luck: so much while searching, and so much, of its own, for what is reported.
  private static let searchLuck: UInt64 = 3
  private static let freshLuck: UInt64 = 8

  func best<A: Attack>(_ attack: A) -> AttackFinding {
    var known: [[Int]: Int64] = [:]
    func value(_ plan: A.Plan) -> Int64 {
      let key = attack.axes.map { plan[keyPath: $0.path] }
      if let value = known[key] { return value }
      var result = mean(attack, plan, luck: 1...1)
      // Where no human looks there is no luck.
      if result.reviews > 0 { result = mean(attack, plan, luck: 1...Self.searchLuck) }
      let value = attack.isForHarm ? result.net - result.compensated : result.net
      known[key] = value
      return value
    }
    var best: (plan: A.Plan, value: Int64)?
    for start in attack.starts {
      let climbed = climb(attack, start, value)
      if best.map({ climbed.value > $0.value }) ?? true { best = climbed }
    }
    guard let best else { preconditionFailure("\(attack.id) starts nowhere") }
    return AttackFinding(
      variant: arena.variant.name, plan: attack.text(best.plan), tried: known.count,
      result: mean(attack, best.plan, luck: 101...100 + Self.freshLuck),
      isForHarm: attack.isForHarm)
  }

  private func climb<A: Attack>(
    _ attack: A, _ start: A.Plan, _ value: (A.Plan) -> Int64
  ) -> (plan: A.Plan, value: Int64) {
    var best = (plan: start, value: value(start))
    for _ in 0..<Self.roundsMax {
      let before = best.value
      for axis in attack.axes {
        var plan = best.plan
        for choice in axis.values {
          plan[keyPath: axis.path] = choice
          let found = value(plan)
          if found > best.value { best = (plan, found) }
        }
      }
      if best.value == before { break }
    }
    return best
  }

  private func mean<A: Attack>(
    _ attack: A, _ plan: A.Plan, luck: ClosedRange<UInt64>
  ) -> AttackResult {
    let results = luck.map { arena.run(attack, plan, luck: seed &* 1_000 &+ $0) }
    let count = Int64(results.count)
    var mean = results[0]
    mean.net = results.reduce(0) { $0 + $1.net } / count
    mean.compensated = results.reduce(0) { $0 + $1.compensated } / count
    mean.effect.gain = results.reduce(0) { $0 + $1.effect.gain } / count
    mean.reviews = results.reduce(0) { $0 + $1.reviews } / Int(count)
    return mean
  }
}
