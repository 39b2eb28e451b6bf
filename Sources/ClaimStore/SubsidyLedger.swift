import IntegrityCore

/// What the platform has promised and paid, by scope: counters that equal, after every
/// command, the sums over the claims whose subsidy is reserved or committed.
///
/// Days and categories are counted here, a merchant's 30 days in its newest claim; what a
/// buyer and a pair have had is added up from the buyer's claims when it is asked for.
/// Time is the state's: it moves with commands. What falls out of a window, or was not
/// paid in time, is worked off in the order of reservation, at most `stepsMax` at each
/// command: until then it counts on, so that a limit is never passed.
package struct SubsidyLedger: ~Copyable {
  /// A reservation in line: number of the claim, and its time in the high half.
  package struct Reservation: WordRecord {
    package static let wordCount = 1
    private let bits: UInt64

    package init(word: (Int) -> UInt64) { bits = word(0) }
    package func word(_ index: Int) -> UInt64 { bits }

    init(_ claim: UInt32, at: UnixSeconds) { bits = UInt64(claim) | UInt64(at.rawValue) << 32 }

    package var claim: UInt32 { UInt32(truncatingIfNeeded: bits) }
    package var at: UnixSeconds { UnixSeconds(UInt32(truncatingIfNeeded: bits >> 32)) }
  }

  package static let stepsMax = 256
  private static let merchantSeconds: UInt64 = 30 * 86_400

  /// Reservations that are still in a window, or not paid.
  private var line = NumberedRecords<Reservation>()
  private var lineHashSum: UInt64 = 0
  /// The next reservations in line to expire, and to leave the merchant's window.
  private var expiryNext: UInt32 = 0
  private var windowNext: UInt32 = 0
  /// The UTC day that is counted.
  package private(set) var day: UInt16 = 0
  package private(set) var globalUsed: Int64 = 0
  private var categoryUsed: [UInt32: Int64] = [:]
  private var copy = RecordsCopy()

  package init() {}

  package func used(ofCategory category: UInt32) -> Int64 { categoryUsed[category, default: 0] }

  // MARK: Time

  /// Moves to `now`: a new day begins with nothing used; what is over is worked off.
  package mutating func advance(
    to now: UnixSeconds, reserveDays: UInt16, claims: inout ClaimTable
  ) {
    if now.day > day {
      day = now.day
      globalUsed = 0
      categoryUsed.removeAll(keepingCapacity: true)
    }
    let time = UInt64(now.rawValue)
    for _ in 0..<Self.stepsMax {
      guard line.contains(expiryNext) else { break }
      let reservation = line[expiryNext]
      if UInt64(reservation.at.rawValue) + UInt64(reserveDays) * 86_400 > time { break }
      expiryNext += 1
      if isCurrent(reservation, claims) && claims[reservation.claim].subsidy == .reserved {
        release(reservation.claim, as: .expired, claims: &claims)
      }
    }
    for _ in 0..<Self.stepsMax {
      guard line.contains(windowNext) else { break }
      let reservation = line[windowNext]
      if UInt64(reservation.at.rawValue) + Self.merchantSeconds > time { break }
      windowNext += 1
      if isCurrent(reservation, claims) { leaveMerchantWindow(reservation.claim, &claims) }
    }
    while line.first < Swift.min(expiryNext, windowNext) {
      lineHashSum &-= line[line.first].hash(number: line.first)
      line.removeFirst()
    }
  }

  /// Whether what is reserved for a claim will have expired at `now`.
  package func isOverdue(
    _ record: ClaimRecord, at now: UnixSeconds, reserveDays: UInt16
  ) -> Bool {
    UInt64(record.reservedAt.rawValue) + UInt64(reserveDays) * 86_400 <= UInt64(now.rawValue)
  }

  /// False where the claim was forgotten, or its money reserved once more since.
  private func isCurrent(_ reservation: Reservation, _ claims: borrowing ClaimTable) -> Bool {
    claims.contains(reservation.claim) && claims[reservation.claim].reservedAt == reservation.at
  }

  // MARK: Money

  /// - Precondition: nothing is reserved or paid for the claim, and `advance` was told of `now`.
  package mutating func reserve(_ claim: UInt32, at now: UnixSeconds, claims: inout ClaimTable) {
    let record = claims[claim]
    precondition(now.day == day, "money is reserved on another day than is counted")
    precondition(!record.subsidy.counts, "money is reserved twice")
    let amount = record.amount.rawValue
    globalUsed += amount
    if record.category != 0 { categoryUsed[record.category, default: 0] += amount }
    claims.update(claim) {
      $0.subsidy = .reserved
      $0.reservedAt = now
      $0.flags.insert(.inMerchantWindow)
    }
    claims.addMerchantUsed(amount, ofMerchantOf: claim)
    let number = line.append(Reservation(claim, at: now))
    lineHashSum &+= line[number].hash(number: number)
  }

  /// - Precondition: it is reserved.
  package mutating func commit(_ claim: UInt32, claims: inout ClaimTable) {
    precondition(claims[claim].subsidy == .reserved, "what is not reserved is paid")
    claims.update(claim) { $0.subsidy = .committed }
  }

  /// Makes what counts free again.
  ///
  /// - Parameter state: one that does not count.
  package mutating func release(
    _ claim: UInt32, as state: SubsidyState, claims: inout ClaimTable
  ) {
    let record = claims[claim]
    precondition(record.subsidy.counts && !state.counts, "what does not count is released")
    if record.reservedAt.day == day {
      globalUsed -= record.amount.rawValue
      if record.category != 0 {
        categoryUsed[record.category, default: 0] -= record.amount.rawValue
      }
    }
    leaveMerchantWindow(claim, &claims)
    claims.update(claim) { $0.subsidy = state }
  }

  private func leaveMerchantWindow(_ claim: UInt32, _ claims: inout ClaimTable) {
    let record = claims[claim]
    if !record.flags.contains(.inMerchantWindow) { return }
    claims.update(claim) { $0.flags.remove(.inMerchantWindow) }
    claims.addMerchantUsed(-record.amount.rawValue, ofMerchantOf: claim)
  }

  // MARK: The whole

  /// Hash of counters and line.
  package var hash: UInt64 {
    var categories: UInt64 = 0
    for (category, used) in categoryUsed where used != 0 {
      categories &+= StateHash.mix(UInt64(category), UInt64(bitPattern: used))
    }
    return StateHash.of([
      UInt64(day), UInt64(bitPattern: globalUsed), categories, lineHashSum, UInt64(line.first),
      UInt64(line.next), UInt64(expiryNext), UInt64(windowNext),
    ])
  }

  /// Traps unless all counters are the sums over the claims: for tests and simulations.
  package func checkInvariants(_ claims: borrowing ClaimTable) {
    var global: Int64 = 0
    var categories: [UInt32: Int64] = [:]
    var merchants: [AccountID: Int64] = [:]
    for number in claims.first..<claims.next {
      let record = claims[number]
      let amount = record.amount.rawValue
      if record.flags.contains(.inMerchantWindow) {
        precondition(record.subsidy.counts, "what is free is in a merchant's window")
        merchants[record.merchant, default: 0] += amount
      }
      if !record.subsidy.counts || record.reservedAt.day != day { continue }
      global += amount
      if record.category != 0 { categories[record.category, default: 0] += amount }
    }
    precondition(global == globalUsed, "the day's counter is not the sum of its claims")
    precondition(
      categories == categoryUsed.filter { $0.value != 0 },
      "a category's counter is not the sum of its claims")
    for number in claims.first..<claims.next {
      let record = claims[number]
      let isNewest = claims.newest(ofMerchant: record.merchant) == number
      let expected = isNewest ? merchants[record.merchant, default: 0] : 0
      precondition(
        record.merchantUsed == expected, "a merchant's counter is not the sum of its claims")
    }
  }

  // MARK: Copying and loading

  package mutating func beginCopy() { copy.begin(at: line.first) }
  package mutating func endCopy() { copy.end() }
  package var copyBacklog: Int { copy.backlog(next: line.next) }

  package mutating func copyNext(countMax: Int, into bytes: inout [UInt8]) -> Int? {
    if copyBacklog == 0 { return nil }
    let numbers = copy.take(countMax, first: line.first, next: line.next)
    for number in numbers { line.appendCopied(number, to: &bytes) }
    return numbers.count
  }

  /// What is not in line: to be given to `finishLoad`.
  package struct Outline: Equatable, Sendable {
    package var first, next, expiryNext, windowNext: UInt32
    package var day: UInt16

    package init(
      first: UInt32, next: UInt32, expiryNext: UInt32, windowNext: UInt32, day: UInt16
    ) {
      self.first = first
      self.next = next
      self.expiryNext = expiryNext
      self.windowNext = windowNext
      self.day = day
    }
  }

  package var outline: Outline {
    Outline(
      first: line.first, next: line.next, expiryNext: expiryNext, windowNext: windowNext, day: day)
  }

  package mutating func load(_ bytes: [UInt8]) throws(ClaimLoadFault) { try line.load(bytes) }

  /// - Parameter claims: loaded; the counters of day and categories are their sums.
  package mutating func finishLoad(
    _ outline: Outline, _ claims: borrowing ClaimTable
  ) throws(ClaimLoadFault) {
    try line.finishLoad(first: outline.first, next: outline.next)
    let ends = [outline.expiryNext, outline.windowNext]
    guard ends.allSatisfy({ $0 >= outline.first && $0 <= outline.next }) else {
      throw .numberLeftOut(outline.first)
    }
    (expiryNext, windowNext, day) = (outline.expiryNext, outline.windowNext, outline.day)
    for number in line.first..<line.next { lineHashSum &+= line[number].hash(number: number) }
    for number in claims.first..<claims.next {
      let record = claims[number]
      if !record.subsidy.counts || record.reservedAt.day != day { continue }
      globalUsed += record.amount.rawValue
      if record.category != 0 {
        categoryUsed[record.category, default: 0] += record.amount.rawValue
      }
    }
  }
}
