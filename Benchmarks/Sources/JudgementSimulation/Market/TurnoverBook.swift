import IntegrityCore
import ProbityEngine

/// Budgets that operators set by what was sold and bought, less what came back: nobody is paid
/// more than a part of the trade it is in, nor more than the policy's caps.
struct TurnoverBudgets: Sendable {
  /// Against a merchant in 30 days: thousandths of what it sold in them, and at least so much.
  var merchantPerMille: Int64
  var merchantMin: Int64
  /// For a buyer in 365 days: thousandths of what it ordered.
  var buyerPerMille: Int64
}

/// What was sold and bought, for those budgets. They are brought up to date when a claim is
/// about to be opened, which comes to the same as doing so after each order.
struct TurnoverBook {
  private let budgets: TurnoverBudgets?
  private let caps: SubsidyAmounts
  /// Minor units, by merchant and day.
  private var sold: [AccountID: [Int64]] = [:]
  private var ordered: [AccountID: Int64] = [:]

  init(_ budgets: TurnoverBudgets?, within caps: SubsidyAmounts) {
    self.budgets = budgets
    self.caps = caps
  }

  mutating func note(_ trade: TradeDay, on day: Int) {
    if budgets == nil { return }
    for command in trade.commands {
      guard case .settled = command.event.detail else { continue }
      let event = command.event
      add(event.amount.rawValue, event.buyer, event.merchant, on: day)
    }
  }

  mutating func noteOrder(_ claim: Claim, on day: Int) {
    add(claim.amount.rawValue, claim.buyer, claim.merchant, on: day)
  }

  /// What comes back was not sold: its commission is given back.
  mutating func noteReturn(_ claim: Claim, on day: Int) {
    add(-claim.amount.rawValue, claim.buyer, claim.merchant, on: day)
  }

  private mutating func add(
    _ amount: Int64, _ buyer: AccountID, _ merchant: AccountID, on day: Int
  ) {
    if budgets == nil { return }
    // Returns may come after the last day.
    let days = [Int64](repeating: 0, count: MarketShape.days)
    sold[merchant, default: days][min(day, MarketShape.days - 1)] += amount
    ordered[buyer, default: 0] += amount
  }

  /// The budgets that a claim is to be held against.
  func commands(for claim: Claim, on day: Int) -> [DeskAction] {
    guard let budgets else { return [] }
    let window = max(0, day - 29)...min(day, MarketShape.days - 1)
    let sales = sold[claim.merchant]?[window].reduce(0, +) ?? 0
    let orders = ordered[claim.buyer] ?? 0
    func command(_ scope: SubsidyScope, _ account: AccountID, _ amount: Int64) -> DeskAction {
      let cap = min(max(0, amount), caps[scope].rawValue)
      return .setBudget(scope, key: account.rawValue, cap: Minor(cap))
    }
    return [
      command(
        .merchant30Days, claim.merchant,
        max(budgets.merchantPerMille * sales / 1_000, budgets.merchantMin)),
      command(.buyer365Days, claim.buyer, budgets.buyerPerMille * orders / 1_000),
    ]
  }
}
