import AccountStore
import BenchmarkMachine
import IntegrityCore
import IntegrityPolicy

/// Finding accounts among so many that they do not fit a cache.
struct TableBenchmarks {
  private static let batchIDs = 1_000
  private static let lookups = 1_000_000

  private let table: AccountTable
  private let policy = PolicyDocument.standard.policy
  private let clock = DecayClock(.standard, now: UnixSeconds(1_767_225_600))
  private let ids: [UInt64]
  private let label: String

  /// Buyers 1…`accountCount`, each with one settled order.
  init(accountCount: Int, seed: UInt64) throws {
    let layout = StoreLayout(accountsMax: Swift.max(accountCount * 2, 1 << 16))
    table = try AccountTable(layout: layout, seed: seed)
    label = accountCount % 1_000_000 == 0 ? "\(accountCount / 1_000_000) M" : "\(accountCount)"
    let rules = EvidenceRules(schema: .standard, policy: policy)
    for id in 1...UInt64(accountCount) {
      var located = table.locate(AccountKey(.buyer, AccountID(id)))
      var merchant = AccountRecord(AccountKey(.merchant, AccountID(1)))
      let event = Event(
        at: UnixSeconds(1_760_000_000), buyer: AccountID(id), merchant: AccountID(1),
        amount: Minor(1_999), detail: .settled(orderedAt: .zero))
      rules.apply(event, buyer: &located.record, merchant: &merchant)
      table.store(located)
    }
    var random = SeededGenerator(seed: seed &+ 1)
    ids = (0..<Self.lookups).map { _ in random.account(of: UInt64(accountCount)) }
  }

  func run(_ watch: inout Stopwatch) {
    watch.measure("look up one of \(label) accounts", operations: Self.lookups) { lookUp() }
    watch.measure("look up, each waiting for the one before, \(label)", operations: Self.lookups) {
      lookUpInTurn()
    }
    watch.measure("look up in batches, \(label)", operations: Self.lookups) { lookUpBatches() }
    watch.measure("look up and judge in batches, \(label)", operations: Self.lookups, target: 100) {
      judgeBatches()
    }
  }

  private func lookUp() -> UInt64 {
    var sum: UInt64 = 0
    for id in ids {
      sum &+= UInt64(table.record(of: AccountKey(.buyer, AccountID(id)))?.lastEventAt.rawValue ?? 0)
    }
    return sum
  }

  private func lookUpInTurn() -> UInt64 {
    var sum: UInt64 = 0
    for index in ids.indices {
      // The sum stays below 2^63, so this changes no id: it only makes it wait.
      let id = ids[index] ^ (sum & 0x8000_0000_0000_0000)
      let record = table.record(of: AccountKey(.buyer, AccountID(id)))
      sum &+= UInt64(record?.lastEventAt.rawValue ?? 0)
    }
    return sum
  }

  private func lookUpBatches() -> UInt64 {
    var sum: UInt64 = 0
    forEachBatch { batch in
      table.records(of: batch, kind: .buyer) { _, record in
        sum &+= UInt64(record?.lastEventAt.rawValue ?? 0)
      }
    }
    return sum
  }

  private func judgeBatches() -> UInt64 {
    var sum: UInt64 = 0
    forEachBatch { batch in
      table.records(of: batch, kind: .buyer) { index, record in
        let key = AccountKey(.buyer, AccountID(batch[index]))
        let judgement = policy.judge(record ?? AccountRecord(key), at: clock)
        sum &+=
          UInt64(judgement.score) &+ UInt64(judgement.scoreFloor)
          &+ UInt64(judgement.tier.rawValue) &+ UInt64(judgement.confidence.bitPattern)
      }
    }
    return sum
  }

  @inline(__always)
  private func forEachBatch(_ body: (Span<UInt64>) -> Void) {
    let all = ids.span
    for start in stride(from: 0, to: Self.lookups, by: Self.batchIDs) {
      body(all.extracting(start..<(start + Self.batchIDs)))
    }
  }
}
