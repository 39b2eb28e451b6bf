/// The rules for one kind of account, as the policy document states them.
public struct CardRules: Sendable, Equatable {
  /// Points every account starts from: 0 … 1,000.
  public var base: Float
  /// By lane: `BuyerDimension` or `MerchantDimension` order.
  public var dimensions: [DimensionRules]
  public var history: HistoryRules
  public var tenure: TenureRules
  public var scale: ScoreScale
  /// Standard deviations between a rate and its upper credible bound: 0 … 5.
  public var boundDeviations: Float
  /// Buyers: how much of an upheld claim is forgiven: 0 … 1.
  public var upheldCredit: Float

  public init(
    base: Float, dimensions: [DimensionRules], history: HistoryRules, tenure: TenureRules,
    scale: ScoreScale, boundDeviations: Float, upheldCredit: Float
  ) {
    self.base = base
    self.dimensions = dimensions
    self.history = history
    self.tenure = tenure
    self.scale = scale
    self.boundDeviations = boundDeviations
    self.upheldCredit = upheldCredit
  }
}

/// How much a buyer's upheld claim weighs against a merchant, by the buyer's score.
public struct CredibilityRules: Sendable, Equatable {
  /// At or below this score a claim weighs `weightMin`.
  public var scoreZero: Int32
  /// At or above this score a claim weighs 1.
  public var scoreFull: Int32
  /// 0 … 1.
  public var weightMin: Float

  public init(scoreZero: Int32, scoreFull: Int32, weightMin: Float) {
    self.scoreZero = scoreZero
    self.scoreFull = scoreFull
    self.weightMin = weightMin
  }

  /// Linear between the two scores.
  public func weight(ofScore score: Int) -> Double {
    let share = (Float(score) - Float(scoreZero)) / Float(scoreFull - scoreZero)
    return Double(Swift.min(Swift.max(share, weightMin), 1))
  }
}

/// Versioned rules and weights, compiled: everything a judgement reads but evidence and time.
///
/// Made from a document by `IntegrityPolicy`; immutable. Its hash is in every
/// answer. A class, so that a judgement reads its numbers where they are: as a
/// value, its 900 bytes and two arrays were copied for each.
public final class Policy: Sendable {
  public let version: UInt32
  /// Hash of every number that can change a judgement, and of the version.
  public let hash: UInt64
  public let buyer: Scorecard
  public let merchant: Scorecard
  public let tiers: TierRules
  public let credibility: CredibilityRules
  public let claims: ClaimRules
  public let subsidy: SubsidyRules
  public let governance: GovernanceRules
  public let buyerRules: CardRules
  public let merchantRules: CardRules

  /// - Precondition: the numbers are in the ranges that `CardRules` and the
  ///   others state (`IntegrityPolicy` checks them with the field's name), and
  ///   there are as many dimensions as cases.
  public init(
    version: UInt32, buyer: CardRules, merchant: CardRules, tiers: TierRules,
    credibility: CredibilityRules, claims: ClaimRules, subsidy: SubsidyRules,
    governance: GovernanceRules
  ) {
    precondition(buyer.dimensions.count == BuyerDimension.allCases.count)
    precondition(merchant.dimensions.count == MerchantDimension.allCases.count)
    self.version = version
    self.buyer = Scorecard(buyer)
    self.merchant = Scorecard(merchant)
    self.tiers = tiers
    self.credibility = credibility
    self.claims = claims
    self.subsidy = subsidy
    self.governance = governance
    buyerRules = buyer
    merchantRules = merchant
    hash = StateHash.of([
      Self.hash(version, [buyer, merchant], tiers, credibility), claims.hash, subsidy.hash,
      governance.hash,
    ])
  }

  /// The scorecard of `kind`.
  @inlinable
  public func card(_ kind: AccountKind) -> Scorecard { kind == .buyer ? buyer : merchant }

  /// What the scores of `kind` mean.
  public func scale(_ kind: AccountKind) -> ScoreScale {
    kind == .buyer ? buyerRules.scale : merchantRules.scale
  }

  private static func hash(
    _ version: UInt32, _ cards: [CardRules], _ tiers: TierRules, _ credibility: CredibilityRules
  ) -> UInt64 {
    var words: [UInt64] = [
      UInt64(version), UInt64(tiers.cooldownDays), UInt64(truncatingIfNeeded: tiers.fallMargin),
    ]
    for lane in 0..<4 { words.append(UInt64(truncatingIfNeeded: tiers.lowestScores[lane])) }
    words.append(UInt64(truncatingIfNeeded: credibility.scoreZero))
    words.append(UInt64(truncatingIfNeeded: credibility.scoreFull))
    var numbers = [credibility.weightMin]
    for card in cards {
      numbers += [card.base, card.boundDeviations, card.upheldCredit]
      for d in card.dimensions {
        numbers += [d.priorMean, d.priorStrength, d.pointsPerDoubling, d.lossMax, d.gainMax]
      }
      let h = card.history
      numbers += [h.pointsPerDoubling, h.ordersScale, h.gainMax, h.thinOrders]
      let t = card.tenure
      numbers += [t.pointsPerDoubling, t.daysScale, t.gainMax]
      numbers += [card.scale.score, card.scale.probability, card.scale.pointsPerHalving]
    }
    return StateHash.of(words + numbers.map { UInt64($0.bitPattern) })
  }
}

extension Policy: Equatable {
  public static func == (a: Policy, b: Policy) -> Bool {
    a.version == b.version && a.buyerRules == b.buyerRules && a.merchantRules == b.merchantRules
      && a.tiers == b.tiers && a.credibility == b.credibility && a.claims == b.claims
      && a.subsidy == b.subsidy && a.governance == b.governance
  }
}
