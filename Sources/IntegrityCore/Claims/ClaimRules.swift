/// What the policy says about deciding claims.
public struct ClaimRules: Sendable, Equatable {
  /// From this amount on a human decides: 1 … 10^12 minor units.
  public var manualAmount: Minor
  /// Buyer's floor from which the platform compensates: 0 … 1,000.
  public var floorMin: Int32
  /// From this amount on the buyer has to show evidence: 1 … 10^12 minor units.
  public var evidenceAmount: Minor
  /// Floors of both parties from which their contradicting each other is for a human.
  public var strongFloor: Int32
  /// Hours that the state may lie behind a claim: 1 … 8,760.
  public var staleHours: UInt32
  public var coldStart: ColdStartRules
  public var concentration: ConcentrationRules
  public var abuse: AbuseRules
  /// Share of the claims that the platform would pay by itself that a human looks at, by
  /// lot: 0 … 1.
  public var spotCheckShare: Float
  /// Most that all claims of one buyer together weigh against a merchant: 0 … 1,000.
  public var counterpartyWeightMax: Float
  /// Days in which a decision can be appealed: 0 … 365.
  public var appealDays: UInt16
  /// Days in which an appeal is to be decided: 1 … 365.
  public var answerDays: UInt16

  public init(
    manualAmount: Minor, floorMin: Int32, evidenceAmount: Minor, strongFloor: Int32,
    staleHours: UInt32, coldStart: ColdStartRules, concentration: ConcentrationRules,
    abuse: AbuseRules, spotCheckShare: Float, counterpartyWeightMax: Float, appealDays: UInt16,
    answerDays: UInt16
  ) {
    self.manualAmount = manualAmount
    self.floorMin = floorMin
    self.evidenceAmount = evidenceAmount
    self.strongFloor = strongFloor
    self.staleHours = staleHours
    self.coldStart = coldStart
    self.concentration = concentration
    self.abuse = abuse
    self.spotCheckShare = spotCheckShare
    self.counterpartyWeightMax = counterpartyWeightMax
    self.appealDays = appealDays
    self.answerDays = answerDays
  }
}

/// Small trust in buyers of whom little is known.
public struct ColdStartRules: Sendable, Equatable {
  /// Floor from which a buyer with a short, clean history is compensated: 0 … 1,000.
  public var floorMin: Int32
  /// Most that one claim of such a buyer may be: 0 … 10^12 minor units.
  public var amountMax: Minor
  /// Most that such a buyer is paid in 365 days: 0 … 10^15 minor units.
  public var yearMax: Minor

  public init(floorMin: Int32, amountMax: Minor, yearMax: Minor) {
    self.floorMin = floorMin
    self.amountMax = amountMax
    self.yearMax = yearMax
  }
}

/// When a buyer's claims fall too much on one merchant.
public struct ConcentrationRules: Sendable, Equatable {
  /// Claims of the pair in 90 days, this one included, from which it is looked at: 2 … 1,000.
  public var claimsMin: UInt32
  /// Share of the buyer's claims in 90 days that makes it a concentration: 0 … 1.
  public var shareMin: Float

  public init(claimsMin: UInt32, shareMin: Float) {
    self.claimsMin = claimsMin
    self.shareMin = shareMin
  }
}

/// When a human has to look for abuse: a rate, a number and distinct merchants, all of
/// them. Rates are those expected after shrinking to the prior.
public struct AbuseRules: Sendable, Equatable {
  /// Claims per order, less what is credited for upheld ones: 0 … 1.
  public var claimRate: Float
  /// Claims that nothing arrived, per order: 0 … 1.
  public var notReceivedRate: Float
  /// Returns found used, empty or swapped, per inspected return: 0 … 1.
  public var mismatchRate: Float
  /// Effective number of what is counted, from which a rate says anything: 1 … 10,000.
  public var countMin: Float
  /// Distinct merchants concerned: 1 … 60.
  public var merchantsMin: UInt32
  /// Effective number of confirmed abuses that is enough by itself: 0.01 … 10,000.
  public var confirmedMin: Float

  public init(
    claimRate: Float, notReceivedRate: Float, mismatchRate: Float, countMin: Float,
    merchantsMin: UInt32, confirmedMin: Float
  ) {
    self.claimRate = claimRate
    self.notReceivedRate = notReceivedRate
    self.mismatchRate = mismatchRate
    self.countMin = countMin
    self.merchantsMin = merchantsMin
    self.confirmedMin = confirmedMin
  }
}

extension ClaimRules {
  /// Hash of every number, for the policy's.
  var hash: UInt64 {
    let whole: [Int64] = [
      manualAmount.rawValue, Int64(floorMin), evidenceAmount.rawValue, Int64(strongFloor),
      Int64(staleHours), Int64(coldStart.floorMin), coldStart.amountMax.rawValue,
      coldStart.yearMax.rawValue, Int64(concentration.claimsMin), Int64(abuse.merchantsMin),
      Int64(appealDays), Int64(answerDays),
    ]
    let numbers = [
      concentration.shareMin, abuse.claimRate, abuse.notReceivedRate, abuse.mismatchRate,
      abuse.countMin, abuse.confirmedMin, counterpartyWeightMax, spotCheckShare,
    ]
    return StateHash.of(
      whole.map { UInt64(bitPattern: $0) } + numbers.map { UInt64($0.bitPattern) })
  }
}
