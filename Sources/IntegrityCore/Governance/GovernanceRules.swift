/// What merchants are governed by: a rate of incidents of one sort against orders.
public enum GovernedDimension: Int, Sendable, CaseIterable {
  /// Quality claims upheld, weighted by the claimants' credibility.
  case qualityRefunds = 0
  case latePickup = 1
  /// Proven by the carrier: false shipments and empty parcels.
  case falseShipment = 2
  /// Cancelled for lack of stock, per settled or so cancelled order.
  case noStock = 3

  /// Key in the policy document, and in answers.
  public var name: String {
    ["qualityRefunds", "latePickup", "falseShipment", "noStock"][rawValue]
  }

  public var reason: ReasonCode {
    switch self {
    case .qualityRefunds: .m01QualityRefundsHigh
    case .latePickup: .m02LatePickup
    case .falseShipment: .m03FalseShipment
    case .noStock: .m04NoStock
    }
  }
}

/// From which rate on a sort of incident makes a merchant's standing which.
public struct StandingLimits: Sendable, Equatable {
  /// Effective incidents below which a rate says nothing: 1 … 10,000.
  public var countMin: Float
  /// Rates, 0.0001 … 1, each no lower than the one before.
  public var watch: Float
  public var restricted: Float
  public var clearOut: Float

  public init(countMin: Float, watch: Float, restricted: Float, clearOut: Float) {
    self.countMin = countMin
    self.watch = watch
    self.restricted = restricted
    self.clearOut = clearOut
  }
}

/// What a certification is worth.
public struct SupportRules: Sendable, Equatable {
  /// Multiplies the weight in rankings: 1 … 2.
  public var rankingFactor: Float
  /// The worst standing that a sweep gives by itself: `watch` … `clearOutNotice`.
  public var standingMax: Standing

  public init(rankingFactor: Float, standingMax: Standing) {
    self.rankingFactor = rankingFactor
    self.standingMax = standingMax
  }
}

/// How merchants are governed.
public struct GovernanceRules: Sendable, Equatable {
  /// Days since its first event, 0 … 365, and effective orders, 0 … 10,000, from which a
  /// merchant is assessed.
  public var maturityDays: UInt16
  public var ordersMin: Float
  /// Distinct buyers whose orders went wrong, of all sorts: 1 … 12.
  public var buyersMin: UInt32
  /// Standard deviations between a rate and what is certain of it: 0 … 5.
  public var deviations: Float
  /// Least days between two steps to the worse, 1 … 365, and before one to the better.
  public var stepDays: UInt16
  public var easeDays: UInt16
  /// Days between the notice and the clear-out: 1 … 365.
  public var noticeDays: UInt16
  /// Days, 0 … 3650, for which nothing is held against a merchant whose case a human dismissed.
  public var holdDays: UInt16
  /// Days that stricter rules are in shadow before they can be in force: 0 … 365.
  public var shadowDays: UInt16
  /// Days in which a step can be appealed, 0 … 365, and an appeal is to be decided, 1 … 365.
  public var appealDays: UInt16
  public var answerDays: UInt16
  /// By `GovernedDimension`.
  public var limits: [StandingLimits]
  /// By `SupportTrack`.
  public var support: [SupportRules]
  /// Multiplies the weight in rankings, by `Standing`: 1 for normal, 0 … 1 for others.
  public var rankingFactors: [Float]

  public init(
    maturityDays: UInt16, ordersMin: Float, buyersMin: UInt32, deviations: Float,
    stepDays: UInt16, easeDays: UInt16, noticeDays: UInt16, holdDays: UInt16, shadowDays: UInt16,
    appealDays: UInt16, answerDays: UInt16, limits: [StandingLimits], support: [SupportRules],
    rankingFactors: [Float]
  ) {
    precondition(limits.count == GovernedDimension.allCases.count)
    precondition(support.count == SupportTrack.allCases.count)
    precondition(rankingFactors.count == Standing.allCases.count)
    self.maturityDays = maturityDays
    self.ordersMin = ordersMin
    self.buyersMin = buyersMin
    self.deviations = deviations
    self.stepDays = stepDays
    self.easeDays = easeDays
    self.noticeDays = noticeDays
    self.holdDays = holdDays
    self.shadowDays = shadowDays
    self.appealDays = appealDays
    self.answerDays = answerDays
    self.limits = limits
    self.support = support
    self.rankingFactors = rankingFactors
  }

  /// Whether some merchant could stand worse by these rules than by `others`, or sooner, or weigh
  /// less in rankings; or rules after these could be in force sooner.
  ///
  /// Such rules are tried in shadow first.
  public func isStricter(than others: GovernanceRules) -> Bool {
    func isLower(_ a: StandingLimits, _ b: StandingLimits) -> Bool {
      a.countMin < b.countMin || a.watch < b.watch || a.restricted < b.restricted
        || a.clearOut < b.clearOut
    }
    let days: [(UInt16, UInt16)] = [
      (maturityDays, others.maturityDays), (stepDays, others.stepDays),
      (noticeDays, others.noticeDays), (holdDays, others.holdDays),
      (appealDays, others.appealDays), (shadowDays, others.shadowDays),
    ]
    // More orders are later assessed, but a notice is harder to meet: neither is milder.
    return days.contains { $0.0 < $0.1 } || easeDays > others.easeDays
      || ordersMin != others.ordersMin || buyersMin < others.buyersMin
      || deviations < others.deviations || zip(limits, others.limits).contains(where: isLower)
      || zip(support, others.support).contains {
        $0.standingMax > $1.standingMax || $0.rankingFactor < $1.rankingFactor
      } || zip(rankingFactors, others.rankingFactors).contains { $0 < $1 }
  }

  /// Hash of every number, for the policy's.
  var hash: UInt64 {
    let days = [
      maturityDays, stepDays, easeDays, noticeDays, holdDays, shadowDays, appealDays, answerDays,
    ]
    let numbers =
      [ordersMin, deviations]
      + limits.flatMap { [$0.countMin, $0.watch, $0.restricted, $0.clearOut] }
      + support.map(\.rankingFactor) + rankingFactors
    return StateHash.of(
      days.map { UInt64($0) } + [UInt64(buyersMin)]
        + support.map { UInt64($0.standingMax.rawValue) }
        + numbers.map { UInt64($0.bitPattern) })
  }
}
