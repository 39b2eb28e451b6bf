import IntegrityCore
import Rescoring
import Testing

@Suite struct PopulationTallyTests {
  private static func tally(_ records: some Sequence<AccountRecord>) -> PopulationTally {
    var tally = PopulationTally(
      active: Populations.active, candidate: Populations.stricter, schema: .standard,
      now: Populations.now, moversMax: 25)
    for record in records { tally.add(record) }
    return tally
  }

  private static func judgements(
    _ records: [AccountRecord]
  ) -> [(record: AccountRecord, before: Judgement, after: Judgement)] {
    let clock = DecayClock(.standard, now: Populations.now)
    return records.map {
      ($0, Populations.active.judge($0, at: clock), Populations.stricter.judge($0, at: clock))
    }
  }

  /// Every sum once more, by going through all judgements for it.
  @Test func sumsAreThoseOfAllJudgements() {
    let records = Populations.records(4_000)
    let tally = Self.tally(records)
    let judged = Self.judgements(records)
    for kind in AccountKind.allCases {
      let sums = kind == .buyer ? tally.buyers : tally.merchants
      let own = judged.filter { $0.record.kind == kind }
      #expect(sums.tiers.total == UInt64(own.count))
      for bin in 0..<ScoreHistogram.binCount {
        let scores = bin * 10...(bin == 99 ? 1_000 : bin * 10 + 9)
        #expect(sums.before.counts[bin] == UInt64(own.count { scores.contains($0.before.score) }))
        #expect(sums.after.counts[bin] == UInt64(own.count { scores.contains($0.after.score) }))
      }
      for before in Tier.allCases {
        for after in Tier.allCases {
          let count = own.count { $0.before.tier == before && $0.after.tier == after }
          #expect(sums.tiers[before, after] == UInt64(count))
        }
      }
      #expect(sums.tiers.changedCount == UInt64(own.count { $0.before.tier != $0.after.tier }))
    }
    #expect(tally.buyers.tiers.changedCount > 100 && tally.merchants.tiers.changedCount > 20)
  }

  @Test func theFurthestMoversAreThoseOfASort() {
    let records = Populations.records(4_000)
    let expected = Self.judgements(records)
      .map { RescoreRow($0.record.key, before: $0.before, after: $0.after, withReasons: true) }
      .filter { $0.change != 0 }
      .sorted { a, b in
        if abs(a.change) != abs(b.change) { return abs(a.change) > abs(b.change) }
        if a.account.kind != b.account.kind {
          return a.account.kind.rawValue < b.account.kind.rawValue
        }
        return a.account.id.rawValue < b.account.id.rawValue
      }
    #expect(Self.tally(records).movers.movers == Array(expected.prefix(25)))
    #expect(Self.tally(records.reversed()).movers.movers == Array(expected.prefix(25)))
  }

  @Test func partsMergedAreTheWhole() {
    let records = Populations.records(3_000)
    let whole = Self.tally(records)
    var merged = Self.tally(records[2_000...])
    merged.merge(Self.tally(records[..<700]))
    merged.merge(Self.tally(records[700..<2_000]))
    for (a, b) in [(whole.buyers, merged.buyers), (whole.merchants, merged.merchants)] {
      #expect(a.before == b.before && a.after == b.after && a.tiers == b.tiers)
      #expect(a.stabilityIndex == b.stabilityIndex)
    }
    #expect(whole.movers.movers == merged.movers.movers)
  }

  @Test func theSamePolicyMovesNobody() {
    var tally = PopulationTally(
      active: Populations.active, candidate: Populations.active, schema: .standard,
      now: Populations.now)
    for record in Populations.records(500) {
      let isChanged = tally.add(record)
      #expect(!isChanged)
    }
    #expect(tally.movers.movers.isEmpty && tally.buyers.tiers.changedCount == 0)
    #expect(tally.buyers.stabilityIndex == 0 && tally.merchants.stabilityIndex == 0)
  }

  // MARK: Stability

  private static func histogram(_ counts: [Int: Int]) -> ScoreHistogram {
    var histogram = ScoreHistogram()
    for (score, count) in counts { for _ in 0..<count { histogram.add(score: score) } }
    return histogram
  }

  /// (0.4 − 0.5) ln(0.4 / 0.5) + (0.6 − 0.5) ln(0.6 / 0.5) = 0.0405465.
  @Test func theIndexIsTheSumOfItsDefinition() {
    let (before, after) = (Self.histogram([550: 50, 650: 50]), Self.histogram([599: 40, 600: 60]))
    #expect(abs(PopulationStability.index(before, after) - 0.0405465) < 1e-5)
    #expect(PopulationStability.index(before, before) == 0)
  }

  @Test func aClassThatNobodyIsInHasAnIndexNonetheless() {
    let (low, high) = (Self.histogram([100: 10]), Self.histogram([1_000: 10]))
    // Twice (1 − 0.0001) ln 10,000.
    #expect(abs(PopulationStability.index(low, high) - 18.4188) < 1e-2)
    #expect(PopulationStability.index(ScoreHistogram(), high) == 0)
    #expect(high.counts[99] == 10 && Self.histogram([999: 1]).counts[99] == 1)
  }
}
