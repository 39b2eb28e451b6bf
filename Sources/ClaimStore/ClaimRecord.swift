import IntegrityCore

/// One claim as it is kept: 112 bytes, fourteen words.
///
/// | word | field |
/// |---|---|
/// | 0–3 | claim, buyer, merchant, order |
/// | 4 | amount |
/// | 5 | ordered at; opened at in the high half |
/// | 6 | category; kind, allegation, proofs, a byte each |
/// | 7 | outcome, verdict, subsidy's state, appeal's state, flags, outcome at first, outcome under another policy or 0: a byte each |
/// | 8 | position of its command in the log |
/// | 9 | number of the buyer's claim before plus one; of the merchant's |
/// | 10 | the state's time when it was applied; when it was last decided |
/// | 11 | when its subsidy was reserved; its weight against the merchant, Float32 |
/// | 12 | counted against the merchant in 30 days: kept in its newest claim |
/// | 13 | when the appeal was opened; time of the evidence of the verdict |
package struct ClaimRecord: WordRecord {
  package static let wordCount = 14
  package static let sizeBytes = 112
  package var words: InlineArray<14, UInt64>

  package init(word: (Int) -> UInt64) { words = InlineArray { word($0) } }
  package func word(_ index: Int) -> UInt64 { words[index] }

  package init(_ claim: Claim, position: UInt64, appliedAt: UnixSeconds) {
    words = InlineArray(repeating: 0)
    words[0] = claim.id.rawValue
    words[1] = claim.buyer.rawValue
    words[2] = claim.merchant.rawValue
    words[3] = claim.order
    words[4] = UInt64(bitPattern: claim.amount.rawValue)
    words[5] = UInt64(claim.orderedAt.rawValue) | UInt64(claim.openedAt.rawValue) << 32
    words[6] =
      UInt64(claim.category) | UInt64(claim.kind.rawValue) << 32
      | UInt64(claim.allegation.rawValue) << 40 | UInt64(claim.proofs.rawValue) << 48
    words[8] = position
    words[10] = UInt64(appliedAt.rawValue) | UInt64(appliedAt.rawValue) << 32
  }

  package var claim: Claim {
    Claim(
      id: ClaimID(words[0]), buyer: AccountID(words[1]), merchant: AccountID(words[2]),
      order: words[3], orderedAt: seconds(5, 0), openedAt: seconds(5, 32), amount: amount,
      category: half(6, 0), kind: ClaimKind(rawValue: byte(6, 32)) ?? .quality,
      allegation: Allegation(rawValue: byte(6, 40)) ?? .other,
      proofs: ClaimProofs(rawValue: byte(6, 48)))
  }

  package var id: ClaimID { ClaimID(words[0]) }
  package var buyer: AccountID { AccountID(words[1]) }
  package var merchant: AccountID { AccountID(words[2]) }
  package var amount: Minor { Minor(Int64(bitPattern: words[4])) }
  package var openedAt: UnixSeconds { seconds(5, 32) }
  package var category: UInt32 { half(6, 0) }
  package var position: UInt64 { words[8] }
  package var appliedAt: UnixSeconds { seconds(10, 0) }

  package var outcome: Outcome {
    get { Outcome(rawValue: byte(7, 0)) ?? .manualReview }
    set { setByte(7, 0, newValue.rawValue) }
  }

  /// What was decided when it was opened.
  package var firstOutcome: Outcome {
    get { Outcome(rawValue: byte(7, 40)) ?? .manualReview }
    set { setByte(7, 40, newValue.rawValue) }
  }

  /// What the policy in shadow would have decided then; nil = there was none.
  package var shadowOutcome: Outcome? {
    get { Outcome(rawValue: byte(7, 48)) }
    set { setByte(7, 48, newValue?.rawValue ?? 0) }
  }

  /// Nil until a human has decided.
  package var verdict: Verdict? {
    get { Verdict(rawValue: byte(7, 8)) }
    set { setByte(7, 8, newValue?.rawValue ?? 0) }
  }

  package var subsidy: SubsidyState {
    get { SubsidyState(rawValue: byte(7, 16)) ?? .none }
    set { setByte(7, 16, newValue.rawValue) }
  }

  package var appeal: AppealState {
    get { AppealState(rawValue: byte(7, 24)) ?? .none }
    set { setByte(7, 24, newValue.rawValue) }
  }

  package var flags: ClaimFlags {
    get { ClaimFlags(rawValue: byte(7, 32)) }
    set { setByte(7, 32, newValue.rawValue) }
  }

  /// Nil where there is none, or it may be forgotten.
  package var previousOfBuyer: UInt32? {
    get { half(9, 0) == 0 ? nil : half(9, 0) - 1 }
    set { setHalf(9, 0, newValue.map { $0 + 1 } ?? 0) }
  }

  package var previousOfMerchant: UInt32? {
    get { half(9, 32) == 0 ? nil : half(9, 32) - 1 }
    set { setHalf(9, 32, newValue.map { $0 + 1 } ?? 0) }
  }

  package var decidedAt: UnixSeconds {
    get { seconds(10, 32) }
    set { setHalf(10, 32, newValue.rawValue) }
  }

  package var reservedAt: UnixSeconds {
    get { seconds(11, 0) }
    set { setHalf(11, 0, newValue.rawValue) }
  }

  /// What the claim weighs in the evidence against the merchant; 0 = it is not in it.
  package var weight: Float {
    get { Float(bitPattern: half(11, 32)) }
    set { setHalf(11, 32, newValue.bitPattern) }
  }

  /// The time that its complaint is dated in the evidence.
  package var weightAt: UnixSeconds { flags.contains(.weighsFromVerdict) ? verdictAt : openedAt }

  package var merchantUsed: Int64 {
    get { Int64(bitPattern: words[12]) }
    set { words[12] = UInt64(bitPattern: newValue) }
  }

  package var appealedAt: UnixSeconds {
    get { seconds(13, 0) }
    set { setHalf(13, 0, newValue.rawValue) }
  }

  /// The time that the evidence of the verdict is dated, which undoing it needs.
  package var verdictAt: UnixSeconds {
    get { seconds(13, 32) }
    set { setHalf(13, 32, newValue.rawValue) }
  }

  /// Whether the record can be that of a claim, as far as it tells by itself.
  package func isWellFormed(number: UInt32) -> Bool {
    words[0] != 0 && words[1] != 0 && words[2] != 0 && position > 0
      && ClaimKind(rawValue: byte(6, 32)) != nil && Allegation(rawValue: byte(6, 40)) != nil
      && Outcome(rawValue: byte(7, 0)) != nil && byte(7, 8) <= 3
      && Outcome(rawValue: byte(7, 40)) != nil && byte(7, 48) <= 5
      && SubsidyState(rawValue: byte(7, 16)) != nil && AppealState(rawValue: byte(7, 24)) != nil
      && amount.rawValue > 0 && amount.rawValue <= Minor.eventMax.rawValue && merchantUsed >= 0
      && weight.isFinite && weight >= 0
      && previousOfBuyer.map { $0 < number } ?? true
      && previousOfMerchant.map { $0 < number } ?? true
  }

  // MARK: Parts of words

  private func half(_ word: Int, _ shift: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: words[word] >> shift)
  }

  private func seconds(_ word: Int, _ shift: UInt64) -> UnixSeconds {
    UnixSeconds(half(word, shift))
  }

  private func byte(_ word: Int, _ shift: UInt64) -> UInt8 {
    UInt8(truncatingIfNeeded: words[word] >> shift)
  }

  private mutating func setHalf(_ word: Int, _ shift: UInt64, _ value: UInt32) {
    words[word] = words[word] & ~(0xffff_ffff << shift) | UInt64(value) << shift
  }

  private mutating func setByte(_ word: Int, _ shift: UInt64, _ value: UInt8) {
    words[word] = words[word] & ~(0xff << shift) | UInt64(value) << shift
  }
}

/// What is so of a claim.
package struct ClaimFlags: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let withdrawn = ClaimFlags(rawValue: 1 << 0)
  /// Its opening is in the buyer's evidence.
  package static let openingCounts = ClaimFlags(rawValue: 1 << 1)
  /// Its proofs are in the merchant's evidence.
  package static let proofCounts = ClaimFlags(rawValue: 1 << 2)
  /// Its verdict is in the evidence.
  package static let verdictCounts = ClaimFlags(rawValue: 1 << 3)
  /// Its payment is in the buyer's evidence.
  package static let paymentCounts = ClaimFlags(rawValue: 1 << 4)
  /// Its subsidy counts against the merchant's 30 days.
  package static let inMerchantWindow = ClaimFlags(rawValue: 1 << 5)
  /// Its complaint counts since the verdict, not since the opening.
  package static let weighsFromVerdict = ClaimFlags(rawValue: 1 << 6)
  /// The merchant has appealed, not the buyer.
  package static let appealedByMerchant = ClaimFlags(rawValue: 1 << 7)
}
