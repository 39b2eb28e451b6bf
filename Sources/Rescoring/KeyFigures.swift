import IntegrityCore

/// The committee's figures over a period.
public struct KeyFigures: Sendable, Equatable {
  public var from: UnixSeconds
  public var to: UnixSeconds
  public var claims = ClaimFigures()
  public var market = MerchantFigures()
  /// Scores by the policy in force, and by that in shadow; the same where there is none.
  public var buyers = PopulationSums()
  public var merchants = PopulationSums()
  public var shadowHash: UInt64?
  public var policyVersion: UInt32
  public var policyHash: UInt64
  public var position = LogPosition.zero

  /// Longest period: claims are forgotten after it.
  public static let daysMax: UInt32 = 400
  public static let daysStandard: UInt32 = 90

  public init(from: UnixSeconds, to: UnixSeconds, policyVersion: UInt32, policyHash: UInt64) {
    self.from = from
    self.to = to
    self.policyVersion = policyVersion
    self.policyHash = policyHash
  }
}

/// How far they have come.
public struct KeyFiguresPart: Sendable, Equatable {
  /// Claims and accounts looked at so far, and that there are.
  public var walkedCount: UInt64
  public var totalCount: UInt64

  public init(walkedCount: UInt64, totalCount: UInt64) {
    self.walkedCount = walkedCount
    self.totalCount = totalCount
  }
}
