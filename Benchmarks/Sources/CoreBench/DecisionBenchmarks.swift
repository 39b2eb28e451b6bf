import BenchmarkMachine
import IntegrityCore
import IntegrityPolicy

/// The decision core on records that are in the first-level cache.
struct DecisionBenchmarks {
  private static let recordCount = 64
  private static let rounds = 8_000

  private let policy = PolicyDocument.standard.policy
  private let rules: EvidenceRules
  private let clock: DecayClock
  private let records: [AccountRecord]
  private let now = UnixSeconds(1_767_225_600)

  init(seed: UInt64) {
    rules = EvidenceRules(schema: .standard, policy: policy)
    clock = DecayClock(.standard, now: now)
    var random = SeededGenerator(seed: seed)
    var records: [AccountRecord] = []
    for index in 0..<Self.recordCount {
      records.append(Self.record(index, rules, now, &random))
    }
    self.records = records
  }

  /// A buyer or a merchant with a history of up to forty orders and a few incidents.
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

  func run(_ watch: inout Stopwatch) {
    let operations = Self.rounds * Self.recordCount
    watch.measure("judge: score, floor, confidence, tier", operations: operations, target: 40) {
      judgeAll()
    }
    watch.measure("the same and its reasons in order", operations: operations) { explainAll() }
    watch.measure("judge, each waiting for the one before", operations: operations) {
      judgeInTurn()
    }
    watch.measure("score alone", operations: operations) { scoreAll() }
    watch.measure("decay clock of a moment", operations: operations) { makeClocks() }
    let pairs = operations / 2
    watch.measure("apply a settled order", operations: pairs) {
      apply(.settled(orderedAt: .zero))
    }
    watch.measure("apply an opened claim", operations: pairs) {
      apply(.claimOpened(.quality, .defective))
    }
    watch.measure("apply an upheld claim", operations: pairs) {
      apply(.claimDecided(.quality, .upheld))
    }
  }

  private func judgeAll() -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<Self.rounds {
      for record in records { sum &+= digest(policy.judge(record, at: clock)) }
    }
    return sum
  }

  private func explainAll() -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<Self.rounds {
      for record in records {
        let judgement = policy.judge(record, at: clock)
        sum &+= digest(judgement) &+ UInt64(judgement.reasons.count)
      }
    }
    return sum
  }

  /// The latency of one judgement: which record comes next depends on the last one's score.
  private func judgeInTurn() -> UInt64 {
    var sum: UInt64 = 0
    for index in 0..<(Self.rounds * Self.recordCount) {
      let next = (index &+ Int(truncatingIfNeeded: sum)) & (Self.recordCount - 1)
      sum &+= digest(policy.judge(records[next], at: clock))
    }
    return sum
  }

  /// Of each part of a judgement enough that it must be computed.
  @inline(__always)
  private func digest(_ judgement: Judgement) -> UInt64 {
    var sum = UInt64(judgement.score) &+ UInt64(judgement.scoreFloor) << 10
    sum &+= UInt64(judgement.tier.rawValue) << 20
    return sum &+ UInt64(judgement.confidence.bitPattern)
  }

  private func scoreAll() -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<Self.rounds {
      for record in records { sum &+= UInt64(policy.score(record, at: clock)) }
    }
    return sum
  }

  private func makeClocks() -> UInt64 {
    var sum: UInt64 = 0
    for index in 0..<(Self.rounds * Self.recordCount) {
      let clock = DecayClock(.standard, now: UnixSeconds(now.rawValue &- UInt32(index & 0xfffff)))
      sum &+= UInt64(clock.factor(for: records[0]).bitPattern)
    }
    return sum
  }

  private func apply(_ detail: EventDetail) -> UInt64 {
    var buyers = records
    var merchants = records
    var at = now.rawValue
    var sum: UInt64 = 0
    for round in 0..<Self.rounds {
      at += UInt32(round & 1)
      for index in 0..<(Self.recordCount / 2) {
        let event = Event(
          at: UnixSeconds(at), buyer: buyers[2 * index].id, merchant: merchants[2 * index + 1].id,
          amount: Minor(1_999), detail: detail)
        rules.apply(event, buyer: &buyers[2 * index], merchant: &merchants[2 * index + 1])
        sum &+= UInt64(buyers[2 * index].tierCode) &+ UInt64(merchants[2 * index + 1].tierCode)
      }
    }
    return sum
  }
}
