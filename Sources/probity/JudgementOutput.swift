import IntegrityCore
import ProbityWire

/// A score as `--json` prints it.
struct ScoreOutput: Encodable {
  struct ReasonOutput: Encodable {
    let code: String
    let text: String
    let points: Int
  }

  let account: UInt64
  /// The text that names the account, where it is not the number itself.
  let key: String?
  let kind: String
  let known: Bool
  let score: Int
  let scoreFloor: Int
  let tier: String
  let confidence: Double
  let reasons: [ReasonOutput]
  let asOf: String
  let logPosition: UInt64
  let policyVersion: UInt32
  let policyHash: String
  let degraded: Bool

  init(_ account: AccountArgument, _ reply: ScoreReply) {
    self.account = account.key.id.rawValue
    key = account.text
    kind = account.key.kind.name
    known = reply.isKnown
    score = reply.score
    scoreFloor = reply.scoreFloor
    tier = reply.tier.name
    confidence = (Double(reply.confidence) * 100).rounded() / 100
    reasons = reply.reasons.map {
      ReasonOutput(code: $0.code.label, text: $0.code.text, points: $0.points)
    }
    asOf = reply.basis.asOf.iso8601
    logPosition = reply.basis.logPosition.rawValue
    policyVersion = reply.basis.policyVersion
    policyHash = reply.basis.policyHash.hex
    degraded = reply.basis.isDegraded
  }
}

/// An explanation as `--json` prints it: the score and what went into it.
struct ExplainOutput: Encodable {
  struct Dimension: Encodable {
    let name: String
    let reason: String
    let events: Double
    let exposure: Double
    let rate: Double
    let rateUpper: Double
    let ratePrior: Double
    let points: Double
    let pointsFloor: Double
  }

  struct Change: Encodable {
    let text: String
    let textChinese: String
    let tier: String
    let cleanOrders: UInt32?
    let days: UInt32?
  }

  let verdict: ScoreOutput
  let probability: Double
  let probabilityAtFloor: Double
  let tierByScore: String
  let pointsBase: Double
  let dimensions: [Dimension]
  let evidence: [String: Double]
  let changes: [Change]
  let lastEventAt: String
  let firstEventDay: String
  let distinctCounterparties: UInt32

  init(_ account: AccountArgument, _ reply: ExplainReply) {
    verdict = ScoreOutput(account, reply.verdict)
    probability = reply.probability
    probabilityAtFloor = reply.probabilityAtFloor
    tierByScore = reply.tierByScore.name
    pointsBase = reply.pointsBase
    dimensions = reply.dimensions.map {
      Dimension(
        name: $0.name, reason: ReasonCode(rawValue: $0.reasonCode)?.label ?? "?",
        events: $0.events, exposure: $0.exposure, rate: $0.rate, rateUpper: $0.rateUpper,
        ratePrior: $0.ratePrior, points: $0.points, pointsFloor: $0.pointsFloor)
    }
    evidence = Dictionary(reply.evidence.map { ($0.name, $0.value) }) { first, _ in first }
    changes = reply.changes.map {
      Change(
        text: $0.text, textChinese: $0.textChinese, tier: $0.tier.name,
        cleanOrders: $0.cleanOrders == 0 ? nil : $0.cleanOrders,
        days: $0.days == 0 ? nil : $0.days)
    }
    lastEventAt = reply.lastEventAt.iso8601
    firstEventDay = String(reply.firstEventDayAt.iso8601.prefix(10))
    distinctCounterparties = reply.distinctCounterparties
  }
}

extension UInt64 {
  /// Sixteen hexadecimal digits.
  var hex: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
