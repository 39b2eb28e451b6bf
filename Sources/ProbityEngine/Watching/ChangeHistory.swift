import ClaimStore
import IntegrityCore
import Synchronization

/// The newest changes of accounts, in the order of the log: what watches are told from.
///
/// Part of the state: a fold over the log, equal wherever the same prefix was applied, and in
/// snapshots, so that who watches goes on after a restart. Bounded: the oldest are forgotten,
/// and who comes back later than that is told so. 24 bytes a change.
///
/// The sequencer appends; any thread may read.
public final class ChangeHistory: Sendable {
  /// What a reader got.
  public enum Reading: Sendable, Equatable {
    /// To go on from `next`.
    case changes([AccountChange], next: UInt64)
    /// Changes up to this position are not kept any more.
    case forgotten(upTo: LogPosition)
  }

  /// Changes kept: of states that are to be equal as many.
  package static let countStandard = 1 << 20
  private let countMax: Int
  private let ring: Mutex<Ring>
  /// Number of the next change, for those who only want to know whether there are new ones.
  private let nextNumber = Atomic<UInt64>(0)

  private struct Ring {
    /// Number n is at n modulo the most that are kept.
    var records: [ChangeRecord] = []
    var first: UInt64 = 0
    var next: UInt64 = 0
    /// Of the newest change that was forgotten.
    var forgottenUpTo = LogPosition.zero
    var hashSum: UInt64 = 0
    /// The next to be copied; nil = no copy is under way.
    var copyNext: UInt64?
  }

  package init(countMax: Int = countStandard) {
    precondition(countMax > 0)
    self.countMax = countMax
    ring = Mutex(Ring())
  }

  // MARK: Any thread

  /// Number of the next change: it grows with each. About 1 ns.
  public var next: UInt64 { nextNumber.load(ordering: .acquiring) }

  /// Where to begin to be told of what lies behind a position.
  public func number(behind cursor: LogPosition) -> Reading {
    ring.withLock { ring in
      if cursor < ring.forgottenUpTo { return .forgotten(upTo: ring.forgottenUpTo) }
      var (low, high) = (ring.first, ring.next)
      while low < high {
        let middle = low + (high - low) / 2
        if record(middle, ring).position <= cursor.rawValue {
          low = middle + 1
        } else {
          high = middle
        }
      }
      return .changes([], next: low)
    }
  }

  /// The next changes from a number on, at most so many. About 10 ns a change.
  public func read(from number: UInt64, countMax: Int) -> Reading {
    ring.withLock { ring in
      if number < ring.first { return .forgotten(upTo: ring.forgottenUpTo) }
      let end = Swift.min(ring.next, number + UInt64(countMax))
      let changes = (number..<Swift.max(number, end)).compactMap { record($0, ring).change }
      return .changes(changes, next: Swift.max(number, end))
    }
  }

  private func record(_ number: UInt64, _ ring: Ring) -> ChangeRecord {
    ring.records[Int(number % UInt64(countMax))]
  }

  // MARK: The sequencer

  /// About 30 ns.
  package func append(_ change: AccountChange) {
    let next = ring.withLock { ring in
      let record = ChangeRecord(change)
      if ring.records.count < countMax {
        ring.records.append(record)
      } else {
        let oldest = self.record(ring.first, ring)
        ring.hashSum &-= oldest.hash(of: ring.first)
        ring.forgottenUpTo = LogPosition(oldest.position)
        ring.records[Int(ring.next % UInt64(countMax))] = record
        ring.first += 1
      }
      ring.hashSum &+= record.hash(of: ring.next)
      ring.next += 1
      return ring.next
    }
    nextNumber.store(next, ordering: .releasing)
  }

  /// 0 as long as there was no change.
  package var hash: UInt64 {
    ring.withLock {
      $0.next == 0
        ? 0 : StateHash.of([$0.hashSum, $0.first, $0.next, $0.forgottenUpTo.rawValue])
    }
  }

  // MARK: Copying: what is there does not change, but for being forgotten

  package func beginCopy() { ring.withLock { $0.copyNext = $0.first } }
  package func endCopy() { ring.withLock { $0.copyNext = nil } }

  package var copyBacklog: Int {
    ring.withLock { ring in
      ring.copyNext.map { Int(ring.next - Swift.max($0, ring.first)) } ?? 0
    }
  }

  /// Appends the next changes to `bytes`: number and record, 32 bytes each.
  ///
  /// - Returns: how many; nil if nothing is left right now.
  package func copyNext(countMax: Int, into bytes: inout [UInt8]) -> Int? {
    ring.withLock { ring in
      guard let copied = ring.copyNext else { return nil }
      let first = Swift.max(copied, ring.first)
      let end = Swift.min(ring.next, first + UInt64(countMax))
      if first == end { return nil }
      for number in first..<end {
        bytes.appendWord(number)
        for word in record(number, ring).words { bytes.appendWord(word) }
      }
      ring.copyNext = end
      return Int(end - first)
    }
  }

  // MARK: Loading

  /// What is in no record.
  package struct Outline: Equatable {
    package var first: UInt64
    package var next: UInt64
    package var forgottenUpTo: UInt64
  }

  package var outline: Outline {
    ring.withLock {
      Outline(first: $0.first, next: $0.next, forgottenUpTo: $0.forgottenUpTo.rawValue)
    }
  }

  private static let copiedBytes = 32

  /// Puts whole changes of a copy in, in the order in which they were copied. Bears any bytes.
  package func load(_ bytes: [UInt8]) throws(ClaimLoadFault) {
    if bytes.count % Self.copiedBytes != 0 { throw .partialRecord(byteCount: bytes.count) }
    try ring.withLock { (ring) throws(ClaimLoadFault) in
      for start in stride(from: 0, to: bytes.count, by: Self.copiedBytes) {
        let number = bytes.word(at: start)
        let record = ChangeRecord(words: (1...3).map { bytes.word(at: start + 8 * $0) })
        // Those left out before it were forgotten before their turn to be copied came.
        if ring.records.isEmpty || number > ring.next {
          ring.records = []
          (ring.first, ring.next) = (number, number)
        }
        guard number == ring.next, number < .max, record.change != nil else {
          throw .numberOutOfRange
        }
        put(record, into: &ring)
      }
    }
  }

  private func put(_ record: ChangeRecord, into ring: inout Ring) {
    // The places of the ring are by number, wherever the copy begins.
    if ring.records.isEmpty {
      ring.records = Array(
        repeating: ChangeRecord(words: [0, 0, 0]), count: Int(ring.next % UInt64(countMax)))
    }
    let place = Int(ring.next % UInt64(countMax))
    if place < ring.records.count {
      ring.records[place] = record
    } else {
      ring.records.append(record)
    }
    ring.next += 1
    if ring.next - ring.first > UInt64(countMax) { ring.first += 1 }
  }

  package func finishLoad(_ outline: Outline) throws(ClaimLoadFault) {
    try ring.withLock { (ring) throws(ClaimLoadFault) in
      if ring.records.isEmpty && outline.first == outline.next {
        (ring.first, ring.next) = (outline.first, outline.next)
      }
      guard ring.next == outline.next, ring.first <= outline.first,
        outline.first <= outline.next, outline.next - outline.first <= UInt64(countMax)
      else { throw .numberOutOfRange }
      ring.first = outline.first
      ring.forgottenUpTo = LogPosition(outline.forgottenUpTo)
      for number in ring.first..<ring.next {
        ring.hashSum &+= record(number, ring).hash(of: number)
      }
      nextNumber.store(ring.next, ordering: .releasing)
    }
  }
}

/// A change as it is kept: three words.
///
/// | word | field |
/// |---|---|
/// | 0 | log position |
/// | 1 | account |
/// | 2 | when; kind of account, what has changed, before, after: a byte each |
private struct ChangeRecord {
  private let first, second, third: UInt64

  init(_ change: AccountChange) {
    first = change.position.rawValue
    second = change.account.id.rawValue
    third =
      UInt64(change.at.rawValue) | UInt64(change.account.kind.rawValue) << 32
      | UInt64(change.what.rawValue) << 40 | UInt64(change.before) << 48
      | UInt64(change.after) << 56
  }

  /// - Precondition: three words.
  init(words: [UInt64]) { (first, second, third) = (words[0], words[1], words[2]) }

  var words: [UInt64] { [first, second, third] }
  var position: UInt64 { first }

  /// Nil where the words are those of no change.
  var change: AccountChange? {
    guard let kind = AccountKind(rawValue: UInt8(truncatingIfNeeded: third >> 32)),
      let what = ChangeKind(rawValue: UInt8(truncatingIfNeeded: third >> 40)), first > 0
    else { return nil }
    return AccountChange(
      account: AccountKey(kind, AccountID(second)), what: what,
      before: UInt8(truncatingIfNeeded: third >> 48),
      after: UInt8(truncatingIfNeeded: third >> 56),
      at: UnixSeconds(UInt32(truncatingIfNeeded: third)), position: LogPosition(first))
  }

  func hash(of number: UInt64) -> UInt64 {
    StateHash.mix(
      StateHash.mix(number ^ 0x2545_f491_4f6c_dd1d, first), StateHash.mix(second, third))
  }
}
