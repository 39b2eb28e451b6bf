import IntegrityCore

/// What an operator has set or said, as it is kept: 192 bytes, 24 words.
///
/// | word | field |
/// |---|---|
/// | 0 | kind, choice, account kinds of the keys (of the second or, of a standing, its sort, and one more than its dimension in the high half): a byte each; number of the entry before of the same key plus one in the high half |
/// | 1–2 | keys: what it is about |
/// | 3 | value |
/// | 4 | when; when it ends in the high half, 0 = never; of a standing, until when it is held |
/// | 5 | position of its command in the log |
/// | 6 | 1 = it is in force no more; what time its command names in the high half, of merchants' |
/// | 7–10 | who, UTF-8, zeros behind |
/// | 11–23 | why, likewise |
package struct DeskEntry: WordRecord {
  package static let wordCount = 24
  package static let sizeBytes = 192
  package var words: InlineArray<24, UInt64>

  package init(word: (Int) -> UInt64) { words = InlineArray { word($0) } }
  package func word(_ index: Int) -> UInt64 { words[index] }

  package enum Kind: UInt8, Sendable {
    /// What a human did about a claim: key 1 is its number.
    case note = 1
    /// Of an account (key 1): a forced tier, or outcome, or a place on the list.
    case override = 2
    /// Of an account (key 1): it is the same identity as another (key 2).
    case link = 3
    /// Of a scope (choice), or one category, buyer or merchant in it (key 1).
    case budget = 4
    /// Of a merchant (key 1): where it stands (choice), how it came there (sort), what for
    /// (value: incidents and orders), by which policy (key 2: its version).
    case standing = 5
    /// Of a merchant (key 1): its appeal against a step (value: that entry's number) is open,
    /// upheld or rejected (choice).
    case standingAppeal = 6
    /// Of a merchant (key 1): what it is certified as (choice); 0 = it is no more.
    case certification = 7
  }

  package init(
    _ kind: Kind, choice: UInt8 = 0, key: UInt64, keyKind: UInt8 = 0, otherKey: UInt64 = 0,
    otherKind: UInt8 = 0, value: UInt64 = 0, at: UnixSeconds, sentAt: UnixSeconds = .zero,
    endsAt: UnixSeconds = .zero, position: UInt64, who: OperatorText, why: OperatorText
  ) {
    words = InlineArray(repeating: 0)
    words[0] =
      UInt64(kind.rawValue) | UInt64(choice) << 8 | UInt64(keyKind) << 16 | UInt64(otherKind) << 24
    words[1] = key
    words[2] = otherKey
    words[3] = value
    words[4] = UInt64(at.rawValue) | UInt64(endsAt.rawValue) << 32
    words[5] = position
    words[6] = UInt64(sentAt.rawValue) << 32
    for index in 0..<4 { words[7 + index] = who.words[index] }
    for index in 0..<13 { words[11 + index] = why.words[index] }
  }

  package var kind: Kind? { Kind(rawValue: UInt8(truncatingIfNeeded: words[0])) }
  package var choice: UInt8 { UInt8(truncatingIfNeeded: words[0] >> 8) }
  package var keyKind: UInt8 { UInt8(truncatingIfNeeded: words[0] >> 16) }
  package var otherKind: UInt8 { UInt8(truncatingIfNeeded: words[0] >> 24) }
  package var key: UInt64 { words[1] }
  package var otherKey: UInt64 { words[2] }
  package var value: UInt64 { words[3] }
  package var at: UnixSeconds { UnixSeconds(UInt32(truncatingIfNeeded: words[4])) }
  package var endsAt: UnixSeconds { UnixSeconds(UInt32(truncatingIfNeeded: words[4] >> 32)) }
  package var position: UInt64 { words[5] }
  package var isOver: Bool {
    get { words[6] & 1 != 0 }
    set { words[6] = words[6] & ~1 | (newValue ? 1 : 0) }
  }
  package var sentAt: UnixSeconds { UnixSeconds(UInt32(truncatingIfNeeded: words[6] >> 32)) }
  package var who: OperatorText { OperatorText(words: (7..<11).map { words[$0] }) }
  package var why: OperatorText { OperatorText(words: (11..<24).map { words[$0] }) }

  package var previous: UInt32? {
    get {
      let number = UInt32(truncatingIfNeeded: words[0] >> 32)
      return number == 0 ? nil : number - 1
    }
    set { words[0] = words[0] & 0xffff_ffff | UInt64(newValue.map { $0 + 1 } ?? 0) << 32 }
  }

  /// What entries about the same have in common: of budgets and overrides, their sort as well.
  package var subject: UInt64 {
    let isByChoice = kind == .budget || kind == .override
    return Self.subject(
      kind ?? .note, choice: isByChoice ? choice : 0, key: key, keyKind: keyKind)
  }

  package static func subject(
    _ kind: Kind, choice: UInt8 = 0, key: UInt64, keyKind: UInt8 = 0
  ) -> UInt64 {
    StateHash.mix(
      StateHash.mix(key, UInt64(kind.rawValue) | UInt64(choice) << 8), UInt64(keyKind) &+ 1)
  }

}

/// A few words of an operator: who, or why. UTF-8 in whole words, zeros behind.
package struct OperatorText: Equatable, Sendable {
  package let words: [UInt64]

  package init(words: [UInt64]) { self.words = words }

  /// - Precondition: at most `sizeBytes` bytes of UTF-8 without zeros.
  package init(_ text: String, sizeBytes: Int) {
    let bytes = Array(text.utf8)
    precondition(bytes.count <= sizeBytes && sizeBytes % 8 == 0)
    let padded = bytes + [UInt8](repeating: 0, count: sizeBytes - bytes.count)
    words = stride(from: 0, to: sizeBytes, by: 8).map { padded.word(at: $0) }
  }

  package static let whoBytes = 32
  package static let whyBytes = 104

  package var text: String {
    var bytes: [UInt8] = []
    for word in words { bytes.appendWord(word) }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
