import IntegrityCore

/// The sections of a policy document that say how claims are decided and paid.
extension DocumentReader {
  func claims(_ document: Section) -> ClaimRules {
    let section = document.section(
      "claims",
      keys: [
        "manualAmount", "floorMin", "evidenceAmount", "strongFloor", "staleHours",
        "counterpartyWeightMax", "appealDays", "answerDays", "coldStart", "concentration", "abuse",
        "spotCheckShare",
      ])
    let floorMin = section.integer("floorMin", in: 0...1000)
    let rules = ClaimRules(
      manualAmount: amount(section, "manualAmount", from: 1),
      floorMin: Int32(floorMin ?? 0),
      evidenceAmount: amount(section, "evidenceAmount", from: 1),
      strongFloor: Int32(section.integer("strongFloor", in: 0...1000) ?? 0),
      staleHours: UInt32(section.integer("staleHours", in: 1...8_760) ?? 1),
      coldStart: coldStart(section, floorMin: floorMin), concentration: concentration(section),
      abuse: abuse(section), spotCheckShare: section.number("spotCheckShare", in: 0...1),
      counterpartyWeightMax: section.number("counterpartyWeightMax", in: 0...1000),
      appealDays: UInt16(section.integer("appealDays", in: 0...365) ?? 0),
      answerDays: UInt16(section.integer("answerDays", in: 1...365) ?? 1))
    return rules
  }

  private func coldStart(_ claims: Section, floorMin: Int?) -> ColdStartRules {
    let section = claims.section("coldStart", keys: ["floorMin", "amountMax", "yearMax"])
    let coldFloor = section.integer("floorMin", in: 0...1000)
    if let coldFloor, let floorMin, coldFloor > floorMin {
      section.contradiction(
        at: "floorMin",
        "\(coldFloor) contradicts claims.floorMin = \(floorMin): must not be higher")
    }
    return ColdStartRules(
      floorMin: Int32(coldFloor ?? 0), amountMax: amount(section, "amountMax", from: 0),
      yearMax: amount(section, "yearMax", from: 0, to: SubsidyAmounts.capMax))
  }

  private func concentration(_ claims: Section) -> ConcentrationRules {
    let section = claims.section("concentration", keys: ["claimsMin", "shareMin"])
    return ConcentrationRules(
      claimsMin: UInt32(section.integer("claimsMin", in: 2...1000) ?? 2),
      shareMin: section.number("shareMin", in: 0...1))
  }

  private func abuse(_ claims: Section) -> AbuseRules {
    let section = claims.section(
      "abuse",
      keys: [
        "claimRate", "notReceivedRate", "mismatchRate", "countMin", "merchantsMin", "confirmedMin",
      ])
    return AbuseRules(
      claimRate: section.number("claimRate", in: 0...1),
      notReceivedRate: section.number("notReceivedRate", in: 0...1),
      mismatchRate: section.number("mismatchRate", in: 0...1),
      countMin: section.number("countMin", in: 1...10_000),
      merchantsMin: UInt32(section.integer("merchantsMin", in: 1...60) ?? 1),
      confirmedMin: section.number("confirmedMin", in: 0.01...10_000))
  }

  func subsidy(_ document: Section) -> SubsidyRules {
    let section = document.section("subsidy", keys: ["reserveDays", "caps", "turnover"])
    let scopes = SubsidyScope.allCases
    let caps = section.section("caps", keys: scopes.map(\.name))
    let amounts = SubsidyAmounts { amount(caps, $0.name, from: 0, to: SubsidyAmounts.capMax) }
    checkOrder(caps, amounts, .category, within: .global)
    checkOrder(caps, amounts, .buyer30Days, within: .buyer365Days)
    checkOrder(caps, amounts, .pair90Days, within: .buyer365Days)
    return SubsidyRules(
      caps: amounts, turnover: turnover(section),
      reserveDays: UInt16(section.integer("reserveDays", in: 1...365) ?? 1))
  }

  private func turnover(_ subsidy: Section) -> TurnoverRules {
    let section = subsidy.section(
      "turnover", keys: ["buyerBase", "buyerShare", "merchantBase", "merchantShare"])
    return TurnoverRules(
      buyerBase: amount(section, "buyerBase", from: 0, to: SubsidyAmounts.capMax),
      buyerShare: section.number("buyerShare", in: 0...1),
      merchantBase: amount(section, "merchantBase", from: 0, to: SubsidyAmounts.capMax),
      merchantShare: section.number("merchantShare", in: 0...1))
  }

  /// A cap above one that holds for the same claims would never be reached.
  private func checkOrder(
    _ caps: Section, _ amounts: SubsidyAmounts, _ inner: SubsidyScope, within outer: SubsidyScope
  ) {
    if amounts[inner].rawValue <= amounts[outer].rawValue { return }
    caps.contradiction(
      at: inner.name,
      "\(amounts[inner].rawValue) contradicts \(outer.name) = \(amounts[outer].rawValue): "
        + "must not be higher")
  }

  private func amount(
    _ section: Section, _ key: String, from lowest: Int, to highest: Minor = .eventMax
  ) -> Minor {
    Minor(Int64(section.integer(key, in: lowest...Int(highest.rawValue)) ?? lowest))
  }
}
