import AccountStore
import IntegrityCore

/// How far a copy of the sources has come: see `SourceTable.copyNext`.
struct SourceCopy {
  fileprivate(set) var isUnderWay = false
  /// Slots below were copied.
  fileprivate var copiedCount = 0
  /// Those of them that changed since.
  fileprivate var dirty = DirtySlots()
  fileprivate var slots: [UInt32] = []

  mutating func noteChange(of slot: Int) {
    // What was not copied yet is going to be, as it stands then.
    if isUnderWay && slot < copiedCount { _ = dirty.insert(slot) }
  }

  /// Puts changed slots into `slots`, from where the last call left off.
  fileprivate mutating func takeDirty(_ countMax: Int) {
    slots.removeAll(keepingCapacity: true)
    // The first of two passes may end before the members behind it.
    for _ in 0..<2 where slots.isEmpty { _ = dirty.take(countMax, into: &slots) }
  }
}

/// Copying the sources piece by piece while they change, as `AccountTable` is copied.
///
/// An entry is 40 bytes, five little-endian words: slot, source, sequence,
/// position of the last command, time of it in the low half of the last word.
extension SourceTable {
  static let copiedBytes = 40

  /// Whether a copy is under way.
  public var isCopying: Bool { copy.isUnderWay }

  /// Starts a copy; one that was under way is abandoned. Constant time.
  public func beginCopy() {
    copy.isUnderWay = true
    copy.copiedCount = 0
    copy.dirty.removeAll()
  }

  /// Ends the copy, or abandons it. Constant time.
  public func endCopy() { copy.isUnderWay = false }

  /// Entries still to be copied, exactly. Zero if no copy is under way. Constant time.
  public var copyBacklog: Int {
    copy.isUnderWay ? count - copy.copiedCount + copy.dirty.count : 0
  }

  /// Appends the next entries to `bytes`, 40 bytes each; about 60 ns an entry.
  ///
  /// An entry supersedes what was copied earlier of the same slot. First comes
  /// every slot once, then those that changed meanwhile.
  ///
  /// - Parameter entriesMax: 1 or more; bounds the time that this takes.
  /// - Returns: how many were appended; nil if nothing is left right now.
  public func copyNext(entriesMax: Int, into bytes: inout [UInt8]) -> Int? {
    precondition(entriesMax > 0, "a piece has at least one entry")
    if copyBacklog == 0 { return nil }
    let start = copy.copiedCount
    if start < count {
      let end = Swift.min(start + entriesMax, count)
      copy.dirty.grow(to: end)
      copy.copiedCount = end
      for slot in start..<end { append(slot, to: &bytes) }
      return end - start
    }
    copy.takeDirty(entriesMax)
    for slot in copy.slots { append(Int(slot), to: &bytes) }
    return copy.slots.count
  }

  private func append(_ slot: Int, to bytes: inout [UInt8]) {
    let entry = nodes[slot].entry
    Self.append(UInt64(slot), to: &bytes)
    Self.append(entry.source, to: &bytes)
    Self.append(entry.sequence, to: &bytes)
    Self.append(entry.lastPosition, to: &bytes)
    Self.append(UInt64(entry.lastAt.rawValue), to: &bytes)
  }

  private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }
}

/// Filling an empty table with the pieces of a copy. After a fault the table is
/// good for nothing.
extension SourceTable {
  /// Puts whole entries in, the later over the earlier of the same slot. Bears
  /// any bytes. About 45 ns an entry.
  ///
  /// The table is not to be used before `finishLoad`.
  public func load(_ bytes: [UInt8]) throws(SourceLoadFault) {
    if count > 0 && !isLoading { throw .notEmpty(count: count) }
    isLoading = true
    if bytes.count % Self.copiedBytes != 0 { throw .partialEntry(byteCount: bytes.count) }
    for start in stride(from: 0, to: bytes.count, by: Self.copiedBytes) {
      func word(_ index: Int) -> UInt64 {
        var word: UInt64 = 0
        for byte in 0..<8 { word |= UInt64(bytes[start + index * 8 + byte]) << UInt64(byte * 8) }
        return word
      }
      let slot = word(0)
      if slot >= UInt64(capacity) { throw .noRoom(slot: slot, limit: capacity) }
      if slot > UInt64(count) { throw .slotLeftOut(slot: UInt64(count)) }
      let entry = Entry(
        source: word(1), sequence: word(2), lastPosition: word(3),
        lastAt: UnixSeconds(UInt32(truncatingIfNeeded: word(4))))
      if entry.source == 0 || entry.sequence == 0 || entry.lastPosition == 0 || word(4) >> 32 != 0 {
        throw .malformedEntry(slot: slot)
      }
      if slot == UInt64(count) {
        nodes.append(Node(entry: entry))
      } else {
        nodes[Int(slot)].entry = entry
      }
    }
  }

  /// Makes what was loaded a table to work with: its index, its list and its
  /// sum. About 0.3 µs an entry of a million.
  ///
  /// - Parameters:
  ///   - position: of the last command in the state that the entries belong to.
  ///   - newestEventAt: that state's time.
  public func finishLoad(
    position: LogPosition, newestEventAt: UnixSeconds
  ) throws(SourceLoadFault) {
    let order = nodes.indices.sorted {
      nodes[$0].entry.lastPosition < nodes[$1].entry.lastPosition
    }
    var last: Entry?
    for slot in order {
      let entry = nodes[slot].entry
      if entry.lastPosition > position.rawValue || entry.lastAt > newestEventAt {
        throw .fromTheFuture(source: entry.source)
      }
      if let last, last.lastPosition == entry.lastPosition || last.lastAt > entry.lastAt {
        throw .orderContradicted(source: last.source, other: entry.source)
      }
      if !addToIndex(slot) { throw .sourceTwice(source: entry.source) }
      linkNewest(slot)
      hashSum &+= entry.hash
      last = entry
    }
    isLoading = false
  }
}

/// Why a copy of the sources does not load.
public enum SourceLoadFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// The table has entries of its own already.
  case notEmpty(count: Int)
  /// The bytes of a piece are not whole entries.
  case partialEntry(byteCount: Int)
  /// The table remembers fewer sources than were copied.
  case noRoom(slot: UInt64, limit: Int)
  /// A slot has no entry, and a later one has.
  case slotLeftOut(slot: UInt64)
  /// An entry that no command can have made.
  case malformedEntry(slot: UInt64)
  /// An entry of a later position or time than the state's.
  case fromTheFuture(source: UInt64)
  /// Two entries of the same position, or of times in the other order than positions.
  case orderContradicted(source: UInt64, other: UInt64)
  /// Two entries of the same source.
  case sourceTwice(source: UInt64)

  /// The fault, and what it means for whoever has to mend it.
  public var description: String {
    switch self {
    case .notEmpty(let count): "\(count) sources are there already: only an empty table is loaded"
    case .partialEntry(let byteCount):
      "a piece of the sources has \(byteCount) bytes, which is not a multiple of 40"
    case .noRoom(let slot, let limit):
      "there are more than \(slot) sources, but the limit is \(limit)"
    case .slotLeftOut(let slot): "the entry of slot \(slot) is missing: a piece was left out"
    case .malformedEntry(let slot): "the entry of slot \(slot) is damaged: none can look like it"
    case .fromTheFuture(let source):
      "source \(source) was used after the position or the time of the state that it belongs to"
    case .orderContradicted(let source, let other):
      "sources \(source) and \(other) cannot have been used in the order that they say"
    case .sourceTwice(let source): "source \(source) has two entries"
    }
  }
}
