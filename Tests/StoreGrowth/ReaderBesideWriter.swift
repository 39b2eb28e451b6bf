import AccountStore
import Dispatch
import IntegrityCore
import Synchronization

/// How often a reader of accounts in no order repeats itself because a writer changes
/// a million a second, and what a read takes beside one and without.
struct ReaderBesideWriter {
  /// As `Score` reads an account that comes alone: its two misses of the cache lie
  /// within the sequence lock.
  let alone: (quiet: Reading, busy: Reading)
  /// As it reads one of many: its lines were on their way before.
  let pipelined: (quiet: Reading, busy: Reading)
  let changesPerSecond: Double

  struct Reading {
    let nanoseconds: Double
    let readsPerRepeat: Double
  }

  init(_ table: AccountTable, key: (Int) -> AccountKey) {
    let keys = (0..<1 << 20).map { index in
      key(Int(StateHash.mix(UInt64(index), 11) % UInt64(table.count)))
    }
    let quiet = (Self.read(keys, in: table, ahead: 0), Self.read(keys, in: table, ahead: 16))
    let writer = PacedWriter(table, keys)
    let busy = (Self.read(keys, in: table, ahead: 0), Self.read(keys, in: table, ahead: 16))
    changesPerSecond = writer.stop()
    alone = (quiet.0, busy.0)
    pipelined = (quiet.1, busy.1)
  }

  private static let rounds = 8

  /// A read counts as repeated where its shard's sequence was odd before it or another
  /// behind it: those that do repeat themselves, and a few more.
  private static func read(_ keys: [AccountKey], in table: AccountTable, ahead: Int) -> Reading {
    var repeatCount = 0
    var seen: UInt64 = 0
    let start = nanoseconds()
    for _ in 0..<rounds {
      for index in keys.indices {
        if ahead > 0 {
          table.prefetchBucket(of: keys[(index + ahead) & (keys.count - 1)])
          table.prefetchRecord(of: keys[(index + ahead / 2) & (keys.count - 1)])
        }
        let shard = table.shard(of: table.hash(of: keys[index]))
        let before = shard.sequence
        seen &+= UInt64(table.record(of: keys[index])?.kindAndEpoch ?? 0)
        if before & 1 == 1 || shard.sequence != before { repeatCount += 1 }
      }
    }
    let elapsed = nanoseconds() - start
    let readCount = Double(keys.count * rounds)
    precondition(seen >= UInt64(readCount), "an account was lost")
    return Reading(
      nanoseconds: Double(elapsed) / readCount,
      readsPerRepeat: readCount / Double(max(repeatCount, 1)))
  }

  var text: String {
    func line(_ name: String, _ figures: (quiet: Reading, busy: Reading)) -> String {
      "\(name): \(tenth(figures.quiet.nanoseconds)) ns; beside the writer"
        + " \(tenth(figures.busy.nanoseconds)) ns, one in"
        + " \(Int(figures.busy.readsPerRepeat)) repeated"
    }
    return "a writer of \(Int(changesPerSecond)) changes/s beside a reader\n"
      + line("  accounts that come alone", alone) + "\n"
      + line("  one of many", pipelined)
  }

  var json: String {
    func object(_ figures: (quiet: Reading, busy: Reading)) -> String {
      "{\"quiet_ns\":\(tenth(figures.quiet.nanoseconds))"
        + ",\"busy_ns\":\(tenth(figures.busy.nanoseconds))"
        + ",\"reads_per_repeat\":\(Int(figures.busy.readsPerRepeat))}"
    }
    return "{\"changes_per_s\":\(Int(changesPerSecond)),\"alone\":\(object(alone))"
      + ",\"pipelined\":\(object(pipelined))}"
  }

  private func tenth(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}

/// Changes accounts in no order, evenly over time, on a thread of its own.
private final class PacedWriter: Sendable {
  private let isStopping = Atomic<Bool>(false)
  private let changeCount = Atomic<Int>(0)
  private let started = nanoseconds()
  private let group = DispatchGroup()

  private static let nanosecondsPerChange: UInt64 = 1_000

  init(_ table: AccountTable, _ keys: [AccountKey]) {
    DispatchQueue.global().async(group: group) { [self] in
      var count: UInt64 = 0
      while !isStopping.load(ordering: .relaxed) {
        if nanoseconds() - started < count * Self.nanosecondsPerChange { continue }
        var located = table.locate(
          keys[Int(truncatingIfNeeded: StateHash.mix(count, 13)) & (keys.count - 1)])
        located.record.sketch.insert(AccountID(count + 1))
        table.store(located)
        count += 1
      }
      changeCount.store(Int(count), ordering: .relaxed)
    }
  }

  /// - Returns: the changes a second that it came to.
  func stop() -> Double {
    isStopping.store(true, ordering: .relaxed)
    group.wait()
    return Double(changeCount.load(ordering: .relaxed)) * 1e9 / Double(nanoseconds() - started)
  }
}
