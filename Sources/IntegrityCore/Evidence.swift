/// What is counted about a buyer. The raw value is the counter's index.
public enum BuyerCounter: Int, CaseIterable, Sendable {
  case ordersSettled = 0
  case valueOrdered = 1
  case claimsOpened = 2
  case valueClaimed = 3
  case claimsUpheld = 4
  case claimsAbusive = 5
  case claimsNotReceived = 6
  case returnsAsSold = 7
  case returnsMismatched = 8
  case valueCompensated = 9
}

/// What is counted about a merchant. The raw value is the counter's index.
public enum MerchantCounter: Int, CaseIterable, Sendable {
  case ordersSettled = 0
  case valueSold = 1
  case qualityClaimsUpheld = 2
  case valueRefundedForQuality = 3
  case pickupsLate = 4
  case cancelledNoStock = 5
  case shipmentsFalse = 6
  case parcelsEmpty = 7
  case claimsAbusedByBuyers = 8
  /// Of what was claimed or came back, other than claims that a human found wrong.
  case valueDisputed = 9
}

/// Adding to and undoing from the evidence in a record.
extension AccountRecord {
  /// Notes that something happened at `time`, without counting anything.
  public mutating func touch(at time: UnixSeconds, schema: EvidenceSchema) {
    if time > lastEventAt { lastEventAt = time }
    if time.day < firstEventDay { firstEventDay = time.day }
    rebase(to: schema.epoch(of: time))
  }

  /// Adds `weight` (orders, claims, minor units; ≥ 0), dated `time`, early or late.
  ///
  /// The sum is that of real numbers, rounded to Float32 once per event: a
  /// relative error of at most 6e-8 of the counter each.
  public mutating func add(
    _ weight: Double, to counter: Int, at time: UnixSeconds, schema: EvidenceSchema
  ) {
    let stored = weight * schema.storedWeight(at: time, epoch: epoch)
    let sum = Double(self[stored: counter]) + stored
    // Counters stay finite, whatever is added: with infinity, undoing would give no number.
    let largest = Double(Float.greatestFiniteMagnitude)
    self[stored: counter] = Float(Swift.max(-largest, Swift.min(largest, sum)))
  }

  /// Undoes an `add` of the same weight and time, whatever came between.
  ///
  /// What remains of the undone event is rounding: at most one unit in the last
  /// place of the counter per event since. It may leave a tiny negative number;
  /// readers clamp at zero, the stored sum does not, so that undoing before
  /// adding works too.
  public mutating func retract(
    _ weight: Double, from counter: Int, at time: UnixSeconds, schema: EvidenceSchema
  ) {
    add(-weight, to: counter, at: time, schema: schema)
  }

  /// Moves the counters to a later epoch: exact, unless a counter has faded below
  /// 2^−126, where it becomes zero in effect.
  mutating func rebase(to target: Int) {
    let steps = target - epoch
    if steps <= 0 { return }
    // Step by step: 2^−192 is no Float32, though a counter times it may be. After
    // four steps even the largest counter is zero.
    let scale = Float(DeterministicMath.exp2(-EvidenceSchema.epochHalfLives))
    for _ in 0..<Swift.min(steps, 5) {
      counters *= scale
      countersTail *= scale
    }
    kindAndEpoch = (kindAndEpoch & 3) | UInt8(target << 2)
  }

  /// The ten counters as of the clock's moment, never negative, and the account's age.
  @inlinable @inline(__always)
  public func evidence(at clock: DecayClock) -> Evidence {
    let factor = clock.factor(for: self)
    // Of an account without an event the oldest day is later than any.
    let days = clock.day &- Int32(truncatingIfNeeded: firstEventDay)
    return Evidence(
      head: (counters * factor).atLeast(.zero),
      tail: (countersTail * factor).atLeast(.zero), days: days > 0 ? Float(days) : 0)
  }
}

/// Decayed counts of one account as of one moment: ten numbers ≥ 0; and its age.
public struct Evidence: Sendable, Equatable {
  @usableFromInline let head: SIMD8<Float>
  @usableFromInline let tail: SIMD2<Float>
  /// Since the day of its oldest event: ≥ 0, and 0 if there was none.
  public let days: Float

  @inlinable
  init(head: SIMD8<Float>, tail: SIMD2<Float>, days: Float) {
    self.head = head
    self.tail = tail
    self.days = days
  }

  @inlinable
  public subscript(counter: BuyerCounter) -> Float { value(counter.rawValue) }

  @inlinable
  public subscript(counter: MerchantCounter) -> Float { value(counter.rawValue) }

  @inlinable
  func value(_ index: Int) -> Float { index < 8 ? head[index] : tail[index - 8] }

  /// A copy with `count` more settled orders of the account's mean value and
  /// nothing else: what "n more clean orders" would make of it.
  func addingCleanOrders(_ count: Float) -> Evidence {
    var more = head
    let mean = head[0] > 0 ? head[1] / head[0] : 0
    more[0] += count
    more[1] += count * mean
    return Evidence(head: more, tail: tail, days: days)
  }
}
