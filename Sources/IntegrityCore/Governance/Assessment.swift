/// How often something went wrong with a merchant's orders.
public struct Conduct: Sendable, Equatable {
  /// Effective incidents, and orders that they are measured against.
  public var incidents: Float
  public var orders: Float

  public init(incidents: Float, orders: Float) {
    self.incidents = incidents
    self.orders = orders
  }

  /// Incidents per order, 0 … 1; 0 without orders.
  public var rate: Float {
    orders > 0 ? Swift.min(incidents / orders, 1) : (incidents > 0 ? 1 : 0)
  }

  /// What of the rate is certain: its lower credible bound, 0 … `rate`.
  ///
  /// Half an incident and half a clean order are added (Jeffreys' prior), and the bound is so
  /// many standard deviations below on the scale of log odds. Source: as the scorecard's bound.
  public func certainRate(deviations: Float) -> Float {
    let a = Double(incidents) + 0.5
    let b = Double(Swift.max(orders - incidents, 0)) + 0.5
    let doublings = Double(deviations) * 1.442_695_040_888_963_4 * (1 / a + 1 / b).squareRoot()
    let odds = a / b * DeterministicMath.exp2(-doublings)
    return Swift.min(Float(odds / (1 + odds)), rate)
  }

  /// The same without what was there at an earlier time: what has happened since.
  ///
  /// - Parameter fading: of what was counted then, what is left of it now, 0 … 1.
  public func since(_ earlier: Conduct, fading: Float) -> Conduct {
    Conduct(
      incidents: Swift.max(incidents - earlier.incidents * fading, 0),
      orders: Swift.max(orders - earlier.orders * fading, 0))
  }
}

/// A notice that a merchant has met.
public struct MetNotice: Sendable, Equatable {
  public var dimension: GovernedDimension
  /// What that dimension's conduct was as of `at`.
  public var conduct: Conduct
  public var at: UnixSeconds

  public init(dimension: GovernedDimension, conduct: Conduct, at: UnixSeconds) {
    self.dimension = dimension
    self.conduct = conduct
    self.at = at
  }
}

/// What a merchant's evidence calls for in one dimension.
public struct ConductFinding: Sendable, Equatable {
  public var dimension: GovernedDimension
  public var conduct: Conduct
  /// What is certain of the rate: this is held against the limits.
  public var certainRate: Float
  /// `normal` … `clearOutNotice`.
  public var standing: Standing

  public init(
    dimension: GovernedDimension, conduct: Conduct, certainRate: Float, standing: Standing
  ) {
    self.dimension = dimension
    self.conduct = conduct
    self.certainRate = certainRate
    self.standing = standing
  }
}

/// What a merchant's evidence calls for.
public struct Assessment: Sendable, Equatable {
  /// False: it is too new, or has sold too little, to be assessed.
  public var isMature: Bool
  /// Distinct buyers whose orders ever went wrong, at least: 0 … 16.
  public var distinctBuyers: Int
  /// One a dimension, in their order.
  public var findings: [ConductFinding]
  /// The worst of the findings, once it is mature and enough buyers are concerned.
  public var standing: Standing

  public init(
    isMature: Bool, distinctBuyers: Int, findings: [ConductFinding], standing: Standing
  ) {
    self.isMature = isMature
    self.distinctBuyers = distinctBuyers
    self.findings = findings
    self.standing = standing
  }

  /// What is worst; nil where nothing is.
  public var worst: ConductFinding? {
    let worst = findings.filter { $0.standing == standing && standing > .normal }
    return worst.max { $0.certainRate < $1.certainRate }
  }
}

extension GovernanceRules {
  /// Assesses a merchant: about 0.3 µs.
  ///
  /// Pure. A rate, a number and distinct buyers all have to be reached, and the rate for certain.
  public func assess(_ record: AccountRecord, at clock: DecayClock) -> Assessment {
    let evidence = record.evidence(at: clock)
    let findings = GovernedDimension.allCases.map { finding($0, evidence.conduct($0)) }
    let isMature =
      evidence.days >= Float(maturityDays) && evidence[MerchantCounter.ordersSettled] >= ordersMin
    let distinct = record.sketch.certain
    let counts = isMature && distinct >= Int(buyersMin)
    return Assessment(
      isMature: isMature, distinctBuyers: distinct, findings: findings,
      standing: counts ? findings.map(\.standing).max() ?? .normal : .normal)
  }

  /// Whether the assessment could be other than normal: a few ns, for scans.
  public func mayConcern(_ record: AccountRecord) -> Bool {
    record.kind == .merchant
      && (record.standing != 0 || record.sketch.certain >= Int(buyersMin))
  }

  func finding(_ dimension: GovernedDimension, _ conduct: Conduct) -> ConductFinding {
    let limits = limits[dimension.rawValue]
    let certain = conduct.certainRate(deviations: deviations)
    let standing: Standing =
      if conduct.incidents < limits.countMin || certain < limits.watch {
        .normal
      } else if certain < limits.restricted {
        .watch
      } else {
        certain < limits.clearOut ? .restricted : .clearOutNotice
      }
    return ConductFinding(
      dimension: dimension, conduct: conduct, certainRate: certain, standing: standing)
  }
}

extension Evidence {
  /// Of a merchant.
  public func conduct(_ dimension: GovernedDimension) -> Conduct {
    let orders = self[MerchantCounter.ordersSettled]
    switch dimension {
    case .qualityRefunds: return Conduct(incidents: self[.qualityClaimsUpheld], orders: orders)
    case .latePickup: return Conduct(incidents: self[.pickupsLate], orders: orders)
    case .falseShipment:
      return Conduct(incidents: self[.shipmentsFalse] + self[.parcelsEmpty], orders: orders)
    case .noStock:
      let cancelled = self[MerchantCounter.cancelledNoStock]
      return Conduct(incidents: cancelled, orders: orders + cancelled)
    }
  }
}
