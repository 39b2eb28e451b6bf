import ClaimStore
import IntegrityCore

/// Copying the desk piece by piece while it changes, as `AccountTable` is copied.
extension ClaimDesk {
  func beginCopy() {
    claims.beginCopy()
    notes.beginCopy()
    orders.beginCopy()
    ledger.beginCopy()
    changes.beginCopy()
  }

  func endCopy() {
    claims.endCopy()
    notes.endCopy()
    orders.endCopy()
    ledger.endCopy()
    changes.endCopy()
  }

  var copyBacklog: Int {
    claims.copyBacklog + notes.copyBacklog + orders.copyBacklog + ledger.copyBacklog
      + changes.copyBacklog
  }

  /// Appends the next records to `bytes`; about 60 ns a record.
  ///
  /// - Returns: what they are and how many; nil if nothing is left right now.
  func copyNext(countMax: Int, into bytes: inout [UInt8]) -> (SnapshotSection, Int)? {
    if let count = claims.copyNext(countMax: countMax, into: &bytes) { return (.claims, count) }
    if let count = notes.copyNext(countMax: countMax, into: &bytes) { return (.notes, count) }
    if let count = orders.copyNext(countMax: countMax, into: &bytes) { return (.orders, count) }
    if let count = ledger.copyNext(countMax: countMax, into: &bytes) {
      return (.reservations, count)
    }
    if let count = changes.copyNext(countMax: countMax, into: &bytes) { return (.changes, count) }
    return nil
  }

  /// Puts a piece in. Not to be used before `finishLoad`.
  func load(_ bytes: [UInt8], of section: SnapshotSection) throws(ClaimLoadFault) {
    switch section {
    case .claims: try claims.load(bytes)
    case .notes: try notes.load(bytes)
    case .orders: try orders.load(bytes)
    case .reservations: try ledger.load(bytes)
    case .changes: try changes.load(bytes)
    case .accounts, .sources, .outline, .policies: break
    }
  }

  func finishLoad(_ outline: DeskOutline) throws(ClaimLoadFault) {
    try claims.finishLoad(first: outline.claims.first, next: outline.claims.next)
    try notes.finishLoad(first: outline.notes.first, next: outline.notes.next)
    try orders.finishLoad(first: outline.orders.first, next: outline.orders.next)
    try ledger.finishLoad(outline.ledger, claims)
    try changes.finishLoad(outline.changes)
    shadow = ShadowTally(words: outline.shadow)
  }
}

/// The rest of the desk: which numbers there are, and what is in no record.
///
/// 38 words: first and next number of claims, notes and orders, in the halves of a word
/// each; of reservations likewise; the next to expire and to leave the window; the day;
/// hash of the policy in force and in shadow (0 = none); changes of policies; tally, 25; since
/// when the one in shadow is; of changes the first and next number, and the newest forgotten.
struct DeskOutline: Equatable {
  struct Numbers: Equatable {
    var first: UInt32
    var next: UInt32

    var word: UInt64 { UInt64(first) | UInt64(next) << 32 }

    init(_ first: UInt32, _ next: UInt32) {
      self.first = first
      self.next = next
    }

    init(_ word: UInt64) {
      self.init(UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32))
    }
  }

  var claims, notes, orders: Numbers
  var ledger: SubsidyLedger.Outline
  var activeHash: UInt64
  var shadowHash: UInt64?
  var shadowSince: UnixSeconds
  var policyChangeCount: UInt64
  var shadow: [UInt64]
  var changes: ChangeHistory.Outline

  static let wordCount = 38
  static let sizeBytes = 304

  /// - Returns: nil where nothing was ever done.
  init?(_ state: IntegrityState) {
    let desk = state.desk
    if desk.hash == 0 && state.shelf.hash == 0 { return nil }
    claims = Numbers(desk.claims.first, desk.claims.next)
    notes = Numbers(desk.notes.first, desk.notes.next)
    orders = Numbers(desk.orders.first, desk.orders.next)
    ledger = desk.ledger.outline
    activeHash = state.shelf.activeHash
    shadowHash = state.shelf.shadowHash
    shadowSince = state.shelf.shadowSince
    policyChangeCount = state.shelf.changeCount
    shadow = desk.shadow.words
    changes = desk.changes.outline
  }

  var words: [UInt64] {
    let fixed = [
      claims.word, notes.word, orders.word, Numbers(ledger.first, ledger.next).word,
      Numbers(ledger.expiryNext, ledger.windowNext).word, UInt64(ledger.day), activeHash,
      shadowHash ?? 0, policyChangeCount,
    ]
    return fixed + shadow
      + [UInt64(shadowSince.rawValue), changes.first, changes.next, changes.forgottenUpTo]
  }

  init?(words: [UInt64]) {
    guard words.count == Self.wordCount, let since = UInt32(exactly: words[34]),
      words[35] <= words[36], words[5] <= 0xffff
    else {
      return nil
    }
    shadowSince = UnixSeconds(since)
    claims = Numbers(words[0])
    notes = Numbers(words[1])
    orders = Numbers(words[2])
    let (line, next) = (Numbers(words[3]), Numbers(words[4]))
    guard [claims, notes, orders, line].allSatisfy({ $0.first <= $0.next }) else { return nil }
    ledger = SubsidyLedger.Outline(
      first: line.first, next: line.next, expiryNext: next.first, windowNext: next.next,
      day: UInt16(words[5]))
    activeHash = words[6]
    shadowHash = words[7] == 0 ? nil : words[7]
    policyChangeCount = words[8]
    shadow = Array(words[9..<34])
    changes = ChangeHistory.Outline(
      first: words[35], next: words[36], forgottenUpTo: words[37])
  }
}

extension PolicyShelf {
  /// Pieces of a snapshot, one a policy; none where nothing was put.
  var copied: [[UInt8]] {
    if hash == 0 { return [] }
    return policies.map { policy in
      var bytes: [UInt8] = []
      bytes.appendWord(policy.position.rawValue)
      bytes.appendWord(UInt64(policy.text.utf8.count))
      return bytes + Array(policy.text.utf8)
    }
  }

  /// A policy's position and text; nil where the bytes are none.
  static func load(_ bytes: [UInt8]) -> (position: LogPosition, text: String)? {
    guard bytes.count >= 16, bytes.count <= 16 + textBytesMax,
      bytes.word(at: 8) == UInt64(bytes.count - 16),
      let text = String(validating: bytes[16...], as: UTF8.self)
    else { return nil }
    return (LogPosition(bytes.word(at: 0)), text)
  }
}
