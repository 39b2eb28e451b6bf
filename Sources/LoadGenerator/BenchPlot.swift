import Glibc
import Histogram

/// A report as a picture.
extension BenchReport {
  /// One SVG document with two charts: latency by percentile, throughput by load.
  public var plot: String {
    var canvas = PlotCanvas()
    let title = "\(isCeiling ? "ceiling of " : "")probity bench \(workload.rawValue)"
    canvas.text(title, PlotPoint(x: 40, y: 34), size: 18, isBold: true)
    canvas.text(shapeText, PlotPoint(x: 40, y: 56), size: 13)
    canvas.text(placeText, PlotPoint(x: 40, y: 75), size: 12, colour: "#666666")
    percentileChart.draw(on: &canvas, left: 110, top: 130, width: 470, height: 330)
    loadChart.draw(on: &canvas, left: 710, top: 130, width: 470, height: 330)
    return canvas.document(width: 1_220, height: 530, title: "\(title): \(shapeText)")
  }

  // MARK: Latency

  private var percentileChart: PlotChart {
    let total = whole.latencies.totalCount
    let nines = total > 1 ? Int(log10(Double(total)).rounded(.up)) : 1
    let axis = PlotAxis.percentiles(nines: nines)
    let series = latencySeries.map { name, latencies in
      PlotChart.Series(name: name, points: Self.points(latencies, upTo: axis.to))
    }
    let values = series.flatMap { $0.points.map(\.y) }
    let from = rate == nil ? "from sending" : "from when it was due"
    return PlotChart(
      title: "Latency by percentile", x: axis,
      y: .latencies(
        "latency, \(from) to the reply", least: values.min() ?? 1, most: values.max() ?? 10),
      series: series, legendStandsLow: true)
  }

  private var latencySeries: [(String, Histogram<UInt64>)] {
    let runsText = runs.count == 1 ? "one run" : "\(runs.count) runs together"
    let seconds = "\(runsText), \(seconds.tenths) s"
    if workload != .mixed { return [("\(workload.rawValue), \(seconds)", whole.latencies)] }
    return zip(workload.calls, whole.calls).filter { $1.latencies.totalCount > 0 }.map {
      ("\($0.name), \(seconds)", $1.latencies)
    }
  }

  /// Fifty points for each nine.
  private static func points(
    _ latencies: Histogram<UInt64>, upTo end: Double
  ) -> [(x: Double, y: Double)] {
    guard latencies.totalCount > 0 else { return [] }
    let last = min(end, Double(latencies.totalCount))
    let steps = max(Int(log10(last) * 50), 1)
    return (0...steps).map { step in
      let x = pow(10, log10(last) * Double(step) / Double(steps))
      let value = latencies.valueAtPercentile(100 * (1 - 1 / x))
      return (x, Double(value) / 1e3)
    }
  }

  // MARK: Throughput

  private var loadChart: PlotChart {
    let loads = smallerLoads + [wholeLoad].compactMap { $0 }
    let most = loads.map { max($0.requestsPerSecond, $0.rate ?? 0) }.max() ?? 1
    let answered = PlotChart.Series(
      name: "answered; p99 at each point",
      points: loads.map { ($0.rate ?? Double($0.inFlight), $0.requestsPerSecond) }, hasDots: true,
      labels: loads.map { PlotAxis.latency($0.latencyMicroseconds.p99) })
    let y = PlotAxis.rates("requests a second", most: most * 1.15)
    guard let rate else {
      return PlotChart(
        title: "Throughput by requests in flight",
        x: .depths("in flight on each connection", loads.map(\.inFlight)), y: y,
        series: [answered])
    }
    let asked = PlotChart.Series(
      name: "asked for", points: [(0, 0), (rate, rate)], isDashed: true)
    return PlotChart(
      title: "Throughput by rate", x: .rates("requests due a second", most: rate), y: y,
      series: [answered, asked])
  }

  /// All runs as one point.
  private var wholeLoad: Run? {
    guard let first = runs.each.first else { return nil }
    return Run(
      inFlight: first.inFlight, rate: first.rate, seconds: seconds, requests: requests,
      requestsPerSecond: requestsPerSecond, itemsPerSecond: itemsPerSecond,
      latencyMicroseconds: latencyMicroseconds, errors: 0)
  }
}
