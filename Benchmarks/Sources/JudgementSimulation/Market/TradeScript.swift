import IntegrityCore

/// A claim of an honest buyer.
struct Dispute: Sendable {
  var claim: Claim
  /// Which order of its buyer it is about, from 1.
  var ordinal: Int
  /// A matter of quality, and true. False: a change of mind.
  var isFounded: Bool
}

/// One day of honest trade.
struct TradeDay: Sendable {
  /// In the order of time.
  var commands: [Command] = []
  var disputes: [Dispute] = []
  /// Settled on the day, minor units; commissions and goods are rounded an order.
  var sold: Int64 = 0
  var commission: Int64 = 0
  var goods: Int64 = 0
  var parcels: Int64 = 0
}

/// All that honest people do, told once and played in every run: the same whatever is decided.
struct TradeScript: Sendable {
  let shape: MarketShape
  let seed: UInt64
  private(set) var days: [TradeDay]
  private(set) var disputeCount = 0
  /// Orders settled.
  private(set) var orderCount = 0

  /// Seconds of a day in which things happen, from midnight.
  enum Hours {
    static let trade = 0..<36_000
    static let desk = 40_000
    static let attack = 50_000
    static let night = 80_000
  }

  /// Source of the commands of honest trade.
  static let source: UInt64 = 1

  init(_ shape: MarketShape, seed: UInt64) {
    self.shape = shape
    self.seed = seed
    days = [TradeDay](repeating: TradeDay(), count: MarketShape.days)
    var orders = OrderDraw(shape, seed)
    for day in 0..<MarketShape.days {
      for order in orders.next(day) { tell(order) }
    }
    finish()
  }

  private mutating func tell(_ order: DrawnOrder) {
    var dice = Dice(seed, .trade, order.number)
    let price = order.price
    let merchant = shape.merchants[order.merchant]
    func event(_ detail: EventDetail, _ amount: Int64 = 0) -> Event {
      Event(
        at: .zero, buyer: AccountID(UInt64(order.buyer)), merchant: merchant.id,
        order: order.number, amount: Minor(amount), detail: detail)
    }
    if dice.happens(merchant.noStockRate) {
      let toldOn = order.day + (shape.isToldLate ? 4 : 1)
      add(event(.cancelled(by: .merchant, cause: .outOfStock)), toldOn, &dice)
      return
    }
    let isLate = dice.happens(merchant.lateRate)
    let settledOn = order.day + (isLate ? 6 : 4)
    // A pickup in time is no evidence.
    if isLate {
      let toldOn = shape.isToldLate ? settledOn : order.day + 3
      add(event(.pickedUp(late: true)), toldOn, &dice)
    }
    if settledOn >= MarketShape.days { return }
    add(event(.settled(orderedAt: .zero), price), settledOn, &dice)
    orderCount += 1
    days[settledOn].sold += price
    days[settledOn].commission += Assumptions.commission.of(price)
    days[settledOn].goods += Assumptions.goods.of(price)
    days[settledOn].parcels += Assumptions.parcel.value
    dispute(order, merchant, settledOn + 1, &dice)
  }

  private mutating func dispute(
    _ order: DrawnOrder, _ merchant: MerchantTruth, _ day: Int, _ dice: inout Dice
  ) {
    let isLost = dice.happens(Assumptions.lostInPost.share)
    let isDefective = isLost || dice.happens(merchant.defectRate)
    let isClaimed = dice.happens(
      (isDefective ? Assumptions.claimsDefect : Assumptions.changesMind).share)
    let hasPictures = dice.happens(Assumptions.hasPictures.share)
    if !isClaimed || day >= MarketShape.days { return }
    let allegation: Allegation =
      isLost ? .notReceived : isDefective ? .defective : .changedMind
    days[day].disputes.append(
      Dispute(
        claim: Claim(
          id: ClaimID(order.number), buyer: AccountID(UInt64(order.buyer)), merchant: merchant.id,
          order: order.number, openedAt: .zero, amount: Minor(order.price),
          kind: isDefective ? .quality : .nonQuality, allegation: allegation,
          proofs: hasPictures ? .buyerEvidence : []), ordinal: order.ordinal,
        isFounded: isDefective))
    disputeCount += 1
  }

  private mutating func add(_ event: Event, _ day: Int, _ dice: inout Dice) {
    if day >= MarketShape.days { return }
    var event = event
    event.at = Self.time(
      day, Hours.trade.lowerBound + dice.below(Hours.trade.count))
    days[day].commands.append(Command(source: Self.source, sequence: 0, event: event))
  }

  static func time(_ day: Int, _ second: Int) -> UnixSeconds {
    UnixSeconds(MarketShape.start.rawValue + UInt32(day * 86_400 + second))
  }

  /// Puts each day in order.
  private mutating func finish() {
    var sequence: UInt64 = 0
    for day in days.indices {
      days[day].commands.sort {
        ($0.event.at.rawValue, $0.event.order) < ($1.event.at.rawValue, $1.event.order)
      }
      for index in days[day].commands.indices {
        sequence += 1
        days[day].commands[index].sequence = sequence
      }
    }
  }
}

/// An order as it is placed.
struct DrawnOrder {
  var number: UInt64
  var day: Int
  var buyer: Int
  /// Which merchant of the shape's.
  var merchant: Int
  var ordinal: Int
  /// Minor units.
  var price: Int64
}

/// Draws who orders what from whom.
private struct OrderDraw {
  private let shape: MarketShape
  private let seed: UInt64
  /// Sums of the merchants' orders a day.
  private let sums: [Double]
  private var favourites: [Int] = []
  private var ordinals: [Int]
  private var number: UInt64 = 0
  private var due = 0.0

  init(_ shape: MarketShape, _ seed: UInt64) {
    self.shape = shape
    self.seed = seed
    var sum = 0.0
    sums = shape.merchants.map { merchant in
      sum += merchant.ordersPerDay
      return sum
    }
    ordinals = [Int](repeating: 0, count: shape.buyerCount + 1)
    favourites = (0...shape.buyerCount).map { buyer in
      var dice = Dice(seed, .favourite, UInt64(buyer))
      return merchant(&dice)
    }
  }

  private func merchant(_ dice: inout Dice) -> Int {
    let sought = dice.unit() * (sums.last ?? 0)
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > sought { high = middle } else { low = middle + 1 }
    }
    return low
  }

  mutating func next(_ day: Int) -> [DrawnOrder] {
    due += sums.last ?? 0
    var orders: [DrawnOrder] = []
    let here =
      shape.buyersArrive
      ? max(1, shape.buyerCount * (day + 1) / MarketShape.days) : shape.buyerCount
    while due >= 1 {
      due -= 1
      number += 1
      // Another stream than the order's own story.
      var dice = Dice(~seed, .trade, number)
      // Some buy more often than others: the first tenth has a quarter of the orders, and
      // nobody more than six times the mean.
      let u = dice.unit()
      let part = (u * u + 0.2 * u) / 1.2
      let buyer = min(here - 1, Int(part * Double(here))) + 1
      let isLoyal = dice.happens(Assumptions.loyal.share)
      let drawn = merchant(&dice)
      ordinals[buyer] += 1
      let exponent = MarketShape.doublings * dice.nearlyNormal()
      orders.append(
        DrawnOrder(
          number: number, day: day, buyer: buyer,
          merchant: isLoyal ? favourites[buyer] : drawn, ordinal: ordinals[buyer],
          price: Int64(MarketShape.medianPrice * DeterministicMath.exp2(exponent)) + 1))
    }
    return orders
  }
}
