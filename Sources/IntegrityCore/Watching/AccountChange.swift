/// A sort of change that is told to who watches. Raw values are stored and sent.
public enum ChangeKind: UInt8, Sendable, CaseIterable {
  /// Of the stored tier, by an event.
  case tier = 1
  case standing
  case certification
  /// One was set or cleared.
  case override

  public var name: String { ["tier", "standing", "certification", "override"][Int(rawValue) - 1] }
}

/// Some sorts of changes.
public struct ChangeKinds: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  public init(_ kind: ChangeKind) { rawValue = 1 << kind.rawValue }

  public static let all = ChangeKinds(rawValue: 0b11110)

  /// Whether changes of `kind` are among them.
  public func contains(_ kind: ChangeKind) -> Bool { rawValue >> kind.rawValue & 1 == 1 }
}

/// Something about an account that is not as it was.
public struct AccountChange: Hashable, Sendable {
  public var account: AccountKey
  public var what: ChangeKind
  /// Raw values of `Tier`, `Standing`, `Certification` or `OverrideKind`; 0 = none.
  public var before: UInt8
  public var after: UInt8
  /// When, by the time of the command.
  public var at: UnixSeconds
  /// Of the command.
  public var position: LogPosition

  public init(
    account: AccountKey, what: ChangeKind, before: UInt8, after: UInt8, at: UnixSeconds,
    position: LogPosition
  ) {
    self.account = account
    self.what = what
    self.before = before
    self.after = after
    self.at = at
    self.position = position
  }
}

/// What somebody wants to be told of.
public struct WatchOrder: Hashable, Sendable {
  /// Empty = all.
  public var accounts: Set<AccountKey>
  public var kinds: ChangeKinds
  /// Changes behind it; zero = from now on.
  public var cursor: LogPosition

  public init(
    _ accounts: Set<AccountKey> = [], kinds: ChangeKinds = .all, cursor: LogPosition = .zero
  ) {
    self.accounts = accounts
    self.kinds = kinds
    self.cursor = cursor
  }

  /// Whether a change is to be told of.
  public func wants(_ change: AccountChange) -> Bool {
    kinds.contains(change.what) && (accounts.isEmpty || accounts.contains(change.account))
  }
}

/// Changes that were watched for, and how far all were told.
public struct WatchPart: Equatable, Sendable {
  public var changes: [AccountChange]
  public var cursor: LogPosition

  public init(changes: [AccountChange], cursor: LogPosition) {
    self.changes = changes
    self.cursor = cursor
  }
}
