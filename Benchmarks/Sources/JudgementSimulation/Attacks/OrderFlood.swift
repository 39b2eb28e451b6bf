import IntegrityCore

/// What a competitor orders of a merchant without wanting it.
struct FloodPlan: Sendable {
  /// Which of the victims.
  var victim = 1
  /// Orders a day, for each hundred real ones of the victim.
  var perHundred = 100
  var days = 30
  /// 0: cancelled before they are sent. 1: sent, and never picked up.
  var isSent = 0

  var merchant: MerchantTruth { MarketShape.merchant(MarketShape.victims[victim]) }
}

/// Floods a merchant with orders that come to nothing. What a buyer cancels is no evidence
/// against the merchant; what the flood does to the merchant's real orders is.
final class OrderFlood: Attacker {
  private let plan: FloodPlan
  /// Whether real orders suffer.
  private let disturbs: Bool
  private var due = 0.0
  private var real = 0.0
  private var ordersLeft = 0
  private var realCount: UInt64 = 0
  private var account = AccountID.none

  init(_ plan: FloodPlan, disturbs: Bool) {
    self.plan = plan
    self.disturbs = disturbs
  }

  func act(in market: Marketplace) {
    if !market.isAttackTime || market.attackDay >= plan.days { return }
    let merchant = plan.merchant
    let ratio = Double(plan.perHundred) / 100
    due += merchant.ordersPerDay * ratio
    while due >= 1 {
      due -= 1
      order(merchant.id, market)
    }
    if !disturbs { return }
    real += merchant.ordersPerDay
    while real >= 1 {
      real -= 1
      disturb(merchant.id, ratio, market)
    }
  }

  private func order(_ merchant: AccountID, _ market: Marketplace) {
    if ordersLeft == 0 {
      account = market.registerBuyer()
      ordersLeft = Int(Assumptions.unpaidOrdersMax.value)
    }
    ordersLeft -= 1
    market.record(.cancelled(by: .buyer, cause: .other), buyer: account, merchant: merchant)
    // It was paid for and comes back, less the parcel.
    if plan.isSent == 1 { market.spend(Assumptions.parcel.value, to: .carriers) }
  }

  /// Who packs for nobody is late; what is held for nobody is missing.
  private func disturb(_ merchant: AccountID, _ ratio: Double, _ market: Marketplace) {
    realCount += 1
    var dice = market.luck.dice(.flood, realCount)
    let late = Assumptions.lateThroughFlood.share * (plan.isSent == 1 ? 1 : 0.5)
    if dice.happens(min(0.5, late * ratio)) {
      market.record(.pickedUp(late: true), merchant: merchant)
    }
    if dice.happens(min(0.25, Assumptions.noStockThroughFlood.share * ratio)) {
      market.record(.cancelled(by: .merchant, cause: .outOfStock), merchant: merchant)
    }
  }
}
