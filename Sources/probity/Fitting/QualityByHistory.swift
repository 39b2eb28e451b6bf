import PolicyFitting

/// How good forecasts were: of all orders, and by how much was known of the account.
struct QualityByHistory {
  private static let bands: [(name: String, events: ClosedRange<Int>)] = [
    ("0", 0...0), ("1-2", 1...2), ("3-9", 3...9), ("10+", 10...Int.max),
  ]

  private var all: [ForecastQuality.Forecast] = []
  private var byBand = Array(repeating: [ForecastQuality.Forecast](), count: bands.count)

  mutating func add(_ judged: JudgedOrder) {
    all.append(judged.forecast)
    if let band = Self.bands.firstIndex(where: { $0.events.contains(judged.eventCount) }) {
      byBand[band].append(judged.forecast)
    }
  }

  struct Output: Encodable {
    struct Band: Encodable {
      let events: String
      let quality: QualityOutput
    }

    let all: QualityOutput
    let byHistory: [Band]
  }

  var output: Output {
    Output(
      all: QualityOutput(ForecastQuality(all)),
      byHistory: zip(Self.bands, byBand).map {
        Output.Band(events: $0.name, quality: QualityOutput(ForecastQuality($1)))
      })
  }

  var lines: [String] {
    let head =
      "events before".padded(to: 14)
      + ["orders", "wrong", "AUC", "forecast", "came to", "cal. err.", "Brier"]
      .map { $0.rightAligned(to: 10) }.joined()
    return [head]
      + zip(Self.bands, byBand).map { Self.line($0.name, ForecastQuality($1)) }
      + [Self.line("all", ForecastQuality(all))]
  }

  private static func line(_ name: String, _ q: ForecastQuality) -> String {
    let share = q.count == 0 ? 0 : Double(q.wrongCount) / Double(q.count)
    let auc = q.auc.map { "\($0.toFourDigits)" } ?? "-"
    let numbers =
      ["\(q.count)", "\(q.wrongCount)", auc]
      + [q.meanForecast, share, q.calibrationError, q.brier].map { "\($0.toFourDigits)" }
    return name.padded(to: 14) + numbers.map { $0.rightAligned(to: 10) }.joined()
  }
}
