/// Whose money it is.
enum Purse: Int, CaseIterable {
  case attacker, platform
  case merchants, buyers
  case carriers, suppliers
  /// Who buys used goods.
  case secondHand
  /// Who sells phone numbers, addresses, papers.
  case registrars
  case reviewers
  /// What goods are worth to an attacker who keeps them for own use.
  case use
}

/// Who paid whom, in minor units: nothing comes from nowhere.
struct Books {
  private var balances = [Int64](repeating: 0, count: Purse.allCases.count)
  /// What the platform has paid for claims.
  private(set) var compensated: (honest: Int64, attacker: Int64) = (0, 0)
  private(set) var reviewed: Int64 = 0

  subscript(purse: Purse) -> Int64 { balances[purse.rawValue] }

  /// - Parameter amount: negative where it goes back.
  mutating func pay(_ from: Purse, _ to: Purse, _ amount: Int64) {
    balances[from.rawValue] -= amount
    balances[to.rawValue] += amount
  }

  mutating func compensate(_ to: Purse, _ amount: Int64) {
    pay(.platform, to, amount)
    if to == .attacker { compensated.attacker += amount } else { compensated.honest += amount }
  }

  mutating func review(_ amount: Int64) {
    let cost = Assumptions.reviewCost(of: amount)
    pay(.platform, .reviewers, cost)
    reviewed += cost
  }

  /// Traps where money was made or lost.
  func checkConservation() {
    precondition(balances.reduce(0, +) == 0, "the purses do not sum to zero")
  }
}
