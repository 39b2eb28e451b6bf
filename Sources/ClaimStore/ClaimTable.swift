import IntegrityCore

/// All claims that are remembered, by number, by id, and in chains by buyer and by merchant.
///
/// Memory: 112 bytes a claim, and 16 to 32 of indices.
package struct ClaimTable: ~Copyable {
  private var records = NumberedRecords<ClaimRecord>()
  private var byID: NumberIndex
  /// The newest claim of each.
  private var byBuyer: NumberIndex
  private var byMerchant: NumberIndex
  /// Sum of the records' hashes, whatever their order.
  package private(set) var hashSum: UInt64 = 0
  private var copy = RecordsCopy()

  package init(seed: UInt64) {
    byID = NumberIndex(seed: seed)
    byBuyer = NumberIndex(seed: seed)
    byMerchant = NumberIndex(seed: seed)
  }

  package var count: Int { records.count }
  package var first: UInt32 { records.first }
  package var next: UInt32 { records.next }

  package func contains(_ number: UInt32) -> Bool { records.contains(number) }

  package subscript(number: UInt32) -> ClaimRecord { records[number] }

  package func number(of id: ClaimID) -> UInt32? {
    byID.number(of: id.rawValue) { records[$0].id.rawValue }
  }

  package func newest(ofBuyer buyer: AccountID) -> UInt32? {
    byBuyer.number(of: buyer.rawValue) { records[$0].buyer.rawValue }
  }

  package func newest(ofMerchant merchant: AccountID) -> UInt32? {
    byMerchant.number(of: merchant.rawValue) { records[$0].merchant.rawValue }
  }

  /// Calls `body` with the claims of a buyer, newest first, until it returns false.
  package func forEach(ofBuyer buyer: AccountID, _ body: (UInt32, ClaimRecord) -> Bool) {
    var next = newest(ofBuyer: buyer)
    while let number = next, records.contains(number) {
      if !body(number, records[number]) { return }
      next = records[number].previousOfBuyer
    }
  }

  /// The same of a merchant.
  package func forEach(ofMerchant merchant: AccountID, _ body: (UInt32, ClaimRecord) -> Bool) {
    var next = newest(ofMerchant: merchant)
    while let number = next, records.contains(number) {
      if !body(number, records[number]) { return }
      next = records[number].previousOfMerchant
    }
  }

  /// Changes a record, but not whose it is.
  package mutating func update(_ number: UInt32, _ change: (inout ClaimRecord) -> Void) {
    hashSum &-= records[number].hash(number: number)
    change(&records[number])
    hashSum &+= records[number].hash(number: number)
    copy.noteChange(of: number)
  }

  /// Adds to what counts against a merchant: kept in its newest claim.
  package mutating func addMerchantUsed(_ amount: Int64, ofMerchantOf number: UInt32) {
    guard let newest = newest(ofMerchant: records[number].merchant) else {
      preconditionFailure("a claim's merchant has no claims")
    }
    update(newest) { $0.merchantUsed += amount }
  }

  /// Minor units that count against a merchant in 30 days.
  package func used(ofMerchant merchant: AccountID) -> Int64 {
    newest(ofMerchant: merchant).map { records[$0].merchantUsed } ?? 0
  }

  /// Adds a claim whose id is not there: it is the newest of its buyer and its merchant.
  ///
  /// - Returns: its number.
  package mutating func append(_ record: ClaimRecord) -> UInt32 {
    let previousOfBuyer = newest(ofBuyer: record.buyer)
    let previousOfMerchant = newest(ofMerchant: record.merchant)
    var record = record
    record.previousOfBuyer = previousOfBuyer
    record.previousOfMerchant = previousOfMerchant
    if let previousOfMerchant {
      record.merchantUsed = records[previousOfMerchant].merchantUsed
      update(previousOfMerchant) { $0.merchantUsed = 0 }
    }
    let number = records.append(record)
    hashSum &+= record.hash(number: number)
    index(number, record, hasBuyer: previousOfBuyer != nil, hasMerchant: previousOfMerchant != nil)
    return number
  }

  private mutating func index(
    _ number: UInt32, _ record: ClaimRecord, hasBuyer: Bool, hasMerchant: Bool
  ) {
    // A copy of references: what finds records must not be `self` while an index changes.
    let records = records
    byID.insert(number, key: record.id.rawValue) { records[$0].id.rawValue }
    let buyer = record.buyer.rawValue
    if hasBuyer {
      _ = byBuyer.replace(number, key: buyer) { records[$0].buyer.rawValue }
    } else {
      byBuyer.insert(number, key: buyer) { records[$0].buyer.rawValue }
    }
    let merchant = record.merchant.rawValue
    if hasMerchant {
      _ = byMerchant.replace(number, key: merchant) { records[$0].merchant.rawValue }
    } else {
      byMerchant.insert(number, key: merchant) { records[$0].merchant.rawValue }
    }
  }

  /// Forgets the oldest claim.
  ///
  /// - Precondition: nothing of it counts any more.
  package mutating func forgetOldest() {
    let records = records
    let number = records.first
    let record = records[number]
    hashSum &-= record.hash(number: number)
    byID.remove(key: record.id.rawValue) { records[$0].id.rawValue }
    if newest(ofBuyer: record.buyer) == number {
      byBuyer.remove(key: record.buyer.rawValue) { records[$0].buyer.rawValue }
    }
    if newest(ofMerchant: record.merchant) == number {
      precondition(record.merchantUsed == 0, "a claim that counts was forgotten")
      byMerchant.remove(key: record.merchant.rawValue) { records[$0].merchant.rawValue }
    }
    self.records.removeFirst()
  }

  // MARK: Loading

  /// Puts claims of a copy in. The table is not to be used before `finishLoad`.
  package mutating func load(_ bytes: [UInt8]) throws(ClaimLoadFault) { try records.load(bytes) }

  /// Makes what was loaded a table to work with. About 0.5 µs a claim.
  ///
  /// - Parameters:
  ///   - first: of the oldest claim that the copied table remembered.
  ///   - next: behind its newest.
  package mutating func finishLoad(first: UInt32, next: UInt32) throws(ClaimLoadFault) {
    try records.finishLoad(first: first, next: next)
    for number in first..<next {
      let record = records[number]
      guard record.isWellFormed(number: number) else { throw .malformed(number) }
      if self.number(of: record.id) != nil { throw .twice(record.id) }
      let (buyers, merchants) = (newest(ofBuyer: record.buyer), newest(ofMerchant: record.merchant))
      // What was forgotten may still be named.
      let isChained =
        record.previousOfBuyer.flatMap { $0 < first ? nil : $0 } == buyers
        && record.previousOfMerchant.flatMap { $0 < first ? nil : $0 } == merchants
      guard isChained else { throw .malformed(number) }
      hashSum &+= record.hash(number: number)
      index(number, record, hasBuyer: buyers != nil, hasMerchant: merchants != nil)
    }
  }

  // MARK: Copying

  package mutating func beginCopy() { copy.begin(at: records.first) }
  package mutating func endCopy() { copy.end() }
  package var copyBacklog: Int { copy.backlog(next: records.next) }

  /// Appends claims to `bytes`, little-endian; later ones supersede earlier ones of the
  /// same number.
  ///
  /// - Returns: how many; 0 if all that was left has been forgotten. Nil if nothing is left.
  package mutating func copyNext(countMax: Int, into bytes: inout [UInt8]) -> Int? {
    if copyBacklog == 0 { return nil }
    let numbers = copy.take(countMax, first: records.first, next: records.next)
    for number in numbers { records.appendCopied(number, to: &bytes) }
    return numbers.count
  }
}
