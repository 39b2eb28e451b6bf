// The decision core: what is known about an account, and what follows from it.
//
// For: evidence with exponential decay, the scorecard, tiers, reasons, the
// rules by which an event changes evidence, and the policy these read.
// Not for: storing accounts, parsing files, talking to anyone. Nothing here
// reads a clock, allocates on the scoring path, imports a module or depends on
// the machine: equal inputs give equal bits everywhere.

/// Name of an account within its kind: any number but zero.
///
/// String keys become numbers in the client (XXH3-64); see Docs/EVENTS.md for
/// the odds that two of them collide.
public struct AccountID: Hashable, Sendable {
  public let rawValue: UInt64

  @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// Absent: no account has it.
  public static let none = AccountID(0)

  @inlinable public var isNone: Bool { rawValue == 0 }
}

/// What an account is. The raw value is part of records, hashes and the wire.
public enum AccountKind: UInt8, Sendable, CaseIterable {
  case buyer = 1
  case merchant = 2

  public var name: String { self == .buyer ? "buyer" : "merchant" }
}

/// Full name of an account: buyer 7 and merchant 7 are different accounts.
public struct AccountKey: Hashable, Sendable {
  public let id: AccountID
  public let kind: AccountKind

  @inlinable public init(_ kind: AccountKind, _ id: AccountID) {
    self.id = id
    self.kind = kind
  }
}

/// A moment: whole UTC seconds since 1970-01-01, range of `UInt32` (to 2106).
public struct UnixSeconds: Hashable, Comparable, Sendable {
  public let rawValue: UInt32

  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  @inlinable public static func < (a: UnixSeconds, b: UnixSeconds) -> Bool {
    a.rawValue < b.rawValue
  }

  public static let zero = UnixSeconds(0)

  /// Whole days since 1970-01-01 (to 2149).
  @inlinable public var day: UInt16 { UInt16(rawValue / 86_400) }
}

/// An amount of money in minor units (fen, cents) of the store's currency.
public struct Minor: Hashable, Comparable, Sendable {
  public let rawValue: Int64

  @inlinable public init(_ rawValue: Int64) { self.rawValue = rawValue }

  @inlinable public static func < (a: Minor, b: Minor) -> Bool { a.rawValue < b.rawValue }

  /// Largest amount of one event: 10^12 minor units.
  public static let eventMax = Minor(1_000_000_000_000)
}

/// Position of a command in the log: the first is 1, 0 is "before the first".
public struct LogPosition: Hashable, Comparable, Sendable {
  public let rawValue: UInt64

  @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  @inlinable public static func < (a: LogPosition, b: LogPosition) -> Bool {
    a.rawValue < b.rawValue
  }

  public static let zero = LogPosition(0)
}
