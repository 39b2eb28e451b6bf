import IntegrityCore

/// What accounts do that buy and claim.
struct CrewPlan: Sendable {
  /// Whom they claim against.
  enum Target: Int { case victim = 0, honest, shop }
  /// Where they order before.
  enum History: Int { case honest = 0, shop }

  var accounts = 1
  /// Days over which the accounts begin; 0 = all at once.
  var spread = 0
  /// Orders of an account before its first claim, and their price.
  var buildOrders = 0
  var buildPrice = 100
  /// `History`.
  var buildAt = 0
  var claimPrice = 5_000
  /// Claims of an account, at most: it stops when one is not paid.
  var claims = 1
  /// Days from a claim to the next, 6 or more.
  var gap = 6
  /// Orders between two claims.
  var ordersBetween = 0
  /// `Target`.
  var claimAt = 0
  /// Which of the victims.
  var victim = 1
  /// 1: goes on when a claim is not paid, to be looked at by a human in the end.
  var goesOn = 0
  /// The accomplice's parcels are empty, and the carrier's scales show it.
  var isProven = 0

  var usesShop: Bool { claimAt == Target.shop.rawValue || buildAt == History.shop.rawValue }
  var victimID: AccountID { MarketShape.merchant(MarketShape.victims[victim]).id }
}

/// Accounts that order, then claim what is not so.
final class ClaimingCrew: Attacker {
  private struct Member {
    var account: AccountID
    /// Day of the next step, since the attack began.
    var next: Int
    var claimsMade = 0
    /// To be claimed next, and what was claimed last.
    var purchase: Int?
    var claimed: Int?
    var isOver = false
  }

  private let plan: CrewPlan
  private var shop: AccountID?
  private var members: [Member] = []
  /// Goes from one merchant to the next.
  private var turn = 0
  /// Days from an order to its claim.
  private static let delivery = 5

  init(_ plan: CrewPlan) { self.plan = plan }

  func act(in market: Marketplace) {
    if !market.isAttackTime { return }
    if plan.usesShop && shop == nil { shop = market.registerShop() }
    while members.count < plan.accounts
      && members.count * plan.spread / plan.accounts <= market.attackDay
    {
      begin(market)
    }
    for index in members.indices where !members[index].isOver {
      if members[index].next == market.attackDay { step(index, market) }
    }
  }

  private func begin(_ market: Marketplace) {
    var member = Member(account: market.registerBuyer(), next: market.attackDay + Self.delivery)
    for _ in 0..<plan.buildOrders { order(member.account, market) }
    member.purchase = buy(member.account, market)
    members.append(member)
  }

  private func step(_ index: Int, _ market: Marketplace) {
    let member = members[index]
    if let purchase = member.purchase {
      members[index].purchase = nil
      members[index].claimed = purchase
      claim(purchase, index, market)
      return
    }
    // On to the next, unless a human has seen through the last.
    if let claimed = member.claimed, !market.purchases[claimed].isCompensated, plan.goesOn == 0 {
      members[index].isOver = true
      return
    }
    for _ in 0..<plan.ordersBetween { order(member.account, market) }
    members[index].purchase = buy(member.account, market)
    members[index].next += Self.delivery
  }

  private func claim(_ purchase: Int, _ index: Int, _ market: Marketplace) {
    let outcome = market.claim(purchase, proof: plan.isProven == 1 ? .emptyParcel : [])
    members[index].claimsMade += 1
    members[index].next += max(1, plan.gap - Self.delivery)
    let mayGoOn =
      outcome == .platformCompensates || outcome == .manualReview || plan.goesOn == 1
    if !mayGoOn || members[index].claimsMade >= plan.claims { members[index].isOver = true }
  }

  /// An order that is there to be a history.
  private func order(_ account: AccountID, _ market: Marketplace) {
    if plan.buildAt == CrewPlan.History.shop.rawValue, let shop {
      _ = market.buy(account, from: shop, Int64(plan.buildPrice), .none)
    } else {
      _ = market.buy(account, from: nextHonest(market), Int64(plan.buildPrice), .resold)
    }
  }

  private func buy(_ account: AccountID, _ market: Marketplace) -> Int {
    let price = Int64(plan.claimPrice)
    switch CrewPlan.Target(rawValue: plan.claimAt) {
    case .shop: return market.buy(account, from: shop ?? .none, price, .none)
    case .honest: return market.buy(account, from: nextHonest(market), price, .resold)
    case .victim, nil: return market.buy(account, from: plan.victimID, price, .resold)
    }
  }

  private func nextHonest(_ market: Marketplace) -> AccountID {
    turn += 1
    let merchants = market.script.shape.merchants
    return merchants[turn % merchants.count].id
  }
}
