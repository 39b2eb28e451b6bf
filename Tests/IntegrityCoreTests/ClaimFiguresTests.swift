import IntegrityCore
import Testing

/// The committee's sums over claims.
@Suite struct ClaimFiguresTests {
  private static let start = UnixSeconds(1_767_225_600)  // 2026-01-01T00:00:00Z

  private static func claim(
    _ outcome: Outcome = .platformCompensates, hours: UInt32 = 0, verdict: Verdict? = nil,
    after: UInt32 = 0, subsidy: SubsidyState = .none, appeal: AppealState = .none,
    shadow: Outcome? = nil, isWithdrawn: Bool = false
  ) -> ClaimFacts {
    let openedAt = UnixSeconds(start.rawValue + hours * 3_600)
    return ClaimFacts(
      openedAt: openedAt, verdictAt: UnixSeconds(openedAt.rawValue + after), amount: Minor(100),
      outcome: outcome, firstOutcome: .platformCompensates, shadowOutcome: shadow,
      verdict: verdict, subsidy: subsidy, appeal: appeal, isWithdrawn: isWithdrawn)
  }

  private static func figures(_ claims: [ClaimFacts]) -> ClaimFigures {
    var figures = ClaimFigures()
    for claim in claims { figures.add(claim) }
    return figures
  }

  @Test func automaticIsWhatNobodyHasToLookAt() {
    let figures = Self.figures([
      Self.claim(), Self.claim(.decline), Self.claim(.manualReview),
      Self.claim(.decline, verdict: .rejected), Self.claim(appeal: .open),
      Self.claim(isWithdrawn: true),
    ])
    #expect(figures.claimCount == 6 && figures.withdrawnCount == 1)
    #expect(figures.automaticCount == 2)
    #expect(figures.outcomes == [2, 0, 0, 1, 2])
    #expect(figures.claimed == Minor(600))
    #expect(figures.humanCount == 1 && figures.appealsOpen == 1)
  }

  @Test func hoursToDecideAreCountedByTheirUpperEnds() {
    let hour: UInt32 = 3_600
    let figures = Self.figures(
      [0, hour - 1, hour, 4 * hour, 336 * hour - 1, 336 * hour, 1_000 * hour].map {
        Self.claim(verdict: .upheld, after: $0)
      })
    #expect(figures.humanHours == [2, 1, 1, 0, 0, 0, 0, 0, 1, 2])
    #expect(figures.humanSeconds == UInt64(hour) * 1_678 - 2)
  }

  /// What it is paid, what is found of it, what an appeal says: leaked, stopped or neither.
  struct Row: CustomTestStringConvertible {
    let subsidy: SubsidyState
    let verdict: Verdict?
    let appeal: AppealState
    let isLeaked: Bool
    let isStopped: Bool

    init(
      _ subsidy: SubsidyState, _ verdict: Verdict?, _ appeal: AppealState = .none,
      leaked: Bool = false, stopped: Bool = false
    ) {
      (self.subsidy, self.verdict, self.appeal) = (subsidy, verdict, appeal)
      (isLeaked, isStopped) = (leaked, stopped)
    }

    var testDescription: String { "\(subsidy) \(String(describing: verdict)) \(appeal)" }
  }

  static let rows = [
    Row(.none, .abuse, stopped: true), Row(.released, .abuse, stopped: true),
    Row(.committed, .abuse, leaked: true), Row(.committed, .rejected, leaked: true),
    Row(.reversed, nil, .upheld, leaked: true), Row(.committed, .upheld), Row(.committed, nil),
    Row(.released, .rejected), Row(.reserved, nil), Row(.expired, nil),
    // The buyer was right, as its appeal has found.
    Row(.reserved, .abuse, .upheld), Row(.committed, .abuse, .upheld),
    Row(.committed, .rejected, .upheld), Row(.committed, .abuse, .rejected, leaked: true),
    Row(.released, .abuse, .open, stopped: true),
  ]

  @Test(arguments: rows)
  func moneyIsLeakedStoppedOrNeither(row: Row) {
    let figures = Self.figures([
      Self.claim(verdict: row.verdict, subsidy: row.subsidy, appeal: row.appeal)
    ])
    #expect(figures.leaked == Minor(row.isLeaked ? 100 : 0))
    #expect(figures.leakedCount == (row.isLeaked ? 1 : 0))
    #expect(figures.abuseStopped == Minor(row.isStopped ? 100 : 0))
    let isAbuse = row.verdict == .abuse && row.appeal != .upheld
    #expect(figures.abuseCount == (isAbuse ? 1 : 0))
    #expect(figures.compensated == Minor(row.subsidy.counts ? 100 : 0))
  }

  @Test func flipsInShadowAreAgainstWhatWasDecidedAtFirst() {
    let figures = Self.figures([
      Self.claim(.decline, verdict: .rejected, shadow: .platformCompensates),
      Self.claim(shadow: .decline), Self.claim(),
    ])
    #expect(figures.shadowedCount == 2 && figures.shadowFlipCount == 1)
  }

  /// In any order of claims and pages.
  @Test func pagesMergeToTheWhole() {
    let claims = (0..<200).map { index in
      Self.claim(
        Outcome.allCases[index % 5], hours: UInt32(index * 37 % 500),
        verdict: index % 3 == 0 ? .abuse : nil, after: UInt32(index * 7_919),
        subsidy: index % 2 == 0 ? .committed : .none,
        appeal: index % 7 == 0 ? .upheld : .none, isWithdrawn: index % 11 == 0)
    }
    let whole = Self.figures(claims)
    #expect(whole.days.map(\.day) == whole.days.map(\.day).sorted() && whole.days.count == 21)
    #expect(whole.days.reduce(0) { $0 + $1.claimCount } == 200)
    var merged = ClaimFigures()
    for page in [150..<200, 0..<70, 70..<150] as [Range<Int>] {
      merged.merge(Self.figures(Array(claims[page])))
    }
    #expect(merged == whole)
  }
}
