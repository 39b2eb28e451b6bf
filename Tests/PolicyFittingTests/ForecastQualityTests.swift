import PolicyFitting
import Testing

/// How good forecasts were, by hand.
@Suite struct ForecastQualityTests {
  private func quality(_ rows: [(Int, Double, Bool)]) -> ForecastQuality {
    ForecastQuality(
      rows.map { ForecastQuality.Forecast(score: $0.0, probability: $0.1, wentWrong: $0.2) })
  }

  @Test(
    arguments: [
      // All that went wrong below all that did not; the other way round; one tie of two.
      ([(1, true), (2, true), (3, false)], 1.0), ([(1, false), (2, true)], 0.0),
      ([(5, false), (5, true)], 0.5), ([(1, true), (5, false), (5, true), (9, false)], 0.875),
    ] as [([(Int, Bool)], Double)])
  func ranks(_ rows: [(Int, Bool)], _ auc: Double) {
    #expect(quality(rows.map { ($0.0, 0.5, $0.1) }).auc == auc)
    #expect(quality(rows.reversed().map { ($0.0, 0.5, $0.1) }).auc == auc)
  }

  @Test func oneSortHasNoRanks() {
    #expect(quality([(1, 0.5, true), (2, 0.5, true)]).auc == nil)
    #expect(quality([]).auc == nil && quality([]).count == 0)
  }

  @Test func squaresAndMeans() {
    let q = quality([(1, 0.75, true), (2, 0.25, false), (3, 0.25, true), (4, 0.25, false)])
    #expect(q.brier == (0.0625 + 0.0625 + 0.5625 + 0.0625) / 4)
    #expect(q.meanForecast == 0.375 && q.wrongCount == 2 && q.count == 4)
  }

  /// Ten groups of ten: forecasts of 0.3, of which five, or none, went wrong in each.
  @Test func calibrationIsByGroups() {
    let right = (0..<100).map { ($0, 0.3, $0 % 10 < 3) }
    #expect(quality(right).calibrationError < 1e-12)
    let high = (0..<100).map { ($0, 0.3, $0 % 10 < 5) }
    #expect(abs(quality(high).calibrationError - 0.2) < 1e-12)
    // Right on the whole, wrong in every group.
    let parted = (0..<100).map { ($0, 0.5, $0 < 50) }
    #expect(abs(quality(parted).calibrationError - 0.5) < 1e-12)
  }
}
