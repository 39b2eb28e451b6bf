/// What a human decides about a merchant's standing. Raw values are stored and sent.
public enum StandingDecision: UInt8, Sendable, CaseIterable {
  /// Gives notice to a merchant that is restricted: what support keeps a sweep from.
  case giveNotice = 1
  /// Clears out a merchant whose notice is over.
  case clearOut
  /// Nothing is held against it: it stands as any other.
  case dismiss
  /// Takes one back that was cleared out, to be watched.
  case reinstate

  public var name: String {
    ["giveNotice", "clearOut", "dismiss", "reinstate"][Int(rawValue) - 1]
  }
}

/// How a merchant came to stand where it stands. Raw values are stored and sent.
public enum StandingCause: UInt8, Sendable, CaseIterable {
  /// Its evidence called for it.
  case conduct = 1
  /// Its evidence did not call for what was.
  case eased
  /// It met what it was given notice for.
  case noticeMet
  /// A human decided.
  case decided
  /// Its appeal was upheld.
  case appealUpheld

  public var name: String {
    ["conduct", "eased", "noticeMet", "decided", "appealUpheld"][Int(rawValue) - 1]
  }
}
