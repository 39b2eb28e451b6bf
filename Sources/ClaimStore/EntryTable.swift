import IntegrityCore

/// What operators have set or said, by number and in chains of the same subject.
///
/// Memory: 192 bytes an entry, and 8 to 16 of its index.
package struct EntryTable: ~Copyable {
  private var records = NumberedRecords<DeskEntry>()
  private var bySubject: NumberIndex
  package private(set) var hashSum: UInt64 = 0
  private var copy = RecordsCopy()

  package init(seed: UInt64) { bySubject = NumberIndex(seed: seed) }

  package var count: Int { records.count }
  package var first: UInt32 { records.first }
  package var next: UInt32 { records.next }

  package subscript(number: UInt32) -> DeskEntry { records[number] }

  /// The newest entry about `subject`, of those that are remembered.
  package func newest(_ subject: UInt64) -> UInt32? {
    bySubject.number(of: subject) { records[$0].subject }
  }

  /// Calls `body` with the entries about `subject`, newest first, until it returns false.
  package func forEach(_ subject: UInt64, _ body: (UInt32, DeskEntry) -> Bool) {
    var next = newest(subject)
    while let number = next, records.contains(number) {
      if !body(number, records[number]) { return }
      next = records[number].previous
    }
  }

  package mutating func append(_ entry: DeskEntry) {
    let previous = newest(entry.subject)
    var entry = entry
    entry.previous = previous
    let number = records.append(entry)
    hashSum &+= entry.hash(number: number)
    index(number, entry, isKnown: previous != nil)
  }

  private mutating func index(_ number: UInt32, _ entry: DeskEntry, isKnown: Bool) {
    // A copy of references: what finds records must not be `self` while the index changes.
    let records = records
    if isKnown {
      _ = bySubject.replace(number, key: entry.subject) { records[$0].subject }
    } else {
      bySubject.insert(number, key: entry.subject) { records[$0].subject }
    }
  }

  /// Notes that an entry is in force no more.
  package mutating func end(_ number: UInt32) {
    hashSum &-= records[number].hash(number: number)
    records[number].isOver = true
    hashSum &+= records[number].hash(number: number)
    copy.noteChange(of: number)
  }

  package mutating func forgetOldest() {
    let records = records
    let number = records.first
    let entry = records[number]
    hashSum &-= entry.hash(number: number)
    if newest(entry.subject) == number {
      bySubject.remove(key: entry.subject) { records[$0].subject }
    }
    self.records.removeFirst()
  }

  // MARK: Copying and loading: as `ClaimTable`

  package mutating func beginCopy() { copy.begin(at: records.first) }
  package mutating func endCopy() { copy.end() }
  package var copyBacklog: Int { copy.backlog(next: records.next) }

  package mutating func copyNext(countMax: Int, into bytes: inout [UInt8]) -> Int? {
    if copyBacklog == 0 { return nil }
    let numbers = copy.take(countMax, first: records.first, next: records.next)
    for number in numbers { records.appendCopied(number, to: &bytes) }
    return numbers.count
  }

  package mutating func load(_ bytes: [UInt8]) throws(ClaimLoadFault) { try records.load(bytes) }

  package mutating func finishLoad(first: UInt32, next: UInt32) throws(ClaimLoadFault) {
    try records.finishLoad(first: first, next: next)
    for number in first..<next {
      let entry = records[number]
      let known = newest(entry.subject)
      if let previous = entry.previous, previous >= first, previous != known {
        throw .malformed(number)
      }
      guard entry.kind != nil, entry.position > 0, entry.previous.map({ $0 < number }) ?? true
      else {
        throw .malformed(number)
      }
      hashSum &+= entry.hash(number: number)
      index(number, entry, isKnown: known != nil)
    }
  }
}
