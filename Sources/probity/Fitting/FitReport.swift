import IntegrityCore
import IntegrityPolicy
import PolicyFitting

/// What a fit has found, for people and for the policy's own comments.
struct FitReport {
  let fit: PolicyFit
  let history: FitHistory
  let base: PolicyDocument
  /// How well orders were forecast that it was fitted to, and those after.
  let fitted: ForecastQuality
  let judged: ForecastQuality

  init(_ fit: PolicyFit, _ history: FitHistory, _ base: PolicyDocument) {
    let schema = EvidenceSchema(days: fit.halfLifeDays)
    self.fit = fit
    self.history = history
    self.base = base
    fitted = fit.policy.quality(in: history, .fit, schema: schema)
    judged = fit.policy.quality(in: history, .judge, schema: schema)
  }

  private var rules: CardRules {
    history.kind == .buyer ? fit.policy.buyerRules : fit.policy.merchantRules
  }

  /// The policy with where its numbers come from.
  ///
  /// - Throws: where the name is none.
  func document(name: String) throws -> String {
    let text = PolicyDocument.text(
      of: fit.policy, name: name, head: head, comments: comments)
    do throws(PolicyFault) {
      let document = try PolicyDocument.load(yaml: text, file: "the fitted policy")
      precondition(document.policy == fit.policy, "a fitted policy is read as another")
    } catch {
      throw CommandFailure("\(error)")
    }
    return text
  }

  private var head: [String] {
    [
      "Fitted to \(fit.orderCount) orders known before \(history.until.iso8601), of which "
        + "\(fit.wrongCount) went wrong:",
      "\(history.outcome). The half-life is \(fit.halfLifeDays) days: make a store with",
      "`--half-life-days \(fit.halfLifeDays)`. All else is from the policy \(base.name), version "
        + "\(base.policy.version) (\(base.policy.hash.hex)).",
      "",
    ]
  }

  private var comments: [String: [String]] {
    let kind = history.kind.name
    var comments = [
      "\(kind).scale": [
        "The chance that the next order goes wrong (\(history.outcome)) by the score: the",
        "regression's intercept at the base, and its log odds as points.",
      ]
    ]
    if fit.hasEqualWords {
      comments["credibility.weightMin"] = [
        "Every claim weighs alike: what followed is likelier so. Throwaway accounts weigh in full."
      ]
    }
    if fit.dimensions.isEmpty { return comments }
    comments["\(kind).tenure"] = ["The same of a doubling of its age."]
    comments["\(kind).history"] = ["The regression's weight of a doubling of the history's length."]
    for dimension in fit.dimensions {
      comments["\(kind).dimensions.\(dimension.name)"] =
        dimension.isFitted
        ? [
          "\(dimension.incidents.toFourDigits) incidents. The prior is the spread of the accounts' "
            + "rates; odds rise",
          "by a factor of \(dimension.oddsFactor.toFourDigits) where those of the incident double.",
        ]
        : [
          "\(dimension.incidents.toFourDigits) incidents are too few: as before, but nothing is won by "
            + "having none."
        ]
    }
    return comments
  }

  var lines: [String] {
    var lines = [
      "\(history.events.count) events, \(history.orders.count) orders; fitted to "
        + "\(fit.orderCount), of which \(fit.wrongCount) went wrong (\(history.outcome))"
    ]
    if history.ordersUnnamed > 0 {
      lines.append("\(history.ordersUnnamed) events name no order and tell nothing")
    }
    lines += fit.tried.map { tried in
      let isTaken =
        tried.halfLifeDays == fit.halfLifeDays && tried.hasEqualWords == fit.hasEqualWords
      return "  half-life \("\(tried.halfLifeDays)".rightAligned(to: 5)) days, log-likelihood "
        + "\((tried.meanLogLikelihood * Double(fit.orderCount)).toFourDigits)"
        + (tried.hasEqualWords ? ", every claim alike" : "") + (isTaken ? "  <- taken" : "")
    }
    for (dimension, rules) in zip(fit.dimensions, rules.dimensions) where dimension.isFitted {
      lines.append(
        "  \(dimension.name.padded(to: 16)) prior \(rules.priorMean) of \(rules.priorStrength) "
          + "orders, \(rules.pointsPerDoubling) points a doubling")
    }
    if !fit.dimensions.isEmpty {
      lines.append("  history          \(rules.history.pointsPerDoubling) points a doubling")
      lines.append("  tenure           \(rules.tenure.pointsPerDoubling) points a doubling")
    }
    lines.append(
      "  \(rules.scale.score) points: \(rules.scale.probability) go wrong; the odds halve with each "
        + "\(rules.scale.pointsPerHalving) more")
    return lines + [line("fitted to", fitted), line("after that", judged)]
  }

  private func line(_ name: String, _ q: ForecastQuality) -> String {
    if q.count == 0 { return "  \(name): no orders" }
    let auc = q.auc.map { "AUC \($0.toFourDigits)" } ?? "no AUC: all went alike"
    return "  \(name): \(q.count) orders, \(auc), forecast "
      + "\(q.meanForecast.toFourDigits) and came to "
      + "\((Double(q.wrongCount) / Double(q.count)).toFourDigits), calibration error "
      + "\(q.calibrationError.toFourDigits), Brier \(q.brier.toFourDigits)"
  }
}

extension Double {
  /// Four digits behind the point, for people.
  var toFourDigits: Double { (self * 10_000).rounded() / 10_000 }
}

/// The same as `--json` prints it.
struct FitOutput: Encodable {
  struct Tried: Encodable {
    let days: Int
    let equalWords: Bool
    let logLikelihood: Double
  }

  struct Dimension: Encodable {
    let name: String
    let incidents: Double
    let fitted: Bool
    let priorMean: Float
    let priorStrength: Float
    let pointsPerDoubling: Float
  }

  let outcome: String
  let policyVersion: UInt32
  let policyHash: String
  let halfLifeDays: Int
  let equalWords: Bool
  let events: Int
  let eventsWithoutOrder: Int
  let orders: Int
  let wentWrong: Int
  let tried: [Tried]
  let dimensions: [Dimension]
  let historyPointsPerDoubling: Float
  let tenurePointsPerDoubling: Float
  let probabilityAtBase: Float
  let fitted: QualityOutput
  let judged: QualityOutput

  init(_ report: FitReport) {
    let fit = report.fit
    let rules = report.history.kind == .buyer ? fit.policy.buyerRules : fit.policy.merchantRules
    outcome = report.history.outcome
    policyVersion = fit.policy.version
    policyHash = fit.policy.hash.hex
    halfLifeDays = fit.halfLifeDays
    equalWords = fit.hasEqualWords
    events = report.history.events.count
    eventsWithoutOrder = report.history.ordersUnnamed
    orders = fit.orderCount
    wentWrong = fit.wrongCount
    tried = fit.tried.map {
      Tried(
        days: $0.halfLifeDays, equalWords: $0.hasEqualWords,
        logLikelihood: $0.meanLogLikelihood * Double(fit.orderCount))
    }
    dimensions = zip(fit.dimensions, rules.dimensions).map {
      Dimension(
        name: $0.name, incidents: $0.incidents, fitted: $0.isFitted, priorMean: $1.priorMean,
        priorStrength: $1.priorStrength, pointsPerDoubling: $1.pointsPerDoubling)
    }
    historyPointsPerDoubling = rules.history.pointsPerDoubling
    tenurePointsPerDoubling = rules.tenure.pointsPerDoubling
    probabilityAtBase = rules.scale.probability
    fitted = QualityOutput(report.fitted)
    judged = QualityOutput(report.judged)
  }
}

/// How good forecasts were, as `--json` prints it.
struct QualityOutput: Encodable {
  let orders: Int
  let wentWrong: Int
  let auc: Double?
  let brier: Double
  let calibrationError: Double
  let meanForecast: Double

  init(_ quality: ForecastQuality) {
    orders = quality.count
    wentWrong = quality.wrongCount
    auc = quality.auc
    brier = quality.brier
    calibrationError = quality.calibrationError
    meanForecast = quality.meanForecast
  }
}
