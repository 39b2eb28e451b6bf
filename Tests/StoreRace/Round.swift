import AccountStore
import Glibc
import IntegrityCore
import Synchronization

/// One table from empty to full, and updates until the deadline.
final class Round: Sendable {
  static let accountsMax = 20_000
  static let readerCount = 3
  static let batchSize = 40

  let table: AccountTable
  let seed: UInt64
  let deadline: UInt64
  /// Accounts 0..<published are in the table.
  let published = Atomic<Int>(0)
  let isOver = Atomic<Bool>(false)

  init(seed: UInt64, shardCount: Int, deadline: UInt64) throws {
    table = try AccountTable(
      layout: StoreLayout(accountsMax: Self.accountsMax, shardCount: shardCount), seed: seed)
    self.seed = seed
    self.deadline = deadline
  }

  /// Even accounts are buyers, odd ones merchants; two share an id.
  func key(_ index: Int) -> AccountKey {
    AccountKey(index & 1 == 0 ? .buyer : .merchant, AccountID(UInt64(index / 2 + 1) << 8))
  }

  func run() -> Tally {
    // A tally for each thread, read when it has ended: a lock's order would be
    // known to ThreadSanitizer only if the lock's library were compiled for it.
    let tallies = (0...Self.readerCount).map { _ in ThreadTally() }
    let threads = tallies.enumerated().map { number, mine in
      Thread { if number == 0 { self.write(mine) } else { self.read(number - 1, mine) } }
    }
    for thread in threads { thread.join() }
    table.checkInvariants()
    return tallies.reduce(into: Tally()) { $0.add($1.tally) }
  }

  // MARK: Writer

  private func write(_ result: ThreadTally) {
    var mine = Tally()
    var random = Random(state: seed ^ 1)
    var version: UInt32 = 0
    var index = 0
    while version + 1 < Versions.max {
      if version & 255 == 0 && nanoseconds() >= deadline { break }
      version += 1
      if version & 1 == 1 && table.hasRoom(for: 1) {
        put(index, version)
        index += 1
        published.store(index, ordering: .releasing)
        mine.insertCount += 1
      } else if index > 0 {
        // Mostly a few hot accounts, so that readers meet the writer.
        put(random.below(version & 7 == 0 ? index : min(index, 8)), version)
        mine.updateCount += 1
      }
    }
    isOver.store(true, ordering: .releasing)
    result.tally = mine
  }

  private func put(_ index: Int, _ version: UInt32) {
    var located = table.locate(key(index))
    Versions.write(version, to: &located.record)
    table.store(located)
  }

  // MARK: Readers

  private func read(_ number: Int, _ result: ThreadTally) {
    var mine = Tally()
    var random = Random(state: seed ^ UInt64(number + 2))
    var lastSeen = [UInt32](repeating: 0, count: Self.accountsMax)
    while !isOver.load(ordering: .acquiring) {
      for _ in 0..<64 {
        let known = published.load(ordering: .acquiring)
        let index = pick(&random, known)
        check(table.record(of: key(index)), index, known, &lastSeen, &mine)
        mine.readCount += 1
      }
      readBatch(&random, &lastSeen, &mine)
    }
    result.tally = mine
  }

  private func readBatch(_ random: inout Random, _ lastSeen: inout [UInt32], _ mine: inout Tally) {
    let known = published.load(ordering: .acquiring)
    let parity = random.below(2)
    let indices = (0..<Self.batchSize).map { _ in pick(&random, known) & ~1 | parity }
    let ids = indices.map { key($0).id.rawValue }
    var records: [AccountRecord?] = []
    table.records(of: ids.span, kind: key(parity).kind) { _, record in records.append(record) }
    for (index, record) in zip(indices, records) { check(record, index, known, &lastSeen, &mine) }
    mine.batchReadCount += Self.batchSize
  }

  /// Half of the time one of the hot accounts, else any, inserted yet or not.
  private func pick(_ random: inout Random, _ known: Int) -> Int {
    switch random.below(4) {
    case 0, 1: random.below(8)
    case 2: random.below(max(known, 2))
    default: random.below(Self.accountsMax)
    }
  }

  private func check(
    _ record: AccountRecord?, _ index: Int, _ known: Int, _ lastSeen: inout [UInt32],
    _ mine: inout Tally
  ) {
    guard let record else {
      if index < known || lastSeen[index] > 0 { mine.lostCount += 1 }
      return
    }
    if record.key != key(index) { return mine.inventedCount += 1 }
    guard let version = Versions.version(of: record) else { return mine.tornCount += 1 }
    if version < lastSeen[index] { mine.backwardCount += 1 }
    if version > lastSeen[index] && lastSeen[index] > 0 { mine.movedCount += 1 }
    lastSeen[index] = version
  }
}

/// Source: Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
struct Random {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((z ^ (z >> 31)) >> 1) % bound
  }
}

/// A thread of the system's, so that nothing but the table orders the threads.
final class Thread {
  private var handle: pthread_t = 0

  init(_ body: @escaping @Sendable () -> Void) {
    final class Box {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    // Safe: the box is retained here and released by the thread, once.
    let box = unsafe Unmanaged.passRetained(Box(body))
    let error = unsafe pthread_create(
      &handle, nil,
      { argument in
        let box = unsafe Unmanaged<Box>.fromOpaque(argument.unsafelyUnwrapped)
        unsafe box.takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    precondition(error == 0, "no thread: error \(error)")
  }

  func join() {
    pthread_join(handle, nil)
  }
}

/// What one thread counted: its own until it has been joined.
// Safe: written by one thread, read by another after `join`.
final class ThreadTally: @unchecked Sendable {
  var tally = Tally()
}
