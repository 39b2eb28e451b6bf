import IntegrityCore

/// Why a copy of claims, or of what operators have set, does not load.
package enum ClaimLoadFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// The bytes of a piece are not whole records.
  case partialRecord(byteCount: Int)
  case numberOutOfRange
  /// A record is missing.
  case numberLeftOut(UInt32)
  /// A record that no command can have made.
  case malformed(UInt32)
  /// Two claims have the same id.
  case twice(ClaimID)

  package var description: String {
    switch self {
    case .partialRecord(let byteCount):
      "a piece of the claims has \(byteCount) bytes, which are not whole records"
    case .numberOutOfRange: "a record has a number that none can have"
    case .numberLeftOut(let number): "record \(number) is missing: a piece was left out"
    case .malformed(let number): "record \(number) is damaged: none can look like it"
    case .twice(let id): "claim \(id.rawValue) is there twice"
    }
  }
}
