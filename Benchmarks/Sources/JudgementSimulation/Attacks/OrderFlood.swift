import IntegrityCore

/// What a competitor orders of a merchant without wanting it.
struct FloodPlan: Sendable {
  /// Which of the sizes the victim has.
  var victim = 1
  /// Orders a day, for each hundred real ones of the victim.
  var perHundred = 100
  var days = 30
  /// 0: cancelled before they are sent. 1: sent, and never picked up.
  var isSent = 0

  var merchant: MerchantTruth { MarketShape.victim(MarketShape.sizes[victim]) }
}

/// Floods a merchant with orders that come to nothing. What a buyer cancels is no evidence
/// against the merchant; what it does to the merchant's real orders is.
final class OrderFlood: Attacker {
  private let plan: FloodPlan
  private var due = 0.0
  private var real = 0.0
  private var ordersLeft = 0
  private var account = AccountID.none

  /// Of a victim's real orders, one that is late, or finds no stock, for each fake one per real
  /// one: packing takes time, and what is held for one cannot go to another.
  static let lateShare = Assumption(
    "real orders late through a flood", 100, .perMille, "for each fake order a real one; at most half")
  static let noStockShare = Assumption(
    "real orders without stock", 50, .perMille, "likewise; at most a quarter")

  init(_ plan: FloodPlan) { self.plan = plan }

  func act(in market: Marketplace) {
    if !market.isAttackTime || market.attackDay >= plan.days { return }
    let merchant = plan.merchant
    let ratio = Double(plan.perHundred) / 100
    due += merchant.ordersPerDay * ratio
    while due >= 1 {
      due -= 1
      order(merchant.id, market)
    }
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

  private func disturb(_ merchant: AccountID, _ ratio: Double, _ market: Marketplace) {
    var dice = Dice(market.luck, .flood, UInt64(market.day) << 32 | UInt64(real * 1_000))
    // Who packs for nobody is late; what is held for nobody is missing.
    let late = plan.isSent == 1 ? 2 : 1
    if dice.happens(min(0.5, Self.lateShare.share * ratio * Double(late) / 2)) {
      market.record(.pickedUp(late: true), merchant: merchant)
    }
    if dice.happens(min(0.25, Self.noStockShare.share * ratio)) {
      market.record(.cancelled(by: .merchant, cause: .outOfStock), merchant: merchant)
    }
  }
}
