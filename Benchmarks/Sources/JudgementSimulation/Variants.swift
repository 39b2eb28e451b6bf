import IntegrityCore
import IntegrityPolicy

/// A policy, and how evidence fades.
struct Variant: Sendable {
  var name: String
  var policy: Policy
  var halfLifeDays: UInt32 = 180
}

extension Variant {
  static let plainName = "the policy"
  static let amountsName = "caps of amounts alone"
  static let naiveName = "naive"

  /// Whether honest people are told how they fare under it.
  var isAboutFairness: Bool { name == Self.plainName || name == Self.amountsName }

  /// Whether what is paid hangs on what was sold and ordered.
  var followsTurnover: Bool { policy.subsidy.turnover.merchantBase < SubsidyAmounts.capMax }

  /// What is compared: the policy as it is, and with parts of it taken away.
  static func all(of policy: Policy) -> [Variant] {
    [
      Variant(name: plainName, policy: policy),
      Variant(name: "no credibility", policy: policy.with { $0.takeAwayCredibility() }),
      Variant(name: "no caps", policy: policy.with { $0.takeAwayCaps() }),
      Variant(name: amountsName, policy: policy.with { $0.takeAwayTurnover() }),
      Variant(
        name: "no abuse rules",
        policy: policy.with {
          $0.takeAwayAbuseRules()
          $0.takeAwaySpotChecks()
        }),
      Variant(name: "sharp tiers", policy: policy.with { $0.takeAwayFallMargin() }),
      Variant(
        name: naiveName,
        policy: policy.with {
          $0.takeAwayCredibility()
          $0.takeAwayCaps()
          $0.takeAwayAbuseRules()
          $0.takeAwaySpotChecks()
          $0.takeAwayFallMargin()
        }),
    ]
  }
}

/// The parts of a policy, to be changed.
struct PolicyParts {
  var buyer: CardRules
  var merchant: CardRules
  var tiers: TierRules
  var credibility: CredibilityRules
  var claims: ClaimRules
  var subsidy: SubsidyRules

  mutating func takeAwayCredibility() { credibility.weightMin = 1 }

  /// The most that a document may say.
  mutating func takeAwayCaps() {
    subsidy.caps = SubsidyAmounts { _ in SubsidyAmounts.capMax }
    claims.coldStart.amountMax = Minor.eventMax
    claims.coldStart.yearMax = SubsidyAmounts.capMax
    claims.counterpartyWeightMax = 1_000
    takeAwayTurnover()
  }

  /// Trade is no matter: caps are amounts, the same for all.
  mutating func takeAwayTurnover() {
    subsidy.turnover.buyerBase = SubsidyAmounts.capMax
    subsidy.turnover.merchantBase = SubsidyAmounts.capMax
  }

  mutating func takeAwaySpotChecks() { claims.spotCheckShare = 0 }

  mutating func takeAwayFallMargin() {
    tiers = TierRules(
      lowestScores: tiers.lowestScores, cooldownDays: tiers.cooldownDays, fallMargin: 0)
  }

  /// Limits that nothing reaches.
  mutating func takeAwayAbuseRules() {
    claims.concentration = ConcentrationRules(claimsMin: 1_000, shareMin: 1)
    claims.abuse = AbuseRules(
      claimRate: 1, notReceivedRate: 1, mismatchRate: 1, countMin: 10_000, merchantsMin: 60,
      confirmedMin: 10_000)
  }
}

extension Policy {
  /// Another policy of the same version.
  func with(_ change: (inout PolicyParts) -> Void) -> Policy {
    var parts = PolicyParts(
      buyer: buyerRules, merchant: merchantRules, tiers: tiers, credibility: credibility,
      claims: claims, subsidy: subsidy)
    change(&parts)
    return Policy(
      version: version, buyer: parts.buyer, merchant: parts.merchant, tiers: parts.tiers,
      credibility: parts.credibility, claims: parts.claims, subsidy: parts.subsidy,
      governance: governance)
  }
}
