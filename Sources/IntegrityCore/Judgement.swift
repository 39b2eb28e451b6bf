/// One account, judged: what a lookup answers.
public struct Judgement: Sendable, Equatable {
  /// 0…1000, higher is better.
  public let score: Int
  /// The score with each rate at its upper credible bound; ≤ `score`.
  public let scoreFloor: Int
  /// Effective number of settled orders behind the score.
  public let confidence: Float
  /// The tier in force.
  public let tier: Tier
  public let reasons: TopReasons

  @inlinable
  init(score: Int, scoreFloor: Int, confidence: Float, tier: Tier, reasons: TopReasons) {
    self.score = score
    self.scoreFloor = scoreFloor
    self.confidence = confidence
    self.tier = tier
    self.reasons = reasons
  }
}

extension Policy {
  /// Judges `record` as of the clock's moment. Pure; no allocation; about 35 ns
  /// with the record in cache.
  @inlinable
  public func judge(_ record: AccountRecord, at clock: DecayClock) -> Judgement {
    let kind = record.kind
    let evidence = record.evidence(at: clock)
    let card = kind == .buyer ? buyer : merchant
    let points = card.judge(evidence, kind: kind)
    let score = points.score
    return Judgement(
      score: score, scoreFloor: points.scoreFloor,
      confidence: evidence.value(0),
      tier: tiers.tierInForce(score: score, record: record, day: clock.now.day),
      reasons: TopReasons(points, kind: kind, isThin: evidence.value(0) < card.thinOrders))
  }

  /// Score alone: what weighs a claim and keeps a tier. About 25 ns.
  @inlinable
  public func score(_ record: AccountRecord, at clock: DecayClock) -> Int {
    let kind = record.kind
    return card(kind).judge(record.evidence(at: clock), kind: kind).score
  }
}

/// At most four reasons, strongest first, kept without an allocation.
///
/// All points that were added are one reason (a strong history, or a thin one);
/// points that were taken are a reason per code. With rounding aside, base plus
/// all reasons is the score before it is clamped to 0…1000, as long as no more
/// than four codes apply.
public struct TopReasons: Sendable, Equatable, RandomAccessCollection {
  public static let countMax = 4
  /// Reasons below this many points are left out, except a thin history.
  public static let pointsMin: Float = 1

  @usableFromInline var codes: SIMD4<UInt16> = .zero
  @usableFromInline var points: SIMD4<Float> = .zero
  public private(set) var count = 0

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(index: Int) -> Reason {
    precondition(index < count)
    // The codes come from `ReasonCode` and nowhere else.
    let code = ReasonCode(rawValue: codes[index]) ?? .s01StaleState
    let value = points[index]
    return Reason(code: code, points: Int(value.rounded(.toNearestOrAwayFromZero)))
  }

  @usableFromInline
  init(_ card: ScorePoints, kind: AccountKind, isThin: Bool) {
    let p = card.points
    let losses = pointwiseMin(p, .zero)
    let gains = pointwiseMax(p, .zero)
    let four = gains.lowHalf + gains.highHalf
    let gain = (four[0] + four[1]) + (four[2] + four[3])
    if kind == .buyer {
      let strong = isThin ? ReasonCode.b02ThinHistory : .b01StrongHistory
      insert(strong, gain, evenIfSmall: isThin)
      insert(.b03ClaimRateHigh, losses[0] + losses[4])
      insert(.b04NotReceivedRateHigh, losses[1])
      insert(.b05ReturnMismatch, losses[2])
      insert(.b07ConfirmedAbuse, losses[3])
    } else {
      let strong = isThin ? ReasonCode.m06ThinHistory : .m05StrongMerchant
      insert(strong, gain, evenIfSmall: isThin)
      insert(.m01QualityRefundsHigh, losses[0] + losses[5])
      insert(.m02LatePickup, losses[1])
      insert(.m03FalseShipment, losses[2] + losses[4])
      insert(.m04NoStock, losses[3])
    }
  }

  /// Keeps the order by size; ties stay in order of insertion.
  @usableFromInline
  mutating func insert(_ code: ReasonCode, _ value: Float, evenIfSmall: Bool = false) {
    let size = abs(value)
    if size < Self.pointsMin && !evenIfSmall { return }
    var position = count
    while position > 0 && abs(points[position - 1]) < size { position -= 1 }
    if position == Self.countMax { return }
    var last = Swift.min(count, Self.countMax - 1)
    while last > position {
      codes[last] = codes[last - 1]
      points[last] = points[last - 1]
      last -= 1
    }
    codes[position] = code.rawValue
    points[position] = value
    count = Swift.min(count + 1, Self.countMax)
  }
}
