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
  case g01GlobalBudget = 501
  case g02BuyerCap = 502
  case g03MerchantCap = 503
  case g04CategoryCap = 504
  case o01Override = 601
  case o02Listed = 602
  case s01StaleState = 701

  /// "B03": what people say and write.
  public var label: String { Self.texts[self]?.label ?? "?" }

  /// A few English words.
  public var text: String { Self.texts[self]?.english ?? "?" }

  /// The same in Chinese.
  public var textChinese: String { Self.texts[self]?.chinese ?? "?" }

  private struct Text {
    let label: String
    let english: String
    let chinese: String
    init(_ label: String, _ english: String, _ chinese: String) {
      self.label = label
      self.english = english
      self.chinese = chinese
    }
  }

  private static let texts: [ReasonCode: Text] = [
    .b01StrongHistory: Text("B01", "strong history", "历史记录良好"),
    .b02ThinHistory: Text("B02", "thin history", "历史记录不足"),
    .b03ClaimRateHigh: Text("B03", "claim rate high", "索赔率偏高"),
    .b04NotReceivedRateHigh: Text("B04", "not-received rate high", "未收到货投诉率偏高"),
    .b05ReturnMismatch: Text("B05", "return mismatch", "退货与原商品不符"),
    .b06LinkedAccounts: Text("B06", "linked accounts", "关联账号"),
    .b07ConfirmedAbuse: Text("B07", "confirmed abuse", "已确认滥用"),
    .m01QualityRefundsHigh: Text("M01", "quality refunds high", "品质退款率偏高"),
    .m02LatePickup: Text("M02", "late pickup", "揽收不及时"),
    .m03FalseShipment: Text("M03", "false shipment", "虚假发货"),
    .m04NoStock: Text("M04", "no stock", "缺货"),
    .m05StrongMerchant: Text("M05", "strong merchant", "优质商家"),
    .m06ThinHistory: Text("M06", "thin history", "历史记录不足"),
    .p01Concentration: Text("P01", "concentration between the two", "双方交易过于集中"),
    .c01NonQuality: Text("C01", "not a matter of quality", "非品质问题"),
    .c02EvidenceMissing: Text("C02", "evidence missing", "缺少凭证"),
    .c03OverManualLimit: Text("C03", "over the limit for automatic decisions", "超过自动判定限额"),
    .c04CarrierProof: Text("C04", "proven by the carrier", "物流已证实"),
    .g01GlobalBudget: Text("G01", "global budget exhausted", "平台补贴预算已用完"),
    .g02BuyerCap: Text("G02", "buyer's cap reached", "买家补贴额度已满"),
    .g03MerchantCap: Text("G03", "merchant's cap reached", "商家补贴额度已满"),
    .g04CategoryCap: Text("G04", "category's cap reached", "类目补贴额度已满"),
    .o01Override: Text("O01", "set by an operator", "人工设定"),
    .o02Listed: Text("O02", "listed by an operator", "人工名单"),
    .s01StaleState: Text("S01", "state is stale", "数据未及时更新"),
  ]
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
