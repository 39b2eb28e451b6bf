/// Why a policy document was refused: everything that is wrong with it.
public struct PolicyFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// One thing that is wrong.
  public struct Item: Sendable, Hashable, CustomStringConvertible {
    /// Position in the document, from 1; nil where the whole document is meant.
    public let line: Int?
    public let column: Int?
    /// Path of the key, as in `buyer.dimensions.claims.priorMean`; "" for the document.
    public let path: String
    /// What is there, as it is written; nil where something is missing.
    public let value: String?
    /// What is wrong and what would be right.
    public let remedy: String

    /// "12:7: buyer.base: 2000 is out of range: must be a number from 0 to 1000".
    public var description: String {
      let place = line.map { "\($0):\(column ?? 1): " } ?? ""
      let subject = path.isEmpty ? "" : "\(path): "
      return place + subject + remedy
    }
  }

  /// Most items that are reported; what is wrong beyond them shows when they are mended.
  public static let itemsMax = 20

  /// Name of the file or source, as the caller gave it.
  public let source: String
  /// In the order of the document, 1…20.
  public let items: [Item]

  init(source: String, items: [Item]) {
    precondition(!items.isEmpty, "a fault says what is wrong")
    self.source = source
    self.items = Array(items.prefix(Self.itemsMax))
  }

  /// One line an item, each as compilers write them: "file:line:column: …".
  public var description: String {
    items.map { "\(source):\($0.line == nil ? " " : "")\($0)" }.joined(separator: "\n")
  }
}
