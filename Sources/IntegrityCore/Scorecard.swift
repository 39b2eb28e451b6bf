/// The policy for one kind of account, compiled to vectors: one lane a dimension.
///
/// For each dimension the account's incidents are a sample of a Beta-distributed
/// rate with the policy's prior. With a = prior incidents + incidents and
/// b = prior clean + clean, the logarithm of the odds is log2(a / b); what it
/// exceeds the prior's by, times points per doubling, is what the dimension
/// takes (or, where it is lower, adds), between the dimension's bounds. The
/// floor takes log2(a / b) + z · √(1/a + 1/b) / ln 2 in its place: the upper
/// credible bound of the rate, by the normal approximation on the logit scale.
/// Source: Beta–binomial shrinkage and scorecard scaling are textbook credit
/// scoring (Siddiqi, Credit Risk Scorecards, 2006); the bound is the delta
/// method for a log odds.
public struct Scorecard: Sendable, Equatable {
  /// Lanes of the age of the account and of the length of its history.
  package static let tenureLane = 6
  package static let historyLane = 7
  static let laneCount = 8

  @usableFromInline let base: Float
  @usableFromInline let priorIncidents: SIMD8<Float>
  @usableFromInline let priorClean: SIMD8<Float>
  @usableFromInline let priorLogOdds: SIMD8<Float>
  @usableFromInline let weight: SIMD8<Float>
  @usableFromInline let lowest: SIMD8<Float>
  @usableFromInline let highest: SIMD8<Float>
  /// Standard deviations of the bound, over ln 2; 0 in the lanes of age and history.
  @usableFromInline let bound: SIMD8<Float>
  @usableFromInline let historyScale: Float
  @usableFromInline let tenureScale: Float
  @usableFromInline let upheldCredit: Float
  public let thinOrders: Float

  init(_ rules: CardRules) {
    var incidents = SIMD8<Float>(repeating: 1)
    var clean = SIMD8<Float>(repeating: 1)
    var weight = SIMD8<Float>.zero
    var lowest = SIMD8<Float>.zero
    var highest = SIMD8<Float>.zero
    var bound = SIMD8<Float>.zero
    for (lane, dimension) in rules.dimensions.enumerated() {
      incidents[lane] = dimension.priorStrength * dimension.priorMean
      clean[lane] = dimension.priorStrength * (1 - dimension.priorMean)
      weight[lane] = dimension.pointsPerDoubling
      lowest[lane] = -dimension.lossMax
      highest[lane] = dimension.gainMax
      bound[lane] = rules.boundDeviations * 1.442_695_04
    }
    weight[Self.historyLane] = rules.history.pointsPerDoubling
    highest[Self.historyLane] = rules.history.gainMax
    weight[Self.tenureLane] = rules.tenure.pointsPerDoubling
    highest[Self.tenureLane] = rules.tenure.gainMax
    base = rules.base
    priorIncidents = incidents
    priorClean = clean
    priorLogOdds = DeterministicMath.log2(incidents / clean)
    self.weight = weight
    self.lowest = lowest
    self.highest = highest
    self.bound = bound
    historyScale = 1 / rules.history.ordersScale
    tenureScale = 1 / rules.tenure.daysScale
    upheldCredit = rules.upheldCredit
    thinOrders = rules.history.thinOrders
  }

  /// Judges evidence: about 30 ns, no allocation.
  @inlinable
  public func judge(_ evidence: Evidence, kind: AccountKind) -> ScorePoints {
    judge(kind == .buyer ? buyerSample(evidence) : merchantSample(evidence))
  }

  @inlinable @inline(__always)
  func judge(_ sample: Sample) -> ScorePoints {
    let a = priorIncidents + sample.incidents
    let b = priorClean + (sample.exposure - sample.incidents).atLeast(.zero)
    let excess = DeterministicMath.log2(a / b) - priorLogOdds
    let deviation = ((a + b) / (a * b)).squareRoot()
    let points = clamped(weight * -excess)
    let floor = clamped(weight * -(excess + bound * deviation))
    return ScorePoints(base: base, points: points, floorPoints: floor)
  }

  @inlinable @inline(__always)
  func clamped(_ points: SIMD8<Float>) -> SIMD8<Float> {
    points.atLeast(lowest).atMost(highest)
  }

  /// What the scorecard measures of an account, lane by lane: incidents, and the orders
  /// (or returns) that they are measured against. What weights are fitted to.
  package func measured(
    _ evidence: Evidence, kind: AccountKind
  ) -> (incidents: SIMD8<Float>, exposure: SIMD8<Float>) {
    let sample = kind == .buyer ? buyerSample(evidence) : merchantSample(evidence)
    return (sample.incidents, sample.exposure)
  }

  /// Incidents and exposure of a buyer, lane by lane.
  ///
  /// The exposure is settled orders and never grows with claims, even where these
  /// are more: otherwise one claim would dilute the rate of others.
  @inlinable @inline(__always)
  func buyerSample(_ e: Evidence) -> Sample {
    let orders = e[BuyerCounter.ordersSettled]
    let claims = e[BuyerCounter.claimsOpened]
    let counted = Swift.max(claims - upheldCredit * e[BuyerCounter.claimsUpheld], 0)
    let mismatched = e[BuyerCounter.returnsMismatched]
    let claimed = Self.inOrders(
      e[BuyerCounter.valueClaimed], of: e[BuyerCounter.valueOrdered], orders: orders,
      events: claims)
    return Sample(
      incidents: SIMD8(
        counted, e[BuyerCounter.claimsNotReceived], mismatched, e[BuyerCounter.claimsAbusive],
        claimed, 0, 0, 0),
      exposure: SIMD8(
        orders, orders, mismatched + e[BuyerCounter.returnsAsSold], orders, orders, 0,
        e.days * tenureScale, orders * historyScale))
  }

  /// Incidents and exposure of a merchant, lane by lane.
  @inlinable @inline(__always)
  func merchantSample(_ e: Evidence) -> Sample {
    let orders = e[MerchantCounter.ordersSettled]
    let noStock = e[MerchantCounter.cancelledNoStock]
    let quality = e[MerchantCounter.qualityClaimsUpheld]
    let refunded = Self.inOrders(
      e[MerchantCounter.valueRefundedForQuality], of: e[MerchantCounter.valueSold],
      orders: orders, events: quality)
    return Sample(
      incidents: SIMD8(
        quality, e[MerchantCounter.pickupsLate], e[MerchantCounter.shipmentsFalse], noStock,
        e[MerchantCounter.parcelsEmpty], refunded, 0, 0),
      exposure: SIMD8(
        orders, orders, orders, orders + noStock, orders, orders, e.days * tenureScale,
        orders * historyScale))
  }

  /// Disputed `value` in orders of the account's mean value, of which it has
  /// `total` in `orders`; the number of disputes where no order gives a mean.
  ///
  /// One more order of mean value leaves it as it is. Ends at 10^9, far beyond
  /// what any loss goes to, so that no bound computed from it overflows.
  @inlinable @inline(__always)
  static func inOrders(_ value: Float, of total: Float, orders: Float, events: Float) -> Float {
    if value <= 0 { return 0 }
    if total <= 0 { return events }
    return Swift.min(value * (orders / total), 1e9)
  }

  /// What the scorecard measures, lane by lane; in the lanes of age and history the
  /// exposure makes log2(a / b) = −log2(1 + days / scale), and of orders likewise.
  @usableFromInline
  struct Sample {
    @usableFromInline let incidents: SIMD8<Float>
    @usableFromInline let exposure: SIMD8<Float>

    @inlinable
    init(incidents: SIMD8<Float>, exposure: SIMD8<Float>) {
      self.incidents = incidents
      self.exposure = exposure
    }
  }
}

/// Points by dimension, and the two scores they add up to.
public struct ScorePoints: Sendable, Equatable {
  @usableFromInline let base: Float
  @usableFromInline let points: SIMD8<Float>
  @usableFromInline let floorPoints: SIMD8<Float>

  @inlinable
  init(base: Float, points: SIMD8<Float>, floorPoints: SIMD8<Float>) {
    self.base = base
    self.points = points
    self.floorPoints = floorPoints
  }

  /// 0…1000, higher is better.
  @inlinable @inline(__always) public var score: Int { Self.total(base, points) }

  /// 0…1000, never above `score`.
  @inlinable @inline(__always) public var scoreFloor: Int { Self.total(base, floorPoints) }

  /// Points of one dimension of a buyer, or of a merchant.
  public subscript(dimension: BuyerDimension) -> Float { points[dimension.rawValue] }
  public subscript(dimension: MerchantDimension) -> Float { points[dimension.rawValue] }

  /// The order of the additions is part of the definition.
  @inlinable @inline(__always)
  static func total(_ base: Float, _ points: SIMD8<Float>) -> Int {
    let four = points.lowHalf + points.highHalf
    let two = four.lowHalf + four.highHalf
    let sum = base + (two[0] + two[1])
    let clamped = sum > 0 ? (sum < 1000 ? sum : 1000) : 0
    return floor(clamped + 0.5)
  }

  /// The whole part of 0 ≤ `x` < 2^22, without the checks of `Int(x)`: adding 2^23
  /// leaves it, rounded, in the low bits; where it was rounded up, one less is right.
  @inlinable @inline(__always)
  static func floor(_ x: Float) -> Int {
    let shifted = x + 8_388_608
    let rounded = Int(truncatingIfNeeded: shifted.bitPattern & 0x7f_ffff)
    return shifted - 8_388_608 > x ? rounded &- 1 : rounded
  }
}
