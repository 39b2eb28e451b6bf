import Glibc
import IntegrityCore

/// Numbers of records, found by a key that the records themselves hold.
///
/// Open addressing with linear probing over words of 32 bits. It grows without a pause:
/// a table of twice the size is begun, and each insertion moves a few entries over; what
/// was moved stays in the old table, too, until that is given up, so that its chains stay
/// whole. 8 to 16 bytes an entry, half of that while it is nearly full.
@safe package struct NumberIndex: ~Copyable {
  // Safe: the tables are allocated by `calloc`, owned by this alone and indexed below
  // their capacity, which is a power of two.
  @safe private struct Table {
    var slots: UnsafeMutablePointer<UInt32>
    var capacity: Int

    init(capacity: Int) {
      guard let memory = unsafe calloc(capacity, 4) else {
        preconditionFailure("no memory for an index of \(capacity) entries")
      }
      unsafe slots = unsafe memory.assumingMemoryBound(to: UInt32.self)
      self.capacity = capacity
    }
  }

  private static let removed = UInt32.max
  private static let capacityInitial = 64
  /// Entries of the old table looked at for each insertion: it is given up long before
  /// the new one is full.
  private static let movedPerInsertion = 8

  private var table = Table(capacity: capacityInitial)
  private var old: Table?
  /// Slots of the old table below were moved.
  private var movedCount = 0
  package private(set) var count = 0
  private let seed: UInt64
  private let multiplier: UInt64

  /// - Parameter seed: scatters keys, so that nobody can choose keys that collide.
  package init(seed: UInt64) {
    self.seed = seed
    multiplier = StateHash.mix(seed, 0x8ebc_6af0_9c88_c6e3)
  }

  deinit {
    unsafe free(table.slots)
    if let old { unsafe free(old.slots) }
  }

  /// The number of the record with `key`, or nil.
  ///
  /// - Parameter keyOf: the key of a number that was inserted.
  package func number(of key: UInt64, _ keyOf: (UInt32) -> UInt64) -> UInt32? {
    if let place = place(of: key, in: table, keyOf) { return unsafe table.slots[place] - 1 }
    guard let old, let place = place(of: key, in: old, keyOf) else { return nil }
    return unsafe old.slots[place] - 1
  }

  /// Adds `number`, whose key is not there.
  package mutating func insert(
    _ number: UInt32, key: UInt64, _ keyOf: (UInt32) -> UInt64
  ) {
    if (count + 1) * 10 > table.capacity * 7 { beginGrowth(keyOf) }
    moveSome(keyOf)
    put(number, key: key)
    count += 1
  }

  /// Puts `number` in the place of another with the same key; false if there is none.
  package mutating func replace(
    _ number: UInt32, key: UInt64, _ keyOf: (UInt32) -> UInt64
  ) -> Bool {
    var found = false
    if let place = place(of: key, in: table, keyOf) {
      unsafe table.slots[place] = number + 1
      found = true
    }
    if let old, let place = place(of: key, in: old, keyOf) {
      unsafe old.slots[place] = number + 1
      found = true
    }
    return found
  }

  /// Removes the number with `key`, if it is there.
  package mutating func remove(key: UInt64, _ keyOf: (UInt32) -> UInt64) {
    var found = false
    if let old, let place = place(of: key, in: old, keyOf) {
      unsafe old.slots[place] = Self.removed
      found = true
    }
    if let place = place(of: key, in: table, keyOf) {
      closeGap(place, keyOf)
      found = true
    }
    if found { count -= 1 }
  }

  // MARK: Inside

  private func home(_ key: UInt64, _ capacity: Int) -> Int {
    let hash = StateHash.mix(StateHash.mix(key ^ seed, 0x9e37_79b9_7f4a_7c15), multiplier)
    return Int(truncatingIfNeeded: hash) & (capacity - 1)
  }

  private func place(of key: UInt64, in table: Table, _ keyOf: (UInt32) -> UInt64) -> Int? {
    var place = home(key, table.capacity)
    while true {
      let slot = unsafe table.slots[place]
      if slot == 0 { return nil }
      if slot != Self.removed && keyOf(slot - 1) == key { return place }
      place = (place + 1) & (table.capacity - 1)
    }
  }

  private mutating func put(_ number: UInt32, key: UInt64) {
    var place = home(key, table.capacity)
    while unsafe table.slots[place] != 0 { place = (place + 1) & (table.capacity - 1) }
    unsafe table.slots[place] = number + 1
  }

  private mutating func beginGrowth(_ keyOf: (UInt32) -> UInt64) {
    // What is left of the growth before; nothing, where insertions alone made it necessary.
    while old != nil { moveSome(keyOf) }
    old = table
    table = Table(capacity: table.capacity * 2)
    movedCount = 0
  }

  private mutating func moveSome(_ keyOf: (UInt32) -> UInt64) {
    guard let old else { return }
    let end = min(movedCount + Self.movedPerInsertion, old.capacity)
    for place in movedCount..<end {
      let slot = unsafe old.slots[place]
      if slot == 0 || slot == Self.removed { continue }
      let key = keyOf(slot - 1)
      if self.place(of: key, in: table, keyOf) == nil { put(slot - 1, key: key) }
    }
    movedCount = end
    if end == old.capacity {
      unsafe free(old.slots)
      self.old = nil
    }
  }

  /// Moves later entries up, so that no mark has to stand where one was.
  /// Source: Knuth, The Art of Computer Programming, volume 3, algorithm 6.4 R.
  private mutating func closeGap(_ gap: Int, _ keyOf: (UInt32) -> UInt64) {
    let mask = table.capacity - 1
    var hole = gap
    var place = (hole + 1) & mask
    while true {
      let slot = unsafe table.slots[place]
      if slot == 0 { break }
      // An entry may move up to its home, not above.
      if (place - home(keyOf(slot - 1), table.capacity)) & mask >= (place - hole) & mask {
        unsafe table.slots[hole] = slot
        hole = place
      }
      place = (place + 1) & mask
    }
    unsafe table.slots[hole] = 0
  }
}
