import IntegrityCore

/// Something an attacker has bought, and what became of it.
struct Purchase {
  /// What an attacker makes of goods that it keeps.
  enum Goods {
    /// Sold again, for less.
    case resold
    /// Wanted for their own sake, and worth the price and the parcel.
    case used
    /// There are none: the merchant is an accomplice.
    case none
  }

  var claim: Claim
  var goods: Goods
  var price: Int64 { claim.amount.rawValue }
  var isReturned = false
  /// What the platform paid for it.
  var compensated: Int64 = 0
  /// As the desk answered last; nil = it was not claimed.
  var outcome: Outcome?

  var isCompensated: Bool { compensated > 0 }

  /// What an accomplice's purchase costs, or anyone's, before it comes to an end.
  var outlay: Int64 {
    switch goods {
    case .none: Assumptions.commission.of(price) + Assumptions.cheapParcel.value
    case .resold, .used: price + Assumptions.parcel.value
    }
  }

  /// What the goods are worth to an attacker who keeps them.
  var worth: Int64 {
    switch goods {
    case .none: 0
    case .resold: Assumptions.resale.of(price)
    case .used: price + Assumptions.parcel.value
    }
  }

  /// What is got back for a return, less its parcel.
  var returned: Int64 {
    switch goods {
    case .none: Assumptions.commission.of(price) - Assumptions.cheapParcel.value
    case .resold, .used: price - Assumptions.parcel.value
    }
  }

  /// All in all: what the attacker's purse must show.
  var net: Int64 { compensated - outlay + (isReturned ? returned : worth) }
}

extension Marketplace {
  /// Number of an attacker's purchase: its order's, and its claim's.
  static let firstPurchase: UInt64 = 1_000_000_000

  /// An attacker orders, and what it ordered is settled at once.
  ///
  /// - Returns: which purchase it is.
  func buy(_ buyer: AccountID, from merchant: AccountID, _ price: Int64, _ goods: Purchase.Goods)
    -> Int
  {
    let number = Self.firstPurchase + UInt64(purchases.count)
    let purchase = Purchase(
      claim: Claim(
        id: ClaimID(number), buyer: buyer, merchant: merchant, order: number, openedAt: .zero,
        amount: Minor(price), kind: .quality, allegation: .defective, proofs: .buyerEvidence),
      goods: goods)
    record(.settled(orderedAt: .zero), buyer: buyer, merchant: merchant, amount: price)
    switch goods {
    case .none:
      books.pay(.attacker, .platform, Assumptions.commission.of(price))
      books.pay(.attacker, .carriers, Assumptions.cheapParcel.value)
    case .resold, .used:
      books.pay(.attacker, .merchants, price)
      books.pay(.attacker, .carriers, Assumptions.parcel.value)
      books.pay(.merchants, .platform, Assumptions.commission.of(price))
      books.pay(.merchants, .suppliers, Assumptions.goods.of(price))
    }
    purchases.append(purchase)
    return purchases.count - 1
  }

  /// The goods go back, as they came.
  func giveBack(_ index: Int) {
    let purchase = purchases[index]
    precondition(!purchase.isReturned && !purchase.isCompensated, "goods go back once")
    purchases[index].isReturned = true
    let commission = Assumptions.commission.of(purchase.price)
    switch purchase.goods {
    case .none:
      books.pay(.platform, .attacker, commission)
      books.pay(.attacker, .carriers, Assumptions.cheapParcel.value)
    case .resold, .used:
      books.pay(.merchants, .attacker, purchase.price)
      books.pay(.platform, .merchants, commission)
      books.pay(.suppliers, .merchants, Assumptions.goods.of(purchase.price))
      books.pay(.attacker, .carriers, Assumptions.parcel.value)
    }
  }

  /// At the end: what was kept is sold, or used.
  func settleGoods() {
    for purchase in purchases where !purchase.isReturned {
      switch purchase.goods {
      case .none: break
      case .resold: books.pay(.secondHand, .attacker, purchase.worth)
      case .used: books.pay(.use, .attacker, purchase.worth)
      }
    }
  }
}
