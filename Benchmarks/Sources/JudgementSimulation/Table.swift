/// Money in text.
enum Money {
  /// "−1,234.50": minor units as whole ones.
  static func text(_ minor: Int64) -> String {
    var units = "\(minor.magnitude / 100)"
    var index = units.count - 3
    while index > 0 {
      units.insert(",", at: units.index(units.startIndex, offsetBy: index))
      index -= 3
    }
    let cents = minor.magnitude % 100
    return (minor < 0 ? "−" : "") + "\(units).\(cents < 10 ? "0" : "")\(cents)"
  }
}

/// One cell of a table.
enum Cell: ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
  ExpressibleByIntegerLiteral
{
  case text(String)
  case count(Int)
  /// Minor units.
  case money(Int64)
  /// Of a hundred; nil = of nothing.
  case percent(Double?, digits: Int)

  init(stringLiteral value: String) { self = .text(value) }
  init(integerLiteral value: Int) { self = .count(value) }

  /// A part of a whole, in percent.
  static func share(_ part: Int, of whole: Int, digits: Int = 2) -> Cell {
    .percent(whole == 0 ? nil : 100 * Double(part) / Double(whole), digits: digits)
  }

  var text: String {
    switch self {
    case .text(let text): text
    case .count(let count): "\(count)"
    case .money(let minor): Money.text(minor)
    case .percent(let value, let digits): value.map { Self.fixed($0, digits) + " %" } ?? "–"
    }
  }

  /// As JSON: numbers where there are some, money in whole units.
  var json: String {
    switch self {
    case .text(let text): JSONText.quoted(text)
    case .count(let count): "\(count)"
    case .money(let minor): Self.fixed(Double(minor) / 100, 2)
    case .percent(let value, let digits): value.map { Self.fixed($0, digits) } ?? "null"
    }
  }

  var isNumber: Bool { if case .text = self { false } else { true } }

  /// Rounded half away from zero; no locale.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    var scale: Int64 = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((value.magnitude * Double(scale)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if digits == 0 { return "\(sign)\(scaled)" }
    let rest = "\(scaled % scale)"
    return "\(sign)\(scaled / scale)." + String(repeating: "0", count: digits - rest.count) + rest
  }
}

/// Strings as JSON has them.
enum JSONText {
  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  static func list(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }
}

/// A table of the report.
struct Table {
  let title: String
  let columns: [String]
  var rows: [[Cell]] = []
  var notes: [String] = []

  init(_ title: String, _ columns: [String], notes: [String] = []) {
    self.title = title
    self.columns = columns
    self.notes = notes
  }

  mutating func add(_ row: Cell...) { add(row) }

  mutating func add(_ row: [Cell]) {
    precondition(row.count == columns.count, "\(title): a row of \(row.count) cells")
    rows.append(row)
  }

  /// Columns in line, numbers to the right.
  var text: String {
    let widths = columns.indices.map { index in
      ([columns[index].count] + rows.map { $0[index].text.count }).max() ?? 0
    }
    func line(_ cells: [(text: String, isRight: Bool)]) -> String {
      var line = ""
      for (index, cell) in cells.enumerated() {
        let blanks = String(repeating: " ", count: widths[index] - cell.text.count)
        line += (index == 0 ? "" : "  ") + (cell.isRight ? blanks + cell.text : cell.text + blanks)
      }
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
    var lines = [title, String(repeating: "─", count: title.count)]
    lines.append(
      line(
        columns.indices.map { index in
          (columns[index], rows.first.map { $0[index].isNumber } ?? false)
        }))
    for row in rows { lines.append(line(row.map { ($0.text, $0.isNumber) })) }
    return (lines + notes.map { "· \($0)" }).joined(separator: "\n")
  }

  var json: String {
    let rows = rows.map { JSONText.list($0.map(\.json)) }
    return """
      {"title":\(JSONText.quoted(title)),"columns":\(JSONText.list(columns.map(JSONText.quoted))),\
      "rows":\(JSONText.list(rows)),"notes":\(JSONText.list(notes.map(JSONText.quoted)))}
      """
  }
}
