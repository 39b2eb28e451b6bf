import IntegrityCore

/// What is true of a merchant: rates that nobody in the marketplace is told.
struct MerchantTruth: Sendable {
  var id: AccountID
  /// "small", "large", …: what it is told by.
  var size: String
  var ordersPerDay: Double
  /// Of the orders: goods that are bad, parcels handed over late, goods not in stock.
  var defectRate: Double
  var lateRate: Double
  var noStockRate: Double
  var isHonest: Bool
}

/// A marketplace to be simulated.
struct MarketShape: Sendable {
  /// A UTC day's begin.
  static let start = UnixSeconds(1_735_689_600)  // 2025-01-01T00:00:00Z
  static let warmUpDays = 200
  static let attackDays = 120
  static let days = warmUpDays + attackDays
  /// Median of what is ordered, and how many doublings one standard deviation is.
  static let medianPrice = 6_000.0
  static let doublings = 1.3
  /// The mean of that log-normal law: 6,000 · e^((1.3 ln 2)² / 2).
  static let meanPrice = 9_005.0

  var buyerCount: Int
  /// Buyers come one by one over the days, rather than all being there from the first.
  var buyersArrive: Bool
  var merchants: [MerchantTruth]
  /// What is late or out of stock is told when it happens, which is days before the order, or
  /// others of its day, are settled. True: it is told with the settlement.
  var isToldLate = false

  /// Every merchant's ids start at 1, in the order of the list.
  static func merchants(_ groups: [MerchantGroup]) -> [MerchantTruth] {
    var merchants: [MerchantTruth] = []
    for group in groups {
      for index in 0..<group.count {
        var merchant = group.truth
        // Half of them are better than average, by half.
        if group.halvesRates && index % 2 == 1 {
          merchant.defectRate /= 2
          merchant.lateRate /= 2
          merchant.noStockRate /= 2
        }
        merchant.id = AccountID(UInt64(merchants.count + 1))
        merchants.append(merchant)
      }
    }
    return merchants
  }
}

/// Merchants of a kind.
struct MerchantGroup {
  var count: Int
  var truth: MerchantTruth
  var halvesRates = false

  static func honest(
    _ size: String, _ count: Int, ordersPerDay: Double, halvesRates: Bool = false
  ) -> MerchantGroup {
    // The rates are what the default policy calls usual: 2 % defects with those lost in the
    // post among them, 5 % late, 2.5 % out of stock.
    MerchantGroup(
      count: count,
      truth: MerchantTruth(
        id: .none, size: size, ordersPerDay: ordersPerDay,
        defectRate: 0.02 - Assumptions.lostInPost.share, lateRate: 0.05, noStockRate: 0.025,
        isHonest: true), halvesRates: halvesRates)
  }

  /// Four times as many defects and late parcels as usual, twice as often out of stock.
  static func bad(_ size: String, _ count: Int, ordersPerDay: Double) -> MerchantGroup {
    MerchantGroup(
      count: count,
      truth: MerchantTruth(
        id: .none, size: size, ordersPerDay: ordersPerDay, defectRate: 0.08, lateRate: 0.20,
        noStockRate: 0.05, isHonest: false))
  }

  /// Twice as many defects and late parcels as usual.
  static func mediocre(_ size: String, _ count: Int, ordersPerDay: Double) -> MerchantGroup {
    MerchantGroup(
      count: count,
      truth: MerchantTruth(
        id: .none, size: size, ordersPerDay: ordersPerDay, defectRate: 0.04, lateRate: 0.10,
        noStockRate: 0.025, isHonest: false))
  }
}

extension MarketShape {
  /// Nine merchants, some sixteen orders a day: what an attack takes place in.
  static let attacked = MarketShape(
    buyerCount: 300, buyersArrive: false,
    merchants: merchants([
      .honest("large", 1, ordersPerDay: 6), .honest("medium", 2, ordersPerDay: 2),
      .honest("small", 3, ordersPerDay: 1), .bad("medium, bad", 1, ordersPerDay: 2),
      .bad("small, bad", 1, ordersPerDay: 1), .mediocre("medium, mediocre", 1, ordersPerDay: 2),
    ]))

  /// The same with a fifth of the trade, for attacks that do not care how merchants stand.
  static let quiet: MarketShape = {
    var shape = attacked
    for index in shape.merchants.indices { shape.merchants[index].ordersPerDay /= 5 }
    return shape
  }()

  /// The first merchant that is told by `size`.
  static func merchant(_ size: String) -> MerchantTruth {
    guard let found = attacked.merchants.first(where: { $0.size == size })
    else { preconditionFailure("no merchant is \(size)") }
    return found
  }

  static let victims = ["small", "medium", "large"]
  static let notHonest = ["small, bad", "medium, bad", "medium, mediocre"]

  /// Many merchants of each size and buyers who arrive: what fairness is measured in.
  static func fair(scale: Int) -> MarketShape {
    MarketShape(
      buyerCount: 6_000 * scale, buyersArrive: true,
      merchants: merchants([
        .honest("0.1 orders a day", 240 * scale, ordersPerDay: 0.1, halvesRates: true),
        .honest("0.3", 160 * scale, ordersPerDay: 0.3, halvesRates: true),
        .honest("1", 100 * scale, ordersPerDay: 1, halvesRates: true),
        .honest("5", 20 * scale, ordersPerDay: 5, halvesRates: true),
        .bad("0.3", 20 * scale, ordersPerDay: 0.3), .bad("1", 10 * scale, ordersPerDay: 1),
      ]))
  }
}
