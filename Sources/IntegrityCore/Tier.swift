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
    return Tier(rawValue: UInt8(5 - met)) ?? .e
  }

  /// The tier in force: worse than the stored one at once, better only after
  /// the cooldown has passed since the stored one was last deserved.
  @inlinable @inline(__always)
  public func tierInForce(score: Int, record: AccountRecord, day: UInt16) -> Tier {
    let deserved = tier(ofScore: score)
    guard let stored = Tier(rawValue: record.tierCode), deserved < stored else { return deserved }
    return Int(day) - Int(record.tierHeldDay) >= Int(cooldownDays) ? deserved : stored
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
