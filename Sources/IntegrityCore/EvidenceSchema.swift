/// How evidence fades: fixed when a store is created, and part of its identity.
///
/// Forward exponential decay: an event of weight w at time t adds
/// w · 2^((t − landmark) / halfLife) to a counter, and reading at time `now`
/// multiplies by 2^(−(now − landmark) / halfLife). So adding is one addition,
/// undoing is one subtraction, late events are no special case, and the factor
/// of a read is the same for every account.
/// Source: Cormode, Shkapenyuk, Srivastava, Xu: Forward Decay, ICDE 2009.
///
/// **Rebase.** Counters grow with time, so time is cut into epochs of 64
/// half-lives. A record carries the epoch its counters are scaled to and is
/// moved to a later one, by an exact multiplication with 2^−64 per epoch, when
/// an event of a later epoch arrives. Nothing is ever rescaled in bulk. With
/// amounts ≤ 10^12 and factors ≤ 2^64, 2^23 events of the largest amount fit a
/// Float32 before overflow. The 64 epochs of the shortest half-life last until
/// 2109, beyond the range of `UnixSeconds`.
///
/// **Before the landmark** stored weights shrink: what happened more than 126
/// half-lives before it leaves less than it should, and in the end nothing.
public struct EvidenceSchema: Hashable, Sendable {
  /// Seconds in which evidence loses half its weight: 8 days … 20 years.
  public let halfLifeSeconds: UInt32

  /// The moment at which an event has stored weight 1: 2020-01-01T00:00:00Z.
  public static let landmark = UnixSeconds(1_577_836_800)
  public static let epochHalfLives = 64.0
  public static let epochMax = 63
  public static let halfLifeRange: ClosedRange<UInt32> = 691_200...630_720_000
  /// 180 days: sellers' and buyers' habits persist over half-years
  /// (half-year against half-year Spearman 0.43 for late handoffs of a
  /// marketplace's sellers, 0.49 for yearly refund rates of a wholesaler's buyers).
  public static let standard = EvidenceSchema(halfLifeSeconds: 180 * 86_400)

  /// - Precondition: `halfLifeSeconds` is in `halfLifeRange`.
  public init(halfLifeSeconds: UInt32) {
    precondition(Self.halfLifeRange.contains(halfLifeSeconds), "half-life out of range")
    self.halfLifeSeconds = halfLifeSeconds
  }

  /// Half-lives from the landmark to `time`; negative before it.
  @inlinable
  public func halfLives(until time: UnixSeconds) -> Double {
    (Double(time.rawValue) - Double(Self.landmark.rawValue)) / Double(halfLifeSeconds)
  }

  /// The epoch that `time` lies in, 0…63. Times before the landmark are in 0.
  @inlinable
  public func epoch(of time: UnixSeconds) -> Int {
    let epoch = Int((halfLives(until: time) / Self.epochHalfLives).rounded(.down))
    return Swift.max(0, Swift.min(Self.epochMax, epoch))
  }

  /// Factor that turns an event's weight into what is stored, in `epoch`.
  @inlinable
  public func storedWeight(at time: UnixSeconds, epoch: Int) -> Double {
    DeterministicMath.exp2(halfLives(until: time) - Self.epochHalfLives * Double(epoch))
  }
}

/// The read side of decay at one moment: made once per request, batch or scan.
public struct DecayClock: Sendable {
  public let now: UnixSeconds
  @usableFromInline let schema: EvidenceSchema
  @usableFromInline let epoch: Int
  @usableFromInline let factor: Float
  @usableFromInline let day: Int32

  /// About 10 ns.
  @inlinable
  public init(_ schema: EvidenceSchema, now: UnixSeconds) {
    self.now = now
    self.schema = schema
    self.epoch = schema.epoch(of: now)
    day = Int32(truncatingIfNeeded: now.day)
    self.factor = Self.readFactor(schema, now: now, epoch: epoch)
  }

  /// Factor that turns the stored counters of `record` into counts as of `now`,
  /// or as of its newest event where that is later: evidence is never inflated
  /// by being read "before" it happened.
  @inlinable @inline(__always)
  public func factor(for record: AccountRecord) -> Float {
    record.epoch == epoch && record.lastEventAt <= now ? factor : rareFactor(for: record)
  }

  /// For a record of another epoch, or of events after `now`.
  @usableFromInline @inline(never)
  func rareFactor(for record: AccountRecord) -> Float {
    let moment = Swift.max(now, record.lastEventAt)
    return Self.readFactor(schema, now: moment, epoch: record.epoch)
  }

  @inlinable
  static func readFactor(_ schema: EvidenceSchema, now: UnixSeconds, epoch: Int) -> Float {
    let halfLives = EvidenceSchema.epochHalfLives * Double(epoch) - schema.halfLives(until: now)
    // Finite even long before the landmark: infinity times an empty counter is not a number.
    return Float(Swift.min(DeterministicMath.exp2(halfLives), 0x1p127))
  }
}
