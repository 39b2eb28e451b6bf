import AccountStore
import Dispatch
import Glibc
import IntegrityCore
import Synchronization

// Fills an account table and times every single insertion: a table that
// rehashes, even rarely, shows here. Beside it runs the same loop without the
// insertion, and one that fills as much memory at the same pace, touches what was
// filled before as often, and does nothing else: they tell how much of the longest is
// the machine's doing. And once more with the kernel's counters read around every
// insertion, which tells what the slowest ones consist of. The next pages are made
// ready beside it, as in the daemon. A reader reads beside a writer, and the table is
// copied.
//
//     swift run -c release store-growth [ACCOUNTS] [--json]
//     swift run -c release store-growth claims [CLAIMS]

@main
enum StoreGrowth {
  static func main() throws {
    var accountCount = 10_000_000
    var isJSON = false
    if CommandLine.arguments.dropFirst().first == "claims" {
      let count = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 1_000_000
      return try ClaimGrowth(claimCount: count).run()
    }
    for argument in CommandLine.arguments.dropFirst() {
      if argument == "--json" {
        isJSON = true
      } else if let number = Int(argument), number > 0 {
        accountCount = number
      } else {
        print("usage: store-growth [ACCOUNTS] [--json]; ACCOUNTS is a number ≥ 1, not \(argument)")
        exit(2)
      }
    }

    var samples = [UInt32](repeating: 1, count: accountCount)  // Ones, so that its pages are there.
    let floor = measureFloor(into: &samples)
    let table = try AccountTable(layout: layout(for: accountCount), seed: seed)
    let (growth, residentAdded) = measureGrowth(of: table, into: &samples)
    let memory = FreshMemory(recordCount: accountCount).fill(
      into: &samples,
      stepNanoseconds: Double(growth.totalNanoseconds) / Double(accountCount))
    let lookups = measureLookups(in: table, accountCount: accountCount)
    let reader = ReaderBesideWriter(table, key: key)
    let copy = try CopyCosts(table, key: key)
    let causes = try findCauses(accountCount: accountCount)

    let report = Report(
      accountCount: accountCount, growth: growth, floor: floor, memory: memory,
      bytesPerAccount: Double(table.memoryBytes) / Double(accountCount),
      residentBytesPerAccount: Double(residentAdded) / Double(accountCount),
      lookups: lookups, reader: reader, copy: copy, causes: causes)
    print(isJSON ? report.json : report.text)
    if !copy.isEqual { exit(1) }
  }

  static let seed: UInt64 = 0x5eed_0f_9072_0b17

  static func layout(for accountCount: Int) -> StoreLayout {
    StoreLayout(accountsMax: max(accountCount, StoreLayout.accountsMaxStandard))
  }

  /// Account `index`: one merchant in sixteen, ids without order.
  @inline(__always)
  static func key(_ index: Int) -> AccountKey {
    let id = AccountID(StateHash.mix(UInt64(index), 0x2545_f491_4f6c_dd1d))
    return AccountKey(index & 15 == 0 ? .merchant : .buyer, id)
  }

  @inline(__always)
  static func insert(_ key: AccountKey, into table: AccountTable) {
    var located = table.locate(key)
    located.record.lastEventAt = UnixSeconds(1)
    table.store(located)
  }

  /// The loop of `measureGrowth` with nothing to measure.
  static func measureFloor(into samples: inout [UInt32]) -> Distribution {
    var sum: UInt64 = 0
    let start = nanoseconds()
    for index in samples.indices {
      let key = key(index)
      let before = nanoseconds()
      sum &+= key.id.rawValue
      samples[index] = UInt32(clamping: nanoseconds() - before)
    }
    let total = nanoseconds() - start
    precondition(sum != 1)
    return Distribution(samples, totalNanoseconds: total)
  }

  static func measureGrowth(
    of table: AccountTable, into samples: inout [UInt32]
  ) -> (durations: Distribution, residentAddedBytes: Int) {
    let residentBefore = residentBytes()
    let pages = PagesAhead(of: table)
    defer { pages.stop() }
    let start = nanoseconds()
    for index in samples.indices {
      let key = key(index)
      let before = nanoseconds()
      insert(key, into: table)
      samples[index] = UInt32(clamping: nanoseconds() - before)
    }
    let total = nanoseconds() - start
    let residentAdded = residentBytes() - residentBefore
    precondition(table.count == samples.count)
    return (Distribution(samples, totalNanoseconds: total), residentAdded)
  }

  /// The slowest insertions into a second table during which the thread was not
  /// taken off its processor, and what the kernel and the index did during each.
  static func findCauses(accountCount: Int) throws -> Causes {
    let table = try AccountTable(layout: layout(for: accountCount), seed: seed)
    let pages = PagesAhead(of: table)
    defer { pages.stop() }
    var slowest: [SlowInsertion] = []
    var preempted: [UInt64] = []
    for index in 0..<accountCount {
      let key = key(index)
      let bucketsBefore = table.bucketCount(inShardOf: key)
      let usageBefore = KernelUsage()
      let before = nanoseconds()
      insert(key, into: table)
      let duration = nanoseconds() - before
      if slowest.count == 8 && duration <= slowest[7].nanoseconds { continue }
      let usage = KernelUsage()
      if usage.preemptions > usageBefore.preemptions {
        preempted.append(duration)
        continue
      }
      slowest.append(
        SlowInsertion(
          index: index, nanoseconds: duration,
          pageFaults: usage.pageFaults - usageBefore.pageFaults,
          isSplit: table.bucketCount(inShardOf: key) > bucketsBefore))
      slowest.sort { $0.nanoseconds > $1.nanoseconds }
      if slowest.count > 8 { slowest.removeLast() }
    }
    return Causes(slowest: slowest, preempted: preempted)
  }

  /// Nanoseconds per lookup of known accounts in no order.
  static func measureLookups(
    in table: AccountTable, accountCount: Int
  ) -> (single: Double, batch: Double) {
    let count = min(accountCount, 2_000_000)
    let ids = (0..<count).map { i in
      // Buyers only, since a batch is of one kind: indices that are not multiples of 16.
      key(Int(StateHash.mix(UInt64(i), 7) % UInt64(accountCount)) | 1).id.rawValue
    }
    var seen: UInt64 = 0
    var start = nanoseconds()
    for id in ids {
      seen &+= UInt64(table.record(of: AccountKey(.buyer, AccountID(id)))?.kindAndEpoch ?? 0)
    }
    let single = nanoseconds() - start
    start = nanoseconds()
    table.records(of: ids.span, kind: .buyer) { _, record in
      seen &+= UInt64(record?.kindAndEpoch ?? 0)
    }
    let batch = nanoseconds() - start
    precondition(seen >= 2 * UInt64(count) - 4, "an account was lost")
    return (Double(single) / Double(count), Double(batch) / Double(count))
  }
}

/// Has a table's next pages made ready until it is stopped.
final class PagesAhead: Sendable {
  private let isStopping = Atomic<Bool>(false)
  private let group = DispatchGroup()

  /// Insertions come here without any commands, three times as fast as a daemon takes them.
  private static let lookMicroseconds: UInt32 = 5_000

  init(of table: AccountTable) {
    DispatchQueue.global().async(group: group) { [self] in
      let growth = TableGrowth(table)
      while !isStopping.load(ordering: .relaxed) {
        growth.prepare()
        usleep(Self.lookMicroseconds)
      }
    }
  }

  func stop() {
    isStopping.store(true, ordering: .relaxed)
    group.wait()
  }
}
