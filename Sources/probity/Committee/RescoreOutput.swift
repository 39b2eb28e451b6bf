import IntegrityCore
import Rescoring

/// What a rescore came to, as `--json` prints it.
struct RescoreOutput: Encodable {
  struct Population: Encodable {
    let accounts: UInt64
    let tierChanged: UInt64
    let stabilityIndex: Double
    /// By score, in bins of ten points.
    let scoresBefore: [UInt64]
    let scoresAfter: [UInt64]
    /// From tier, to tier.
    let tiers: [String: [String: UInt64]]

    init(_ sums: PopulationSums) {
      accounts = sums.tiers.total
      tierChanged = sums.tiers.changedCount
      stabilityIndex = (sums.stabilityIndex * 1e6).rounded() / 1e6
      scoresBefore = sums.before.counts
      scoresAfter = sums.after.counts
      tiers = Dictionary(
        uniqueKeysWithValues: Tier.allCases.map { before in
          let row = Tier.allCases.map { ($0.name, sums.tiers[before, $0]) }
          return (before.name, Dictionary(uniqueKeysWithValues: row))
        })
    }
  }

  struct Mover: Encodable {
    let kind: String
    let account: UInt64
    let scoreBefore: Int
    let scoreAfter: Int
    let tierBefore: String
    let tierAfter: String
    let reasonsBefore: [String]
    let reasonsAfter: [String]
  }

  struct Claims: Encodable {
    let decided: UInt64
    let changed: UInt64
    let unreadable: UInt64
    /// From outcome, to outcome; those that are not 0.
    let outcomes: [String: [String: UInt64]]
    let subsidyBefore: Int64
    let subsidyAfter: Int64
    let reviewedBefore: Int64
    let reviewedAfter: Int64
  }

  let asOf: String
  let policyVersion: UInt32
  let policyHash: String
  let candidateVersion: UInt32
  let candidateHash: String
  let candidateName: String
  let logPosition: UInt64
  let scanSeconds: Double
  let buyers: Population
  let merchants: Population
  let movers: [Mover]
  let claims: Claims?

  init(_ summary: RescoreSummary, _ end: RescoreEnd) {
    asOf = end.asOf.iso8601
    policyVersion = end.policyVersion
    policyHash = end.policyHash.hex
    candidateVersion = end.candidateVersion
    candidateHash = end.candidateHash.hex
    candidateName = end.candidateName
    logPosition = end.position.rawValue
    scanSeconds = Double(end.scanMicroseconds) / 1_000_000
    buyers = Population(summary.buyers)
    merchants = Population(summary.merchants)
    movers = summary.movers.movers.map {
      Mover(
        kind: $0.account.kind.name, account: $0.account.id.rawValue, scoreBefore: $0.before.score,
        scoreAfter: $0.after.score, tierBefore: $0.before.tier.name,
        tierAfter: $0.after.tier.name, reasonsBefore: $0.before.reasons.map(\.label),
        reasonsAfter: $0.after.reasons.map(\.label))
    }
    claims = summary.claims.map { claims in
      var outcomes: [String: [String: UInt64]] = [:]
      for before in Outcome.allCases {
        for after in Outcome.allCases where claims.outcomes.count(before, after) > 0 {
          outcomes[before.name, default: [:]][after.name] = claims.outcomes.count(before, after)
        }
      }
      return Claims(
        decided: claims.claimCount, changed: claims.changedCount,
        unreadable: claims.unreadableCount, outcomes: outcomes,
        subsidyBefore: claims.subsidyBefore.rawValue, subsidyAfter: claims.subsidyAfter.rawValue,
        reviewedBefore: claims.reviewedBefore.rawValue,
        reviewedAfter: claims.reviewedAfter.rawValue)
    }
  }
}

/// What a rescore came to, as people read it.
enum RescoreText {
  static func lines(_ summary: RescoreSummary, _ end: RescoreEnd) -> [String] {
    let isSame = end.policyHash == end.candidateHash
    var lines: [String] = []
    for (name, sums) in [("buyers", summary.buyers), ("merchants", summary.merchants)] {
      lines += population(name, sums, isSame)
    }
    if let claims = summary.claims { lines += self.claims(claims) }
    for mover in summary.movers.movers.prefix(5) {
      let change = mover.change > 0 ? "+\(mover.change)" : "\(mover.change)"
      let why = mover.after.reasons.map(\.label).joined(separator: " ")
      lines.append(
        "  \(mover.account.kind.name) \(mover.account.id.rawValue): \(mover.before.score) "
          + "\(mover.before.tier.name) → \(mover.after.score) \(mover.after.tier.name), \(change)"
          + (why.isEmpty ? "" : ", \(why)"))
    }
    let candidate = isSame ? "" : ", candidate version \(end.candidateVersion)"
    lines.append(
      "as of \(end.asOf.iso8601), policy version \(end.policyVersion)\(candidate), position "
        + "\(end.position.rawValue); scanned in \(Double(end.scanMicroseconds / 1_000) / 1_000) s")
    return lines
  }

  private static func population(
    _ name: String, _ sums: PopulationSums, _ isSame: Bool
  ) -> [String] {
    let total = sums.tiers.total
    let byTier = Tier.allCases.map { tier in
      "\(tier.name) \(Tier.allCases.reduce(UInt64(0)) { $0 + sums.tiers[$1, tier] })"
    }.joined(separator: ", ")
    if isSame { return ["\(total) \(name): \(byTier)"] }
    let index = (sums.stabilityIndex * 1_000).rounded() / 1_000
    var lines = [
      "\(total) \(name): \(sums.tiers.changedCount) would have another tier; stability index "
        + "\(index)"
    ]
    if sums.tiers.changedCount == 0 { return lines }
    let width = "\(total)".count + 2
    lines.append(
      "  from \\ to" + Tier.allCases.map { $0.name.rightAligned(to: width) }.joined())
    for before in Tier.allCases {
      let row = Tier.allCases.map { "\(sums.tiers[before, $0])".rightAligned(to: width) }
      lines.append("  \(before.name.padded(to: 9))" + row.joined())
    }
    return lines
  }

  private static func claims(_ claims: ClaimComparison) -> [String] {
    let change = claims.subsidyAfter.rawValue - claims.subsidyBefore.rawValue
    var lines = [
      "\(claims.claimCount) claims decided once more: \(claims.changedCount) otherwise; "
        + "\(claims.subsidyAfter.text) would be reserved, not \(claims.subsidyBefore.text) "
        + "(\(change > 0 ? "+" : "")\(Minor(change).text))"
    ]
    if claims.reviewedBefore != claims.reviewedAfter {
      lines.append(
        "  besides, humans decide about \(claims.reviewedAfter.text), not "
          + "\(claims.reviewedBefore.text)")
    }
    for before in Outcome.allCases {
      for after in Outcome.allCases
      where before != after && claims.outcomes.count(before, after) > 0 {
        lines.append("  \(claims.outcomes.count(before, after)) \(before.name) → \(after.name)")
      }
    }
    if claims.unreadableCount > 0 {
      lines.append("  \(claims.unreadableCount) could not be: their receipts are not there")
    }
    return lines
  }
}
