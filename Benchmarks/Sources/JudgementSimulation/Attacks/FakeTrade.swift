import IntegrityCore

/// How a bad merchant's friends order of it.
struct FakeTradePlan: Sendable {
  /// Which of those that are not honest.
  var merchant = 1
  /// Fake orders for each hundred real ones.
  var perHundred = 100
  var price = 100
  /// Each orders again and again: nothing in the rules counts how often.
  var friends = 3

  var truth: MerchantTruth { MarketShape.merchant(MarketShape.notHonest[merchant]) }
}

/// Friends of a bad merchant buy what is not sent, so that it looks like a good one.
final class FakeTrade: Attacker {
  private let plan: FakeTradePlan
  private var friends: [AccountID] = []
  private var due = 0.0
  private var turn = 0

  init(_ plan: FakeTradePlan) { self.plan = plan }

  func act(in market: Marketplace) {
    if !market.isAttackTime { return }
    while friends.count < plan.friends { friends.append(market.registerBuyer()) }
    due += plan.truth.ordersPerDay * Double(plan.perHundred) / 100
    while due >= 1 {
      due -= 1
      turn += 1
      _ = market.buy(friends[turn % friends.count], from: plan.truth.id, Int64(plan.price), .none)
    }
  }
}
