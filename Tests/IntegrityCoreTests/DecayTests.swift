import Foundation
import IntegrityCore
import Testing

/// Forward decay, as read through `evidence(at:)`.
struct DecayTests {
  private static let schema = EvidenceSchema(halfLifeSeconds: 30 * 86_400)
  private static let counter = BuyerCounter.ordersSettled

  private static func read(
    _ record: AccountRecord, _ now: UnixSeconds, _ schema: EvidenceSchema = schema
  ) -> Double {
    Double(record.evidence(at: DecayClock(schema, now: now))[counter])
  }

  /// One entry of a counter; negative weights undo.
  private struct Entry {
    var weight: Double
    var time: UnixSeconds
  }

  private static func record(
    of entries: [Entry], _ schema: EvidenceSchema = schema
  ) -> AccountRecord {
    var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    for entry in entries {
      record.touch(at: entry.time, schema: schema)
      record.add(entry.weight, to: counter.rawValue, at: entry.time, schema: schema)
    }
    return record
  }

  /// The same sum in Double, each entry decayed by itself: no landmark, no epochs.
  private static func exact(
    _ entries: [Entry], _ now: UnixSeconds, _ schema: EvidenceSchema = schema
  ) -> Double {
    entries.reduce(0) { sum, entry in
      let age = Double(now.rawValue) - Double(entry.time.rawValue)
      return sum + entry.weight * Foundation.exp2(-age / Double(schema.halfLifeSeconds))
    }
  }

  private static func entries(
    _ count: Int, days: Double, _ generator: inout Generator
  ) -> [Entry] {
    (0..<count).map { _ in
      Entry(
        weight: Double(Int.random(in: 1...1000, using: &generator)),
        time: .today.plus(days: .random(in: -days...0, using: &generator)))
    }
  }

  @Test(arguments: [(0.0, 1.0), (30, 0.5), (60, 0.25), (15, 0.707107), (300, 0.000977)])
  func halfLifeHalves(days: Double, left: Double) {
    let record = Self.record(of: [Entry(weight: 1, time: .today)])
    #expect(abs(Self.read(record, .today.plus(days: days)) - left) < 1e-6)
  }

  @Test func lateEventsCountLikeEarlyOnes() {
    let early = Entry(weight: 3, time: .today.plus(days: -50))
    let late = Entry(weight: 5, time: .today)
    let inOrder = Self.record(of: [early, late])
    let outOfOrder = Self.record(of: [late, early])
    #expect(abs(Self.read(inOrder, .today) - Self.read(outOfOrder, .today)) < 1e-6)
    #expect(abs(Self.read(outOfOrder, .today) - (5 + 3 * 0.314980)) < 1e-5)
    #expect(inOrder.firstEventDay == outOfOrder.firstEventDay)
    #expect(inOrder.lastEventAt == outOfOrder.lastEventAt)
  }

  @Test func orderDoesNotMatterBeyondRounding() {
    var generator = Generator.forTest(21)
    for _ in 1...50 {
      var entries = Self.entries(300, days: 400, &generator)
      let exact = Self.exact(entries, .today)
      for _ in 1...3 {
        entries.shuffle(using: &generator)
        let sum = Self.read(Self.record(of: entries), .today)
        #expect(abs(sum / exact - 1) < 300 * 6e-8, "seed \(generator.seed)")
      }
    }
  }

  /// Entries undone among others, in any order: what is left of them is at most
  /// one unit in the last place of the counter an event.
  @Test func undoingLeavesNoMoreThanTheDocumentedResidue() {
    var generator = Generator.forTest(22)
    for _ in 1...200 {
      let kept = Self.entries(Int.random(in: 0...40, using: &generator), days: 300, &generator)
      let undone = Self.entries(Int.random(in: 1...40, using: &generator), days: 300, &generator)
      let undoing = undone.map { Entry(weight: -$0.weight, time: $0.time) }
      // Some are undone before they are added.
      let all = (kept + undone + undoing).shuffled(using: &generator)
      let record = Self.record(of: all)
      let residue = Double(record[stored: 0]) - Double(Self.record(of: kept)[stored: 0])
      let largest = (kept + undone).reduce(0) {
        $0 + $1.weight * Self.schema.storedWeight(at: $1.time, epoch: record.epoch)
      }
      let unit = Double(Float(largest).ulp)
      #expect(abs(residue) <= unit * Double(all.count), "seed \(generator.seed)")
    }
  }

  @Test func undoingBeforeAddingWorks() {
    var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
    record.touch(at: .today, schema: Self.schema)
    record.retract(3, from: 0, at: .today, schema: Self.schema)
    let owed = record[stored: 0]
    #expect(owed < 0)
    #expect(Self.read(record, .today) == 0, "readers never see less than nothing")
    record.add(3, to: 0, at: .today, schema: Self.schema)
    #expect(abs(record[stored: 0]) <= owed.ulp)
  }

  /// The clock of a reader may lag behind the newest event: nothing is inflated.
  @Test func readingBeforeTheNewestEventReadsAsOfIt() {
    let record = Self.record(of: [
      Entry(weight: 1, time: .today.plus(days: -30)), Entry(weight: 1, time: .today),
    ])
    let asOfNewest = Self.read(record, .today)
    #expect(abs(asOfNewest - 1.5) < 1e-6)
    for days in [-1.0, -30, -1000, -9000] {
      #expect(Self.read(record, .today.plus(days: days)) == asOfNewest)
    }
  }

  // MARK: Epochs

  /// Half-life → the epoch that a moment so many half-lives after the landmark is in.
  @Test(arguments: [
    (-10.0, 0), (0, 0), (63.99, 0), (64, 1), (127.99, 1), (128, 2), (3904, 61),
  ])
  func epochOfAMoment(halfLives: Double, epoch: Int) {
    let schema = EvidenceSchema(halfLifeSeconds: 8 * 86_400)
    let moment = EvidenceSchema.landmark.plus(days: 8 * halfLives)
    #expect(schema.epoch(of: moment) == epoch)
  }

  /// Events spread over five epochs, in any order: as if there were none.
  @Test func addingAcrossEpochsEqualsNoEpochs() {
    var generator = Generator.forTest(23)
    let schema = EvidenceSchema(halfLifeSeconds: 8 * 86_400)
    for _ in 1...100 {
      let entries = Self.entries(100, days: 2500, &generator)
      let record = Self.record(of: entries, schema)
      #expect(record.epoch == schema.epoch(of: record.lastEventAt))
      for later in [0.0, 1, 100, 600] {
        let now = UnixSeconds.today.plus(days: later)
        let exact = Self.exact(entries, now, schema)
        #expect(
          abs(Self.read(record, now, schema) - exact) < 1e-5 * exact + 1e-30,
          "seed \(generator.seed)")
      }
    }
  }

  @Test func movingToALaterEpochIsExact() {
    let schema = EvidenceSchema(halfLifeSeconds: 8 * 86_400)
    let start = EvidenceSchema.landmark.plus(days: 8 * 60)
    var record = AccountRecord(AccountKey(.merchant, AccountID(1)))
    record.touch(at: start, schema: schema)
    for counter in 0..<10 {
      record.add(Double(counter) * 1.1 - 3, to: counter, at: start, schema: schema)
    }
    let before = record
    record.touch(at: EvidenceSchema.landmark.plus(days: 8 * 64), schema: schema)
    #expect(before.epoch == 0)
    #expect(record.epoch == 1)
    #expect(record.kind == .merchant)
    for counter in 0..<10 {
      #expect(record[stored: counter] == before[stored: counter] * 0x1p-64)
    }
  }

  @Test func aMomentBeforeTheEndOfAnEpochReadsLikeTheMomentAfter() {
    let schema = EvidenceSchema(halfLifeSeconds: 8 * 86_400)
    let end = EvidenceSchema.landmark.plus(days: 8 * 64)
    let before = UnixSeconds(end.rawValue - 1)
    let record = Self.record(of: [Entry(weight: 1, time: before)], schema)
    #expect(abs(Self.read(record, before, schema) - 1) < 1e-6)
    #expect(abs(Self.read(record, end, schema) - 1) < 1e-5)
    let both = Self.record(
      of: [Entry(weight: 1, time: before), Entry(weight: 1, time: end)], schema)
    #expect(abs(Self.read(both, end, schema) - 2) < 1e-5)
  }

  /// A late event of an older epoch than the record's neither moves it back nor
  /// counts for more than it is worth.
  @Test func eventOfAnOlderEpochCountsForLittle() {
    let schema = EvidenceSchema(halfLifeSeconds: 8 * 86_400)
    var record = Self.record(of: [Entry(weight: 1, time: .today)], schema)
    let epoch = record.epoch
    record.touch(at: .today.plus(days: -600), schema: schema)
    record.add(1e12, to: 0, at: .today.plus(days: -600), schema: schema)
    #expect(record.epoch == epoch)
    #expect(abs(Self.read(record, .today, schema) - 1) < 1e-6)
  }

  @Test func farFutureReadsAsNothing() {
    let schema = EvidenceSchema(halfLifeSeconds: 8 * 86_400)
    let record = Self.record(of: [Entry(weight: 1e12, time: .today)], schema)
    #expect(Self.read(record, UnixSeconds(.max), schema) == 0)
    let judged = Policy.plain.judge(record, at: DecayClock(schema, now: UnixSeconds(.max)))
    #expect(judged.score == 600)
  }

  @Test func beforeTheLandmarkDecaysAsAfterIt() {
    let time = UnixSeconds(EvidenceSchema.landmark.rawValue - 400 * 86_400)
    let record = Self.record(of: [Entry(weight: 8, time: time)])
    #expect(record.epoch == 0)
    #expect(abs(Self.read(record, time) - 8) < 1e-5)
    #expect(abs(Self.read(record, time.plus(days: 30)) - 4) < 1e-5)
    #expect(abs(Self.read(record, time.plus(days: 60)) - 2) < 1e-5)
  }

  /// The largest half-life hardly decays, the shortest quickly; neither breaks.
  @Test(arguments: [
    EvidenceSchema.halfLifeRange.lowerBound, EvidenceSchema.halfLifeRange.upperBound,
  ])
  func extremeHalfLives(seconds: UInt32) {
    let schema = EvidenceSchema(halfLifeSeconds: seconds)
    let record = Self.record(of: [Entry(weight: 1000, time: .today)], schema)
    let later = UnixSeconds(UnixSeconds.today.rawValue + seconds)
    #expect(abs(Self.read(record, .today, schema) - 1000) < 1e-3)
    #expect(abs(Self.read(record, later, schema) - 500) < 1e-3)
  }

  /// More events of the largest amount than a counter has room for.
  @Test func aCounterThatIsFullStaysFinite() {
    for sign in [1.0, -1] {
      var record = AccountRecord(AccountKey(.buyer, AccountID(1)))
      record.touch(at: .today, schema: .standard)
      record[stored: 1] = Float(sign) * Float.greatestFiniteMagnitude
      record.add(sign * 1e30, to: 1, at: .today, schema: .standard)
      #expect(record[stored: 1] == Float(sign) * Float.greatestFiniteMagnitude)
      record.add(-sign * 1e30, to: 1, at: .today, schema: .standard)
      #expect(record.isWellFormed)
      #expect(abs(record[stored: 1]) < Float.greatestFiniteMagnitude)
    }
  }
}
