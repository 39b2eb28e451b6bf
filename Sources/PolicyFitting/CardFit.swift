import Glibc
import IntegrityCore

/// A scorecard fitted with one half-life.
struct CardFit {
  let halfLifeDays: Int
  let hasEqualWords: Bool
  let rules: CardRules
  let meanLogLikelihood: Double
  let dimensions: [PolicyFit.Dimension]

  init(_ history: FitHistory, base: Policy, halfLifeDays: Int) {
    self.halfLifeDays = halfLifeDays
    hasEqualWords = base.credibility.weightMin >= 1
    let schema = EvidenceSchema(days: halfLifeDays)
    let kind = history.kind
    let samples = history.samples(schema: schema, policy: base)
    var rules = kind == .buyer ? base.buyerRules : base.merchantRules
    let names =
      kind == .buyer ? BuyerDimension.allCases.map(\.name) : MerchantDimension.allCases.map(\.name)
    let accounts = Self.lastSamples(samples)
    let incidents = names.indices.map { lane in
      accounts.reduce(0) { $0 + Double($1.incidents[lane]) }
    }
    let lanes = names.indices.filter { incidents[$0] >= PolicyFit.incidentsMin }
    for lane in names.indices {
      rules.dimensions[lane] =
        lanes.contains(lane)
        ? Self.withPrior(rules.dimensions[lane], lane, accounts) : rules.dimensions[lane].unearned
    }
    let features = Features(rules, lanes)
    let fit = LogisticFit(
      rows: samples.map(features.row), wentWrong: samples.map(\.wentWrong))
    meanLogLikelihood = fit.meanLogLikelihood
    dimensions = names.enumerated().map { lane, name in
      let place = lanes.firstIndex(of: lane)
      return PolicyFit.Dimension(
        name: name, incidents: incidents[lane], isFitted: place != nil,
        oddsFactor: exp(place.map { fit.weights[$0] } ?? 0))
    }
    self.rules = Self.scaled(rules, lanes, fit, samples, features)
  }

  /// The card as it is, with the scale alone fitted: a regression on its scores.
  init(scaleOf base: Policy, _ history: FitHistory, halfLifeDays: Int) {
    self.halfLifeDays = halfLifeDays
    hasEqualWords = base.credibility.weightMin >= 1
    let schema = EvidenceSchema(days: halfLifeDays)
    let kind = history.kind
    var rules = kind == .buyer ? base.buyerRules : base.merchantRules
    var rows: [[Double]] = []
    var wentWrong: [Bool] = []
    let fitted = history.orders.filter { history.part(of: $0) == .fit }
    base.judge(fitted, events: history.events, schema: schema) { judged in
      rows.append([(Double(rules.base) - Double(judged.score)) / PolicyFit.pointsPerHalvingMax])
      wentWrong.append(judged.order.wentWrong)
    }
    let fit = LogisticFit(rows: rows, wentWrong: wentWrong)
    meanLogLikelihood = fit.meanLogLikelihood
    dimensions = []
    let points = PolicyFit.pointsPerHalvingMax * log(2) / Swift.max(fit.weights[0], 1e-9)
    rules.scale = ScoreScale(
      score: rules.base, probability: Self.chance(fit.intercept),
      pointsPerHalving: Swift.max(1, Swift.min(points, 10_000)).rounded(toDigits: 3))
    self.rules = rules
  }

  private static func chance(_ logOdds: Double) -> Float {
    let rounded = (1 / (1 + exp(-logOdds))).rounded(toDigits: 3)
    // As a document may say it; rounding can reach one.
    return Swift.min(Swift.max(rounded, 0.0001), 0.9999)
  }

  /// Each account as it was before its last order.
  private static func lastSamples(_ samples: [FitSample]) -> [FitSample] {
    var last: [AccountKey: Int] = [:]
    for (index, sample) in samples.enumerated() { last[sample.account] = index }
    return last.values.sorted().map { samples[$0] }
  }

  private static func withPrior(
    _ rules: DimensionRules, _ lane: Int, _ accounts: [FitSample]
  ) -> DimensionRules {
    let prior = BetaPrior(
      accounts.map { (Double($0.incidents[lane]), Double($0.exposure[lane])) })
    var rules = rules
    rules.priorMean = prior.mean.rounded(toDigits: 3)
    rules.priorStrength = prior.strength.rounded(toDigits: 3)
    return rules
  }

  /// Weights as points, and bounds that hold what was seen and as much again in doublings.
  private static func scaled(
    _ base: CardRules, _ lanes: [Int], _ fit: LogisticFit, _ samples: [FitSample],
    _ features: Features
  ) -> CardRules {
    var rules = base
    let rows = samples.map(features.row)
    let pointsPerHalving = Self.pointsPerHalving(rows.map(fit.logOdds), fit, rules.base)
    let pointsPerLogOdds = Double(pointsPerHalving) / log(2)
    for (place, lane) in lanes.enumerated() {
      let points = Self.points(fit.weights[place] * pointsPerLogOdds)
      let most = rows.reduce(0) { max($0, $1[place]) }
      let least = rows.reduce(0) { min($0, $1[place]) }
      rules.dimensions[lane].pointsPerDoubling = points
      rules.dimensions[lane].lossMax = Self.bound(points, Swift.max(most, 1))
      rules.dimensions[lane].gainMax = Self.bound(points, Swift.max(-least, 1))
    }
    let known = (0..<2).map { place in
      let points = Self.points(fit.weights[lanes.count + place] * pointsPerLogOdds)
      let most = rows.reduce(0) { max($0, -$1[lanes.count + place]) }
      return (points: points, gainMax: Self.bound(points, Swift.max(most, 1)))
    }
    (rules.history.pointsPerDoubling, rules.history.gainMax) = known[0]
    (rules.tenure.pointsPerDoubling, rules.tenure.gainMax) = known[1]
    rules.scale = ScoreScale(
      score: rules.base, probability: chance(fit.intercept),
      pointsPerHalving: pointsPerHalving)
    return rules
  }

  /// As many as let the worst and the best that were seen be told apart from worse and better.
  private static func pointsPerHalving(
    _ logOdds: [Double], _ fit: LogisticFit, _ base: Float
  ) -> Float {
    let halvings = logOdds.map { (fit.intercept - $0) / log(2) }
    let best = Swift.max(halvings.max() ?? 0, 1)
    let worst = Swift.max(-(halvings.min() ?? 0), 1)
    let room = Swift.min((1_000 - Double(base)) / best, Double(base) / worst) * PolicyFit.room
    return Swift.max(1, Swift.min(PolicyFit.pointsPerHalvingMax, room)).rounded(toDigits: 3)
  }

  /// As many as a document may say.
  private static func points(_ exact: Double) -> Float {
    Swift.min(exact, 1_000).rounded(toDigits: 3)
  }

  private static func bound(_ points: Float, _ doublings: Double) -> Float {
    Swift.min(1_000, (Float(doublings) * points * 1.5).rounded(.up))
  }
}

/// What the regression looks at: how many times an account's odds are doubled against the
/// prior's in each fitted dimension, and, negative, the doublings of its history and age.
private struct Features {
  private let lanes: [(lane: Int, a: Double, b: Double)]

  init(_ rules: CardRules, _ lanes: [Int]) {
    self.lanes = lanes.map { lane in
      let d = rules.dimensions[lane]
      let (mean, strength) = (Double(d.priorMean), Double(d.priorStrength))
      return (lane, mean * strength, (1 - mean) * strength)
    }
  }

  func row(_ sample: FitSample) -> [Double] {
    var row = lanes.map { lane, a, b in
      let incidents = Double(sample.incidents[lane])
      let clean = Swift.max(Double(sample.exposure[lane]) - incidents, 0)
      return log2((a + incidents) / (b + clean) * (b / a))
    }
    for lane in [Scorecard.historyLane, Scorecard.tenureLane] {
      row.append(-log2(1 + Double(sample.exposure[lane])))
    }
    return row
  }
}

extension DimensionRules {
  /// Nothing is won by not having done what nobody did.
  fileprivate var unearned: DimensionRules {
    var rules = self
    rules.gainMax = 0
    return rules
  }
}

extension Double {
  /// As it is written into a policy: what differs beyond is noise.
  fileprivate func rounded(toDigits digits: Int) -> Float {
    if self == 0 || !isFinite { return 0 }
    let scale = pow(10, Double(digits - 1) - floor(log10(abs(self))))
    return Float((self * scale).rounded() / scale)
  }
}
