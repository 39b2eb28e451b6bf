import IntegrityCore
import Rescoring

/// One of the committee's figures, with how it is worked out.
public struct KeyFigure: Sendable {
  public enum Group: String, Sendable, CaseIterable {
    case rules = "Rule optimisation"
    case order = "Market order"
    case efficiency = "Efficiency"
  }

  public let group: Group
  /// For programs: "appealOverturnRate".
  public let key: String
  public let name: String
  /// Nil where there is nothing to work it out from.
  public let value: Double?
  /// As people read it.
  public let text: String
  public let how: String
}

extension KeyFigures {
  /// All of them, group by group.
  public var all: [KeyFigure] { rules + order + efficiency }

  private func rate(
    _ group: KeyFigure.Group, _ key: String, _ name: String, _ part: Double, of whole: Double,
    _ how: String
  ) -> KeyFigure {
    KeyFigure(
      group: group, key: key, name: name, value: whole > 0 ? part / whole : nil,
      text: Numbers.share(part, of: whole), how: how)
  }

  private func count(
    _ group: KeyFigure.Group, _ key: String, _ name: String, _ count: UInt64, _ how: String
  ) -> KeyFigure {
    KeyFigure(
      group: group, key: key, name: name, value: Double(count), text: Numbers.whole(count),
      how: how)
  }

  private func money(
    _ group: KeyFigure.Group, _ key: String, _ name: String, _ amount: Minor, _ how: String
  ) -> KeyFigure {
    KeyFigure(
      group: group, key: key, name: name, value: Double(amount.rawValue) / 100,
      text: Numbers.money(amount.rawValue), how: how)
  }

  private var rules: [KeyFigure] {
    let decided = claims.appealsUpheld + claims.appealsRejected
    var figures = [
      rate(
        .rules, "appealOverturnRate", "Appeals upheld", Double(claims.appealsUpheld),
        of: Double(decided),
        "\(Numbers.whole(claims.appealsUpheld)) of \(Numbers.whole(decided)) decided appeals "
          + "against decisions on the period's claims."),
      rate(
        .rules, "shadowFlipRate", "Decided otherwise in shadow", Double(claims.shadowFlipCount),
        of: Double(claims.shadowedCount),
        "\(Numbers.whole(claims.shadowFlipCount)) of \(Numbers.whole(claims.shadowedCount)) "
          + "claims that were decided by a policy in shadow as well."),
    ]
    for (kind, sums) in [("buyers", buyers), ("merchants", merchants)] {
      let index = sums.stabilityIndex
      figures.append(
        KeyFigure(
          group: .rules, key: "stability.\(kind)", name: "Stability of \(kind)' scores",
          value: shadowHash == nil ? nil : index,
          text: shadowHash == nil ? "—" : Numbers.decimal(index, 3),
          how: "Population stability index: scores by the policy in shadow against those by the "
            + "one in force, in classes of 100 points. Below 0.1 is stable, from 0.25 on another "
            + "population."))
    }
    return figures
  }

  private var order: [KeyFigure] {
    let orders = market.orders
    let steps = { (standing: Standing) in market.steps[Int(standing.rawValue)] }
    return [
      rate(
        .order, "falseShipmentRate", "False shipments", market.falseShipments, of: orders,
        "Shipments that carriers proved false, and empty parcels, per settled order of all "
          + "merchants; what is older counts less."),
      rate(
        .order, "latePickupRate", "Late pickups", market.latePickups, of: orders,
        "Parcels handed over late per settled order of all merchants, likewise."),
      rate(
        .order, "noStockRate", "No stock", market.noStock, of: orders + market.noStock,
        "Orders cancelled for lack of stock, of those settled or so cancelled, likewise."),
      rate(
        .order, "qualityRefundRate", "Quality refunds", market.qualityRefunds, of: orders,
        "Quality claims upheld, each by its claimant's credibility, per settled order, likewise."),
      count(
        .order, "clearOuts", "Merchants cleared out", steps(.clearedOut),
        "In the period, each by a human behind a notice."),
      count(
        .order, "notices", "Notices given", steps(.clearOutNotice),
        "Steps to CLEAR_OUT_NOTICE in the period."),
      count(
        .order, "stepAppealsUpheld", "Steps taken back", market.stepAppealsUpheld,
        "Appeals of merchants against steps that were upheld in the period."),
      money(
        .order, "abuseStopped", "Abuse stopped", claims.abuseStopped,
        "Asked for by claims that a human found abusive and that were not paid: "
          + "\(Numbers.whole(claims.abuseCount)) abusive claims in all. None that an appeal has "
          + "undone."),
      money(
        .order, "compensationLeaked", "Compensation leaked", claims.leaked,
        "Paid for \(Numbers.whole(claims.leakedCount)) claims that were found wrong, or taken back "
          + "by a merchant's appeal, later."),
    ]
  }

  private var efficiency: [KeyFigure] {
    let judged = claims.claimCount - claims.withdrawnCount
    let hours =
      claims.humanCount == 0
      ? nil : Double(claims.humanSeconds) / Double(claims.humanCount) / 3_600
    return [
      count(
        .efficiency, "claims", "Claims", claims.claimCount,
        "Opened in the period; \(Numbers.whole(claims.withdrawnCount)) were withdrawn."),
      rate(
        .efficiency, "automaticShare", "Decided without a human", Double(claims.automaticCount),
        of: Double(judged),
        "Of claims not withdrawn, those without a verdict, an appeal or a need for one."),
      KeyFigure(
        group: .efficiency, key: "hoursToDecide", name: "Time to decide", value: hours,
        text: hours.map { Numbers.decimal($0, 1) + " h" } ?? "—",
        how: "Mean from opening to the verdict of \(Numbers.whole(claims.humanCount)) claims "
          + "that a human decided, half of them in \(medianHours). "
          + "\(Numbers.whole(waitingCount)) still wait for one and are not in it; all others are "
          + "decided at once."),
      money(
        .efficiency, "keptOffMerchants", "Cost kept off merchants", claims.compensated,
        "Reserved or paid by the platform for the period's claims, of "
          + "\(Numbers.money(claims.claimed.rawValue)) asked for."),
    ]
  }

  /// Claims that a human is to decide.
  private var waitingCount: UInt64 {
    claims.outcomes[Int(Outcome.manualReview.rawValue) - 1]
  }

  private var medianHours: String {
    var left = (claims.humanCount + 1) / 2
    for (place, count) in claims.humanHours.enumerated() {
      if count >= left && left > 0 {
        return place < ClaimFigures.hourLimits.count
          ? "less than \(ClaimFigures.hourLimits[place]) h" : "336 h or more"
      }
      left -= min(left, count)
    }
    return "—"
  }
}

/// The committee's figures, as a page.
public enum KeyFiguresReport {
  public static func page(
    title: String, _ figures: KeyFigures, time: (UnixSeconds) -> String
  ) -> String {
    let notes = [
      "Policy version \(figures.policyVersion), log position \(figures.position.rawValue).",
      "Claims by when they were opened, as they stand now; scores and merchants' rates by all "
        + "that is known by now, faded to the end of the period if that is past.",
    ]
    return Page.render(
      title: title, subtitle: "\(time(figures.from)) to \(time(figures.to))", notes: notes
    ) { html in
      for group in KeyFigure.Group.allCases {
        html.line("h2", group.rawValue)
        html.element("div", "class=\"tiles\"") { tiles in
          for figure in figures.all where figure.group == group {
            tiles.tile(figure.name, figure.text, how: figure.how)
          }
        }
      }
      html.line("h2", "Charts")
      html.element("div", "class=\"grid\"") { charts(figures, &$0, time) }
    }
  }

  private static func charts(
    _ figures: KeyFigures, _ html: inout HTML, _ time: (UnixSeconds) -> String
  ) {
    let days = everyDay(figures)
    let most = days.map(\.claimCount).max() ?? 0
    let ends = [figures.from, UnixSeconds(figures.to.rawValue - 1)].map {
      String(time($0).prefix(10))
    }
    html.columns(
      id: "claims-by-day", title: "Claims by day", days.map { Double($0.claimCount) },
      top: Numbers.short(most), axis: ends, caption: "Claims opened on each day.")
    let paid = days.map(\.compensated.rawValue)
    html.columns(
      id: "paid-by-day", title: "Compensation by day", paid.map { Double($0) },
      top: Numbers.money(paid.max() ?? 0), axis: ends,
      caption: "Reserved or paid by the platform for claims opened on each day.")
    let names = ["Platform pays", "Return", "Merchant", "Review", "Decline"]
    html.bars(
      id: "outcomes", title: "Outcomes",
      Array(zip(names, figures.claims.outcomes)).map { ($0.0, $0.1) },
      caption: "Claims by outcome, as things stand: platform compensates, return and refund, "
        + "merchant decides, manual review, decline.")
    html.bars(
      id: "standings", title: "Merchants by standing",
      Array(zip(Standing.allCases, figures.market.standings)).map { ($0.0.words, $0.1) },
      caption: "All merchants, as they stand now.")
    let limits = ClaimFigures.hourLimits
    let spans = limits.map { "< \($0) h" } + ["longer"]
    html.bars(
      id: "time-to-decide", title: "Time to decide",
      Array(zip(spans, figures.claims.humanHours)).map { ($0.0, $0.1) },
      caption: "Claims that a human decided, by the time from opening to the verdict.")
    for (kind, sums) in [(AccountKind.buyer, figures.buyers), (.merchant, figures.merchants)] {
      html.distribution(
        id: "\(kind.name)-scores", title: "Scores of \(kind.name)s", sums.before.counts,
        sums.after.counts, axis: ["0", "200", "400", "600", "800", "1000"],
        names: ("in force", "in shadow"), caption: "By score, in classes of ten points.")
    }
  }

  /// Days without a claim as well.
  private static func everyDay(_ figures: KeyFigures) -> [ClaimFigures.Day] {
    let known = Dictionary(
      figures.claims.days.map { ($0.day, $0) }, uniquingKeysWith: { first, _ in first })
    let last = UnixSeconds(figures.to.rawValue - 1).day
    if last < figures.from.day { return [] }
    return (figures.from.day...last).map { known[$0] ?? ClaimFigures.Day(day: $0) }
  }
}

extension Standing {
  /// As a heading: "Clear-out notice".
  fileprivate var words: String {
    ["Normal", "Watch", "Restricted", "Notice", "Cleared out"][Int(rawValue)]
  }
}
