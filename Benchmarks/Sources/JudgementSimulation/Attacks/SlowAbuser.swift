import IntegrityCore

/// What a regular customer does who now and then claims what is not so.
struct SlowPlan: Sendable {
  var ordersPerMonth = 8
  var price = 10_000
  /// A claim for so many orders.
  var ordersPerClaim = 12
  /// The price of an order that is to be claimed, in prices.
  var claimedTimes = 1

  /// Minor units, of what is not claimed.
  var orderedPerYear: Int64 { Int64(12 * ordersPerMonth * price) }
}

/// Stays under every threshold: buys what it wants, from all merchants, since the first day; and
/// in the window claims some of it.
final class SlowAbuser: Attacker {
  private let plan: SlowPlan
  private var account: AccountID?
  private var due = 0.0
  private var orderCount = 0
  private var waiting: [(purchase: Int, day: Int)] = []
  private var isCaught = false
  private var underReview: Int?

  init(_ plan: SlowPlan) { self.plan = plan }

  func act(in market: Marketplace) {
    let account = account ?? market.registerBuyer()
    self.account = account
    noteVerdict(market)
    while let first = waiting.first, first.day <= market.day {
      waiting.removeFirst()
      claim(first.purchase, market)
    }
    due += Double(plan.ordersPerMonth) / 30
    while due >= 1 {
      due -= 1
      orderCount += 1
      let merchants = market.script.shape.merchants
      let isToBeClaimed =
        market.isAttackTime && !isCaught && orderCount % plan.ordersPerClaim == 0
      let purchase = market.buy(
        account, from: merchants[orderCount % merchants.count].id,
        Int64(plan.price * (isToBeClaimed ? plan.claimedTimes : 1)), .used)
      if isToBeClaimed { waiting.append((purchase, market.day + 5)) }
    }
  }

  /// Who was found out claims no more.
  private func noteVerdict(_ market: Marketplace) {
    guard let index = underReview, market.purchases[index].outcome != .manualReview else { return }
    underReview = nil
    if market.purchases[index].outcome != .decline { return }
    isCaught = true
    market.spend(Assumptions.custom.of(plan.orderedPerYear), to: .use)
  }

  private func claim(_ purchase: Int, _ market: Marketplace) {
    if isCaught || market.day >= MarketShape.days { return }
    if market.claim(purchase) == .manualReview { underReview = purchase }
  }
}
