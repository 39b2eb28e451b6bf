import IntegrityCore

/// How often honest merchants fall by bad luck alone.
struct MerchantLuck {
  private let isToldLate: Bool
  private var bySize: [(size: String, isHonest: Bool, count: Count)] = []

  private struct Count {
    var merchants = 0
    /// In tier D or E on any of the first thirty days, or later; in E ever; in either on the
    /// last.
    var earlyD = 0
    var laterD = 0
    var everD = 0
    var everE = 0
    var last = 0
    var daysInD = 0
    /// By tier, on the last day.
    var tiers = [Int](repeating: 0, count: Tier.allCases.count)

    mutating func note(_ isFallen: [Bool]) {
      if isFallen.prefix(MerchantLuck.earlyDays).contains(true) { earlyD += 1 }
      if isFallen.dropFirst(MerchantLuck.earlyDays).contains(true) { laterD += 1 }
      if isFallen.contains(true) { everD += 1 }
      daysInD += isFallen.count { $0 }
    }
  }

  private static let earlyDays = 30

  init(_ market: Marketplace) {
    isToldLate = market.script.shape.isToldLate
    for merchant in market.script.shape.merchants {
      let index = Int(merchant.id.rawValue) - 1
      let tiers = market.standings.map { $0[index].tier }
      if bySize.last.map({ $0.size != merchant.size || $0.isHonest != merchant.isHonest }) ?? true {
        bySize.append((merchant.size, merchant.isHonest, Count()))
      }
      let last = tiers.last ?? .c
      bySize[bySize.count - 1].count.merchants += 1
      bySize[bySize.count - 1].count.tiers[Int(last.rawValue) - 1] += 1
      bySize[bySize.count - 1].count.note(tiers.map { $0 >= .d })
      if tiers.contains(.e) { bySize[bySize.count - 1].count.everE += 1 }
      if last >= .d { bySize[bySize.count - 1].count.last += 1 }
    }
  }

  var table: Table {
    var table = Table(
      isToldLate
        ? "The same, where what is late or out of stock is told with the settlement"
        : "Merchants that fall by luck: rates no worse than usual, and those of bad ones beside",
      [
        "orders a day", "truth", "merchants", "ever D or E", "in the first 30 days", "later",
        "of the days", "ever E", "D or E at the end",
      ]
        + Tier.allCases.map(\.name))
    for (size, isHonest, count) in bySize {
      table.add(
        [
          .text(size), .text(isHonest ? "average or better" : "bad"), .count(count.merchants),
          .share(count.everD, of: count.merchants), .share(count.earlyD, of: count.merchants),
          .share(count.laterD, of: count.merchants),
          .share(count.daysInD, of: count.merchants * MarketShape.days),
          .share(count.everE, of: count.merchants),
          .share(count.last, of: count.merchants),
        ] + count.tiers.map { .share($0, of: count.merchants, digits: 1) })
    }
    table.notes = [
      "\(MarketShape.days) days; half of the honest have the usual rates (2 % defects, 5 % late, "
        + "2.5 % out of stock), half of them half as much",
      "bad: 8 % defects, 20 % late, 5 % out of stock",
      "all begin on the first day; what was late or not in stock is known some days before the "
        + "first orders are settled",
    ]
    return table
  }

  /// Of a hundred honest merchants, those that are ever in D or E.
  var everFallenPercent: Double {
    let honest = bySize.filter(\.isHonest)
    let merchants = honest.reduce(0) { $0 + $1.count.merchants }
    return 100 * Double(honest.reduce(0) { $0 + $1.count.everD }) / Double(max(1, merchants))
  }
}
