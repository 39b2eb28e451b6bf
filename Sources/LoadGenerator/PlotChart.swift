/// One chart of a drawing: two axes, some series, a legend.
struct PlotChart {
  struct Series {
    let name: String
    /// In the axes' values.
    let points: [(x: Double, y: Double)]
    var hasDots = false
    var isDashed = false
    /// What stands at each point; none if there are fewer.
    var labels: [String] = []
  }

  let title: String
  let x: PlotAxis
  let y: PlotAxis
  let series: [Series]
  /// Where the curves leave room for the legend.
  var legendStandsLow = false

  /// Draws into a rectangle: the axes' own area, around which labels take about 80 pixels.
  func draw(on canvas: inout PlotCanvas, left: Double, top: Double, width: Double, height: Double) {
    func place(_ xShare: Double, _ yShare: Double) -> PlotPoint {
      PlotPoint(x: left + width * xShare, y: top + height * (1 - yShare))
    }
    canvas.text(title, PlotPoint(x: left, y: top - 14), size: 14, isBold: true)
    for tick in y.ticks {
      let at = place(0, y.share(tick.value))
      canvas.line(at, place(1, y.share(tick.value)), PlotCanvas.faint)
      canvas.text(tick.label, PlotPoint(x: at.x - 8, y: at.y + 4), .end)
    }
    for tick in x.ticks {
      let at = place(x.share(tick.value), 0)
      canvas.line(at, place(x.share(tick.value), 1), PlotCanvas.faint)
      canvas.line(at, PlotPoint(x: at.x, y: at.y + 5), PlotCanvas.ink)
      canvas.text(tick.label, PlotPoint(x: at.x, y: at.y + 20), .middle)
    }
    canvas.line(place(0, 0), place(1, 0), PlotCanvas.ink)
    canvas.line(place(0, 0), place(0, 1), PlotCanvas.ink)
    let below = place(0.5, 0)
    canvas.text(x.title, PlotPoint(x: below.x, y: below.y + 42), size: 13, .middle)
    let beside = place(0, 0.5)
    canvas.text(
      y.title, PlotPoint(x: left - 68, y: beside.y), size: 13, .middle, isUpright: true)
    for (index, one) in series.enumerated() {
      let colour = PlotCanvas.colours[index % PlotCanvas.colours.count]
      let points = one.points.map { place(x.share($0.x), y.share($0.y)) }
      canvas.curve(points, colour, dashes: one.isDashed ? "6 5" : "")
      if one.hasDots { for point in points { canvas.dot(point, colour) } }
      for (label, point) in zip(one.labels, points) {
        draw(label, at: point, left: left, width: width, on: &canvas)
      }
      let row = legendRow(index, left: left, top: top, width: width, height: height)
      canvas.line(
        row, PlotPoint(x: row.x + 26, y: row.y), colour, width: 2,
        dashes: one.isDashed ? "6 5" : "")
      canvas.text(one.name, PlotPoint(x: row.x + 34, y: row.y + 4))
    }
  }

  private func legendRow(
    _ index: Int, left: Double, top: Double, width: Double, height: Double
  ) -> PlotPoint {
    if !legendStandsLow { return PlotPoint(x: left + 14, y: top + 16 + 18 * Double(index)) }
    // Names are in letters of 12 pixels, which are half as wide.
    let widest = Double(series.map(\.name.count).max() ?? 0) * 6.5
    let above = Double(series.count - 1 - index)
    return PlotPoint(x: left + width - widest - 44, y: top + height - 14 - 18 * above)
  }

  /// Above the point, left of where a rising line goes on, and within the chart.
  private func draw(
    _ label: String, at point: PlotPoint, left: Double, width: Double, on canvas: inout PlotCanvas
  ) {
    let share = (point.x - left) / width
    let anchor: PlotCanvas.Anchor = share < 0.1 ? .start : .end
    canvas.text(label, PlotPoint(x: point.x, y: point.y - 10), size: 11, anchor, hasHalo: true)
  }
}
