import BenchmarkMachine
import IntegrityCore

/// Random numbers of one purpose and one subject under a seed: the same on every machine, and
/// whatever else happened before. So an attack does not change what honest people do.
struct Dice {
  /// What the numbers are for.
  enum Purpose: UInt64 {
    case trade = 1, favourite, review, inspection, contradiction, flood, plan, lot
  }

  private var generator: SeededGenerator

  init(_ seed: UInt64, _ purpose: Purpose, _ index: UInt64) {
    generator = SeededGenerator(seed: StateHash.of([seed, purpose.rawValue, index]))
  }

  /// 0 ..< 1 in steps of 2^−53.
  mutating func unit() -> Double { Double(generator.next() >> 11) * 0x1p-53 }

  mutating func below(_ bound: Int) -> Int {
    Int(generator.next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// True in `share` of all cases, 0…1.
  mutating func happens(_ share: Double) -> Bool { unit() < share }

  /// Mean 0, variance 1, within ±4.9: the sum of eight uniform numbers.
  mutating func nearlyNormal() -> Double {
    var sum = 0.0
    for _ in 0..<8 { sum += unit() }
    return (sum - 4) * 1.224744871391589
  }
}
