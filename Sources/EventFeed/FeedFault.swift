/// Why a line of a feed is refused: where, which field, and what would be right.
public struct FeedFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// Number of the line, as the caller counts (from 1).
  public let line: Int
  /// Name of the field, or nil where the line as a whole is at fault.
  public let field: String?
  /// What is wrong and what would be right; reads on after the field's name.
  public let message: String

  /// See the properties.
  public init(line: Int, field: String?, message: String) {
    self.line = line
    self.field = field
    self.message = message
  }

  /// For people: ``line 7: `amount` must be a whole number``.
  public var description: String {
    guard let field else { return "line \(line): \(message)" }
    return "line \(line): `\(field)` \(message)"
  }
}

/// A `FeedFault` that does not know yet on which line it is.
package struct Complaint: Error, Equatable {
  package var field: String?
  package let message: String

  package init(field: String? = nil, _ message: String) {
    self.field = field
    self.message = message
  }

  package init(_ field: FeedField, _ message: String) {
    self.init(field: field.rawValue, message)
  }
}
