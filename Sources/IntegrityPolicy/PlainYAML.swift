/// The part of YAML that a policy document is written in: block mappings of plain
/// words and numbers, and comments.
///
/// Checked before the document is parsed. What this leaves out is what makes YAML
/// dangerous (an alias that stands for thousands, nesting without end) or
/// surprising (quotes that turn numbers to text, tags), and what keeps the parser
/// from naming a position.
enum PlainYAML {
  /// Size of the largest document: 1 MiB, some hundred times the default policy.
  static let sizeBytesMax = 1_048_576
  /// Deepest indentation, in columns. The document is four levels deep.
  static let indentationMax = 40

  /// What is not plain about `yaml`, in the order of its lines.
  static func faults(of yaml: String) -> [PolicyFault.Item] {
    var faults: [PolicyFault.Item] = []
    var line = 0
    // By scalars: as characters, "\r\n" would not be split.
    let lines = yaml.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    for var scalars in lines.map(Array.init) {
      line += 1
      if scalars.last == "\r" { scalars.removeLast() }
      guard let (column, remedy) = fault(of: scalars) else { continue }
      faults.append(
        PolicyFault.Item(line: line, column: column, path: "", value: nil, remedy: remedy))
      if faults.count == PolicyFault.itemsMax { break }
    }
    return faults
  }

  /// The first thing that is not plain in one line.
  private static func fault(of line: [Unicode.Scalar]) -> (column: Int, remedy: String)? {
    // Comments too: to YAML, some of these end the line, and the comment with it.
    if let index = line.firstIndex(where: isControl) {
      return (index + 1, "control character or unusual line break: remove it")
    }
    guard let indentation = line.firstIndex(where: { $0 != " " }) else { return nil }
    for (index, scalar) in line.enumerated() {
      let isComment = scalar == "#" && (index == 0 || line[index - 1] == " ")
      if isComment { return nil }
      if let remedy = refusals[scalar] { return (index + 1, remedy) }
    }
    if line[indentation] == "-" {
      return (indentation + 1, "lists and document marks have no place in a policy")
    }
    if indentation > indentationMax {
      return (indentation + 1, "indented by more than \(indentationMax) columns: two a level do")
    }
    return nil
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<9, 10..<32, 127..<160, 0x2028, 0x2029: true
    default: false
    }
  }

  private static let refusals: [Unicode.Scalar: String] = [
    "\"": "quotes are not needed: write names and numbers plainly",
    "'": "quotes are not needed: write names and numbers plainly",
    "&": "anchors are refused: write the value where it is meant",
    "*": "aliases are refused: write the value where it is meant",
    "!": "tags are refused: write names and numbers plainly",
    "?": "complex keys are refused: write `key: value`",
    "%": "directives are refused: remove it",
    "|": "block texts are refused: write names and numbers plainly",
    ">": "block texts are refused: write names and numbers plainly",
    "[": "lists are refused: write one `key: value` a line",
    "]": "lists are refused: write one `key: value` a line",
    "{": "braces are refused: write one `key: value` a line",
    "}": "braces are refused: write one `key: value` a line",
    "@": "reserved by YAML: write names and numbers plainly",
    "`": "reserved by YAML: write names and numbers plainly",
    "\t": "tabs are refused: indent with spaces",
  ]
}
