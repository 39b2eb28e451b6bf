/// What is decided on a claim, and why.
public struct ClaimDecision: Sendable, Equatable {
  public var outcome: Outcome
  /// Reserved for the buyer: the claim's amount, or 0.
  public var subsidy: Minor
  /// What decided, then what made the scores.
  public var reasons: ClaimReasons
  /// 0…1000, as of the claim's opening and without it.
  public var buyerScore: UInt16
  public var buyerFloor: UInt16
  public var merchantScore: UInt16
  public var merchantFloor: UInt16

  public init(
    outcome: Outcome, subsidy: Minor, reasons: ClaimReasons, buyerScore: UInt16,
    buyerFloor: UInt16, merchantScore: UInt16, merchantFloor: UInt16
  ) {
    self.outcome = outcome
    self.subsidy = subsidy
    self.reasons = reasons
    self.buyerScore = buyerScore
    self.buyerFloor = buyerFloor
    self.merchantScore = merchantScore
    self.merchantFloor = merchantFloor
  }
}

/// At most eight reasons, each code once, kept without an allocation.
public struct ClaimReasons: Sendable, Equatable, RandomAccessCollection {
  public static let countMax = 8

  /// Code in the low half, points as two's complement in the high half; 0 where there is none.
  private var words: SIMD8<UInt32>
  private var used: UInt8

  public init() {
    words = .zero
    used = 0
  }

  /// As they were encoded: zero ends them.
  init(words: SIMD8<UInt32>) {
    self.words = words
    used = 0
    while used < Self.countMax && words[Int(used)] != 0 { used += 1 }
  }

  var encoded: SIMD8<UInt32> { words }

  public var startIndex: Int { 0 }
  public var endIndex: Int { Int(used) }

  public subscript(index: Int) -> Reason {
    precondition(index >= 0 && index < Int(used))
    // The codes come from `ReasonCode`, or from a receipt that is compared with one.
    let code = ReasonCode(rawValue: UInt16(truncatingIfNeeded: words[index])) ?? .s01StaleState
    return Reason(
      code: code, points: Int(Int16(truncatingIfNeeded: words[index] >> 16)))
  }

  /// Adds a reason unless its code is there, or eight are.
  public mutating func append(_ code: ReasonCode, points: Int = 0) {
    for index in 0..<Int(used)
    where UInt16(truncatingIfNeeded: words[index]) == code.rawValue { return }
    if used == Self.countMax { return }
    let points = UInt32(UInt16(bitPattern: Int16(clamping: points)))
    words[Int(used)] = UInt32(code.rawValue) | points << 16
    used += 1
  }
}
