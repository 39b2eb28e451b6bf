import Foundation

/// A seeded source of random numbers (SplitMix64): equal seeds, equal cases.
///
/// A failing test names its seed; run it again with `PROBITY_SEED=<seed>`.
struct Generator: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// Seeded from `PROBITY_SEED`, or with `standard` where that is not set.
  static func forTest(_ standard: UInt64) -> Generator {
    let text = ProcessInfo.processInfo.environment["PROBITY_SEED"]
    let generator = Generator(seed: text.flatMap { UInt64($0) } ?? standard)
    print("generated cases with PROBITY_SEED=\(generator.seed)")
    return generator
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// True once in `count` times.
  mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}
