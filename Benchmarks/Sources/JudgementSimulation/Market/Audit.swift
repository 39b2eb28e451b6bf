import IntegrityCore
import ProbityEngine

/// Whether the accounts of a run agree with each other and with the desk: traps if not.
extension Marketplace {
  /// - Parameter standingGain: what the attacker has from better or worse places in the market.
  func audit(standingGain: Int64) {
    books.checkConservation()
    checkAttacker(standingGain)
    checkDesk()
    checkPlatform()
  }

  /// What flowed, against what became of each purchase.
  private func checkAttacker(_ standingGain: Int64) {
    let registered =
      Int64(accountsRegistered) * Assumptions.account.value
      + Int64(shopsRegistered) * Assumptions.shop.value
    let expected = purchases.reduce(standingGain - registered - otherCosts) { $0 + $1.net }
    precondition(books[.attacker] == expected, "the attacker's purse is not what it did")
  }

  /// What the books say was paid, against what the desk says of each claim.
  private func checkDesk() {
    var (honest, attacker) = (Int64(0), Int64(0))
    for history in histories { honest += committed(history.dispute.claim) }
    for purchase in purchases where purchase.claim.openedAt != .zero {
      let paid = committed(purchase.claim)
      precondition(paid == purchase.compensated, "the desk and a purchase differ")
      attacker += paid
    }
    precondition(
      books.compensated == (honest, attacker), "the desk has paid what is not in the books")
  }

  private func committed(_ claim: Claim) -> Int64 {
    // Opened again it is answered as it stands, and nothing changes.
    let answer = claimAnswer(.openClaim(claim))
    precondition(answer.isRepeated, "a claim was forgotten")
    precondition(answer.money.state != .reserved, "money is left reserved")
    return answer.money.state == .committed ? answer.money.counted.rawValue : 0
  }

  /// Commissions less what claims and humans cost.
  private func checkPlatform() {
    var expected = script.days.reduce(0) { $0 + $1.commission } - books.reviewed
    expected -= books.compensated.honest + books.compensated.attacker
    for history in histories where history.isReturned {
      expected -= Assumptions.commission.of(history.dispute.claim.amount.rawValue)
    }
    for purchase in purchases where !purchase.isReturned {
      expected += Assumptions.commission.of(purchase.price)
    }
    precondition(books[.platform] == expected, "the platform's purse is not what it took and paid")
  }
}
