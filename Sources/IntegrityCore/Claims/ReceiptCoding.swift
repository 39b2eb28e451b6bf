/// The form of a receipt: `Receipt` lists the fields.
extension Receipt {
  static let wordCount = sizeBytes / 8
  /// "PRCT", and 1 for the form.
  private static let magic: UInt64 = 0x5443_5250 | 1 << 32

  /// 448 bytes. About 100 ns and one allocation.
  public var encoded: [UInt8] {
    var words = WordWriter()
    words.put(Self.magic)
    words.put(semantics, halfLifeSeconds)
    words.put(position.rawValue)
    words.put(policyHash)
    words.put(policyVersion, claimCase.stateAt.rawValue)
    words.put(claimCase.claim)
    words.put(claimCase.buyer)
    words.put(claimCase.merchant)
    words.put(claimCase.history.buyerClaims, claimCase.history.pairClaims)
    let orders = claimCase.orders
    words.put(
      UInt32(claimCase.history.isLinked ? 1 : 0) | (orders.isListed ? 1 << 8 : 0)
        | UInt32(orders.outcome?.rawValue ?? 0) << 16, UInt32(decision.outcome.rawValue))
    words.put(claimCase.used)
    words.put(claimCase.caps)
    words.put(UInt64(bitPattern: decision.subsidy.rawValue))
    words.put(
      UInt32(decision.buyerScore) | UInt32(decision.buyerFloor) << 16,
      UInt32(decision.merchantScore) | UInt32(decision.merchantFloor) << 16)
    let reasons = decision.reasons.encoded
    for pair in 0..<4 { words.put(reasons[2 * pair], reasons[2 * pair + 1]) }
    return words.bytes(count: Self.wordCount)
  }

  /// - Throws: `damaged` where the bytes are not what `encoded` made.
  public init(_ bytes: [UInt8]) throws(ReceiptFault) {
    guard bytes.count == Self.sizeBytes else {
      throw .damaged("it has \(bytes.count) bytes, a receipt has \(Self.sizeBytes)")
    }
    var words = WordReader(bytes)
    guard words.next() == Self.magic else { throw .damaged("it is no receipt of form 1") }
    guard words.hash(upTo: Self.wordCount - 1) == words.word(Self.wordCount - 1) else {
      throw .damaged("its hash is wrong: something was changed")
    }
    (semantics, halfLifeSeconds) = words.nextPair()
    position = LogPosition(words.next())
    policyHash = words.next()
    let stateAt: UInt32
    (policyVersion, stateAt) = words.nextPair()
    guard let claim = words.nextClaim() else { throw .damaged("its claim names no kind") }
    let buyer = words.nextRecord()
    let merchant = words.nextRecord()
    let (buyerClaims, pairClaims) = words.nextPair()
    let (flags, outcome) = words.nextPair()
    let used = words.nextAmounts()
    let caps = words.nextAmounts()
    let subsidy = Minor(Int64(bitPattern: words.next()))
    let (buyerScores, merchantScores) = words.nextPair()
    var reasons = SIMD8<UInt32>.zero
    for pair in 0..<4 { (reasons[2 * pair], reasons[2 * pair + 1]) = words.nextPair() }
    let forced = UInt8(truncatingIfNeeded: flags >> 16)
    guard buyer.kindAndEpoch & 3 == 1, merchant.kindAndEpoch & 3 == 2,
      let outcome = UInt8(exactly: outcome).flatMap(Outcome.init),
      flags & 0xff00_fefe == 0, forced == 0 || Outcome(rawValue: forced) != nil
    else { throw .damaged("a field has a value that none can have") }
    claimCase = ClaimCase(
      claim: claim, buyer: buyer, merchant: merchant,
      history: ClaimHistory(
        buyerClaims: buyerClaims, pairClaims: pairClaims, isLinked: flags & 1 == 1),
      used: used, caps: caps,
      orders: StandingOrders(outcome: Outcome(rawValue: forced), isListed: flags >> 8 & 1 == 1),
      lot: ClaimCase.lot(claim.id, at: position),
      stateAt: UnixSeconds(stateAt))
    decision = ClaimDecision(
      outcome: outcome, subsidy: subsidy, reasons: ClaimReasons(words: reasons),
      buyerScore: UInt16(truncatingIfNeeded: buyerScores),
      buyerFloor: UInt16(truncatingIfNeeded: buyerScores >> 16),
      merchantScore: UInt16(truncatingIfNeeded: merchantScores),
      merchantFloor: UInt16(truncatingIfNeeded: merchantScores >> 16))
    if encoded != bytes { throw .damaged("bytes that mean nothing are not zero") }
  }
}

/// Words of a receipt, in order.
private struct WordWriter {
  private var words: [UInt64] = []

  init() { words.reserveCapacity(Receipt.wordCount) }

  mutating func put(_ word: UInt64) { words.append(word) }

  mutating func put(_ low: UInt32, _ high: UInt32) { put(UInt64(low) | UInt64(high) << 32) }

  mutating func put(_ claim: Claim) {
    put(claim.id.rawValue)
    put(claim.buyer.rawValue)
    put(claim.merchant.rawValue)
    put(claim.order)
    put(UInt64(bitPattern: claim.amount.rawValue))
    put(claim.orderedAt.rawValue, claim.openedAt.rawValue)
    put(
      claim.category,
      UInt32(claim.kind.rawValue) | UInt32(claim.allegation.rawValue) << 8
        | UInt32(claim.proofs.rawValue) << 16)
  }

  mutating func put(_ record: AccountRecord) {
    // Safe: 64 bytes without padding.
    let parts = unsafe unsafeBitCast(record, to: SIMD8<UInt64>.self)
    for index in 0..<8 { put(parts[index]) }
  }

  mutating func put(_ amounts: SubsidyAmounts) {
    for code in UInt8(1)...6 {
      put(UInt64(bitPattern: amounts[SubsidyScope(rawValue: code) ?? .global].rawValue))
    }
  }

  /// Zeros to fill up, and the hash in the last word.
  func bytes(count: Int) -> [UInt8] {
    let padded = words + repeatElement(0, count: count - 1 - words.count)
    let all = padded + [StateHash.of(padded)]
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 8)
    for word in all {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    return bytes
  }
}

private struct WordReader {
  private let words: [UInt64]
  private var index = 0

  init(_ bytes: [UInt8]) {
    words = (0..<bytes.count / 8).map { index in
      var word: UInt64 = 0
      for byte in 0..<8 { word |= UInt64(bytes[index * 8 + byte]) << UInt64(byte * 8) }
      return word
    }
  }

  func word(_ index: Int) -> UInt64 { words[index] }
  func hash(upTo end: Int) -> UInt64 { StateHash.of(words[..<end]) }

  mutating func next() -> UInt64 {
    defer { index += 1 }
    return words[index]
  }

  mutating func nextPair() -> (UInt32, UInt32) {
    let word = next()
    return (UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32))
  }

  /// Nil where kind or allegation are none.
  mutating func nextClaim() -> Claim? {
    let (id, buyer, merchant, order) = (next(), next(), next(), next())
    let amount = Minor(Int64(bitPattern: next()))
    let (orderedAt, openedAt) = nextPair()
    let (category, choices) = nextPair()
    guard let kind = ClaimKind(rawValue: UInt8(truncatingIfNeeded: choices)),
      let allegation = Allegation(rawValue: UInt8(truncatingIfNeeded: choices >> 8))
    else { return nil }
    return Claim(
      id: ClaimID(id), buyer: AccountID(buyer), merchant: AccountID(merchant), order: order,
      orderedAt: UnixSeconds(orderedAt), openedAt: UnixSeconds(openedAt), amount: amount,
      category: category, kind: kind, allegation: allegation,
      proofs: ClaimProofs(rawValue: UInt8(truncatingIfNeeded: choices >> 16)))
  }

  mutating func nextRecord() -> AccountRecord {
    var parts = SIMD8<UInt64>.zero
    for part in 0..<8 { parts[part] = next() }
    // Safe: 64 bytes either way, and all bit patterns are valid records.
    return unsafe unsafeBitCast(parts, to: AccountRecord.self)
  }

  mutating func nextAmounts() -> SubsidyAmounts {
    var amounts = SubsidyAmounts.zero
    for code in UInt8(1)...6 {
      if let scope = SubsidyScope(rawValue: code) {
        amounts[scope] = Minor(Int64(bitPattern: next()))
      }
    }
    return amounts
  }
}
