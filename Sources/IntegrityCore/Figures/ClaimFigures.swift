/// What the committee's figures take of a claim.
public struct ClaimFacts: Sendable, Equatable {
  public var openedAt: UnixSeconds
  /// When a human decided it, where there is a verdict.
  public var verdictAt: UnixSeconds
  public var amount: Minor
  public var outcome: Outcome
  public var firstOutcome: Outcome
  public var shadowOutcome: Outcome?
  public var verdict: Verdict?
  public var subsidy: SubsidyState
  public var appeal: AppealState
  public var isWithdrawn: Bool

  /// What a human has found, unless an appeal has undone it.
  var finding: Verdict? { appeal == .upheld ? nil : verdict }

  public init(
    openedAt: UnixSeconds, verdictAt: UnixSeconds, amount: Minor, outcome: Outcome,
    firstOutcome: Outcome, shadowOutcome: Outcome?, verdict: Verdict?, subsidy: SubsidyState,
    appeal: AppealState, isWithdrawn: Bool
  ) {
    self.openedAt = openedAt
    self.verdictAt = verdictAt
    self.amount = amount
    self.outcome = outcome
    self.firstOutcome = firstOutcome
    self.shadowOutcome = shadowOutcome
    self.verdict = verdict
    self.subsidy = subsidy
    self.appeal = appeal
    self.isWithdrawn = isWithdrawn
  }
}

/// Sums over the claims of a period; they can be merged.
public struct ClaimFigures: Sendable, Equatable {
  /// Claims opened on one UTC day.
  public struct Day: Sendable, Equatable {
    /// Since 1970-01-01.
    public var day: UInt16
    public var claimCount: UInt64 = 0
    public var automaticCount: UInt64 = 0
    /// Reserved or paid by the platform.
    public var compensated = Minor(0)
    public var abuseCount: UInt64 = 0

    public init(day: UInt16) { self.day = day }
  }

  /// Upper ends of the durations that verdicts are counted by, in hours; the last has none.
  public static let hourLimits: [UInt32] = [1, 4, 12, 24, 48, 72, 120, 168, 336]

  public var claimCount: UInt64 = 0
  public var withdrawnCount: UInt64 = 0
  /// By `Outcome`, as things stand; withdrawn ones not counted.
  public var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
  /// No human has decided them, and none has to.
  public var automaticCount: UInt64 = 0
  public var humanCount: UInt64 = 0
  /// From opening to verdict.
  public var humanSeconds: UInt64 = 0
  public var humanHours = [UInt64](repeating: 0, count: hourLimits.count + 1)
  public var appealsUpheld: UInt64 = 0
  public var appealsRejected: UInt64 = 0
  public var appealsOpen: UInt64 = 0
  public var shadowedCount: UInt64 = 0
  public var shadowFlipCount: UInt64 = 0
  /// Asked for.
  public var claimed = Minor(0)
  /// Reserved or paid by the platform.
  public var compensated = Minor(0)
  /// Asked for by claims that were found abusive, and not paid. No appeal has undone it.
  public var abuseStopped = Minor(0)
  public var abuseCount: UInt64 = 0
  /// Paid, and found wrong or taken back by an appeal later.
  public var leaked = Minor(0)
  public var leakedCount: UInt64 = 0
  /// In their order, without those that no claim was opened on.
  public var days: [Day] = []

  public init() {}

  /// Counts a claim. Claims need not come in the order of their days.
  public mutating func add(_ claim: ClaimFacts) {
    claimCount += 1
    claimed = claimed.plus(claim.amount)
    var day = takeDay(claim.openedAt.day)
    day.claimCount += 1
    if claim.isWithdrawn {
      withdrawnCount += 1
    } else {
      outcomes[Int(claim.outcome.rawValue) - 1] += 1
      if claim.verdict == nil && claim.outcome != .manualReview && claim.appeal == .none {
        automaticCount += 1
        day.automaticCount += 1
      }
    }
    addVerdict(claim, &day)
    addMoney(claim, &day)
    switch claim.appeal {
    case .upheld: appealsUpheld += 1
    case .rejected: appealsRejected += 1
    case .open: appealsOpen += 1
    case .none: break
    }
    if let other = claim.shadowOutcome {
      shadowedCount += 1
      if other != claim.firstOutcome { shadowFlipCount += 1 }
    }
    put(day)
  }

  private mutating func addVerdict(_ claim: ClaimFacts, _ day: inout Day) {
    guard claim.verdict != nil else { return }
    humanCount += 1
    let seconds = claim.verdictAt.rawValue - Swift.min(claim.verdictAt, claim.openedAt).rawValue
    humanSeconds += UInt64(seconds)
    let place = Self.hourLimits.firstIndex { seconds < $0 * 3_600 } ?? Self.hourLimits.count
    humanHours[place] += 1
    if claim.finding == .abuse {
      abuseCount += 1
      day.abuseCount += 1
    }
  }

  private mutating func addMoney(_ claim: ClaimFacts, _ day: inout Day) {
    let isWrong = claim.finding == .abuse || claim.finding == .rejected
    if claim.subsidy.counts {
      compensated = compensated.plus(claim.amount)
      day.compensated = day.compensated.plus(claim.amount)
    }
    if claim.subsidy == .reversed || claim.subsidy == .committed && isWrong {
      leaked = leaked.plus(claim.amount)
      leakedCount += 1
    } else if claim.finding == .abuse {
      abuseStopped = abuseStopped.plus(claim.amount)
    }
  }

  /// Claims come in the order of their days but for few: the last place is looked at first.
  private mutating func takeDay(_ day: UInt16) -> Day {
    days.last { $0.day == day } ?? Day(day: day)
  }

  private mutating func put(_ day: Day) {
    if let place = days.lastIndex(where: { $0.day <= day.day }) {
      if days[place].day == day.day {
        days[place] = day
      } else {
        days.insert(day, at: place + 1)
      }
    } else {
      days.insert(day, at: 0)
    }
  }

  /// Adds the sums over other claims.
  public mutating func merge(_ other: ClaimFigures) {
    claimCount += other.claimCount
    withdrawnCount += other.withdrawnCount
    for index in outcomes.indices { outcomes[index] += other.outcomes[index] }
    automaticCount += other.automaticCount
    humanCount += other.humanCount
    humanSeconds += other.humanSeconds
    for index in humanHours.indices { humanHours[index] += other.humanHours[index] }
    appealsUpheld += other.appealsUpheld
    appealsRejected += other.appealsRejected
    appealsOpen += other.appealsOpen
    shadowedCount += other.shadowedCount
    shadowFlipCount += other.shadowFlipCount
    claimed = claimed.plus(other.claimed)
    compensated = compensated.plus(other.compensated)
    abuseStopped = abuseStopped.plus(other.abuseStopped)
    abuseCount += other.abuseCount
    leaked = leaked.plus(other.leaked)
    leakedCount += other.leakedCount
    for theirs in other.days {
      var day = takeDay(theirs.day)
      day.claimCount += theirs.claimCount
      day.automaticCount += theirs.automaticCount
      day.compensated = day.compensated.plus(theirs.compensated)
      day.abuseCount += theirs.abuseCount
      put(day)
    }
  }
}

/// Sums over the merchants, and what was done about them in a period.
public struct MerchantFigures: Sendable, Equatable {
  /// Decayed sums over all merchants.
  public var orders = 0.0
  public var falseShipments = 0.0
  public var latePickups = 0.0
  public var noStock = 0.0
  public var qualityRefunds = 0.0
  /// Merchants by standing.
  public var standings = [UInt64](repeating: 0, count: Standing.allCases.count)
  /// Steps in the period, by the standing that they led to.
  public var steps = [UInt64](repeating: 0, count: Standing.allCases.count)
  public var stepAppealsUpheld: UInt64 = 0

  public init() {}

  /// A merchant's decayed counts.
  public mutating func add(_ record: AccountRecord, at clock: DecayClock) {
    let evidence = record.evidence(at: clock)
    orders += Double(evidence[MerchantCounter.ordersSettled])
    falseShipments += Double(evidence.conduct(.falseShipment).incidents)
    latePickups += Double(evidence.conduct(.latePickup).incidents)
    noStock += Double(evidence.conduct(.noStock).incidents)
    qualityRefunds += Double(evidence.conduct(.qualityRefunds).incidents)
    standings[Int(record.merchantStanding.rawValue)] += 1
  }

  /// Steps counted elsewhere.
  public mutating func addSteps(_ other: MerchantFigures) {
    for index in steps.indices { steps[index] += other.steps[index] }
    stepAppealsUpheld += other.stepAppealsUpheld
  }
}

extension Minor {
  /// Ends at what 64 bits hold.
  package func plus(_ other: Minor) -> Minor {
    let (sum, isTooMuch) = rawValue.addingReportingOverflow(other.rawValue)
    return isTooMuch ? Minor(.max) : Minor(sum)
  }
}
