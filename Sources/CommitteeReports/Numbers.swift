/// Numbers as people read them.
enum Numbers {
  /// "1,234,567".
  static func whole(_ number: UInt64) -> String { grouped("\(number)") }

  private static func grouped(_ digits: String) -> String {
    var text = ""
    for (index, digit) in digits.reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// "1.23 M", four characters of digits at most: for cells.
  static func short(_ number: UInt64) -> String {
    for (unit, size) in [(" G", 1e9), (" M", 1e6), (" k", 1e3)] where Double(number) >= size * 10 {
      return decimal(Double(number) / size, Double(number) < size * 1_000 ? 1 : 0) + unit
    }
    return whole(number)
  }

  /// With so many decimals, zeros included.
  static func decimal(_ number: Double, _ decimals: Int) -> String {
    let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = (number.magnitude * scale).rounded()
    let sign = number < 0 && scaled > 0 ? "−" : ""
    let digits = String(UInt64(min(scaled, 1e18)))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let point = padded.index(padded.endIndex, offsetBy: -decimals)
    let whole = grouped(String(padded[..<point]))
    return sign + whole + (decimals == 0 ? "" : "." + padded[point...])
  }

  /// "4.2 %"; "—" of nothing.
  static func share(_ part: Double, of whole: Double) -> String {
    whole > 0 ? decimal(100 * part / whole, 1) + " %" : "—"
  }

  static func share(_ part: UInt64, of whole: UInt64) -> String {
    share(Double(part), of: Double(whole))
  }

  /// Minor units: "1,234.50".
  static func money(_ minor: Int64) -> String {
    let cents = minor.magnitude % 100
    return (minor < 0 ? "−" : "") + whole(minor.magnitude / 100)
      + ".\(cents < 10 ? "0" : "")\(cents)"
  }

  /// The same with its sign: "+1,234.50".
  static func moneyChange(_ minor: Int64) -> String { (minor > 0 ? "+" : "") + money(minor) }
}
