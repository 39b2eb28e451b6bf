import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import Testing

/// Merchants' standings at the desk: steps, notices, appeals, certifications.
@Suite struct StandingTests {
  private static let bad = AccountID(77)
  private static let good = AccountID(78)

  /// A merchant a third of whose 300 orders were late, and one with 300 good ones, 31 days ago.
  private static func market() throws -> DeskFixture {
    let fixture = try DeskFixture()
    var sequence: UInt64 = 0
    var commands: [Command] = []
    func add(_ event: Event) {
      sequence += 1
      commands.append(Command(source: 1, sequence: sequence, event: event))
    }
    for index in UInt64(0)..<300 {
      for merchant in [bad, good] {
        add(Make.settled(1_000 + index, merchant.rawValue, at: fixture.now.rawValue))
      }
      if index % 3 == 0 {
        add(
          Event(
            at: fixture.now, buyer: AccountID(1_000 + index), merchant: bad,
            detail: .pickedUp(late: true)))
      }
    }
    _ = fixture.state.apply(commands)
    fixture.pass(days: 31)
    return fixture
  }

  private static func report(
    _ fixture: DeskFixture, _ action: DeskAction, actor: String = "anna"
  ) throws -> StandingReport {
    guard case .standing(let report) = try fixture.apply(action, actor: actor).get() else {
      throw DeskRefusal(.invalid, "no standing was answered")
    }
    let record = fixture.state.table.record(of: AccountKey(.merchant, report.merchant))
    #expect(record?.merchantStanding == report.standing, "lookups see it")
    return report
  }

  /// Assesses the bad merchant until its notice is given.
  private static func noticed() throws -> DeskFixture {
    let fixture = try market()
    for _ in 0..<3 {
      _ = try report(fixture, .assess(bad))
      fixture.pass(days: 7)
    }
    return fixture
  }

  @Test func sweepsLeadToANoticeAndNoFurther() throws {
    let fixture = try Self.market()
    var seen: [Standing] = []
    for _ in 0..<20 {
      seen.append(try Self.report(fixture, .assess(Self.bad)).standing)
      #expect(try Self.report(fixture, .assess(Self.good)).standing == .normal)
      fixture.pass(days: 7)
    }
    #expect(seen.prefix(3) == [.watch, .restricted, .clearOutNotice])
    #expect(seen.dropFirst(3).allSatisfy { $0 == .clearOutNotice })
    let report = try Self.report(fixture, .assess(Self.bad))
    #expect(report.notice == .unmet && report.isWaiting && !report.hasChanged)
    #expect(report.steps.map(\.standing) == [.clearOutNotice, .restricted, .watch])
    #expect(report.steps.allSatisfy { $0.cause == .conduct && $0.dimension == .latePickup })
    #expect(report.steps.allSatisfy { $0.policyVersion == PolicyDocument.unbound.policy.version })
    #expect(report.steps[0].conduct.rate > 0.3 && report.steps[0].conduct.rate < 0.34)
  }

  @Test func aHumanClearsOutWhenTheNoticeIsOver() throws {
    let fixture = try Self.noticed()
    #expect(throws: DeskRefusal.self) {
      try Self.report(fixture, .decideStanding(Self.bad, .clearOut))
    }
    fixture.pass(days: 23)
    let report = try Self.report(fixture, .decideStanding(Self.bad, .clearOut))
    #expect(report.standing == .clearedOut && report.steps[0].actor == "anna")
    #expect(report.steps[0].cause == .decided && report.hasChanged)
    // Sent again.
    let before = fixture.everythingElse
    let again = try Self.report(fixture, .decideStanding(Self.bad, .clearOut))
    #expect(!again.hasChanged && fixture.everythingElse == before)
    let back = try Self.report(fixture, .decideStanding(Self.bad, .reinstate))
    #expect(back.standing == .watch && back.heldUntil > fixture.now)
    fixture.pass(days: 30)
    #expect(try Self.report(fixture, .assess(Self.bad)).standing == .watch, "held")
  }

  @Test func whoMeetsTheNoticeIsRestricted() throws {
    let fixture = try Self.noticed()
    let commands = (0..<200).map { index in
      Command(
        source: 2, sequence: UInt64(index + 1),
        event: Make.settled(5_000, Self.bad.rawValue, at: fixture.now.rawValue))
    }
    _ = fixture.state.apply(commands)
    fixture.pass(days: 22)
    #expect(try Self.report(fixture, .assess(Self.bad)).standing == .clearOutNotice)
    fixture.pass(days: 1)
    let report = try Self.report(fixture, .assess(Self.bad))
    #expect(report.standing == .restricted && report.steps[0].cause == .noticeMet)
    #expect(report.steps[0].dimension == .latePickup)
  }

  private static func late(_ count: Int, _ fixture: DeskFixture, source: UInt64) {
    let commands = (0..<count).map { index in
      Command(
        source: source, sequence: UInt64(index + 1),
        event: Event(
          at: fixture.now, buyer: AccountID(6_000 + UInt64(index)), merchant: Self.bad,
          detail: .pickedUp(late: true)))
    }
    _ = fixture.state.apply(commands)
  }

  /// Few orders meet a notice, and do not make what it was for undone: that is still there, and
  /// notice is given again for what comes anew.
  @Test func noticeIsNotGivenAgainForWhatOneWasMetFor() throws {
    let fixture = try Self.market()
    Self.late(100, fixture, source: 6)
    for _ in 0..<3 {
      _ = try Self.report(fixture, .assess(Self.bad))
      fixture.pass(days: 7)
    }
    Self.sell(28, fixture)
    fixture.pass(days: 23)
    for _ in 0..<12 {
      let report = try Self.report(fixture, .assess(Self.bad))
      #expect(report.standing == .restricted && report.steps[0].cause == .noticeMet)
      #expect(report.assessment.standing == .clearOutNotice && !report.isWaiting)
      fixture.pass(days: 30)
    }
    Self.late(4, fixture, source: 4)
    #expect(try Self.report(fixture, .assess(Self.bad)).standing == .restricted, "no pattern")
    Self.late(4, fixture, source: 5)
    #expect(try Self.report(fixture, .assess(Self.bad)).standing == .clearOutNotice)
  }

  /// What was met never makes a merchant's case worse than its whole conduct does.
  @Test func whoMetANoticeAndSoldMuchEases() throws {
    let fixture = try Self.noticed()
    Self.sell(3_000, fixture)
    fixture.pass(days: 23)
    #expect(try Self.report(fixture, .assess(Self.bad)).standing == .restricted)
    Self.late(6, fixture, source: 4)
    var seen: [Standing] = []
    for _ in 0..<3 {
      fixture.pass(days: 30)
      seen.append(try Self.report(fixture, .assess(Self.bad)).standing)
    }
    #expect(seen == [.watch, .normal, .normal])
  }

  @Test func anAppealStopsTheClockAndUndoesTheStep() throws {
    let fixture = try Self.noticed()
    let opened = try Self.report(fixture, .appealStanding(Self.bad), actor: "")
    #expect(opened.isWaiting && opened.answerDueAt > fixture.now && opened.hasChanged)
    #expect(try Self.report(fixture, .appealStanding(Self.bad)).hasChanged == false)
    fixture.pass(days: 24)
    #expect(throws: DeskRefusal.self) {
      try Self.report(fixture, .decideStanding(Self.bad, .clearOut))
    }
    #expect(try Self.report(fixture, .assess(Self.bad)).notice == .pending)
    let upheld = try Self.report(fixture, .decideStandingAppeal(Self.bad, isUpheld: true))
    #expect(upheld.standing == .restricted && upheld.steps[0].cause == .appealUpheld)
    #expect(upheld.steps[1].appeal.state == .upheld)
    let again = try Self.report(fixture, .decideStandingAppeal(Self.bad, isUpheld: true))
    #expect(!again.hasChanged)
    fixture.pass(days: 89)
    #expect(try Self.report(fixture, .assess(Self.bad)).standing == .restricted, "held")
    fixture.pass(days: 1)
    #expect(try Self.report(fixture, .assess(Self.bad)).standing == .clearOutNotice)
  }

  @Test func aRejectedAppealChangesNothing() throws {
    let fixture = try Self.noticed()
    _ = try Self.report(fixture, .appealStanding(Self.bad))
    let report = try Self.report(fixture, .decideStandingAppeal(Self.bad, isUpheld: false))
    #expect(report.standing == .clearOutNotice && report.steps[0].appeal.state == .rejected)
    fixture.pass(days: 1)
    #expect(throws: DeskRefusal.self) { try Self.report(fixture, .appealStanding(Self.bad)) }
    fixture.pass(days: 22)
    #expect(
      try Self.report(fixture, .decideStanding(Self.bad, .clearOut)).standing == .clearedOut)
  }

  @Test func aDismissedCaseIsHeld() throws {
    let fixture = try Self.noticed()
    #expect(try Self.report(fixture, .decideStanding(Self.bad, .dismiss)).standing == .normal)
    fixture.pass(days: 89)
    #expect(try Self.report(fixture, .assess(Self.bad)).standing == .normal)
    fixture.pass(days: 1)
    #expect(try Self.report(fixture, .assess(Self.bad)).standing == .watch)
  }

  @Test func certificationSupportsUntilItEnds() throws {
    let fixture = try Self.market()
    let key = AccountKey(.merchant, Self.bad)
    let endsAt = UnixSeconds(fixture.now.rawValue + 40 * 86_400)
    let certified = try Self.report(fixture, .certify(Self.bad, .srdiFactory, endsAt: endsAt))
    #expect(certified.certification?.certification == .srdiFactory)
    #expect(fixture.state.table.record(of: key)?.certification == .srdiFactory)
    for _ in 0..<5 {
      _ = try Self.report(fixture, .assess(Self.bad))
      fixture.pass(days: 7)
    }
    let held = try Self.report(fixture, .assess(Self.bad))
    #expect(held.standing == .restricted && held.assessment.standing == .clearOutNotice)
    // A human may go further.
    fixture.pass(days: 5)
    let ended = try Self.report(fixture, .assess(Self.bad))
    #expect(ended.certification == nil && ended.standing == .clearOutNotice)
    #expect(fixture.state.table.record(of: key)?.certification == nil)
  }

  @Test func aCertifiedMerchantIsGivenNoticeByAHuman() throws {
    let fixture = try Self.market()
    _ = try Self.report(fixture, .certify(Self.bad, .factory, endsAt: UnixSeconds(.max)))
    _ = try Self.report(fixture, .assess(Self.bad))
    fixture.pass(days: 7)
    _ = try Self.report(fixture, .assess(Self.bad))
    #expect(throws: DeskRefusal.self, "the day after is too soon") {
      try Self.report(fixture, .decideStanding(Self.bad, .giveNotice))
    }
    #expect(try Self.report(fixture, .assess(Self.bad)).isWaiting == false)
    fixture.pass(days: 7)
    let held = try Self.report(fixture, .assess(Self.bad))
    #expect(held.standing == .restricted && held.isHeldBySupport && held.isWaiting)
    let report = try Self.report(fixture, .decideStanding(Self.bad, .giveNotice))
    #expect(!report.isHeldBySupport && !report.isWaiting)
    #expect(report.standing == .clearOutNotice && report.steps[0].dimension == .latePickup)
    #expect(try Self.report(fixture, .revokeCertification(Self.bad)).certification == nil)
    #expect(try Self.report(fixture, .revokeCertification(Self.bad)).hasChanged == false)
    #expect(throws: DeskRefusal.self) {
      try Self.report(fixture, .revokeCertification(Self.good))
    }
  }

  // MARK: What protects

  /// So many good orders, now.
  private static func sell(_ count: Int, _ fixture: DeskFixture, source: UInt64 = 3) {
    let commands = (0..<count).map { index in
      Command(
        source: source, sequence: UInt64(index + 1),
        event: Make.settled(5_000, bad.rawValue, at: fixture.now.rawValue))
    }
    _ = fixture.state.apply(commands)
  }

  /// Undoing a step to the better would be a step to the worse.
  @Test func onlyWhatMadeItWorseCanBeAppealed() throws {
    let fixture = try Self.noticed()
    fixture.pass(days: 23)
    _ = try Self.report(fixture, .decideStanding(Self.bad, .clearOut))
    let back = try Self.report(fixture, .decideStanding(Self.bad, .reinstate))
    #expect(back.appealableUntil == .zero)
    #expect(throws: DeskRefusal.self) { try Self.report(fixture, .appealStanding(Self.bad)) }
    let upheld = try Self.noticed()
    _ = try Self.report(upheld, .appealStanding(Self.bad))
    _ = try Self.report(upheld, .decideStandingAppeal(Self.bad, isUpheld: true))
    upheld.pass(days: 1)
    #expect(throws: DeskRefusal.self) { try Self.report(upheld, .appealStanding(Self.bad)) }
    let met = try Self.noticed()
    Self.sell(200, met)
    met.pass(days: 23)
    #expect(try Self.report(met, .assess(Self.bad)).steps[0].cause == .noticeMet)
    #expect(throws: DeskRefusal.self) { try Self.report(met, .appealStanding(Self.bad)) }
  }

  @Test func whoMetTheNoticeIsNotClearedOut() throws {
    let fixture = try Self.noticed()
    Self.sell(200, fixture)
    fixture.pass(days: 23)
    #expect(throws: DeskRefusal.self) {
      try Self.report(fixture, .decideStanding(Self.bad, .clearOut))
    }
  }

  /// It is back at a notice that can be met, and nothing is held against it meanwhile.
  @Test func aClearOutThatWasUndoneBeginsANotice() throws {
    let fixture = try Self.noticed()
    fixture.pass(days: 23)
    _ = try Self.report(fixture, .decideStanding(Self.bad, .clearOut))
    _ = try Self.report(fixture, .appealStanding(Self.bad), actor: "shop")
    let back = try Self.report(fixture, .decideStandingAppeal(Self.bad, isUpheld: true))
    #expect(back.standing == .clearOutNotice && back.steps[0].dimension == .latePickup)
    fixture.pass(days: 31)
    #expect(throws: DeskRefusal.self, "held for 90 days") {
      try Self.report(fixture, .decideStanding(Self.bad, .clearOut))
    }
    let held = try Self.report(fixture, .assess(Self.bad))
    #expect(held.notice == .unmet && !held.isWaiting, "there is nothing to decide yet")
    Self.sell(200, fixture)
    let met = try Self.report(fixture, .assess(Self.bad))
    #expect(met.standing == .restricted && met.heldUntil == back.heldUntil, "held on")
  }

  @Test func appealsEndWithTheirDays() throws {
    let fixture = try Self.noticed()
    let ends = try Self.report(fixture, .assess(Self.bad)).appealableUntil
    #expect(ends > fixture.now)
    fixture.now = ends
    #expect(try Self.report(fixture, .assess(Self.bad)).appealableUntil == ends)
    fixture.pass(seconds: 1)
    #expect(try Self.report(fixture, .assess(Self.bad)).appealableUntil == .zero)
    #expect(throws: DeskRefusal.self) { try Self.report(fixture, .appealStanding(Self.bad)) }
  }

  /// A retry of what came before does not take back what came after, and it is kept who did.
  @Test func aLateRevocationLeavesTheNextCertification() throws {
    let fixture = try Self.market()
    let first = fixture.now
    _ = try Self.report(fixture, .certify(Self.good, .factory, endsAt: UnixSeconds(.max)))
    _ = try Self.report(fixture, .revokeCertification(Self.good))
    fixture.pass(days: 1)
    _ = try Self.report(fixture, .certify(Self.good, .brandOEM, endsAt: UnixSeconds(.max)))
    let before = fixture.everythingElse
    _ = try fixture.apply(.revokeCertification(Self.good), actor: "anna", at: first).get()
    #expect(fixture.everythingElse == before)
    let report = try Self.report(fixture, .assess(Self.good))
    #expect(report.certification?.certification == .brandOEM)
    #expect(try Self.report(fixture, .revokeCertification(Self.good)).certification == nil)
  }

  /// Where events lie ahead of the commands' clock all entries have one time: each command is
  /// told by its own.
  @Test func commandsBehindTheNewestEventAreTakenToo() throws {
    let fixture = try Self.market()
    let ahead = UnixSeconds(fixture.now.rawValue + 3_600)
    let event = Make.settled(5_000, Self.good.rawValue, at: ahead.rawValue)
    _ = fixture.state.apply([Command(source: 9, sequence: 1, event: event)])
    for _ in 0..<2 {
      fixture.pass(seconds: 1)
      let end = UnixSeconds(.max)
      #expect(try Self.report(fixture, .certify(Self.good, .factory, endsAt: end)).hasChanged)
      fixture.pass(seconds: 1)
      #expect(try Self.report(fixture, .revokeCertification(Self.good)).hasChanged)
      #expect(try Self.report(fixture, .revokeCertification(Self.good)).hasChanged == false)
    }
  }

  /// Support that keeps a merchant at WATCH leaves it to a human as well.
  @Test func heldAtWatchWaitsForAHuman() throws {
    let rules = PolicyDocument.unbound.policy.governance
    var strict = rules
    strict.support[SupportTrack.factory.rawValue].standingMax = .watch
    let clock = DecayClock(.standard, now: DeskFixture.start)
    let fixture = try Self.market()
    let record = try #require(
      fixture.state.table.record(of: AccountKey(.merchant, Self.bad)))
    let assessment = strict.assess(record, at: DecayClock(.standard, now: fixture.now))
    let state = StandingCase(standing: .watch, since: clock.now)
    for (certification, isHeld) in [(Certification.factory, true), (.originAggregator, false)] {
      #expect(
        strict.isHeldBySupport(
          state, assessment, certification: certification, schema: .standard, now: fixture.now)
          == isHeld)
    }
  }

  @Test func noticeIsGivenWhereEvidenceCallsForIt() throws {
    let fixture = try Self.noticed()
    _ = try Self.report(fixture, .appealStanding(Self.bad))
    _ = try Self.report(fixture, .decideStandingAppeal(Self.bad, isUpheld: true))
    fixture.pass(days: 8)
    #expect(throws: DeskRefusal.self, "nothing is held against it") {
      try Self.report(fixture, .decideStanding(Self.bad, .giveNotice))
    }
    fixture.pass(days: 90)
    Self.sell(3_000, fixture)
    #expect(throws: DeskRefusal.self, "it is one of thirty by now") {
      try Self.report(fixture, .decideStanding(Self.bad, .giveNotice))
    }
  }

  /// A command that comes once more, after others, does nothing.
  @Test func lateCopiesOfCommandsDoNothing() throws {
    let fixture = try Self.noticed()
    let first = fixture.now
    _ = try Self.report(fixture, .appealStanding(Self.bad), actor: "shop")
    _ = try Self.report(fixture, .decideStandingAppeal(Self.bad, isUpheld: false))
    _ = try Self.report(fixture, .certify(Self.bad, .factory, endsAt: UnixSeconds(.max)))
    _ = try Self.report(fixture, .revokeCertification(Self.bad))
    fixture.pass(days: 23)
    let last = fixture.now
    _ = try Self.report(fixture, .decideStanding(Self.bad, .clearOut))
    _ = try Self.report(fixture, .appealStanding(Self.bad), actor: "shop")
    let before = fixture.everythingElse
    for (action, actor, at) in [
      (DeskAction.appealStanding(Self.bad), "shop", first),
      (.decideStandingAppeal(Self.bad, isUpheld: false), "anna", first),
      (.certify(Self.bad, .factory, endsAt: UnixSeconds(.max)), "anna", first),
      (.revokeCertification(Self.bad), "anna", first),
      (.decideStanding(Self.bad, .clearOut), "anna", last),
    ] {
      guard
        case .standing(let report) = try fixture.apply(action, actor: actor, at: at).get()
      else {
        Issue.record("no standing was answered")
        continue
      }
      #expect(!report.hasChanged && report.steps[0].appeal.state == .open)
      #expect(fixture.everythingElse == before)
    }
  }

  @Test func standingsAreListed() throws {
    let fixture = try Self.noticed()
    func page(_ filter: StandingFilter) throws -> [AccountID] {
      guard case .standings(let page) = fixture.state.answer(.standings(filter, below: .max))
      else { throw DeskRefusal(.invalid, "no page") }
      #expect(page.next == nil)
      return page.standings.map(\.merchant)
    }
    #expect(try page(StandingFilter()) == [Self.bad])
    #expect(try page(StandingFilter(standing: .watch)) == [])
    #expect(try page(StandingFilter(isWaiting: true)) == [])
    fixture.pass(days: 30)
    fixture.orders(1, of: 3)
    #expect(try page(StandingFilter(isWaiting: true)) == [Self.bad])
  }

  /// Events that say of whom no order went wrong move nobody.
  @Test func withoutBuyersNobodyIsGoverned() throws {
    let fixture = try DeskFixture()
    var commands: [Command] = []
    for index in UInt64(1)...200 {
      let at = fixture.now.rawValue
      commands.append(
        Command(source: 1, sequence: 2 * index, event: Make.settled(index, 77, at: at)))
      commands.append(
        Command(
          source: 1, sequence: 2 * index + 1,
          event: Event(at: fixture.now, merchant: Self.bad, detail: .pickedUp(late: true))))
    }
    _ = fixture.state.apply(commands)
    fixture.pass(days: 31)
    let report = try Self.report(fixture, .assess(Self.bad))
    #expect(report.standing == .normal && report.assessment.distinctBuyers == 0)
  }

  // MARK: Stricter rules

  @Test func stricterRulesAreInShadowFirst() throws {
    let fixture = try DeskFixture()
    let strict = try DeskFixture.variant(20, ["      watch: 0.02\n": "      watch: 0.01\n"])
    let lax = try DeskFixture.variant(21, ["      watch: 0.02\n": "      watch: 0.03\n"])
    for document in [strict, lax] { _ = try fixture.apply(.putPolicy(document.text)).get() }
    func activates(_ document: PolicyDocument) -> Bool {
      if case .success = fixture.apply(.activatePolicy(document.policy.hash)) {
        true
      } else {
        false
      }
    }
    #expect(!activates(strict))
    _ = try fixture.apply(.shadowPolicy(strict.policy.hash)).get()
    fixture.pass(days: 29)
    #expect(!activates(strict))
    // Shadowing it again does not begin anew.
    _ = try fixture.apply(.shadowPolicy(strict.policy.hash)).get()
    fixture.pass(days: 1)
    #expect(activates(strict))
    #expect(activates(lax))
    #expect(!activates(strict))
  }
}
