// Every text that a judgement or a decision is told in, in each language. Whoever words
// something new, or mends a translation, does it here.

/// A text in the languages that answers are given in.
public struct Wording: Sendable, Hashable {
  public let english: String
  public let chinese: String

  public init(_ english: String, _ chinese: String) {
    self.english = english
    self.chinese = chinese
  }
}

/// The words for what the core decides and finds.
enum Texts {
  /// Label, and a few words.
  static let reasons: [ReasonCode: (label: String, words: Wording)] = [
    .b01StrongHistory: ("B01", Wording("strong history", "历史记录良好")),
    .b02ThinHistory: ("B02", Wording("thin history", "历史记录不足")),
    .b03ClaimRateHigh: ("B03", Wording("claim rate high", "索赔率偏高")),
    .b04NotReceivedRateHigh: ("B04", Wording("not-received rate high", "未收到货投诉率偏高")),
    .b05ReturnMismatch: ("B05", Wording("return mismatch", "退货与原商品不符")),
    .b06LinkedAccounts: ("B06", Wording("linked accounts", "关联账号")),
    .b07ConfirmedAbuse: ("B07", Wording("confirmed abuse", "已确认滥用")),
    .m01QualityRefundsHigh: ("M01", Wording("quality refunds high", "品质退款率偏高")),
    .m02LatePickup: ("M02", Wording("late pickup", "揽收不及时")),
    .m03FalseShipment: ("M03", Wording("false shipment", "虚假发货")),
    .m04NoStock: ("M04", Wording("no stock", "缺货")),
    .m05StrongMerchant: ("M05", Wording("strong merchant", "优质商家")),
    .m06ThinHistory: ("M06", Wording("thin history", "历史记录不足")),
    .p01Concentration: ("P01", Wording("concentration between the two", "双方交易过于集中")),
    .c01NonQuality: ("C01", Wording("not a matter of quality", "非品质问题")),
    .c02EvidenceMissing: ("C02", Wording("evidence missing", "缺少凭证")),
    .c03OverManualLimit: (
      "C03", Wording("over the limit for automatic decisions", "超过自动判定限额")
    ),
    .c04CarrierProof: ("C04", Wording("proven by the carrier", "物流已证实")),
    .c05SpotCheck: ("C05", Wording("drawn by lot to be looked at", "随机抽查")),
    .g01GlobalBudget: ("G01", Wording("global budget exhausted", "平台补贴预算已用完")),
    .g02BuyerCap: ("G02", Wording("buyer's cap reached", "买家补贴额度已满")),
    .g03MerchantCap: ("G03", Wording("merchant's cap reached", "商家补贴额度已满")),
    .g04CategoryCap: ("G04", Wording("category's cap reached", "类目补贴额度已满")),
    .o01Override: ("O01", Wording("set by an operator", "人工设定")),
    .o02Listed: ("O02", Wording("listed by an operator", "人工名单")),
    .s01StaleState: ("S01", Wording("state is stale", "数据未及时更新")),
  ]

  static func outcome(_ outcome: Outcome) -> Wording {
    switch outcome {
    case .platformCompensates:
      Wording(
        "The platform pays the buyer, who keeps the goods; the merchant pays nothing.",
        "平台赔付买家，无需退货，商家不承担费用。")
    case .returnAndRefund:
      Wording(
        "The buyer sends the goods back and is refunded by the merchant.",
        "买家退回商品后，由商家退款。")
    case .merchantDecides:
      Wording("The merchant settles it with the buyer.", "由商家与买家协商处理。")
    case .manualReview:
      Wording("A human looks at it; nothing is paid yet.", "转人工审核，暂不赔付。")
    case .decline: Wording("Nothing is paid.", "不予赔付。")
    }
  }

  static func change(_ change: TierChange) -> Wording {
    let tier = change.tier.name
    switch change {
    case .cleanOrders(let count, _):
      return Wording(
        "\(count) more settled \(count == 1 ? "order" : "orders") without an incident "
          + "\(count == 1 ? "reaches" : "reach") the score of tier \(tier).",
        "再完成\(count)笔无纠纷订单，评分可达到\(tier)级。")
    case .wait(let days, _):
      return Wording(
        "The score is high enough: tier \(tier) is in force in \(self.days(days))"
          + " unless something happens.",
        "评分已达标：若无新的不良记录，\(days)天后生效\(tier)级。")
    case .fade(let days, _):
      return Wording(
        "Without new events the past fades: tier \(tier) is in force in \(self.days(days)).",
        "若无新事件，历史影响逐渐减弱，\(days)天后生效\(tier)级。")
    }
  }

  static func change(_ change: OutcomeChange) -> Wording {
    switch change {
    case .cleanOrders(let count, let floor, let needed):
      let orders = "\(count) more settled \(count == 1 ? "order" : "orders") without a claim."
      if needed <= floor {
        return Wording(
          "The buyer's trade bears no more: \(orders)", "买家交易额不足以支持更多赔付：再完成\(count)笔无索赔订单。")
      }
      return Wording(
        "The buyer's floor is \(floor) and \(needed) is needed: \(orders)",
        "买家保底分为\(floor)，需达到\(needed)：再完成\(count)笔无索赔订单。")
    case .evidence:
      return Wording("The buyer shows pictures or other evidence.", "买家补充图片等凭证。")
    case .amountAtMost(let amount):
      return Wording(
        "At most \(money(amount)) is asked for.", "索赔金额不超过\(money(amount))。")
    case .nextDay:
      return Wording(
        "The claim is opened on another day, when that day's budget is not used up.",
        "次日预算恢复后再提交索赔。")
    case .carrierProof:
      return Wording("The carrier proves what is alleged.", "物流方提供证明。")
    case .verdict: return Wording("A human decides for the buyer.", "人工审核支持买家。")
    }
  }

  private static func days(_ days: Int) -> String { days == 1 ? "1 day" : "\(days) days" }

  /// "80.00": two decimals, as of yuan or dollars.
  private static func money(_ amount: Minor) -> String {
    let cents = amount.rawValue % 100
    return "\(amount.rawValue / 100).\(cents < 10 ? "0" : "")\(cents)"
  }
}

extension Outcome {
  /// What it means, in one sentence.
  public var wording: Wording { Texts.outcome(self) }
}

extension OutcomeChange {
  /// In one sentence.
  public var wording: Wording { Texts.change(self) }
}

extension TierChange {
  /// In one sentence.
  public var wording: Wording { Texts.change(self) }
}
