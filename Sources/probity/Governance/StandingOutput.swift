import IntegrityCore
import ProbityWire

/// A merchant's standing as `--json` prints it.
struct StandingOutput: Encodable {
  struct Conduct: Encodable {
    let dimension: String
    let reason: String
    let incidents: Double
    let orders: Double
    let rate: Double
    let certainRate: Double?
    let callsFor: String?

    init(
      _ dimension: GovernedDimension, _ conduct: IntegrityCore.Conduct,
      of finding: ConductFinding? = nil
    ) {
      self.dimension = dimension.name
      reason = dimension.reason.label
      incidents = Double(conduct.incidents).thousandths
      orders = Double(conduct.orders).thousandths
      rate = Double(conduct.rate).millionths
      certainRate = finding.map { Double($0.certainRate).millionths }
      callsFor = finding?.standing.name
    }
  }

  struct Step: Encodable {
    let standing: String
    let cause: String
    let conduct: Conduct?
    let at: String
    let policyVersion: UInt32
    let logPosition: UInt64
    let actor: String
    let reason: String
    let appeal: String?
    let appealOpenedAt: String?
    let appealDecidedAt: String?

    init(_ step: StandingEntry) {
      standing = step.standing.name
      cause = step.cause.name
      conduct = step.dimension.map { Conduct($0, step.conduct) }
      at = step.at.iso8601
      policyVersion = step.policyVersion
      logPosition = step.position.rawValue
      actor = step.actor
      reason = step.reason
      appeal = step.appeal.state == .none ? nil : "\(step.appeal.state)"
      appealOpenedAt = step.appeal.openedAt.said
      appealDecidedAt = step.appeal.decidedAt.said
    }
  }

  struct Certificate: Encodable {
    let certification: String
    let track: String
    let at: String
    let endsAt: String
    let actor: String
    let reason: String
  }

  let merchant: UInt64
  let standing: String
  let changed: Bool
  let steps: [Step]
  let heldUntil: String?
  let noticeEndsAt: String?
  let notice: String?
  let waitsForHuman: Bool
  let appealableUntil: String?
  let answerDueAt: String?
  let certification: Certificate?
  let conduct: [Conduct]
  let callsFor: String
  let mature: Bool
  let distinctBuyers: Int
  let asOf: String
  let logPosition: UInt64
  let policyVersion: UInt32
  let policyHash: String

  init(_ reply: StandingReply) {
    let report = reply.report
    merchant = report.merchant.rawValue
    standing = report.standing.name
    changed = report.hasChanged
    steps = report.steps.map(Step.init)
    heldUntil = report.heldUntil.said
    noticeEndsAt = report.noticeEndsAt.said
    notice = report.notice.map { "\($0)" }
    waitsForHuman = report.isWaiting
    appealableUntil = report.appealableUntil.said
    answerDueAt = report.answerDueAt.said
    certification = report.certification.map {
      Certificate(
        certification: $0.certification.name, track: $0.certification.track.name,
        at: $0.at.iso8601, endsAt: $0.endsAt.iso8601, actor: $0.actor, reason: $0.reason)
    }
    conduct = report.assessment.findings.map { Conduct($0.dimension, $0.conduct, of: $0) }
    callsFor = report.assessment.standing.name
    mature = report.assessment.isMature
    distinctBuyers = report.assessment.distinctBuyers
    asOf = report.asOf.iso8601
    logPosition = reply.logPosition.rawValue
    policyVersion = reply.policyVersion
    policyHash = reply.policyHash.hex
  }
}

/// A merchant's standing as people read it.
enum StandingText {
  /// One line of a list.
  static func row(_ report: StandingReport) -> String {
    let last = report.steps.first
    let since = last.map { " since \($0.at.iso8601)" } ?? ""
    let why = last.flatMap { step in step.dimension.map { ": \(words($0, step.conduct))" } } ?? ""
    let waits = report.isWaiting ? " — waits for a human" : ""
    return "merchant \(report.merchant.rawValue) \(report.standing.name)\(since)\(why)\(waits)"
  }

  static func lines(_ reply: StandingReply) -> [String] {
    let report = reply.report
    let style = Style()
    var lines = [style.bold(row(report))]
    if report.noticeEndsAt != .zero {
      lines.append("notice until \(report.noticeEndsAt.iso8601): \(notice(report.notice))")
    }
    if report.heldUntil > report.asOf {
      lines.append("nothing gets worse before \(report.heldUntil.iso8601)")
    }
    if report.isHeldBySupport {
      lines.append("certified, so that no sweep takes it further: a human has to look")
    }
    if report.answerDueAt != .zero {
      lines.append("appeal open, to be answered by \(report.answerDueAt.iso8601)")
    } else if report.appealableUntil != .zero {
      lines.append("can be appealed until \(report.appealableUntil.iso8601)")
    }
    if let entry = report.certification {
      lines.append(
        "certified as \(entry.certification.name) until \(entry.endsAt.iso8601) by \(entry.actor)"
          + suffix(entry.reason))
    }
    lines.append(calls(report.assessment))
    lines += report.assessment.findings.map(line)
    lines += report.steps.map(line)
    lines.append(
      "as of \(report.asOf.iso8601), policy version \(reply.policyVersion), position "
        + "\(reply.logPosition.rawValue)")
    return lines
  }

  private static func calls(_ assessment: Assessment) -> String {
    if !assessment.isMature { return "too new, or too few orders, to be assessed" }
    return "evidence calls for \(assessment.standing.name); orders of "
      + "\(assessment.distinctBuyers) buyers at least went wrong"
  }

  private static func line(_ finding: ConductFinding) -> String {
    let calls = finding.standing == .normal ? "" : "  \(finding.standing.name)"
    return "  \(words(finding.dimension, finding.conduct)), "
      + "\(percent(finding.certainRate)) for certain\(calls)"
  }

  private static func line(_ step: StandingEntry) -> String {
    let what = step.dimension.map { " for \(words($0, step.conduct))" } ?? ""
    let who = step.actor.isEmpty ? "" : " by \(step.actor)"
    let appeal = step.appeal.state == .none ? "" : ", appeal \(step.appeal.state)"
    return "\(step.at.iso8601) \(step.standing.name) (\(step.cause.name)\(who))\(what)"
      + "\(suffix(step.reason))\(appeal)"
  }

  private static func suffix(_ reason: String) -> String { reason.isEmpty ? "" : ": \(reason)" }

  static func words(_ dimension: GovernedDimension, _ conduct: Conduct) -> String {
    "\(dimension.name) \(percent(conduct.rate)) of \(Int(conduct.orders.rounded())) orders"
  }

  private static func percent(_ rate: Float) -> String {
    "\((Double(rate) * 1_000).rounded() / 10) %"
  }

  private static func notice(_ result: NoticeResult?) -> String {
    switch result {
    case .met: "met"
    case .unmet: "not met, a human decides"
    case .pending, nil: "pending"
    }
  }
}

extension UnixSeconds {
  /// Nil for zero, which says nothing.
  var said: String? { self == .zero ? nil : iso8601 }
}

extension Double {
  fileprivate var thousandths: Double { (self * 1_000).rounded() / 1_000 }
  fileprivate var millionths: Double { (self * 1_000_000).rounded() / 1_000_000 }
}
