import IntegrityCore
import ProbityEngine

/// What operators of a marketplace do beside the policy, with the commands there are.
struct OperatorHabits: Sendable {
  /// Budgets that follow what was sold and bought; nil = the policy's caps alone.
  var turnover: TurnoverBudgets?
  /// Merchants that fall to tier E are put on the list: a human looks at claims against them.
  var listsFallen = false
}

/// Budgets set each night, so that nobody is paid more than a part of the trade it is in, less
/// what came back.
struct TurnoverBudgets: Sendable {
  /// Against a merchant in 30 days: thousandths of what it sold in them, and at least so much.
  var merchantPerMille: Int64
  var merchantMin: Int64
  /// For a buyer: thousandths of all that it has ordered, and at least so much.
  var buyerPerMille: Int64
  var buyerMin: Int64
}

/// The operators at work, once a day.
struct NightShift {
  private let habits: OperatorHabits
  /// Minor units, by merchant and day.
  private var sold: [AccountID: [Int64]] = [:]
  private var ordered: [AccountID: Int64] = [:]
  private var active: Set<AccountID> = []
  private var listed: Set<AccountID> = []
  /// Every merchant that ever sold.
  private var merchants: Set<AccountID> = []

  init(_ habits: OperatorHabits) { self.habits = habits }

  private var isIdle: Bool { habits.turnover == nil && !habits.listsFallen }

  func begin(_ market: Marketplace) {
    guard let turnover = habits.turnover else { return }
    market.desk(
      .setBudget(.merchant30Days, key: 0, cap: Minor(turnover.merchantMin)), by: "operator")
    market.desk(.setBudget(.buyer365Days, key: 0, cap: Minor(turnover.buyerMin)), by: "operator")
  }

  mutating func note(_ trade: TradeDay, on day: Int) {
    if isIdle { return }
    for command in trade.commands {
      if case .settled = command.event.detail { note(command.event, on: day) }
    }
  }

  mutating func note(_ purchase: Purchase, on day: Int) {
    if isIdle { return }
    note(
      Event(
        at: .zero, buyer: purchase.claim.buyer, merchant: purchase.claim.merchant,
        amount: purchase.claim.amount, detail: .compensated), on: day)
  }

  /// What comes back was not sold: its commission is given back.
  mutating func noteReturn(_ claim: Claim, on day: Int) {
    if isIdle { return }
    note(
      Event(
        at: .zero, buyer: claim.buyer, merchant: claim.merchant,
        amount: Minor(-claim.amount.rawValue), detail: .compensated), on: day)
  }

  private mutating func note(_ sale: Event, on day: Int) {
    let none = [Int64](repeating: 0, count: MarketShape.days)
    // Returns may come after the last day.
    sold[sale.merchant, default: none][min(day, MarketShape.days - 1)] += sale.amount.rawValue
    ordered[sale.buyer, default: 0] += sale.amount.rawValue
    active.insert(sale.buyer)
    merchants.insert(sale.merchant)
  }

  mutating func work(_ market: Marketplace) {
    if let turnover = habits.turnover { setBudgets(turnover, market) }
    if habits.listsFallen { listFallen(market) }
    active.removeAll(keepingCapacity: true)
  }

  private func setBudgets(_ turnover: TurnoverBudgets, _ market: Marketplace) {
    let first = max(0, market.day - 29)
    for merchant in merchants.sorted(by: { $0.rawValue < $1.rawValue }) {
      let sum = sold[merchant]?[first...market.day].reduce(0, +) ?? 0
      set(.merchant30Days, merchant, turnover.merchantPerMille * sum / 1_000, turnover.merchantMin)
    }
    for buyer in active.sorted(by: { $0.rawValue < $1.rawValue }) {
      let sum = ordered[buyer] ?? 0
      set(.buyer365Days, buyer, turnover.buyerPerMille * sum / 1_000, turnover.buyerMin)
    }
    func set(_ scope: SubsidyScope, _ account: AccountID, _ cap: Int64, _ lowest: Int64) {
      market.desk(
        .setBudget(scope, key: account.rawValue, cap: Minor(max(cap, lowest))), by: "operator")
    }
  }

  private mutating func listFallen(_ market: Marketplace) {
    for merchant in merchants.sorted(by: { $0.rawValue < $1.rawValue })
    where !listed.contains(merchant) {
      let key = AccountKey(.merchant, merchant)
      if market.standing(key).tier != .e { continue }
      listed.insert(merchant)
      market.desk(.setOverride(key, .listed, endsAt: .zero), by: "operator")
    }
  }
}
