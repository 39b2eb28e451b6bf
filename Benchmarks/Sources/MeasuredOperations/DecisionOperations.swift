import AccountStore
import BenchmarkMachine
import IntegrityCore
import IntegrityPolicy

/// The decision core on records that are in the first-level cache.
public enum DecisionOperations {
  public static let all: [MeasuredOperation] =
    judging
    + details.map { name, detail in
      MeasuredOperation("apply \(name)") {
        let subject = DecisionSubject()
        return Workload { subject.apply(detail, $0) }
      }
    }

  private static let judging: [MeasuredOperation] = [
    MeasuredOperation("judge", aimNanoseconds: 40) {
      let subject = DecisionSubject()
      return Workload { subject.judge($0) }
    },
    MeasuredOperation("judge, with its reasons in order") {
      let subject = DecisionSubject()
      return Workload { subject.explain($0) }
    },
    // The same instructions as `judge`; what differs is that none overlap.
    MeasuredOperation("judge, each waiting for the one before", isCounted: false) {
      let subject = DecisionSubject()
      return Workload { subject.judgeInTurn($0) }
    },
    MeasuredOperation("score alone") {
      let subject = DecisionSubject()
      return Workload { subject.score($0) }
    },
    MeasuredOperation("score an account, from the table in cache") {
      let subject = DecisionSubject()
      let table = try subject.table()
      return Workload { subject.scoreFromTable(table, $0) }
    },
    MeasuredOperation("decay clock of a moment") {
      let subject = DecisionSubject()
      return Workload { subject.makeClocks($0) }
    },
  ]

  /// One of each type, with the choices that change most.
  private static let details: [(String, EventDetail)] = [
    ("settled", .settled(orderedAt: .zero)),
    ("pickedUp", .pickedUp(late: true)),
    ("cancelled", .cancelled(by: .merchant, cause: .outOfStock)),
    ("carrierProof", .carrierProof(.trackingInvalid)),
    ("claimOpened", .claimOpened(.quality, .notReceived)),
    ("claimDecided", .claimDecided(.quality, .upheld)),
    ("claimWithdrawn", .claimWithdrawn(openedAt: UnixSeconds(1_767_000_000), .notReceived)),
    ("returnInspected", .returnInspected(.used)),
    ("compensated", .compensated),
  ]
}

/// Accounts with histories, a policy and a moment.
struct DecisionSubject {
  /// Divides `Workload.operationsUnit`; buyers and merchants in turn.
  private static let recordCount = 50

  let policy = PolicyDocument.standard.policy
  let now = UnixSeconds(1_767_225_600)
  let clock: DecayClock
  let records: [AccountRecord]
  private let rules: EvidenceRules

  init(seed: UInt64 = 1) {
    rules = EvidenceRules(schema: .standard, policy: policy)
    clock = DecayClock(.standard, now: now)
    var random = SeededGenerator(seed: seed)
    var records: [AccountRecord] = []
    for index in 0..<Self.recordCount {
      records.append(Self.record(index, rules, now, &random))
    }
    self.records = records
  }

  /// A buyer or a merchant with a history of up to fifty events.
  private static func record(
    _ index: Int, _ rules: EvidenceRules, _ now: UnixSeconds, _ random: inout SeededGenerator
  ) -> AccountRecord {
    var buyer = AccountRecord(AccountKey(.buyer, AccountID(UInt64(index + 1))))
    var merchant = AccountRecord(AccountKey(.merchant, AccountID(UInt64(index + 1))))
    let details: [EventDetail] = [
      .settled(orderedAt: .zero), .settled(orderedAt: .zero), .settled(orderedAt: .zero),
      .settled(orderedAt: .zero), .claimOpened(.quality, .notReceived),
      .claimDecided(.quality, .upheld), .pickedUp(late: true), .returnInspected(.used),
    ]
    var at = now.rawValue - 400 * 86_400
    for _ in 0..<(1 + random.next() % 50) {
      at += UInt32(random.next() % (7 * 86_400))
      let event = Event(
        at: UnixSeconds(at), buyer: buyer.id, merchant: merchant.id,
        amount: Minor(Int64(random.next() % 100_000)),
        detail: details[Int(random.next() % UInt64(details.count))])
      rules.apply(event, buyer: &buyer, merchant: &merchant)
    }
    return index & 1 == 0 ? buyer : merchant
  }

  /// The records, and nothing else, in a table.
  func table() throws -> AccountTable {
    let table = try AccountTable(layout: StoreLayout(accountsMax: 1 << 16), seed: 1)
    for record in records {
      var located = table.locate(record.key)
      located.record = record
      table.store(located)
    }
    return table
  }

  func judge(_ count: Int) -> UInt64 {
    forEachRecord(count) { digest(policy.judge($0, at: clock)) }
  }

  func explain(_ count: Int) -> UInt64 {
    forEachRecord(count) {
      let judgement = policy.judge($0, at: clock)
      return digest(judgement) &+ UInt64(judgement.reasons.count)
    }
  }

  /// The latency of one judgement: which record comes next depends on the last one's score.
  func judgeInTurn(_ count: Int) -> UInt64 {
    var sum: UInt64 = 0
    for index in 0..<count {
      let next = (index &+ Int(truncatingIfNeeded: sum)) & 31
      sum &+= digest(policy.judge(records[next], at: clock))
    }
    return sum
  }

  func score(_ count: Int) -> UInt64 {
    forEachRecord(count) { UInt64(policy.score($0, at: clock)) }
  }

  func scoreFromTable(_ table: AccountTable, _ count: Int) -> UInt64 {
    forEachRecord(count) {
      let key = $0.key
      return digest(policy.judge(table.record(of: key) ?? AccountRecord(key), at: clock))
    }
  }

  func makeClocks(_ count: Int) -> UInt64 {
    var sum: UInt64 = 0
    for index in 0..<count {
      let clock = DecayClock(.standard, now: UnixSeconds(now.rawValue &- UInt32(index & 0xfffff)))
      sum &+= UInt64(clock.factor(for: records[0]).bitPattern)
    }
    return sum
  }

  /// The same event to pairs of a buyer and a merchant, whose histories every run begins anew.
  func apply(_ detail: EventDetail, _ count: Int) -> UInt64 {
    var buyers = records
    var merchants = records
    var at = now.rawValue
    var sum: UInt64 = 0
    let pairCount = Self.recordCount / 2
    for round in 0..<(count / pairCount) {
      at += UInt32(round & 1)
      for index in 0..<pairCount {
        let event = Event(
          at: UnixSeconds(at), buyer: buyers[2 * index].id, merchant: merchants[2 * index + 1].id,
          amount: Minor(1_999), detail: detail)
        rules.apply(event, buyer: &buyers[2 * index], merchant: &merchants[2 * index + 1])
        sum &+= UInt64(buyers[2 * index].tierCode) &+ UInt64(merchants[2 * index + 1].tierCode)
      }
    }
    return sum
  }

  @inline(__always)
  private func forEachRecord(_ count: Int, _ body: (AccountRecord) -> UInt64) -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<(count / Self.recordCount) {
      for record in records { sum &+= body(record) }
    }
    return sum
  }

  /// Of each part of a judgement enough that it must be computed.
  @inline(__always)
  func digest(_ judgement: Judgement) -> UInt64 {
    var sum = UInt64(judgement.score) &+ UInt64(judgement.scoreFloor) << 10
    sum &+= UInt64(judgement.tier.rawValue) << 20
    return sum &+ UInt64(judgement.confidence.bitPattern)
  }
}
