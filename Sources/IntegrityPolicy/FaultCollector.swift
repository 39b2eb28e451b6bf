import Yams

/// Gathers what is wrong while a document is read on to its end.
final class FaultCollector {
  private(set) var items: [PolicyFault.Item] = []

  /// Notes a fault at `mark`, from 1.
  func add(_ mark: Mark?, path: String, value: String? = nil, _ remedy: String) {
    items.append(
      PolicyFault.Item(
        line: mark?.line, column: mark?.column, path: path, value: value, remedy: remedy))
  }

  /// In the order of the document; what concerns one place stays in order of finding.
  var sorted: [PolicyFault.Item] {
    items.enumerated().sorted { a, b in
      (a.element.line ?? 0, a.element.column ?? 0, a.offset)
        < (b.element.line ?? 0, b.element.column ?? 0, b.offset)
    }.map(\.element)
  }
}
