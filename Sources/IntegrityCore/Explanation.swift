/// A judgement with everything that went into it: what `Explain` answers.
public struct Explanation: Sendable, Equatable {
  public let judgement: Judgement
  /// Chance that the account's next order goes wrong through its fault, 0…1: by the
  /// score, and by the floor, which is the most that is to be feared.
  public let probability: Double
  public let probabilityAtFloor: Double
  /// The tier that the score alone gives, before the cooldown.
  public let tierByScore: Tier
  /// Points every account of the kind starts from.
  public let pointsBase: Float
  /// One entry a dimension, then the history and the age: `pointsBase` and all points add up
  /// to the score, before it is rounded and kept within 0…1000.
  public let dimensions: [DimensionExplanation]
  /// The ten counters by name, decayed.
  public let evidence: [EvidenceCount]
  public let changes: [TierChange]
  /// Zero if nothing ever happened.
  public let lastEventAt: UnixSeconds
  /// Day of the oldest event; nil if nothing ever happened.
  public let firstEventDay: UInt16?
  /// Distinct merchants that were claimed against, or buyers whose orders went wrong, estimated.
  public let distinctCounterparties: Int
}

/// What one dimension of the scorecard made of the evidence.
public struct DimensionExplanation: Sendable, Equatable {
  /// Key in the policy document; "history" and "tenure" for how much and how long the
  /// account is known.
  public let name: String
  /// The reason that is given when it costs points; for the history, what it is called.
  public let reason: ReasonCode
  /// Incidents, and the orders or returns they are measured against (settled
  /// orders for the history, days for the tenure).
  public let events: Float
  public let exposure: Float
  /// Expected rate after shrinking to the prior, its upper credible bound, and
  /// the prior, 0…1; all 0 for history and tenure.
  public let rate: Float
  public let rateUpper: Float
  public let ratePrior: Float
  /// Points added (> 0) to the score, or taken; and the same for the floor.
  public let points: Float
  public let pointsFloor: Float
}

/// One counter of the evidence, as of the moment of judgement.
public struct EvidenceCount: Sendable, Equatable {
  /// Name of the `BuyerCounter` or `MerchantCounter`.
  public let name: String
  /// Orders, claims or minor units, decayed; ≥ 0.
  public let value: Float
}

extension Policy {
  /// Explains the judgement of `record` as of the clock's moment.
  ///
  /// Pure; allocates; some 200 µs by estimate, nearly all of it for the changes.
  public func explanation(of record: AccountRecord, at clock: DecayClock) -> Explanation {
    let kind = record.kind
    let evidence = record.evidence(at: clock)
    let card = card(kind)
    let judgement = judge(record, at: clock)
    let names =
      kind == .buyer
      ? BuyerDimension.allCases.map { ($0.name, $0.reason) }
      : MerchantDimension.allCases.map { ($0.name, $0.reason) }
    let dimensions =
      card.dimensionExplanations(evidence, kind: kind, names: names)
      + card.historyExplanations(evidence, kind: kind)
    return Explanation(
      judgement: judgement,
      probability: scale(kind).probability(ofScore: judgement.score),
      probabilityAtFloor: scale(kind).probability(ofScore: judgement.scoreFloor),
      tierByScore: tiers.tier(ofScore: judgement.score),
      pointsBase: card.base,
      dimensions: dimensions,
      evidence: evidence.named(kind),
      changes: changes(for: record, at: clock),
      lastEventAt: record.lastEventAt,
      firstEventDay: record.firstEventDay == .max ? nil : record.firstEventDay,
      distinctCounterparties: record.sketch.estimate)
  }
}

extension Scorecard {
  fileprivate func dimensionExplanations(
    _ evidence: Evidence, kind: AccountKind, names: [(String, ReasonCode)]
  ) -> [DimensionExplanation] {
    let sample = kind == .buyer ? buyerSample(evidence) : merchantSample(evidence)
    let judged = judge(sample)
    return names.enumerated().map { lane, dimension in
      let a = priorIncidents[lane] + sample.incidents[lane]
      let b = priorClean[lane] + Swift.max(sample.exposure[lane] - sample.incidents[lane], 0)
      // The bound is on the log odds; back to a rate.
      let doublings = Double(bound[lane] * ((a + b) / (a * b)).squareRoot())
      let oddsUpper = Float(DeterministicMath.exp2(doublings)) * (a / b)
      return DimensionExplanation(
        name: dimension.0, reason: dimension.1, events: sample.incidents[lane],
        exposure: sample.exposure[lane], rate: a / (a + b),
        rateUpper: oddsUpper.isFinite ? oddsUpper / (1 + oddsUpper) : 1,
        ratePrior: priorIncidents[lane] / (priorIncidents[lane] + priorClean[lane]),
        points: judged.points[lane], pointsFloor: judged.floorPoints[lane])
    }
  }

  fileprivate func historyExplanations(
    _ evidence: Evidence, kind: AccountKind
  ) -> [DimensionExplanation] {
    let judged = judge(evidence, kind: kind)
    let orders = evidence.value(0)
    let isThin = orders < thinOrders
    let reason: ReasonCode =
      switch kind {
      case .buyer: isThin ? .b02ThinHistory : .b01StrongHistory
      case .merchant: isThin ? .m06ThinHistory : .m05StrongMerchant
      }
    return [
      ("history", orders, Self.historyLane), ("tenure", evidence.days, Self.tenureLane),
    ].map { name, exposure, lane in
      DimensionExplanation(
        name: name, reason: reason, events: 0, exposure: exposure, rate: 0, rateUpper: 0,
        ratePrior: 0, points: judged.points[lane], pointsFloor: judged.floorPoints[lane])
    }
  }
}

extension Evidence {
  /// The ten counters of an account of `kind` by name, in their order.
  package func named(_ kind: AccountKind) -> [EvidenceCount] {
    switch kind {
    case .buyer:
      BuyerCounter.allCases.map { EvidenceCount(name: "\($0)", value: self[$0]) }
    case .merchant:
      MerchantCounter.allCases.map { EvidenceCount(name: "\($0)", value: self[$0]) }
    }
  }
}
