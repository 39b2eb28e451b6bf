import Glibc

/// Values along one side of a chart, and where they stand.
struct PlotAxis {
  enum Scale {
    case linear
    case logarithmic
  }

  struct Tick {
    let value: Double
    let label: String
  }

  let title: String
  let scale: Scale
  let from: Double
  let to: Double
  let ticks: [Tick]

  /// Share of the axis at which a value stands: 0…1 for those in range.
  func share(_ value: Double) -> Double {
    switch scale {
    case .linear: (value - from) / (to - from)
    case .logarithmic: (log(max(value, 1e-9)) - log(from)) / (log(to) - log(from))
    }
  }

  /// From 0 to a round number that is no less than `most`, in four to ten steps.
  static func rates(_ title: String, most: Double) -> PlotAxis {
    let raw = max(most, 1) / 5
    let power = pow(10, floor(log10(raw)))
    let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= raw } ?? raw
    let count = max(Int((max(most, 1) / step).rounded(.up)), 1)
    return PlotAxis(
      title: title, scale: .linear, from: 0, to: Double(count) * step,
      ticks: (0...count).map { Tick(value: Double($0) * step, label: rate(Double($0) * step)) })
  }

  /// Latencies: from a round number below the least to one above the most.
  static func latencies(_ title: String, least: Double, most: Double) -> PlotAxis {
    var values: [Double] = []
    var decade = pow(10, floor(log10(max(least, 0.1))))
    while values.last ?? 0 < most || values.count < 2 {
      values += [1, 2, 5].map { $0 * decade }
      decade *= 10
    }
    while values.count > 2 && values[1] <= least { values.removeFirst() }
    while values.count > 2 && values[values.count - 2] >= most { values.removeLast() }
    return PlotAxis(
      title: title, scale: .logarithmic, from: values[0], to: values[values.count - 1],
      ticks: values.map { Tick(value: $0, label: latency($0)) })
  }

  /// Percentiles as 1/(1 − q): each nine takes as much room as the one before.
  static func percentiles(nines: Int) -> PlotAxis {
    let labels = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %"]
    let count = min(max(nines, 1), labels.count - 1)
    return PlotAxis(
      title: "percentile", scale: .logarithmic, from: 1, to: pow(10, Double(count)),
      ticks: (0...count).map { Tick(value: pow(10, Double($0)), label: labels[$0]) })
  }

  /// Requests in flight, a tick for each that was measured.
  static func depths(_ title: String, _ depths: [Int]) -> PlotAxis {
    let least = Double(depths.min() ?? 1)
    return PlotAxis(
      title: title, scale: .logarithmic, from: least,
      to: max(Double(depths.max() ?? 1), least * 2),
      ticks: depths.map { Tick(value: Double($0), label: "\($0)") })
  }

  /// "250 k", "1.5 M".
  static func rate(_ value: Double) -> String {
    switch value {
    case 1e6...: "\(trimmed(value / 1e6)) M"
    case 1e3...: "\(trimmed(value / 1e3)) k"
    default: trimmed(value)
    }
  }

  /// "50 µs", "2 ms", "1 s"; from µs.
  static func latency(_ microseconds: Double) -> String {
    switch microseconds {
    case 1e6...: "\(trimmed(microseconds / 1e6)) s"
    case 1e3...: "\(trimmed(microseconds / 1e3)) ms"
    default: "\(trimmed(microseconds)) µs"
    }
  }

  /// Three digits at most where there is a point.
  private static func trimmed(_ value: Double) -> String {
    let places: Double = value >= 100 ? 1 : value >= 10 ? 10 : 100
    let rounded = (value * places).rounded() / places
    return rounded == rounded.rounded() ? String(Int(rounded)) : "\(rounded)"
  }
}
