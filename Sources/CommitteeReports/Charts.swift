/// Charts as markup: shapes are drawn by the browser at any width, words stay as large as words
/// are.
extension HTML {
  /// Two distributions over one axis: the first as an area, the second as a line.
  ///
  /// - Parameters:
  ///   - id: of the figure; unique on the page.
  ///   - axis: labels from left to right, evenly.
  ///   - names: of the two; one alone is drawn where they are equal.
  mutating func distribution(
    id: String, title: String, _ before: [UInt64], _ after: [UInt64], axis: [String],
    names: (String, String), caption: String
  ) {
    let most = max(before.max() ?? 0, after.max() ?? 0, 1)
    let isSame = before == after
    element("figure", "class=\"chart\" id=\"\(id)\"") { figure in
      figure.line("h3", title)
      figure.element("div", "class=\"plot\"") { plot in
        let label = "\(title): \(caption)"
        plot.raw(
          "<svg role=\"img\" aria-label=\"\(Self.escaped(label))\" viewBox=\"0 0 1000 1000\" "
            + "preserveAspectRatio=\"none\">")
        plot.raw("<path d=\"\(Self.area(before, most))\" fill=\"var(--before)\"/>")
        if !isSame {
          plot.raw(
            "<path d=\"\(Self.steps(after, most))\" fill=\"none\" stroke=\"var(--after)\" "
              + "stroke-width=\"2\" vector-effect=\"non-scaling-stroke\"/>")
        }
        plot.raw("</svg>")
        plot.line("span", Numbers.short(most), "class=\"top\"")
      }
      figure.axis(axis)
      if !isSame { figure.legend([("--before", names.0), ("--after", names.1)]) }
      figure.line("figcaption", caption)
    }
  }

  /// Columns over one axis, one a place.
  mutating func columns(
    id: String, title: String, _ values: [Double], top: String, axis: [String], caption: String
  ) {
    let most = max(values.max() ?? 0, .leastNormalMagnitude)
    element("figure", "class=\"chart\" id=\"\(id)\"") { figure in
      figure.line("h3", title)
      figure.element("div", "class=\"plot\"") { plot in
        plot.raw(
          "<svg role=\"img\" aria-label=\"\(Self.escaped("\(title): \(caption)"))\" "
            + "viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\">")
        let width = 1_000 / Double(max(values.count, 1))
        var path = ""
        for (index, value) in values.enumerated() where value > 0 {
          let height = 960 * value / most
          let left = Double(index) * width + width * 0.1
          path +=
            "M\(Self.round(left)) 1000V\(Self.round(1_000 - height))"
            + "H\(Self.round(left + width * 0.8))V1000Z"
        }
        plot.raw("<path d=\"\(path)\" fill=\"var(--after)\"/>")
        plot.raw("</svg>")
        plot.line("span", top, "class=\"top\"")
      }
      figure.axis(axis)
      figure.line("figcaption", caption)
    }
  }

  /// One bar a row, with its name and its number.
  mutating func bars(
    id: String, title: String, _ rows: [(name: String, count: UInt64)], caption: String
  ) {
    let most = max(rows.map(\.count).max() ?? 0, 1)
    element("figure", "class=\"chart\" id=\"\(id)\"") { figure in
      figure.line("h3", title)
      figure.element("div", "class=\"bars\"") { bars in
        for row in rows {
          bars.line("span", row.name)
          let width = Self.round(100 * Double(row.count) / Double(most))
          bars.raw("<span class=\"track\"><b style=\"width:\(width)%\"></b></span>")
          bars.line("span", Numbers.short(row.count), "class=\"count\"")
        }
      }
      figure.line("figcaption", caption)
    }
  }

  /// Counts by row and column, each cell as dark as its share of its row.
  mutating func matrix(
    id: String, title: String, rows: [String], columns: [String], _ count: (Int, Int) -> UInt64,
    caption: String
  ) {
    element("figure", "class=\"chart\" id=\"\(id)\"") { figure in
      figure.line("h3", title)
      figure.element("table") { table in
        table.element("thead") { head in
          head.element("tr") { line in
            line.line("th", "")
            for name in columns { line.line("th", name, "scope=\"col\"") }
          }
        }
        table.element("tbody") { body in
          for (row, name) in rows.enumerated() {
            let total = columns.indices.reduce(UInt64(0)) { $0 &+ count(row, $1) }
            body.element("tr") { line in
              line.line("th", name, "scope=\"row\"")
              for column in columns.indices {
                let share = total == 0 ? 0 : 100 * Double(count(row, column)) / Double(total)
                // Never so dark that the number is hard to read on it.
                let colour = row == column ? "--before" : "--after"
                let strength = Self.round(share == 0 ? 0 : 8 + share * 0.42)
                line.line(
                  "td", Numbers.short(count(row, column)),
                  "style=\"background:color-mix(in srgb, var(\(colour)) \(strength)%, "
                    + "transparent)\"")
              }
            }
          }
        }
      }
      figure.line("figcaption", caption)
    }
  }

  /// A figure, what it is called and how it is worked out.
  mutating func tile(_ name: String, _ value: String, how: String) {
    element("div", "class=\"card\"") {
      $0.line("div", name, "class=\"name\"")
      $0.line("div", value, "class=\"value\"")
      $0.line("p", how, "class=\"how\"")
    }
  }

  // MARK: Inside

  private mutating func axis(_ labels: [String]) {
    element("div", "class=\"axis\"") { for label in labels { $0.line("span", label) } }
  }

  private mutating func legend(_ entries: [(colour: String, name: String)]) {
    element("div", "class=\"legend\"") { legend in
      for entry in entries {
        legend.raw(
          "<span><i style=\"background:var(\(entry.colour))\"></i>\(Self.escaped(entry.name))</span>"
        )
      }
    }
  }

  private static func height(_ count: UInt64, _ most: UInt64) -> String {
    round(1_000 - 960 * Double(count) / Double(most))
  }

  private static func steps(_ counts: [UInt64], _ most: UInt64) -> String {
    let width = 1_000 / Double(max(counts.count, 1))
    var path = ""
    for (index, count) in counts.enumerated() {
      let height = height(count, most)
      path += (index == 0 ? "M0 \(height)" : "V\(height)") + "H\(round(Double(index + 1) * width))"
    }
    return path
  }

  private static func area(_ counts: [UInt64], _ most: UInt64) -> String {
    counts.isEmpty ? "" : steps(counts, most) + "V1000H0Z"
  }

  private static func round(_ number: Double) -> String {
    let tenths = (number * 10).rounded() / 10
    return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
  }
}
