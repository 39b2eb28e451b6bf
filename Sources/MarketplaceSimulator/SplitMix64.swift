/// Seeded random numbers that are the same on every machine.
///
/// Source: Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
/// OOPSLA 2014. Whole numbers and IEEE multiplications only.
package struct SplitMix64 {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// The numbers of one purpose (`stream`) and one subject (`index`) under a seed.
  package init(seed: UInt64, stream: UInt64, index: UInt64) {
    let base = Self.mixed(seed &+ stream &* Self.step)
    state = Self.mixed(base ^ Self.mixed(index &+ Self.step))
  }

  private static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  package mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mixed(state)
  }

  /// 0 ..< `bound`. The bias, `bound` / 2^64, is far below what anybody can count.
  package mutating func below(_ bound: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: bound).high
  }

  /// 0 ..< 1 in steps of 2^−53.
  package mutating func unit() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// Yes in `perMille` of a thousand cases.
  package mutating func chance(perMille: UInt64) -> Bool {
    below(1000) < perMille
  }

  /// Whole seconds from `range` of hours.
  package mutating func seconds(inHours range: ClosedRange<UInt64>) -> UInt32 {
    let first = range.lowerBound * 3600
    return UInt32(first + below(range.upperBound * 3600 - first + 1))
  }

  /// One of `choices`, each as often as its share of the weights' sum, 1 or more.
  package mutating func pick<Choice>(_ choices: [(weight: UInt64, choice: Choice)]) -> Choice {
    var rest = below(choices.reduce(0) { $0 + $1.weight })
    for (weight, choice) in choices {
      if rest < weight { return choice }
      rest -= weight
    }
    preconditionFailure("weights without a sum")
  }

  /// A number of mean 0 and variance 1, nearly normal, within ±4.9.
  ///
  /// The sum of eight uniform numbers of 16 bits: no logarithm, no sine.
  package mutating func nearlyNormal() -> Double {
    var sum: UInt64 = 0
    for _ in 0..<2 {
      let four = next()
      sum += (four & 0xffff) + (four >> 16 & 0xffff) + (four >> 32 & 0xffff) + four >> 48
    }
    // Mean 8/2, variance 8/12; the half step centres numbers that are rounded down.
    return ((Double(sum) + 4) * 0x1p-16 - 4) * 1.224744871391589
  }
}
