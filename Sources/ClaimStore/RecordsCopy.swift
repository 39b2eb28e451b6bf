import AccountStore

/// How far a copy of numbered records has come, which change meanwhile.
///
/// First comes every record once, then those that changed since they were copied, until
/// nothing is left: as `AccountTable` is copied. What was forgotten meanwhile may be in
/// the copy; whoever loads it knows the first number that counts.
package struct RecordsCopy {
  package private(set) var isUnderWay = false
  /// Number of the first record copied.
  private var base: UInt32 = 0
  /// Records below were copied.
  private var copied: UInt32 = 0
  private var dirty = DirtySlots()
  private var slots: [UInt32] = []

  package init() {}

  /// Abandons one that was under way.
  package mutating func begin(at first: UInt32) {
    isUnderWay = true
    base = first
    copied = first
    dirty.removeAll()
  }

  package mutating func end() { isUnderWay = false }

  package mutating func noteChange(of number: UInt32) {
    if isUnderWay && number >= base && number < copied { _ = dirty.insert(Int(number - base)) }
  }

  /// Records still to be copied.
  package func backlog(next: UInt32) -> Int {
    isUnderWay ? Int(next - copied) + dirty.count : 0
  }

  /// The numbers to be copied now.
  ///
  /// - Parameters:
  ///   - countMax: 1 or more.
  ///   - first: of the oldest record that is still there.
  ///   - next: behind the newest.
  package mutating func take(_ countMax: Int, first: UInt32, next: UInt32) -> [UInt32] {
    // What was forgotten before its turn came does not count any more.
    copied = max(copied, min(first, next))
    if copied < next {
      let end = UInt32(min(Int(next), Int(copied) + countMax))
      defer { copied = end }
      dirty.grow(to: Int(end - base))
      return Array(copied..<end)
    }
    slots.removeAll(keepingCapacity: true)
    // The first of two passes may end before the members behind it.
    for _ in 0..<2 where slots.isEmpty { _ = dirty.take(countMax, into: &slots) }
    return slots.map { base + $0 }.filter { $0 >= first }
  }
}
