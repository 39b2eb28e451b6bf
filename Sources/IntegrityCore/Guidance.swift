/// Something that would raise an account's tier.
public enum TierChange: Sendable, Hashable {
  /// So many more settled orders of the account's mean value, without an
  /// incident, reach the score of `tier`. The cooldown comes after.
  case cleanOrders(_ count: Int, tier: Tier)
  /// The score deserves better already: after so many days the cooldown ends and
  /// `tier` is in force, if nothing happens.
  case wait(days: Int, tier: Tier)
  /// What counts against the account fades: after so many days without any event
  /// `tier` is in force.
  case fade(days: Int, tier: Tier)

  /// Most further orders, and most days, that guidance speaks of.
  public static let cleanOrdersMax = 10_000
  public static let daysMax = 3_650

  /// The tier that would be reached.
  public var tier: Tier {
    switch self {
    case .cleanOrders(_, let tier), .wait(_, let tier), .fade(_, let tier): tier
    }
  }

  /// Orders that it takes; 0 = it is not by orders.
  public var cleanOrders: Int {
    if case .cleanOrders(let count, _) = self { count } else { 0 }
  }

  /// Days that it takes; 0 = it is not by waiting.
  public var days: Int {
    switch self {
    case .cleanOrders: 0
    case .wait(let days, _), .fade(let days, _): days
    }
  }

  /// One English sentence.
  public var sentence: String { wording.english }
}

extension Policy {
  /// What would raise the tier in force, by orders first, then by waiting. Empty
  /// for tier A, and where nothing within the limits of `TierChange` helps.
  ///
  /// Pure. At most some 150 µs by estimate: it looks at each of 3,650 days.
  public func changes(for record: AccountRecord, at clock: DecayClock) -> [TierChange] {
    let inForce = judge(record, at: clock).tier
    guard let next = Tier(rawValue: inForce.rawValue - 1) else { return [] }
    let deserved = tiers.tier(ofScore: score(record, at: clock))
    var changes: [TierChange] = []
    if deserved >= inForce, let count = cleanOrders(for: record, at: clock, toReach: next) {
      changes.append(.cleanOrders(count, tier: next))
    }
    if let (days, tier) = firstBetterDay(for: record, at: clock, than: inForce) {
      let change =
        deserved < inForce ? TierChange.wait(days: days, tier: tier) : .fade(days: days, tier: tier)
      changes.append(change)
    }
    return changes
  }

  /// Smallest number of clean orders whose score is in `tier`, by bisection: the
  /// score never falls with one more order of mean value.
  private func cleanOrders(
    for record: AccountRecord, at clock: DecayClock, toReach tier: Tier
  ) -> Int? {
    let evidence = record.evidence(at: clock)
    let card = card(record.kind)
    let reaches = { (count: Int) in
      let more = evidence.addingCleanOrders(Float(count))
      return self.tiers.tier(ofScore: card.judge(more, kind: record.kind).score) <= tier
    }
    if !reaches(TierChange.cleanOrdersMax) { return nil }
    var below = 0
    var enough = TierChange.cleanOrdersMax
    while enough - below > 1 {
      let middle = (below + enough) / 2
      if reaches(middle) { enough = middle } else { below = middle }
    }
    return enough
  }

  /// The first number of whole days after which, with no event, a tier better
  /// than `inForce` is in force. Day by day: fading takes from both sides, so
  /// the score may rise and fall again.
  private func firstBetterDay(
    for record: AccountRecord, at clock: DecayClock, than inForce: Tier
  ) -> (days: Int, tier: Tier)? {
    for days in 1...TierChange.daysMax {
      let moment = UInt64(clock.now.rawValue) + UInt64(days) * 86_400
      guard let seconds = UInt32(exactly: moment) else { return nil }
      let later = DecayClock(clock.schema, now: UnixSeconds(seconds))
      let score = score(record, at: later)
      let tier = tiers.tierInForce(score: score, record: record, day: later.now.day)
      if tier < inForce { return (days, tier) }
    }
    return nil
  }
}
