import IntegrityCore
import Testing

/// Tiers from 800, 700, 550 and 400 on; 14 days of cooldown.
struct TierTests {
  private static let rules = TierRules.plain

  @Test(arguments: [
    (1000, Tier.a), (801, .a), (800, .a), (799, .b), (700, .b), (699, .c), (550, .c), (549, .d),
    (400, .d), (399, .e), (1, .e), (0, .e),
  ])
  func tierByScore(score: Int, tier: Tier) {
    #expect(Self.rules.tier(ofScore: score) == tier)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let stored: Tier?
    let held: UInt16
    let score: Int
    let day: UInt16
    let inForce: Tier
    let newHeld: UInt16
    let comment: String

    init(
      _ stored: Tier?, held: UInt16, score: Int, day: UInt16, _ inForce: Tier, newHeld: UInt16,
      _ comment: String
    ) {
      self.stored = stored
      self.held = held
      self.score = score
      self.day = day
      self.inForce = inForce
      self.newHeld = newHeld
      self.comment = comment
    }

    var testDescription: String { comment }
  }

  static let cases: [Case] = [
    Case(nil, held: 0, score: 850, day: 100, .a, newHeld: 100, "first tier at once: best"),
    Case(nil, held: 0, score: 100, day: 100, .e, newHeld: 100, "first tier at once: worst"),
    Case(.c, held: 100, score: 600, day: 100, .c, newHeld: 100, "same tier, same day"),
    Case(.c, held: 100, score: 600, day: 120, .c, newHeld: 120, "same tier is held anew"),
    Case(.b, held: 100, score: 699, day: 100, .c, newHeld: 100, "worse at once"),
    Case(.a, held: 100, score: 10, day: 101, .e, newHeld: 101, "four tiers worse at once"),
    Case(.c, held: 100, score: 700, day: 100, .c, newHeld: 100, "better: not at once"),
    Case(.c, held: 100, score: 700, day: 113, .c, newHeld: 100, "better: a day too early"),
    Case(.c, held: 100, score: 700, day: 114, .b, newHeld: 114, "better: cooldown over"),
    Case(.c, held: 100, score: 700, day: 500, .b, newHeld: 500, "better: long over"),
    Case(.e, held: 100, score: 900, day: 114, .a, newHeld: 114, "several tiers better at once"),
    Case(.e, held: 100, score: 900, day: 113, .e, newHeld: 100, "several tiers, too early"),
    Case(.c, held: 100, score: 700, day: 90, .c, newHeld: 100, "read before it was held"),
    Case(.c, held: 100, score: 600, day: 90, .c, newHeld: 100, "late news holds no earlier"),
    Case(.c, held: 100, score: 500, day: 90, .d, newHeld: 100, "late news worsens at once"),
  ]

  @Test(arguments: cases)
  func tierWithHysteresis(_ row: Case) {
    var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    record.tierCode = row.stored?.rawValue ?? 0
    record.tierHeldDay = row.held
    #expect(
      Self.rules.tierInForce(score: row.score, record: record, day: row.day) == row.inForce)
    Self.rules.update(&record, score: row.score, day: row.day)
    #expect(Tier(rawValue: record.tierCode) == row.inForce)
    #expect(record.tierHeldDay == row.newHeld)
  }

  @Test func noCooldownImprovesAtOnce() {
    let rules = TierRules(lowestScores: [800, 700, 550, 400], cooldownDays: 0, fallMargin: 0)
    var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    rules.update(&record, score: 500, day: 7)
    rules.update(&record, score: 900, day: 7)
    #expect(Tier(rawValue: record.tierCode) == .a)
  }

  /// Kept down to 50 points below its lowest score; never a reason for a better one.
  @Test(arguments: [
    (Tier.a, 799, Tier.a), (.a, 750, .a), (.a, 749, .b), (.a, 650, .b), (.a, 649, .c), (.a, 0, .e),
    (.b, 700, .b), (.b, 650, .b), (.b, 649, .c), (.c, 500, .c), (.c, 499, .d), (.d, 350, .d),
    (.d, 349, .e), (.e, 399, .e), (.e, 400, .e),
  ])
  func aTierIsKeptWithinTheMargin(stored: Tier, score: Int, inForce: Tier) {
    let rules = TierRules(lowestScores: [800, 700, 550, 400], cooldownDays: 14, fallMargin: 50)
    var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    record.tierCode = stored.rawValue
    record.tierHeldDay = 100
    #expect(rules.tierInForce(score: score, record: record, day: 101) == inForce)
    rules.update(&record, score: score, day: 101)
    #expect(Tier(rawValue: record.tierCode) == inForce)
    // A tier that is kept is not on its way to a better one; one that is on hold is.
    let isDeserved = rules.tier(ofScore: score) >= stored
    #expect(record.tierHeldDay == (isDeserved ? 101 : 100))
  }

  /// As if what was taken out had never been: the twin kept A within the margin.
  @Test(arguments: [(801, Tier.a), (750, .a), (749, .b), (640, .c)])
  func whatIsTakenOutGivesBackTheTierThatWasLost(score: Int, restored: Tier) {
    let rules = TierRules(lowestScores: [800, 700, 550, 400], cooldownDays: 14, fallMargin: 50)
    var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    for score in [820, 600, 440] { rules.update(&record, score: score, day: 100) }
    #expect((record.tierCode, record.fallenFrom) == (4, 1))
    rules.restore(&record, score: score)
    #expect(Tier(rawValue: record.tierCode) == restored)
    #expect(record.fallenFrom == (restored == .a ? 0 : 1))
  }

  /// Nobody wins a tier by taking back what it did itself.
  @Test func whatIsTakenOutWinsNoBetterTierThanWasLost() {
    let rules = TierRules(lowestScores: [800, 700, 550, 400], cooldownDays: 14, fallMargin: 50)
    var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    rules.update(&record, score: 720, day: 100)
    rules.restore(&record, score: 900)
    #expect(Tier(rawValue: record.tierCode) == .b)
  }

  @Test func aTierThatWasRegainedIsNotLost() {
    let rules = TierRules(lowestScores: [800, 700, 550, 400], cooldownDays: 14, fallMargin: 50)
    var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    for (score, day) in [(720, UInt16(100)), (600, 101), (720, 120)] {
      rules.update(&record, score: score, day: day)
    }
    #expect((record.tierCode, record.fallenFrom) == (2, 0))
    rules.update(&record, score: 600, day: 121)
    // Better than what was lost, too.
    rules.update(&record, score: 820, day: 140)
    #expect((record.tierCode, record.fallenFrom) == (1, 0))
  }

  @Test func whoHasNoTierYetGetsWhatItsScoreGives() {
    let rules = TierRules(lowestScores: [800, 700, 550, 400], cooldownDays: 14, fallMargin: 50)
    let record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    #expect(rules.tierInForce(score: 549, record: record, day: 101) == .d)
  }

  @Test func betterTiersCompareLower() {
    #expect(Tier.allCases == [.a, .b, .c, .d, .e])
    #expect(Tier.a < .e)
    #expect(Tier.allCases.map(\.name) == ["A", "B", "C", "D", "E"])
    #expect(Tier.allCases.map(\.rawValue) == [1, 2, 3, 4, 5])
  }
}
