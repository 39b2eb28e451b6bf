import IntegrityCore

extension PolicyDocument {
  /// A document that is read as `policy`, bit for bit.
  ///
  /// - Parameters:
  ///   - name: what people call it, as the document's `name` must be.
  ///   - head: lines of the comment at its beginning.
  ///   - comments: by path, like `merchant.dimensions.latePickup`: lines above that key.
  public static func text(
    of policy: Policy, name: String, head: [String], comments: [String: [String]] = [:]
  ) -> String {
    var writer = DocumentWriter(comments: comments)
    writer.comment(head)
    writer.value("version", "\(policy.version)")
    writer.value("name", name)
    writer.tiers(policy.tiers)
    writer.section("credibility") {
      $0.value("scoreZero", "\(policy.credibility.scoreZero)")
      $0.value("scoreFull", "\(policy.credibility.scoreFull)")
      $0.number("weightMin", policy.credibility.weightMin)
    }
    writer.claims(policy.claims)
    writer.subsidy(policy.subsidy)
    writer.governance(policy.governance)
    writer.card(.buyer, policy.buyerRules, BuyerDimension.allCases.map(\.name))
    writer.card(.merchant, policy.merchantRules, MerchantDimension.allCases.map(\.name))
    return writer.text
  }
}

/// Writes the plain YAML of a policy document.
private struct DocumentWriter {
  private(set) var text = ""
  private var path: [String] = []
  private let comments: [String: [String]]

  init(comments: [String: [String]]) { self.comments = comments }

  mutating func comment(_ lines: [String]) {
    for line in lines { text += indentation + (line.isEmpty ? "#" : "# " + line) + "\n" }
  }

  mutating func value(_ key: String, _ value: String) {
    comment(comments[(path + [key]).joined(separator: ".")] ?? [])
    text += indentation + "\(key): \(value)\n"
  }

  /// The shortest digits that are read as the same number.
  mutating func number(_ key: String, _ number: Float) { value(key, Self.plain(number)) }

  mutating func amount(_ key: String, _ amount: Minor) { value(key, "\(amount.rawValue)") }

  mutating func section(_ key: String, _ body: (inout Self) -> Void) {
    comment(comments[(path + [key]).joined(separator: ".")] ?? [])
    text += indentation + "\(key):\n"
    path.append(key)
    body(&self)
    path.removeLast()
  }

  private var indentation: String { String(repeating: " ", count: 2 * path.count) }

  private static func plain(_ number: Float) -> String {
    let digits = "\(number)"
    return digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits
  }

  // MARK: Sections

  mutating func tiers(_ tiers: TierRules) {
    section("tiers") {
      $0.section("lowestScores") { scores in
        for (index, tier) in Tier.allCases.dropLast().enumerated() {
          scores.value(tier.name, "\(tiers.lowestScores[index])")
        }
      }
      $0.value("cooldownDays", "\(tiers.cooldownDays)")
      $0.value("fallMargin", "\(tiers.fallMargin)")
    }
  }

  mutating func claims(_ claims: ClaimRules) {
    section("claims") {
      $0.amount("manualAmount", claims.manualAmount)
      $0.value("floorMin", "\(claims.floorMin)")
      $0.amount("evidenceAmount", claims.evidenceAmount)
      $0.value("strongFloor", "\(claims.strongFloor)")
      $0.value("staleHours", "\(claims.staleHours)")
      $0.number("counterpartyWeightMax", claims.counterpartyWeightMax)
      $0.value("appealDays", "\(claims.appealDays)")
      $0.value("answerDays", "\(claims.answerDays)")
      $0.section("coldStart") {
        $0.value("floorMin", "\(claims.coldStart.floorMin)")
        $0.amount("amountMax", claims.coldStart.amountMax)
        $0.amount("yearMax", claims.coldStart.yearMax)
      }
      $0.section("concentration") {
        $0.value("claimsMin", "\(claims.concentration.claimsMin)")
        $0.number("shareMin", claims.concentration.shareMin)
      }
      $0.section("abuse") {
        $0.number("claimRate", claims.abuse.claimRate)
        $0.number("notReceivedRate", claims.abuse.notReceivedRate)
        $0.number("mismatchRate", claims.abuse.mismatchRate)
        $0.number("countMin", claims.abuse.countMin)
        $0.value("merchantsMin", "\(claims.abuse.merchantsMin)")
        $0.number("confirmedMin", claims.abuse.confirmedMin)
      }
      $0.number("spotCheckShare", claims.spotCheckShare)
    }
  }

  mutating func subsidy(_ subsidy: SubsidyRules) {
    section("subsidy") {
      $0.value("reserveDays", "\(subsidy.reserveDays)")
      $0.section("caps") { caps in
        for scope in SubsidyScope.allCases { caps.amount(scope.name, subsidy.caps[scope]) }
      }
      $0.section("turnover") {
        $0.amount("buyerBase", subsidy.turnover.buyerBase)
        $0.number("buyerShare", subsidy.turnover.buyerShare)
        $0.amount("merchantBase", subsidy.turnover.merchantBase)
        $0.number("merchantShare", subsidy.turnover.merchantShare)
      }
    }
  }

  mutating func governance(_ rules: GovernanceRules) {
    section("governance") {
      $0.value("maturityDays", "\(rules.maturityDays)")
      $0.number("ordersMin", rules.ordersMin)
      $0.value("buyersMin", "\(rules.buyersMin)")
      $0.number("deviations", rules.deviations)
      $0.value("stepDays", "\(rules.stepDays)")
      $0.value("easeDays", "\(rules.easeDays)")
      $0.value("noticeDays", "\(rules.noticeDays)")
      $0.value("holdDays", "\(rules.holdDays)")
      $0.value("shadowDays", "\(rules.shadowDays)")
      $0.value("appealDays", "\(rules.appealDays)")
      $0.value("answerDays", "\(rules.answerDays)")
      $0.section("limits") { limits in
        for dimension in GovernedDimension.allCases {
          limits.section(dimension.name) {
            let limits = rules.limits[dimension.rawValue]
            $0.number("countMin", limits.countMin)
            $0.number("watch", limits.watch)
            $0.number("restricted", limits.restricted)
            $0.number("clearOut", limits.clearOut)
          }
        }
      }
      $0.section("support") { support in
        for track in SupportTrack.allCases {
          support.section(track.name) {
            $0.number("rankingFactor", rules.support[track.rawValue].rankingFactor)
            $0.value("standingMax", rules.support[track.rawValue].standingMax.name)
          }
        }
      }
      $0.section("ranking") { ranking in
        for standing in Standing.allCases.dropFirst() {
          ranking.number(standing.name, rules.rankingFactors[Int(standing.rawValue)])
        }
      }
    }
  }

  mutating func card(_ kind: AccountKind, _ card: CardRules, _ names: [String]) {
    section(kind.name) {
      $0.number("base", card.base)
      $0.section("scale") {
        $0.number("score", card.scale.score)
        $0.number("probability", card.scale.probability)
        $0.number("pointsPerHalving", card.scale.pointsPerHalving)
      }
      $0.number("boundDeviations", card.boundDeviations)
      if kind == .buyer { $0.number("upheldCredit", card.upheldCredit) }
      $0.section("history") {
        $0.number("pointsPerDoubling", card.history.pointsPerDoubling)
        $0.number("ordersScale", card.history.ordersScale)
        $0.number("gainMax", card.history.gainMax)
        $0.number("thinOrders", card.history.thinOrders)
      }
      $0.section("tenure") {
        $0.number("pointsPerDoubling", card.tenure.pointsPerDoubling)
        $0.number("daysScale", card.tenure.daysScale)
        $0.number("gainMax", card.tenure.gainMax)
      }
      $0.section("dimensions") { dimensions in
        for (name, rules) in zip(names, card.dimensions) {
          dimensions.dimension(name, rules)
        }
      }
    }
  }

  private mutating func dimension(_ name: String, _ rules: DimensionRules) {
    section(name) {
      $0.number("priorMean", rules.priorMean)
      $0.number("priorStrength", rules.priorStrength)
      $0.number("pointsPerDoubling", rules.pointsPerDoubling)
      $0.number("lossMax", rules.lossMax)
      $0.number("gainMax", rules.gainMax)
    }
  }
}
