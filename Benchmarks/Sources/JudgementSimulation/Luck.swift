/// What chance decides in a run, apart from honest trade: above all what humans find.
struct Luck: Hashable, Sendable {
  /// Whether a made-up claim is drawn to be looked at, and what a human's look finds.
  enum Reviews: Hashable, Sendable {
    /// Every one is drawn and seen through, or none.
    case all, none
    /// Each as chance has it. Over all strata each claim is seen through in exactly the share
    /// of them that is assumed, so that few runs tell the mean.
    case stratum(Int, of: Int)
  }

  var seed: UInt64
  var reviews: Reviews

  /// The twentieth part is what a close review overlooks.
  static let strata = 20

  /// One run for each stratum.
  static func each(_ seed: UInt64) -> [Luck] {
    (0..<strata).map { Luck(seed: seed, reviews: .stratum($0, of: strata)) }
  }

  /// Numbers for a purpose: of humans the same in all strata, of all else not.
  func dice(_ purpose: Dice.Purpose, _ index: UInt64) -> Dice {
    guard case .stratum(let stratum, _) = reviews, purpose != .review else {
      return Dice(seed, purpose, index)
    }
    return Dice(seed &+ UInt64(stratum) << 32, purpose, index)
  }

  /// Where a made-up claim lies in the lot: 0 to 1, the lowest are drawn.
  func lot(_ claim: UInt64) -> Double {
    switch reviews {
    case .all: return 0
    case .none: return 1
    case .stratum(let stratum, let count):
      var dice = Dice(seed, .lot, claim)
      // Another order of the strata than that of reviews, so that the two go their own ways.
      let turned = dice.unit() + Double(7 * stratum % count) / Double(count)
      return turned - turned.rounded(.down)
    }
  }

  /// Whether a human sees through the made-up claim, who does so in `share` of all cases.
  func seesThrough(_ claim: UInt64, share: Double) -> Bool {
    switch reviews {
    case .all: return true
    case .none: return false
    case .stratum(let stratum, let count):
      var dice = dice(.review, claim)
      let turned = dice.unit() + Double(stratum) / Double(count)
      return turned - turned.rounded(.down) < share
    }
  }
}
