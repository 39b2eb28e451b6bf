// Reports that a committee reads: self-contained HTML pages with charts.
//
// For: turning sums into pages, in one file each, that need nothing else and are read on a
// screen or a telephone, in light or dark, or printed. Not for: adding up (Rescoring), writing
// files (the command line).

/// Text as HTML, put together piece by piece.
struct HTML {
  private(set) var text = ""

  /// Text for people: what means something in HTML is escaped.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }

  /// Markup as it stands.
  mutating func raw(_ markup: String) { text += markup + "\n" }

  mutating func element(
    _ name: String, _ attributes: String = "", _ body: (inout HTML) -> Void
  ) {
    text += "<\(name)\(attributes.isEmpty ? "" : " " + attributes)>\n"
    body(&self)
    text += "</\(name)>\n"
  }

  /// An element with text alone.
  mutating func line(_ name: String, _ content: String, _ attributes: String = "") {
    text += "<\(name)\(attributes.isEmpty ? "" : " " + attributes)>\(Self.escaped(content))"
    text += "</\(name)>\n"
  }
}

/// A whole page.
struct Page {
  /// - Parameters:
  ///   - title: of the window and the page.
  ///   - subtitle: what it is about, in a sentence.
  ///   - notes: lines at its end: as of when, by which policy.
  static func render(
    title: String, subtitle: String, notes: [String], _ body: (inout HTML) -> Void
  ) -> String {
    var page = HTML()
    page.raw("<!DOCTYPE html>")
    page.element("html", "lang=\"en\"") { html in
      html.element("head") { head in
        head.raw("<meta charset=\"utf-8\">")
        head.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        head.line("title", title)
        head.raw("<style>\(PageStyle.text)</style>")
      }
      html.element("body") { content in
        content.element("header") {
          $0.line("h1", title)
          $0.line("p", subtitle, "class=\"subtitle\"")
        }
        content.element("main") { body(&$0) }
        content.element("footer") { footer in
          for note in notes { footer.line("p", note) }
        }
      }
    }
    return page.text
  }
}
