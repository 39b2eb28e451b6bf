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

/// Tiers by score, how far one may fall below its tier, and how slowly tiers improve.
public struct TierRules: Sendable, Equatable {
  /// Lowest score of tiers A, B, C, D; below the last is E. Strictly falling.
  public let lowestScores: SIMD4<Int32>
  /// Days for which an account must deserve better than its stored tier
  /// before it gets it: counted from the last event up to which, or by which, it
  /// deserved no better.
  public let cooldownDays: UInt16
  /// Points below a tier's lowest score down to which it is kept: 0 … 500. Who stands at an edge
  /// is not moved over it, for months, by a handful of events.
  public let fallMargin: Int32

  public init(lowestScores: SIMD4<Int32>, cooldownDays: UInt16, fallMargin: Int32) {
    self.lowestScores = lowestScores
    self.cooldownDays = cooldownDays
    self.fallMargin = fallMargin
  }

  /// The tier that a score gives by itself.
  @inlinable @inline(__always)
  public func tier(ofScore score: Int) -> Tier {
    let above = SIMD4<Int32>(repeating: Int32(truncatingIfNeeded: score)) .>= lowestScores
    let met = SIMD4<Int32>.zero.replacing(with: 1, where: above).wrappedSum()
    return Tier.ofCode(5 &- met)
  }

  /// The tier that a score deserves with the stored tier behind it, which is kept within the
  /// margin below it.
  ///
  /// - Parameter stored: its code; 0 = there is none yet.
  @inlinable @inline(__always)
  public func tier(ofScore score: Int, stored: UInt8) -> Tier {
    let plain = tier(ofScore: score)
    if stored == 0 || plain.rawValue <= stored { return plain }
    let lenient = tier(ofScore: score &+ Int(fallMargin))
    return Tier.ofCode(Int32(Swift.max(lenient.rawValue, stored)))
  }

  /// The tier in force: worse than the stored one at once, better only after
  /// the cooldown has passed since the stored one was last deserved.
  @inlinable @inline(__always)
  public func tierInForce(score: Int, record: AccountRecord, day: UInt16) -> Tier {
    inForce(tier(ofScore: score, stored: record.tierCode), record, day)
  }

  @inlinable @inline(__always)
  func inForce(_ deserved: Tier, _ record: AccountRecord, _ day: UInt16) -> Tier {
    // A record without a tier yet has code 0, than which nothing is better.
    let isOnHold =
      deserved.rawValue < record.tierCode
      && Int(day) &- Int(record.tierHeldDay) < Int(cooldownDays)
    return isOnHold ? Tier.ofCode(Int32(record.tierCode)) : deserved
  }

  /// Brings the stored tier up to date after a change of evidence on `day`.
  @inlinable
  public func update(_ record: inout AccountRecord, score: Int, day: UInt16) {
    let stored = record.tierCode
    let deserved = tier(ofScore: score, stored: stored)
    let inForce = inForce(deserved, record, day)
    record.tierCode = inForce.rawValue
    let held = deserved.rawValue >= stored || inForce == deserved
    if held { record.tierHeldDay = Swift.max(record.tierHeldDay, day) }
    if stored != 0 && inForce.rawValue > stored {
      let lost = record.fallenFrom
      record.fallenFrom = lost == 0 ? stored : Swift.min(lost, stored)
    } else if inForce.rawValue <= record.fallenFrom {
      record.fallenFrom = 0
    }
  }

  /// Brings the stored tier up to date after evidence was taken out that never should have
  /// counted: at once and within the margin, but no further than the tier that was lost. What is
  /// better than that is won as ever, or whoever opens a claim and withdraws it would win it.
  package func restore(_ record: inout AccountRecord, score: Int) {
    let lost = record.fallenFrom == 0 ? record.tierCode : record.fallenFrom
    let deserved = tier(ofScore: score, stored: lost)
    record.tierCode = Swift.max(deserved.rawValue, lost)
    if record.tierCode <= record.fallenFrom { record.fallenFrom = 0 }
  }
}
