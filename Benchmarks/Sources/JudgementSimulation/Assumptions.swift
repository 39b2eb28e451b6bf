/// A number that the simulation takes for granted, and why.
struct Assumption: Sendable {
  /// What a value counts.
  enum Unit: Sendable { case money, perMille, count, days }

  let name: String
  /// Minor units, thousandths, or a number.
  let value: Int64
  let unit: Unit
  let reason: String

  init(_ name: String, _ value: Int64, _ unit: Unit, _ reason: String) {
    self.name = name
    self.value = value
    self.unit = unit
    self.reason = reason
  }

  /// As a share of one: of thousandths.
  var share: Double { Double(value) / 1_000 }

  /// The share of an amount that thousandths are, rounded down.
  func of(_ amount: Int64) -> Int64 { amount * value / 1_000 }

  var text: String {
    switch unit {
    case .money: Money.text(value)
    case .perMille: value % 10 == 0 ? "\(value / 10) %" : "\(value / 10).\(value % 10) %"
    case .count: "\(value)"
    case .days: "\(value) days"
    }
  }
}

/// What things cost and how people behave. Each may be argued with: here, and nowhere else.
enum Assumptions {
  // MARK: What an attacker spends

  static let account = Assumption(
    "a buyer's account", 100, .money, "a phone number and an address that work once")
  static let shop = Assumption(
    "a merchant's account", 5_000, .money, "somebody's papers, and a bank account")
  static let commission = Assumption(
    "commission", 50, .perMille, "what marketplaces take of a sale; given back on a return")
  static let parcel = Assumption(
    "a parcel, or its return", 300, .money, "domestic post, paid by whoever sends for it")
  static let cheapParcel = Assumption(
    "a parcel between accomplices", 100, .money, "an envelope with a tracking number")
  static let resale = Assumption(
    "resale", 550, .perMille, "what bought goods fetch: used-goods sites pay 50 to 60 %")
  static let unpaidOrdersMax = Assumption(
    "unpaid orders of an account", 5, .count, "then the marketplace lets it order no more")

  static let lateThroughFlood = Assumption(
    "real orders late through a flood", 100, .perMille,
    "for each fake parcel a real order, half for one cancelled; packing takes time")
  static let noStockThroughFlood = Assumption(
    "real orders without stock", 50, .perMille, "likewise: what is held for nobody is missing")

  // MARK: What a place in the market is worth

  static let goods = Assumption(
    "cost of goods", 850, .perMille, "what a merchant pays its supplier")
  static let margin = Assumption(
    "a merchant's margin", 100, .perMille, "price less goods and commission")
  static let salesPerTier = Assumption(
    "sales a tier step moves", 150, .perMille, "search shows better tiers first")
  static let rivalShare = Assumption(
    "lost sales a rival gets", 200, .perMille, "the rest goes to everyone else")

  // MARK: Humans

  static let review = Assumption("a review", 300, .money, "ten minutes of a clerk")
  static let closeReview = Assumption("a close review", 1_500, .money, "fifty minutes, and calls")
  static let closeReviewFrom = Assumption(
    "a review is close from", 200_000, .money, "what is dear is looked at longer")
  static let seenThrough = Assumption(
    "made-up claims seen through", 800, .perMille, "pictures can be forged; found out: `abuse`")
  static let closelySeenThrough = Assumption(
    "… in a close review", 950, .perMille, "weights, serial numbers, a call")
  static let seenThroughOnceCaught = Assumption(
    "… of accounts caught before", 980, .perMille, "the desk shows B07, and nobody is believed")
  static let foundedRecognised = Assumption(
    "founded claims recognised", 970, .perMille, "clerks err in the buyer's favour")
  static let erringSaysAbuse = Assumption(
    "… and if not, called abuse", 200, .perMille, "the rest is `rejected`")

  static let custom = Assumption(
    "a regular customer's custom", 100, .perMille,
    "of a year's orders: who is found out under own name and address is served no more")

  // MARK: Honest people

  static let claimsDefect = Assumption(
    "defects that are claimed", 900, .perMille, "the rest is not worth the trouble")
  static let changesMind = Assumption(
    "fine orders sent back", 20, .perMille, "a change of mind: no matter of quality")
  static let lostInPost = Assumption(
    "parcels the carrier loses", 3, .perMille, "nobody's lie: `notReceived`, founded")
  static let hasPictures = Assumption(
    "honest claims with evidence", 800, .perMille, "not everyone takes pictures")
  static let contradicts = Assumption(
    "made-up claims contradicted", 300, .perMille, "by an honest merchant's evidence")
  static let inspected = Assumption(
    "returns inspected", 500, .perMille, "in a warehouse; a verdict follows")
  static let inspectorErrs = Assumption(
    "good returns called used", 20, .perMille, "inspectors err too")
  static let loyal = Assumption(
    "orders at a favourite merchant", 300, .perMille, "buyers come back")

  static let all = [
    account, shop, commission, parcel, cheapParcel, resale, unpaidOrdersMax, lateThroughFlood,
    noStockThroughFlood, goods, margin, salesPerTier, rivalShare, review, closeReview,
    closeReviewFrom, seenThrough,
    closelySeenThrough, seenThroughOnceCaught, foundedRecognised, erringSaysAbuse, custom,
    claimsDefect,
    changesMind,
    lostInPost, hasPictures, contradicts, inspected, inspectorErrs, loyal,
  ]

  /// What a human's look at a claim costs the platform.
  static func reviewCost(of amount: Int64) -> Int64 {
    amount >= closeReviewFrom.value ? closeReview.value : review.value
  }

  /// How likely a made-up claim is found out when a human looks.
  static func seenThroughShare(of amount: Int64, isKnown: Bool) -> Double {
    if isKnown { return seenThroughOnceCaught.share }
    return (amount >= closeReviewFrom.value ? closelySeenThrough : seenThrough).share
  }
}
