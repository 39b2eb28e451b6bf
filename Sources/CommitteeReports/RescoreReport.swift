import IntegrityCore
import Rescoring

/// What a candidate policy would change, as a page.
public enum RescoreReport {
  /// - Parameters:
  ///   - title: as the committee calls it.
  ///   - time: writes a moment.
  public static func page(
    title: String, _ summary: RescoreSummary, _ end: RescoreEnd,
    time: (UnixSeconds) -> String
  ) -> String {
    let isSame = end.policyHash == end.candidateHash
    let subtitle =
      isSame
      ? "The population under the policy in force, version \(end.policyVersion)."
      : "Version \(end.candidateVersion) (\(end.candidateName)) compared with version "
        + "\(end.policyVersion), which is in force."
    let notes = [
      "As of \(time(end.asOf)), at log position \(end.position.rawValue).",
      "Policy in force \(hex(end.policyHash)), candidate \(hex(end.candidateHash)).",
      "Accounts change while they are gone through; each is judged as a whole, once.",
    ]
    return Page.render(title: title, subtitle: subtitle, notes: notes) { html in
      tiles(summary, isSame, &html)
      population(.buyer, summary.buyers, isSame, &html)
      population(.merchant, summary.merchants, isSame, &html)
      if let claims = summary.claims { self.claims(claims, &html) }
      if !isSame { movers(summary.movers.movers, &html) }
    }
  }

  private static func hex(_ hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func tiles(_ summary: RescoreSummary, _ isSame: Bool, _ html: inout HTML) {
    html.element("div", "class=\"tiles\"") { tiles in
      for (name, sums) in [("Buyers", summary.buyers), ("Merchants", summary.merchants)] {
        tiles.tile(
          name, Numbers.whole(sums.tiers.total), how: "Accounts of which anything is known.")
        if isSame { continue }
        tiles.tile(
          "\(name) with another tier", Numbers.whole(sums.tiers.changedCount),
          how: "\(Numbers.share(sums.tiers.changedCount, of: sums.tiers.total)) of them: the tier "
            + "that would be in force, but for what operators have set.")
        tiles.tile(
          "Stability of \(name.lowercased())' scores", Numbers.decimal(sums.stabilityIndex, 3),
          how: "Population stability index over classes of 100 points: \(stability(sums)).")
      }
    }
  }

  /// Siddiqi, Credit Risk Scorecards (2006).
  private static func stability(_ sums: PopulationSums) -> String {
    let index = sums.stabilityIndex
    if index < 0.1 { return "below 0.1, stable" }
    return index < 0.25 ? "0.1 to 0.25, to be looked at" : "0.25 or more, another population"
  }

  private static func population(
    _ kind: AccountKind, _ sums: PopulationSums, _ isSame: Bool, _ html: inout HTML
  ) {
    let name = kind == .buyer ? "Buyers" : "Merchants"
    let tiers = Tier.allCases.map(\.name)
    html.line("h2", name)
    html.element("div", "class=\"grid\"") { grid in
      grid.distribution(
        id: "\(kind.name)-scores", title: "Scores", sums.before.counts, sums.after.counts,
        axis: ["0", "200", "400", "600", "800", "1000"], names: ("in force", "candidate"),
        caption: "\(name) by score, in classes of ten points.")
      if isSame {
        grid.bars(
          id: "\(kind.name)-tiers", title: "Tiers",
          Tier.allCases.map { ($0.name, sums.tiers[$0, $0]) }, caption: "\(name) by tier.")
      } else {
        grid.matrix(
          id: "\(kind.name)-tiers", title: "Tiers before and after", rows: tiers, columns: tiers,
          { sums.tiers[Tier.allCases[$0], Tier.allCases[$1]] },
          caption: "Rows: the tier in force; columns: with the candidate. Darker is a larger "
            + "share of the row; grey stays.")
      }
    }
  }

  private static func claims(_ claims: ClaimComparison, _ html: inout HTML) {
    let outcomes = Outcome.allCases
    html.line("h2", "Claims, decided once more")
    if claims.claimCount + claims.unreadableCount == 0 {
      return html.line("p", "There were none in the days that were asked for.")
    }
    html.element("div", "class=\"tiles\"") { tiles in
      tiles.tile(
        "Claims decided otherwise", Numbers.whole(claims.changedCount),
        how: "\(Numbers.share(claims.changedCount, of: claims.claimCount)) of "
          + "\(Numbers.whole(claims.claimCount)), each from its receipt, as things were then.")
      tiles.tile(
        "Reserved for them", Numbers.money(claims.subsidyBefore.rawValue),
        how: "By the policies that decided them.")
      tiles.tile(
        "The candidate would cost",
        Numbers.moneyChange(claims.subsidyAfter.rawValue - claims.subsidyBefore.rawValue),
        how: "It would have reserved \(Numbers.money(claims.subsidyAfter.rawValue)). What is "
          + "used of caps is taken as it was. What humans decide is in neither.")
      tiles.tile(
        "Left to humans",
        Numbers.moneyChange(claims.reviewedAfter.rawValue - claims.reviewedBefore.rawValue),
        how: "Asked for by claims that a human is to decide: "
          + "\(Numbers.money(claims.reviewedAfter.rawValue)), not "
          + "\(Numbers.money(claims.reviewedBefore.rawValue)). What of it is paid nobody knows yet."
      )
      if claims.unreadableCount > 0 {
        tiles.tile(
          "Not decided again", Numbers.whole(claims.unreadableCount),
          how: "Their receipts, or the policies that decided them, are not there any more.")
      }
    }
    html.element("div", "class=\"grid\" style=\"margin-top:16px\"") { grid in
      let short = ["Platform", "Return", "Merchant", "Review", "Decline"]
      grid.matrix(
        id: "claims", title: "Outcomes before and after", rows: short, columns: short,
        { claims.outcomes.count(outcomes[$0], outcomes[$1]) },
        caption: "Rows: decided; columns: with the candidate. Platform compensates, return and "
          + "refund, merchant decides, manual review, decline.")
    }
  }

  private static func movers(_ movers: [RescoreRow], _ html: inout HTML) {
    html.line("h2", "Who moves furthest")
    if movers.isEmpty { return html.line("p", "No score changes.") }
    html.element("ul", "class=\"movers\" id=\"movers\"") { list in
      for mover in movers {
        list.element("li") { item in
          item.line("span", "\(mover.account.kind.name) \(mover.account.id.rawValue)")
          item.line(
            "span",
            "\(mover.before.score) \(mover.before.tier.name) → \(mover.after.score) "
              + "\(mover.after.tier.name)")
          let change = mover.change > 0 ? "+\(mover.change)" : "−\(-mover.change)"
          item.line("span", change, "class=\"\(mover.change > 0 ? "up" : "down")\"")
          item.line(
            "span", "Was: \(words(mover.before)). Would be: \(words(mover.after)).",
            "class=\"why\"")
        }
      }
    }
  }

  private static func words(_ verdict: RescoreRow.Verdict) -> String {
    if verdict.reasons.isEmpty { return "no reason" }
    return verdict.reasons.map { "\($0.label) \($0.text)" }.joined(separator: ", ")
  }
}
