import PolicyFitting
import Testing

/// The regression behind a fitted card.
@Suite struct LogisticFitTests {
  /// Odds of one feature that is there or not: the fit has the logarithms of the counts' odds.
  @Test func twoGroupsHaveTheirOwnOdds() {
    let rows = Array(repeating: [0.0], count: 100) + Array(repeating: [1.0], count: 100)
    let wrong = (0..<100).map { $0 < 10 } + (0..<100).map { $0 < 40 }
    let fit = LogisticFit(rows: rows, wentWrong: wrong, penalty: 0)
    #expect(abs(fit.intercept - -2.1972245773362196) < 1e-9)  // ln(10 / 90)
    #expect(abs(fit.logOdds([1]) - -0.4054651081081643) < 1e-9)  // ln(40 / 60)
    // 10 ln 0.1 + 90 ln 0.9 + 40 ln 0.4 + 60 ln 0.6, over 200
    #expect(abs(fit.meanLogLikelihood - -0.49904732020) < 1e-9)
  }

  /// What would lower the odds by its incidents is nothing, and the rest is as without it.
  @Test func noWeightIsNegative() {
    let rows = Array(repeating: [0.0, 0.0], count: 100) + Array(repeating: [1.0, 0.0], count: 100)
    let wrong = (0..<100).map { $0 < 40 } + (0..<100).map { $0 < 10 }
    let fit = LogisticFit(rows: rows, wentWrong: wrong, penalty: 0)
    #expect(fit.weights == [0, 0])
    #expect(abs(fit.intercept - -1.0986122886681098) < 1e-9)  // ln(50 / 150)
  }

  @Test func aPenaltyMakesWeightsSmaller() {
    let rows = Array(repeating: [0.0], count: 100) + Array(repeating: [1.0], count: 100)
    let wrong = (0..<100).map { $0 < 10 } + (0..<100).map { $0 < 40 }
    let free = LogisticFit(rows: rows, wentWrong: wrong, penalty: 0)
    let bound = LogisticFit(rows: rows, wentWrong: wrong, penalty: 0.1)
    #expect(bound.weights[0] > 0 && bound.weights[0] < free.weights[0] * 0.8)
    #expect(bound.meanLogLikelihood < free.meanLogLikelihood)
  }
}
