/// Elements of an SVG drawing, without scripts and without anything from outside.
struct PlotCanvas {
  private var elements: [String] = []

  /// Where a text begins, or what of it stands at its place.
  enum Anchor: String {
    case start
    case middle
    case end
  }

  /// Told apart by people who do not see all colours as well.
  /// Source: Okabe, Ito: Color Universal Design, 2008.
  static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]
  static let ink = "#222222"
  static let faint = "#dddddd"

  mutating func line(
    _ from: PlotPoint, _ to: PlotPoint, _ colour: String, width: Double = 1, dashes: String = ""
  ) {
    elements.append(
      "<line x1=\"\(from.x.svg)\" y1=\"\(from.y.svg)\" x2=\"\(to.x.svg)\" y2=\"\(to.y.svg)\" "
        + "stroke=\"\(colour)\" stroke-width=\"\(width.svg)\"\(Self.dashed(dashes))/>")
  }

  mutating func curve(_ points: [PlotPoint], _ colour: String, dashes: String = "") {
    let path = points.map { "\($0.x.svg),\($0.y.svg)" }.joined(separator: " ")
    elements.append(
      "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\""
        + "\(Self.dashed(dashes))/>")
  }

  mutating func dot(_ at: PlotPoint, _ colour: String) {
    elements.append("<circle cx=\"\(at.x.svg)\" cy=\"\(at.y.svg)\" r=\"4\" fill=\"\(colour)\"/>")
  }

  mutating func text(
    _ text: String, _ at: PlotPoint, size: Double = 12, _ anchor: Anchor = .start,
    isBold: Bool = false, isUpright: Bool = false, hasHalo: Bool = false, colour: String = Self.ink
  ) {
    let turn = isUpright ? " transform=\"rotate(-90 \(at.x.svg) \(at.y.svg))\"" : ""
    let place = "x=\"\(at.x.svg)\" y=\"\(at.y.svg)\" font-size=\"\(size.svg)\" "
    let style =
      "text-anchor=\"\(anchor.rawValue)\"\(isBold ? " font-weight=\"bold\"" : "")\(turn)>"
      + "\(Self.escaped(text))</text>"
    // Lines that run through it are kept off by a border behind it; not all programs
    // can draw that with the text itself.
    if hasHalo {
      elements.append("<text \(place)fill=\"white\" stroke=\"white\" stroke-width=\"4\" \(style)")
    }
    elements.append("<text \(place)fill=\"\(colour)\" \(style)")
  }

  func document(width: Double, height: Double, title: String) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <svg xmlns="http://www.w3.org/2000/svg" width="\(width.svg)" height="\(height.svg)" \
    viewBox="0 0 \(width.svg) \(height.svg)" font-family="Helvetica, Arial, sans-serif" role="img">
    <title>\(Self.escaped(title))</title>
    <rect width="100%" height="100%" fill="white"/>
    \(elements.joined(separator: "\n"))
    </svg>

    """
  }

  /// Text as XML has it.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case _ where scalar.value < 0x20: escaped += " "
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  private static func dashed(_ dashes: String) -> String {
    dashes.isEmpty ? "" : " stroke-dasharray=\"\(dashes)\""
  }
}

/// A place on the canvas, in pixels from its upper left.
struct PlotPoint: Equatable {
  var x: Double
  var y: Double
}

extension Double {
  /// With two digits behind the point, which is a hundredth of a pixel.
  fileprivate var svg: String {
    let rounded = (self * 100).rounded() / 100
    return rounded == rounded.rounded() && rounded.magnitude < 1e9
      ? String(Int(rounded)) : "\(rounded)"
  }
}
