import AccountStore
import IntegrityCore

/// The sources that commands came from, and how far each has come: what makes
/// every command count once.
///
/// Bounded: while there is room, nothing is forgotten. When a new source comes
/// to a full table, the source idle for longest gives way to it, if it has been
/// idle for `retentionSeconds` of the state's own time; otherwise there is no
/// room. A source that was forgotten starts anew, with whatever sequence.
///
/// Deterministic: what is forgotten depends on the commands and the capacity
/// alone. Used by one thread, the sequencer's. All memory that lookups need is
/// taken at the start, so no command ever waits for a rehash: 8 to 16 bytes a
/// source of the capacity, and 40 of each that is there.
public final class SourceTable {
  /// What is remembered of one source.
  public struct Entry: Equatable, Sendable {
    /// 1 or more.
    public var source: UInt64
    /// The highest of its commands that was applied, 1 or more.
    public var sequence: UInt64
    /// Where in the log its last command stands, duplicate or not. No two
    /// entries have the same.
    public var lastPosition: UInt64
    /// The state's time then: that of the newest event applied so far.
    public var lastAt: UnixSeconds

    /// An entry as it is.
    public init(source: UInt64, sequence: UInt64, lastPosition: UInt64, lastAt: UnixSeconds) {
      self.source = source
      self.sequence = sequence
      self.lastPosition = lastPosition
      self.lastAt = lastAt
    }

    /// About 3 ns.
    var hash: UInt64 {
      StateHash.mix(
        StateHash.mix(source, sequence), StateHash.mix(lastPosition, UInt64(lastAt.rawValue)))
    }
  }

  /// An entry in the list of sources by their last use.
  struct Node {
    var entry: Entry
    /// Slots of the neighbours, or `none`.
    var older: UInt32 = SourceTable.none
    var newer: UInt32 = SourceTable.none
  }

  /// Sources remembered by default.
  public static let capacityStandard = 1_048_576
  /// Seconds for which a source is remembered at least: seven days, by far
  /// longer than a client tries to have the same command recorded.
  public static let retentionSeconds: UInt32 = 7 * 86_400
  static let none = UInt32.max

  /// Most sources remembered.
  public let capacity: Int
  /// Sum of the entries' hashes, whatever their order.
  public internal(set) var hashSum: UInt64 = 0
  /// By slot. All are in use: a source that gives way leaves its slot to the next.
  var nodes: [Node] = []
  /// Slots plus one, by the hash of their source; 0 is free. At most half full.
  private var index: [UInt32]
  private let seed: UInt64
  private let multiplier: UInt64
  private var oldest = SourceTable.none
  private var newest = SourceTable.none
  var copy = SourceCopy()
  var isLoading = false

  /// - Parameters:
  ///   - capacity: 1…2^30.
  ///   - seed: scatters sources in the index, so that nobody can choose ids that
  ///     collide; changes nothing else.
  public init(capacity: Int = capacityStandard, seed: UInt64 = .random(in: 0 ... .max)) {
    precondition((1...1 << 30).contains(capacity), "1 to 2^30 sources can be remembered")
    self.capacity = capacity
    self.seed = seed
    multiplier = StateHash.mix(seed, 0x8ebc_6af0_9c88_c6e3)
    index = Array(repeating: 0, count: 1 << (Int.bitWidth - (2 * capacity - 1).leadingZeroBitCount))
    nodes.reserveCapacity(capacity)
  }

  /// Sources remembered. Constant time.
  public var count: Int { nodes.count }

  /// What is remembered of `source`, or nil. About 10 ns, or two cache misses.
  public func entry(of source: UInt64) -> Entry? { slot(of: source).map { nodes[$0].entry } }

  /// Calls `body` with every entry, that of the source idle for longest first.
  public func forEachEntry(_ body: (Entry) -> Void) {
    var next = oldestSlot
    while let slot = next {
      body(nodes[slot].entry)
      next = newerSlot(slot)
    }
  }

  // MARK: By slot

  func slot(of source: UInt64) -> Int? {
    var place = home(source)
    while index[place] != 0 {
      let slot = Int(index[place]) - 1
      if nodes[slot].entry.source == source { return slot }
      place = (place + 1) & (index.count - 1)
    }
    return nil
  }

  /// The source idle for longest.
  var oldestSlot: Int? { oldest == Self.none ? nil : Int(oldest) }

  /// The source used next after that in `slot`.
  func newerSlot(_ slot: Int) -> Int? {
    let newer = nodes[slot].newer
    return newer == Self.none ? nil : Int(newer)
  }

  /// Whether a source used last at `lastAt` may be forgotten at `time`.
  static func isForgettable(_ lastAt: UnixSeconds, at time: UnixSeconds) -> Bool {
    UInt64(lastAt.rawValue) + UInt64(retentionSeconds) <= UInt64(time.rawValue)
  }

  /// Notes a command of the source in `slot`: it is now the one used last. With
  /// finding the slot 10 ns for the source used last, 0.3 µs at random in a million.
  func use(_ slot: Int, sequence: UInt64, position: UInt64, at time: UnixSeconds) {
    hashSum &-= nodes[slot].entry.hash
    nodes[slot].entry.sequence = sequence
    nodes[slot].entry.lastPosition = position
    nodes[slot].entry.lastAt = time
    hashSum &+= nodes[slot].entry.hash
    if newest != UInt32(slot) {
      unlink(slot)
      linkNewest(slot)
    }
    copy.noteChange(of: slot)
  }

  /// Notes the first command of a source. About 70 ns; 0.5 µs in a full table of a million.
  ///
  /// - Precondition: the source is not known, and there is room, or a source
  ///   that may be forgotten at `entry.lastAt`. Traps otherwise: ask
  ///   `IntegrityState.lackOfRoom` before.
  func insert(_ entry: Entry) {
    var slot = nodes.count
    if slot < capacity {
      nodes.append(Node(entry: entry))
    } else {
      slot = Int(oldest)
      let old = nodes[slot].entry
      precondition(Self.isForgettable(old.lastAt, at: entry.lastAt), "no room for another source")
      removeFromIndex(slot)
      unlink(slot)
      hashSum &-= old.hash
      nodes[slot].entry = entry
    }
    hashSum &+= entry.hash
    _ = addToIndex(slot)
    linkNewest(slot)
    copy.noteChange(of: slot)
  }

  // MARK: The list

  private func unlink(_ slot: Int) {
    let node = nodes[slot]
    if node.older == Self.none {
      oldest = node.newer
    } else {
      nodes[Int(node.older)].newer = node.newer
    }
    if node.newer == Self.none {
      newest = node.older
    } else {
      nodes[Int(node.newer)].older = node.older
    }
  }

  func linkNewest(_ slot: Int) {
    nodes[slot].older = newest
    nodes[slot].newer = Self.none
    if newest == Self.none {
      oldest = UInt32(slot)
    } else {
      nodes[Int(newest)].newer = UInt32(slot)
    }
    newest = UInt32(slot)
  }

  // MARK: The index

  /// Two rounds, the second with a multiplier that the seed chooses, as in `AccountTable`.
  private func home(_ source: UInt64) -> Int {
    let hash = StateHash.mix(StateHash.mix(source ^ seed, 0x9e37_79b9_7f4a_7c15), multiplier)
    return Int(truncatingIfNeeded: hash) & (index.count - 1)
  }

  /// False if the slot's source has an entry already.
  func addToIndex(_ slot: Int) -> Bool {
    let source = nodes[slot].entry.source
    var place = home(source)
    while index[place] != 0 {
      if nodes[Int(index[place]) - 1].entry.source == source { return false }
      place = (place + 1) & (index.count - 1)
    }
    index[place] = UInt32(slot + 1)
    return true
  }

  /// Moves later entries up, so that no mark has to stand where one was.
  /// Source: Knuth, The Art of Computer Programming, volume 3, algorithm 6.4 R.
  private func removeFromIndex(_ slot: Int) {
    let mask = index.count - 1
    var hole = home(nodes[slot].entry.source)
    while index[hole] != UInt32(slot + 1) { hole = (hole + 1) & mask }
    var place = (hole + 1) & mask
    while index[place] != 0 {
      let home = home(nodes[Int(index[place]) - 1].entry.source)
      // An entry may move up to its home, not above.
      if (place - home) & mask >= (place - hole) & mask {
        index[hole] = index[place]
        hole = place
      }
      place = (place + 1) & mask
    }
    index[hole] = 0
  }

  /// Traps unless index, list, sum and entries agree: for tests.
  package func checkInvariants() {
    precondition(count <= capacity && index.count >= 2 * capacity)
    precondition(index.count { $0 != 0 } == count, "the index has entries of nobody")
    var (sum, seenCount, last): (UInt64, Int, Entry?) = (0, 0, nil)
    forEachEntry { entry in
      precondition(slot(of: entry.source).map { nodes[$0].entry } == entry, "a source is lost")
      precondition(entry.source > 0 && entry.sequence > 0)
      if let last {
        precondition(last.lastPosition < entry.lastPosition && last.lastAt <= entry.lastAt)
      }
      last = entry
      sum &+= entry.hash
      seenCount += 1
    }
    precondition(seenCount == count && sum == hashSum, "list or sum disagree with the entries")
    var next = newest
    while next != Self.none {
      seenCount -= 1
      next = nodes[Int(next)].older
    }
    precondition(seenCount == 0, "the list is not the same in both directions")
  }
}
