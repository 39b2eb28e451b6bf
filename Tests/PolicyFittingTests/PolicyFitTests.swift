import IntegrityCore
import IntegrityPolicy
import PolicyFitting
import Testing

/// A card fitted to a made market whose truth is known.
@Suite struct PolicyFitTests {
  private static let day: UInt32 = 86_400
  private static let start: UInt32 = 1_700_000_000
  private static let base = PolicyDocument.standard.policy

  /// Two hundred merchants, an order of each a day for a hundred days; each is late with a
  /// chance of its own, from nothing to two fifths, by numbers that repeat.
  private static func market(days: UInt32 = 100, merchants: UInt64 = 200) -> [Event] {
    var state: UInt64 = 1
    func draw() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(1 << 53)
    }
    var events: [Event] = []
    for day in 0..<days {
      for merchant in 1...merchants {
        let order = UInt64(day) * 1_000 + merchant
        let at = start + day * Self.day + UInt32(merchant)
        let chance = 0.4 * Double(merchant % 20) / 20
        func event(_ detail: EventDetail, _ after: UInt32) -> Event {
          Event(
            at: UnixSeconds(at + after), buyer: AccountID(5_000 + order),
            merchant: AccountID(merchant), order: order, amount: Minor(1_000), detail: detail)
        }
        events.append(event(.pickedUp(late: draw() < chance), 10_000))
        events.append(event(.settled(orderedAt: UnixSeconds(at)), 40_000))
      }
    }
    return events.sorted { $0.at < $1.at }
  }

  private static func history(until day: UInt32 = 60) -> FitHistory {
    FitHistory(market(), .latePickup, within: 0, until: UnixSeconds(start + day * Self.day))
  }

  @Test func theFitForeseesAsWellAsTheTruthAllows() throws {
    let history = Self.history()
    let fit = try PolicyFit(history, base: Self.base, halfLivesDays: [20, 3_650])
    #expect(fit.halfLifeDays == 3_650, "habits do not change here")
    let schema = EvidenceSchema(days: fit.halfLifeDays)
    let quality = fit.policy.quality(in: history, .judge, schema: schema)
    // Merchants' own chances would rank with 0.72: the mean over pairs of what differs.
    #expect(try #require(quality.auc) > 0.69)
    #expect(quality.calibrationError < 0.015)
    #expect(quality.count == 40 * 200)
    let before = Self.base.quality(in: history, .judge, schema: .standard)
    #expect(before.calibrationError > quality.calibrationError)
    let late = fit.policy.merchantRules.dimensions[MerchantDimension.latePickup.rawValue]
    #expect(abs(late.priorMean - 0.19) < 0.03)
  }

  /// What comes after `until` changes nothing: not a number of the policy.
  @Test func nothingIsKnownOfWhatComesAfter() throws {
    let until = UnixSeconds(Self.start + 60 * Self.day)
    let whole = Self.history()
    let cut = FitHistory(
      whole.events.filter { $0.at < until }, .latePickup, within: 0, until: until)
    let other = FitHistory(
      whole.events.map { event in
        guard event.at >= until, case .pickedUp = event.detail else { return event }
        var event = event
        event.detail = .pickedUp(late: true)
        return event
      }, .latePickup, within: 0, until: until)
    let fits = try [whole, cut, other].map {
      try PolicyFit($0, base: Self.base, halfLivesDays: [180])
    }
    #expect(fits[1].policy == fits[0].policy && fits[2].policy == fits[0].policy)
    #expect(fits[1].policy.hash == fits[0].policy.hash)
  }

  /// An order whose outcome is known later belongs to neither part.
  @Test func ordersBetweenAreInTheGap() {
    let events = Self.market(days: 3, merchants: 1)
    let until = UnixSeconds(Self.start + Self.day + 5_000)
    let history = FitHistory(events, .latePickup, within: 0, until: until)
    #expect(history.orders.map(history.part) == [.fit, .gap, .judge])
    let open = FitHistory(events, .claim, within: 30 * Self.day, until: until)
    #expect(open.orders.allSatisfy { open.part(of: $0) == .gap }, "their windows are open")
  }

  @Test func whatHappenedNotOnceKeepsItsNumbersButWinsNothing() throws {
    let fit = try PolicyFit(Self.history(), base: Self.base, halfLivesDays: [180])
    let lane = MerchantDimension.emptyParcel.rawValue
    var expected = Self.base.merchantRules.dimensions[lane]
    expected.gainMax = 0
    #expect(fit.policy.merchantRules.dimensions[lane] == expected)
    #expect(fit.policy.buyerRules == Self.base.buyerRules)
    #expect(fit.policy.claims == Self.base.claims && fit.policy.version == Self.base.version + 1)
    #expect(fit.dimensions.filter(\.isFitted).map(\.name) == ["latePickup"])
  }

  @Test func theScaleAloneLeavesAllElse() throws {
    let history = Self.history()
    let fit = try PolicyFit(
      history, base: Self.base, halfLivesDays: [180], scaleOnly: true)
    var rules = fit.policy.merchantRules
    #expect(rules.scale != Self.base.merchantRules.scale)
    rules.scale = Self.base.merchantRules.scale
    #expect(rules == Self.base.merchantRules)
    let quality = fit.policy.quality(in: history, .judge, schema: .standard)
    let before = Self.base.quality(in: history, .judge, schema: .standard)
    #expect(quality.calibrationError < 0.6 * before.calibrationError)
  }

  /// Answers of one's own are learnt from alike, and those from `until` on are left alone.
  @Test func answersOfOnesOwn() throws {
    let events = Self.market()
    let late = events.last.map { UnixSeconds($0.at.rawValue + 1) } ?? .zero
    let answers = (1...200).map { merchant in
      OrderOutcome(
        account: AccountKey(.merchant, AccountID(merchant)), order: merchant, askedAt: late,
        knownAt: late, wentWrong: merchant % 20 >= 10)
    }
    let history = FitHistory(events, orders: answers, until: UnixSeconds(.max))
    let fit = try PolicyFit(history, base: Self.base, halfLivesDays: [365])
    let quality = fit.policy.quality(in: history, .fit, schema: EvidenceSchema(days: 365))
    #expect(quality.count == 200 && quality.wrongCount == 100)
    #expect(try #require(quality.auc) > 0.95)
    let none = FitHistory(events, orders: answers, until: late)
    #expect(throws: PolicyFit.Refusal.self) { try PolicyFit(none, base: Self.base) }
  }

  /// Where odds differ by more than the scale has room for, points are worth more: nobody
  /// that was seen has the lowest or the highest score by being cut off.
  @Test func whatWasSeenFitsTheScale() throws {
    let events = Self.market()
    let late = events.last.map { UnixSeconds($0.at.rawValue + 1) } ?? .zero
    let answers = (1...200).map { merchant in
      OrderOutcome(
        account: AccountKey(.merchant, AccountID(merchant)), order: merchant, askedAt: late,
        knownAt: late, wentWrong: merchant % 20 >= 10)
    }
    let history = FitHistory(events, orders: answers, until: UnixSeconds(.max))
    let fit = try PolicyFit(history, base: Self.base, halfLivesDays: [365])
    #expect(fit.policy.merchantRules.scale.pointsPerHalving < 80)
    var scores: [Int] = []
    fit.policy.judge(answers, events: events, schema: EvidenceSchema(days: 365)) {
      scores.append($0.score)
    }
    #expect(try #require(scores.min()) > 0 && #require(scores.max()) < 1_000)
    #expect(Set(scores).count > 100)
  }

  /// Where newcomers are the bad ones, age has points, and a short history of sales has not.
  @Test func ageHasPointsWhereItTells() throws {
    var events = Self.market(days: 40)
    let isOld = { (merchant: UInt64) in merchant % 3 == 0 }
    events += (1...200).filter(isOld).map { merchant in
      Event(
        at: UnixSeconds(Self.start - 300 * Self.day), buyer: AccountID(1),
        merchant: AccountID(merchant), order: 1, amount: Minor(1_000),
        detail: .settled(orderedAt: .zero))
    }
    events.sort { $0.at < $1.at }
    let late = UnixSeconds(Self.start + 50 * Self.day)
    let answers = (1...200).map { merchant in
      OrderOutcome(
        account: AccountKey(.merchant, AccountID(merchant)), order: merchant, askedAt: late,
        // One in ten the other way round, so that odds are odds.
        knownAt: late, wentWrong: isOld(merchant) == (merchant % 10 == 0))
    }
    let history = FitHistory(events, orders: answers, until: UnixSeconds(.max))
    let fit = try PolicyFit(history, base: Self.base, halfLivesDays: [365])
    let rules = fit.policy.merchantRules
    #expect(rules.tenure.pointsPerDoubling > 5 * rules.history.pointsPerDoubling)
    #expect(rules.tenure.pointsPerDoubling > 40)
    let quality = fit.policy.quality(in: history, .fit, schema: EvidenceSchema(days: 365))
    #expect(try #require(quality.auc) > 0.85)
  }

  /// Whose claims are founded by half and whose by chance: what weighs claimants by their
  /// score forecasts worse here, where the score says nothing of who is right.
  @Test func wordsWeighAlikeOnlyWhereThatForecastsBetter() throws {
    let history = FitHistory(
      Self.claims(), .qualityRefund, within: Self.day, until: UnixSeconds(.max))
    let kept = try PolicyFit(history, base: Self.base, halfLivesDays: [365])
    #expect(!kept.hasEqualWords && kept.policy.credibility == Self.base.credibility)
    let fit = try PolicyFit(
      history, base: Self.base, halfLivesDays: [365], triesEqualWords: true)
    #expect(fit.tried.map(\.hasEqualWords) == [false, true])
    #expect(fit.hasEqualWords && fit.policy.credibility.weightMin == 1)
    // Late pickups are nobody's word.
    let pickups = try PolicyFit(
      Self.history(), base: Self.base, halfLivesDays: [365], triesEqualWords: true)
    #expect(!pickups.hasEqualWords && pickups.policy.credibility == Self.base.credibility)
  }

  /// Sales of the made market, with a claim upheld where a parcel would be late: by buyers
  /// whose score is that of a new account, or ruined by earlier claims, in turn.
  private static func claims() -> [Event] {
    market().flatMap { event -> [Event] in
      switch event.detail {
      case .settled: return [event]
      case .pickedUp(late: true):
        var claim = event
        // Every other claimant is one of ten who claim all the time.
        if event.order % 2 == 0 { claim.buyer = AccountID(1_000 + event.order % 10) }
        var opened = claim
        opened.detail = .claimOpened(.quality, .defective)
        claim.detail = .claimDecided(.quality, .upheld)
        return [opened, claim]
      default: return []
      }
    }
  }

  /// Nearly everything goes wrong, and then nearly nothing: a document can still say it.
  @Test func extremeSharesStayInRange() throws {
    for isLate in [true, false] {
      var rest = 0
      let events = Self.market().map { event in
        guard case .pickedUp = event.detail else { return event }
        rest += 1
        var event = event
        event.detail = .pickedUp(late: rest % 300 == 0 ? !isLate : isLate)
        return event
      }
      let history = FitHistory(events, .latePickup, within: 0, until: UnixSeconds(.max))
      for scaleOnly in [true, false] {
        let fit = try PolicyFit(
          history, base: Self.base, halfLivesDays: [365], scaleOnly: scaleOnly)
        let text = PolicyDocument.text(of: fit.policy, name: "extreme", head: [])
        #expect(try PolicyDocument.load(yaml: text, file: "extreme").policy == fit.policy)
      }
    }
  }

  @Test func tooLittleIsRefused() {
    let events = Self.market(days: 2, merchants: 20)
    let history = FitHistory(events, .latePickup, within: 0, until: UnixSeconds(.max))
    #expect(throws: PolicyFit.Refusal.self) { try PolicyFit(history, base: Self.base) }
    let never = FitHistory(
      Self.market(days: 30, merchants: 20).filter { $0.detail == .pickedUp(late: false) },
      .latePickup, within: 0, until: UnixSeconds(.max))
    #expect(throws: PolicyFit.Refusal.self) { try PolicyFit(never, base: Self.base) }
  }

  /// A document of the fitted policy is read as that policy.
  @Test func theDocumentIsReadAsThePolicy() throws {
    let fit = try PolicyFit(Self.history(), base: Self.base, halfLivesDays: [90])
    for policy in [fit.policy, Self.base] {
      let text = PolicyDocument.text(
        of: policy, name: "fitted", head: ["one", ""],
        comments: ["merchant.scale": ["why"], "claims.coldStart.amountMax": ["so"]])
      let document = try PolicyDocument.load(yaml: text, file: "fitted")
      #expect(document.policy == policy && document.policy.hash == policy.hash)
      #expect(text.hasPrefix("# one\n#\n") && text.contains("  # why\n  scale:\n"))
      #expect(text.contains("    # so\n    amountMax:"))
    }
  }
}
