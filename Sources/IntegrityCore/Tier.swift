/// Grade of an account; A is best. Raw values are stored and sent.
public enum Tier: UInt8, Sendable, CaseIterable, Comparable {
  case a = 1
  case b = 2
  case c = 3
  case d = 4
  case e = 5

  /// `a < b` means that a is the better tier.
  @inlinable
  public static func < (x: Tier, y: Tier) -> Bool { x.rawValue < y.rawValue }

  /// The tier of a stored code, 1…5: a code below counts as A, one
  /// above as E. For the scoring path, on which `init(rawValue:)` would be a call.
  @inlinable @inline(__always)
  static func ofCode(_ code: Int32) -> Tier {
    switch code {
    case ...1: .a
    case 2: .b
    case 3: .c
    case 4: .d
    default: .e
    }
  }

  public var name: String { ["A", "B", "C", "D", "E"][Int(rawValue) - 1] }
}

/// Tiers by score, and how slowly they improve.
public struct TierRules: Sendable, Equatable {
  /// Lowest score of tiers A, B, C, D; below the last is E. Strictly falling.
  public let lowestScores: SIMD4<Int32>
  /// Days for which an account must deserve better than its stored tier
  /// before it gets it: counted from the last event up to which, or by which, it
  /// deserved no better.
  public let cooldownDays: UInt16

  public init(lowestScores: SIMD4<Int32>, cooldownDays: UInt16) {
    self.lowestScores = lowestScores
    self.cooldownDays = cooldownDays
  }

  /// The tier that a score gives by itself.
  @inlinable @inline(__always)
  public func tier(ofScore score: Int) -> Tier {
    let above = SIMD4<Int32>(repeating: Int32(truncatingIfNeeded: score)) .>= lowestScores
    let met = SIMD4<Int32>.zero.replacing(with: 1, where: above).wrappedSum()
    return Tier.ofCode(5 &- met)
  }

  /// The tier in force: worse than the stored one at once, better only after
  /// the cooldown has passed since the stored one was last deserved.
  @inlinable @inline(__always)
  public func tierInForce(score: Int, record: AccountRecord, day: UInt16) -> Tier {
    let deserved = tier(ofScore: score)
    // A record without a tier yet has code 0, than which nothing is better.
    let isOnHold =
      deserved.rawValue < record.tierCode
      && Int(day) &- Int(record.tierHeldDay) < Int(cooldownDays)
    return isOnHold ? Tier.ofCode(Int32(record.tierCode)) : deserved
  }

  /// Brings the stored tier up to date after a change of evidence on `day`.
  @inlinable
  public func update(_ record: inout AccountRecord, score: Int, day: UInt16) {
    let deserved = tier(ofScore: score)
    let inForce = tierInForce(score: score, record: record, day: day)
    let stored = record.tierCode
    record.tierCode = inForce.rawValue
    let held = deserved.rawValue >= stored || inForce == deserved
    if held { record.tierHeldDay = Swift.max(record.tierHeldDay, day) }
  }
}
