/// Why a score or an outcome is what it is. Numbers are stable for ever.
public enum ReasonCode: UInt16, Sendable, CaseIterable {
  case b01StrongHistory = 101
  case b02ThinHistory = 102
  case b03ClaimRateHigh = 103
  case b04NotReceivedRateHigh = 104
  case b05ReturnMismatch = 105
  case b06LinkedAccounts = 106
  case b07ConfirmedAbuse = 107
  case m01QualityRefundsHigh = 201
  case m02LatePickup = 202
  case m03FalseShipment = 203
  case m04NoStock = 204
  case m05StrongMerchant = 205
  case m06ThinHistory = 206
  case p01Concentration = 301
  case c01NonQuality = 401
  case c02EvidenceMissing = 402
  case c03OverManualLimit = 403
  case c04CarrierProof = 404
  case c05SpotCheck = 405
  case g01GlobalBudget = 501
  case g02BuyerCap = 502
  case g03MerchantCap = 503
  case g04CategoryCap = 504
  case o01Override = 601
  case o02Listed = 602
  case s01StaleState = 701

  /// "B03": what people say and write.
  public var label: String { Texts.reasons[self]?.label ?? "?" }

  /// A few words.
  public var wording: Wording { Texts.reasons[self]?.words ?? Wording("?", "?") }

  /// In English.
  public var text: String { wording.english }

  /// The same in Chinese.
  public var textChinese: String { wording.chinese }
}

/// A reason with the points it added (> 0) or took (< 0).
public struct Reason: Sendable, Equatable {
  public let code: ReasonCode
  public let points: Int

  @inlinable
  public init(code: ReasonCode, points: Int) {
    self.code = code
    self.points = points
  }
}
