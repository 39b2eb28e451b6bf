/// Where a merchant stands with the marketplace. Raw values are stored and sent; a higher one is
/// worse.
public enum Standing: UInt8, Sendable, CaseIterable, Comparable {
  case normal = 0
  /// Looked at: nothing is taken from it.
  case watch = 1
  /// Shown less, or not for new goods: what it means is the marketplace's.
  case restricted = 2
  /// Told that it will be cleared out unless its conduct changes.
  case clearOutNotice = 3
  /// Out. Only a human brings a merchant here, and back.
  case clearedOut = 4

  public static func < (a: Standing, b: Standing) -> Bool { a.rawValue < b.rawValue }

  /// As in the documentation, and in answers.
  public var name: String {
    ["NORMAL", "WATCH", "RESTRICTED", "CLEAR_OUT_NOTICE", "CLEARED_OUT"][Int(rawValue)]
  }

  var worse: Standing { Standing(rawValue: rawValue + 1) ?? .clearedOut }
  var better: Standing { rawValue == 0 ? .normal : Standing(rawValue: rawValue - 1) ?? .normal }
}

/// What a merchant is certified as. Raw values are stored and sent.
public enum Certification: UInt8, Sendable, CaseIterable {
  case factory = 1
  /// Makes for brands.
  case brandOEM = 2
  /// "Specialised, refined, distinctive, innovative": a state's list of small firms.
  case srdiFactory = 3
  /// Gathers a region's produce.
  case originAggregator = 4

  public var name: String {
    ["factory", "brandOEM", "srdiFactory", "originAggregator"][Int(rawValue) - 1]
  }

  public var track: SupportTrack {
    switch self {
    case .factory, .brandOEM, .srdiFactory: .factory
    case .originAggregator: .originAggregator
    }
  }
}

/// The two sorts of merchants that are supported.
public enum SupportTrack: Int, Sendable, CaseIterable {
  case factory = 0
  case originAggregator = 1

  public var name: String { self == .factory ? "factory" : "originAggregator" }
}

/// Byte 62 of a merchant's record: its standing in bits 0–2, its certification in bits 3–5.
///
/// For lookups. Since when, until when and why are the desk's: a certification whose time is
/// over stays here until the merchant is assessed next.
extension AccountRecord {
  @inlinable
  public var merchantStanding: Standing {
    get { Standing(rawValue: standing & 7) ?? .normal }
    set { standing = standing & ~7 | newValue.rawValue }
  }

  @inlinable
  public var certification: Certification? {
    get { Certification(rawValue: standing >> 3) }
    set { standing = standing & 7 | (newValue?.rawValue ?? 0) << 3 }
  }
}
