import IntegrityCore

/// The section of a policy document that says how merchants are governed.
extension DocumentReader {
  func governance(_ document: Section) -> GovernanceRules {
    let section = document.section(
      "governance",
      keys: [
        "maturityDays", "ordersMin", "buyersMin", "deviations", "stepDays", "easeDays",
        "noticeDays", "holdDays", "shadowDays", "appealDays", "answerDays", "limits", "support",
        "ranking",
      ])
    func days(_ key: String, _ range: ClosedRange<Int>) -> UInt16 {
      UInt16(section.integer(key, in: range) ?? range.lowerBound)
    }
    return GovernanceRules(
      maturityDays: days("maturityDays", 0...365),
      ordersMin: section.number("ordersMin", in: 0...10_000),
      buyersMin: UInt32(section.integer("buyersMin", in: 1...12) ?? 1),
      deviations: section.number("deviations", in: 0...5), stepDays: days("stepDays", 1...365),
      easeDays: days("easeDays", 1...365), noticeDays: days("noticeDays", 1...365),
      holdDays: days("holdDays", 0...3_650), shadowDays: days("shadowDays", 0...365),
      appealDays: days("appealDays", 0...365), answerDays: days("answerDays", 1...365),
      limits: limits(section), support: support(section), rankingFactors: ranking(section))
  }

  private func limits(_ governance: Section) -> [StandingLimits] {
    let names = GovernedDimension.allCases.map(\.name)
    let limits = governance.section("limits", keys: names)
    return names.map { name in
      let keys = ["watch", "restricted", "clearOut"]
      let section = limits.section(name, keys: ["countMin"] + keys)
      let countMin = section.number("countMin", in: 1...10_000)
      let rates = keys.map { section.number($0, in: 0.0001...1) }
      for index in 1..<rates.count where rates[index] < rates[index - 1] {
        section.contradiction(
          at: keys[index],
          "\(rates[index]) contradicts \(keys[index - 1]) = \(rates[index - 1]): "
            + "must not be lower")
      }
      return StandingLimits(
        countMin: countMin, watch: rates[0], restricted: rates[1], clearOut: rates[2])
    }
  }

  private func support(_ governance: Section) -> [SupportRules] {
    let support = governance.section("support", keys: SupportTrack.allCases.map(\.name))
    let standings = [Standing.watch, .restricted, .clearOutNotice]
    return SupportTrack.allCases.map { track in
      let section = support.section(track.name, keys: ["rankingFactor", "standingMax"])
      let name = section.choice("standingMax", among: standings.map(\.name))
      return SupportRules(
        rankingFactor: section.number("rankingFactor", in: 1...2),
        standingMax: standings.first { $0.name == name } ?? .clearOutNotice)
    }
  }

  /// One without a standing to be held against it has the factor 1.
  private func ranking(_ governance: Section) -> [Float] {
    let names = Standing.allCases.dropFirst().map(\.name)
    let section = governance.section("ranking", keys: names)
    return [1] + names.map { section.number($0, in: 0...1) }
  }
}
