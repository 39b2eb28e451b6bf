import IntegrityCore

/// Records with given counts as of "today", and random ones.
extension AccountRecord {
  static func buyer(_ counts: [BuyerCounter: Double]) -> AccountRecord {
    AccountRecord(AccountKey(.buyer, AccountID(1))).adding(counts)
  }

  static func merchant(_ counts: [MerchantCounter: Double]) -> AccountRecord {
    AccountRecord(AccountKey(.merchant, AccountID(1))).adding(counts)
  }

  func adding(_ counts: [BuyerCounter: Double]) -> AccountRecord {
    adding(counts.map { ($0.key.rawValue, $0.value) })
  }

  func adding(_ counts: [MerchantCounter: Double]) -> AccountRecord {
    adding(counts.map { ($0.key.rawValue, $0.value) })
  }

  private func adding(_ counts: [(Int, Double)]) -> AccountRecord {
    var record = self
    record.touch(at: .today, schema: .standard)
    for (counter, weight) in counts {
      record.add(weight, to: counter, at: .today, schema: .standard)
    }
    return record
  }

  /// Nothing, little or much in each counter, consistent or not: properties hold
  /// for all of them. Amounts follow the orders, where there are any.
  static func random(_ kind: AccountKind, _ generator: inout Generator) -> AccountRecord {
    let scale: Double = [0.01, 1, 30, 3000].randomElement(using: &generator) ?? 1
    var counts: [(Int, Double)] = []
    for counter in 0..<10 {
      let isEmpty = generator.oneIn(3)
      let rare: Double = [1, 0.1, 0.01].randomElement(using: &generator) ?? 1
      let most = counter == 0 ? scale : scale * rare
      let count = isEmpty ? 0 : Double.random(in: 0...most, using: &generator)
      let isValue =
        kind == .buyer
        ? [BuyerCounter.valueOrdered, .valueClaimed, .valueCompensated]
          .contains(BuyerCounter(rawValue: counter))
        : [MerchantCounter.valueSold, .valueRefundedForQuality]
          .contains(MerchantCounter(rawValue: counter))
      counts.append((counter, isValue ? count * 1000 : count))
    }
    return AccountRecord(AccountKey(kind, AccountID(1))).adding(counts)
  }
}

extension Policy {
  /// Any policy that the document's ranges allow, within reason.
  static func random(_ generator: inout Generator) -> Policy {
    let dimension = DimensionRules(
      priorMean: .random(in: 0.001...0.5, using: &generator),
      priorStrength: .random(in: 0.5...100, using: &generator),
      pointsPerDoubling: .random(in: 0...80, using: &generator),
      lossMax: .random(in: 0...400, using: &generator),
      gainMax: .random(in: 0...100, using: &generator))
    let history = HistoryRules(
      pointsPerDoubling: .random(in: 0...50, using: &generator),
      ordersScale: .random(in: 0.5...50, using: &generator),
      gainMax: .random(in: 0...200, using: &generator), thinOrders: 5)
    let tenure = TenureRules(
      pointsPerDoubling: .random(in: 0...50, using: &generator),
      daysScale: .random(in: 0.5...500, using: &generator),
      gainMax: .random(in: 0...200, using: &generator))
    return make(
      base: .random(in: 0...1000, using: &generator), dimension: dimension, history: history,
      tenure: tenure, boundDeviations: .random(in: 0...5, using: &generator),
      upheldCredit: .random(in: 0...1, using: &generator))
  }
}
