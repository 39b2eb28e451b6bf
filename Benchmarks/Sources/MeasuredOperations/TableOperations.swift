import AccountStore
import BenchmarkMachine
import IntegrityCore
import IntegrityPolicy
import Rescoring

/// Finding, changing, inserting and copying accounts.
public enum TableOperations {
  /// Accounts of the tables whose operations are counted: counts do not depend on how many.
  public static let accountCountCounted = 20_000

  /// On a table of so many accounts, at least 1,000, which do not fit a cache if they are many.
  public static func all(accountCount: Int) -> [MeasuredOperation] {
    let label =
      accountCount % 1_000_000 == 0
      ? "\(accountCount / 1_000_000) M accounts" : "\(accountCount) accounts"
    func onTable(
      _ what: String, aimNanoseconds: Int? = nil, isCounted: Bool = true,
      _ run: @escaping @Sendable (TableSubject, Int) -> UInt64
    ) -> MeasuredOperation {
      MeasuredOperation(
        "\(what), \(label)", aimNanoseconds: aimNanoseconds, isCounted: isCounted
      ) {
        let subject = try TableSubject(accountCount: accountCount)
        return Workload { run(subject, $0) }
      }
    }
    return [
      onTable("look up") { $0.lookUp($1) },
      onTable("look up, each waiting for the one before", isCounted: false) {
        $0.lookUpInTurn($1)
      },
      onTable("look up in batches of 1,000") { $0.lookUpBatches($1) },
      onTable("look up and judge in batches of 1,000", aimNanoseconds: 100) {
        $0.judgeBatches($1)
      },
      onTable("locate and store a known account") { $0.change($1) },
      // Ten million in a second on two cores.
      onTable("scan and judge under two policies", aimNanoseconds: 200) { $0.rescore($1) },
      MeasuredOperation("copy a record for a snapshot, \(label)") {
        let subject = try TableSubject(accountCount: accountCount)
        // Once through the table, after which its notes of changed records have their memory.
        _ = subject.copy(accountCount)
        return Workload { subject.copy($0) }
      },
    ]
  }

  /// Into a table that grows with it.
  public static let insertion = MeasuredOperation(
    "insert an account", runsMax: InsertionSubject.accountsMax / Workload.operationsUnit
  ) {
    let subject = try InsertionSubject()
    return Workload { subject.insert($0) }
  }
}

/// Buyers 1…`accountCount`, each with one settled order, and ids to ask for.
final class TableSubject {
  private static let batchIDs = 1_000
  /// As the sequencer copies them between two groups.
  private static let copiedRecordsMax = 1_024

  private let table: AccountTable
  private let policy = PolicyDocument.standard.policy
  private let clock = DecayClock(.standard, now: UnixSeconds(1_767_225_600))
  /// Uniform over the accounts. Runs take them in turn, from the start again at the end.
  private let ids: [UInt64]
  private var position = 0
  private var piece: [UInt8] = []
  private let candidate: Policy

  init(accountCount: Int, seed: UInt64 = 1) throws {
    let layout = StoreLayout(accountsMax: Swift.max(accountCount * 2, 1 << 16))
    candidate = try PolicyDocument.load(
      yaml: PolicyDocument.standardText.replacing("  base: 600\n", with: "  base: 590\n"),
      file: "candidate"
    ).policy
    table = try AccountTable(layout: layout, seed: seed)
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
    let idCount = Swift.min(accountCount, 1_000_000) / Self.batchIDs * Self.batchIDs
    ids = (0..<idCount).map { _ in random.account(of: UInt64(accountCount)) }
    piece.reserveCapacity(Self.copiedRecordsMax * AccountRecord.sizeBytes)
  }

  func lookUp(_ count: Int) -> UInt64 {
    var sum: UInt64 = 0
    forEachBatch(count) { batch in
      for index in batch.indices {
        let record = table.record(of: AccountKey(.buyer, AccountID(batch[index])))
        sum &+= UInt64(record?.lastEventAt.rawValue ?? 0)
      }
    }
    return sum
  }

  func lookUpInTurn(_ count: Int) -> UInt64 {
    var sum: UInt64 = 0
    forEachBatch(count) { batch in
      for index in batch.indices {
        // The sum stays below 2^63, so this changes no id: it only makes it wait.
        let id = batch[index] ^ (sum & 0x8000_0000_0000_0000)
        let record = table.record(of: AccountKey(.buyer, AccountID(id)))
        sum &+= UInt64(record?.lastEventAt.rawValue ?? 0)
      }
    }
    return sum
  }

  func lookUpBatches(_ count: Int) -> UInt64 {
    var sum: UInt64 = 0
    forEachBatch(count) { batch in
      table.records(of: batch, kind: .buyer) { _, record in
        sum &+= UInt64(record?.lastEventAt.rawValue ?? 0)
      }
    }
    return sum
  }

  func judgeBatches(_ count: Int) -> UInt64 {
    var sum: UInt64 = 0
    forEachBatch(count) { batch in
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

  /// Walks over the accounts, from the first again behind the last.
  func rescore(_ count: Int) -> UInt64 {
    var tally = PopulationTally(
      active: policy, candidate: candidate, schema: .standard, now: clock.now)
    var scan = TableScan(table)
    var records: [AccountRecord] = []
    var left = count
    while left > 0 {
      if !scan.next(into: &records) {
        scan = TableScan(table)
        continue
      }
      for record in records.prefix(left) { tally.add(record) }
      left -= records.count
    }
    return tally.buyers.tiers.total &+ tally.buyers.tiers.changedCount
  }

  func change(_ count: Int) -> UInt64 {
    forEachBatch(count) { batch in
      for index in batch.indices {
        var located = table.locate(AccountKey(.buyer, AccountID(batch[index])))
        located.record.counters[0] += 1
        table.store(located)
      }
    }
    return table.recordHashSum
  }

  /// Copies `count` records in pieces; when the table is copied, once more from its start.
  func copy(_ count: Int) -> UInt64 {
    var sum: UInt64 = 0
    var left = count
    while left > 0 {
      piece.removeAll(keepingCapacity: true)
      let recordsMax = Swift.min(left, Self.copiedRecordsMax)
      guard let copied = table.copyNext(recordsMax: recordsMax, into: &piece) else {
        table.beginCopy()
        continue
      }
      left -= copied.recordCount
      sum &+= UInt64(piece[piece.count - 1]) &+ UInt64(copied.shard)
    }
    return sum
  }

  @inline(__always)
  private func forEachBatch(_ count: Int, _ body: (Span<UInt64>) -> Void) {
    let ids = ids
    let all = ids.span
    var start = position
    for _ in 0..<(count / Self.batchIDs) {
      body(all.extracting(start..<(start + Self.batchIDs)))
      start += Self.batchIDs
      if start == all.count { start = 0 }
    }
    position = start
  }
}

/// An empty table and the next id to insert.
final class InsertionSubject {
  static let accountsMax = 4_000_000

  private let table: AccountTable
  private var nextID: UInt64 = 1

  init(seed: UInt64 = 1) throws {
    table = try AccountTable(layout: StoreLayout(accountsMax: Self.accountsMax), seed: seed)
  }

  func insert(_ count: Int) -> UInt64 {
    for _ in 0..<count {
      table.store(table.locate(AccountKey(.buyer, AccountID(nextID))))
      nextID += 1
    }
    return table.recordHashSum
  }
}
