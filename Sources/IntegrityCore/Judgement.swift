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
  /// What the scores add up from.
  @usableFromInline let points: ScorePoints
  @usableFromInline let kind: AccountKind
  @usableFromInline let isThin: Bool

  @inlinable @inline(__always)
  init(_ points: ScorePoints, kind: AccountKind, confidence: Float, tier: Tier, isThin: Bool) {
    score = points.score
    scoreFloor = points.scoreFloor
    self.confidence = confidence
    self.tier = tier
    self.points = points
    self.kind = kind
    self.isThin = isThin
  }

  /// The strongest reasons for the score, put in order at each call: about 20 ns.
  /// A batch of accounts is judged without them.
  @inlinable
  public var reasons: TopReasons { TopReasons(points, kind: kind, isThin: isThin) }
}

extension Policy {
  /// Judges `record` as of the clock's moment. Pure; no allocation; with the
  /// record in cache about 35 ns, and 20 more for the reasons if they are asked for.
  @inlinable @inline(__always)
  public func judge(_ record: AccountRecord, at clock: DecayClock) -> Judgement {
    let kind = record.kind
    let evidence = record.evidence(at: clock)
    let points = points(evidence, kind)
    let confidence = evidence.value(0)
    return Judgement(
      points, kind: kind, confidence: confidence,
      tier: tiers.tierInForce(score: points.score, record: record, day: clock.now.day),
      isThin: confidence < (kind == .buyer ? buyer.thinOrders : merchant.thinOrders))
  }

  /// Score alone: what weighs a claim and keeps a tier. About 32 ns.
  @inlinable
  public func score(_ record: AccountRecord, at clock: DecayClock) -> Int {
    points(record.evidence(at: clock), record.kind).score
  }

  /// A function for each kind, each with its card inlined: to pass a card to a
  /// function is to copy its 320 bytes.
  @inlinable @inline(__always)
  func points(_ evidence: Evidence, _ kind: AccountKind) -> ScorePoints {
    kind == .buyer ? buyerPoints(evidence) : merchantPoints(evidence)
  }

  @inlinable @inline(never)
  func buyerPoints(_ evidence: Evidence) -> ScorePoints {
    buyer.judge(buyer.buyerSample(evidence))
  }

  @inlinable @inline(never)
  func merchantPoints(_ evidence: Evidence) -> ScorePoints {
    merchant.judge(merchant.merchantSample(evidence))
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

  /// The reasons in order, as `Candidate`s; 0 where there is none.
  @usableFromInline let first: UInt64
  @usableFromInline let second: UInt64
  @usableFromInline let third: UInt64
  @usableFromInline let fourth: UInt64

  public var startIndex: Int { 0 }

  @inlinable
  public var endIndex: Int {
    (first == 0 ? 0 : 1) + (second == 0 ? 0 : 1) + (third == 0 ? 0 : 1) + (fourth == 0 ? 0 : 1)
  }

  @inlinable
  public subscript(index: Int) -> Reason {
    precondition(index >= 0 && index < endIndex)
    let upper = index & 1 == 0 ? first : second
    let lower = index & 1 == 0 ? third : fourth
    return Candidate.reason(index < 2 ? upper : lower)
  }

  @inlinable
  init(_ card: ScorePoints, kind: AccountKind, isThin: Bool) {
    let p = card.points
    let isBuyer = kind == .buyer
    let strong: ReasonCode = isBuyer ? .b01StrongHistory : .m05StrongMerchant
    let thin: ReasonCode = isBuyer ? .b02ThinHistory : .m06ThinHistory
    self.init(
      Candidate.gain(isThin ? thin : strong, card, evenIfSmall: isThin),
      Candidate.loss(
        isBuyer ? .b03ClaimRateHigh : .m01QualityRefundsHigh, p[0], isBuyer ? p[4] : p[5],
        place: 1),
      Candidate.loss(isBuyer ? .b04NotReceivedRateHigh : .m02LatePickup, p[1], place: 2),
      Candidate.loss(
        isBuyer ? .b05ReturnMismatch : .m03FalseShipment, p[2], isBuyer ? 0 : p[4], place: 3),
      Candidate.loss(isBuyer ? .b07ConfirmedAbuse : .m04NoStock, p[3], place: 4))
  }

  /// Keeps the greatest four in order, by a network of nine exchanges without a branch.
  /// Source: Knuth, The Art of Computer Programming 3, 5.3.4, network for five.
  @inlinable @inline(__always)
  init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64) {
    var (a, b, c, d, e) = (a, b, c, d, e)
    Self.exchange(&a, &b)
    Self.exchange(&d, &e)
    Self.exchange(&c, &e)
    Self.exchange(&c, &d)
    Self.exchange(&a, &d)
    Self.exchange(&a, &c)
    Self.exchange(&b, &e)
    Self.exchange(&b, &d)
    Self.exchange(&b, &c)
    (first, second, third, fourth) = (a, b, c, d)
  }

  @inlinable @inline(__always)
  static func exchange(_ greater: inout UInt64, _ lesser: inout UInt64) {
    let (a, b) = (greater, lesser)
    greater = a > b ? a : b
    lesser = a > b ? b : a
  }

  /// A reason as a number, which is greater the earlier it is told.
  ///
  /// | bits | what |
  /// |---|---|
  /// | 32–63 | size: bits of a Float32 ≥ 0, whose order is that of the numbers |
  /// | 24–31 | 255 − place: at equal size the lower place comes first |
  /// | 23 | 1 = points were taken |
  /// | 0–15 | the reason's code, never 0 |
  @usableFromInline
  enum Candidate {
    @inlinable @inline(__always)
    static func gain(_ code: ReasonCode, _ points: ScorePoints, evenIfSmall: Bool) -> UInt64 {
      let gains = points.points.atLeast(.zero)
      let four = gains.lowHalf + gains.highHalf
      let gain = (four[0] + four[1]) + (four[2] + four[3])
      let candidate = UInt64(gain.bitPattern) << 32 | 255 << 24 | UInt64(code.rawValue)
      return isSmall(gain) && !evenIfSmall ? 0 : candidate
    }

    /// What `first` and `second` lie below zero.
    @inlinable @inline(__always)
    static func loss(
      _ code: ReasonCode, _ first: Float, _ second: Float = 0, place: UInt64
    ) -> UInt64 {
      let size = -((first < 0 ? first : 0) + (second < 0 ? second : 0))
      let bits = UInt64(size.bitPattern) << 32 | (255 - place) << 24 | 1 << 23
      return isSmall(size) ? 0 : bits | UInt64(code.rawValue)
    }

    /// Compares as integers, which makes it a move rather than a branch.
    @inlinable @inline(__always)
    static func isSmall(_ size: Float) -> Bool { size.magnitude.bitPattern < pointsMin.bitPattern }

    @inlinable @inline(__always)
    static func reason(_ candidate: UInt64) -> Reason {
      // The codes come from `ReasonCode` and nowhere else.
      let code = ReasonCode(rawValue: UInt16(truncatingIfNeeded: candidate)) ?? .s01StaleState
      let size = Float(bitPattern: UInt32(candidate >> 32))
      // Rounds halves away from zero: in a Double the sum is exact.
      let rounded = Int(Double(size) + 0.5)
      return Reason(code: code, points: candidate >> 23 & 1 == 1 ? -rounded : rounded)
    }
  }
}
