import Foundation
import IntegrityCore
import ProbityWire

/// A claim as `--json` prints it.
struct ClaimOutput: Encodable {
  struct ReasonOutput: Encodable {
    let code: String
    let text: String
    let textChinese: String
    let points: Int
  }

  struct ChangeOutput: Encodable {
    let text: String
    let textChinese: String
  }

  struct NoteOutput: Encodable {
    let what: String
    let at: String
    let actor: String
    let reason: String
  }

  let claim: UInt64
  let buyer: UInt64
  let merchant: UInt64
  let order: UInt64
  let amount: Int64
  let kind: String
  let alleges: String
  let proofs: [String]
  let openedAt: String
  let outcome: String
  let meaning: String
  let meaningChinese: String
  let firstOutcome: String
  let verdict: String?
  let subsidy: String
  let subsidyCounted: Int64
  let appeal: String
  let appealBy: String?
  let appealableUntil: String?
  let answerDue: String?
  let withdrawn: Bool
  let repeated: Bool
  let reasons: [ReasonOutput]
  let buyerScore: Int?
  let buyerFloor: Int?
  let merchantScore: Int?
  let merchantFloor: Int?
  let changes: [ChangeOutput]
  let notes: [NoteOutput]
  let receipt: String?
  let openedLogPosition: UInt64
  let logPosition: UInt64
  let policyVersion: UInt32
  let policyHash: String

  init(_ reply: ClaimReply) {
    let claim = reply.claim
    self.claim = claim.id.rawValue
    buyer = claim.buyer.rawValue
    merchant = claim.merchant.rawValue
    order = claim.order
    amount = claim.amount.rawValue
    kind = "\(claim.kind)"
    alleges = "\(claim.allegation)"
    proofs = ProofArgument.names(claim.proofs)
    openedAt = claim.openedAt.iso8601
    outcome = reply.outcome.name
    meaning = reply.outcome.wording.english
    meaningChinese = reply.outcome.wording.chinese
    firstOutcome = reply.firstOutcome.name
    verdict = reply.verdict.map { "\($0)" }
    subsidy = "\(reply.money.state)"
    subsidyCounted = reply.money.counted.rawValue
    appeal = "\(reply.appeal.state)"
    appealBy = reply.appeal.by?.name
    appealableUntil = reply.appealableUntil == .zero ? nil : reply.appealableUntil.iso8601
    answerDue = reply.answerDueAt == .zero ? nil : reply.answerDueAt.iso8601
    withdrawn = reply.isWithdrawn
    repeated = reply.isRepeated
    reasons = reply.reasons.map {
      ReasonOutput(
        code: $0.code.label, text: $0.code.text, textChinese: $0.code.textChinese,
        points: $0.points)
    }
    let scores = reply.receipt.isEmpty ? nil : reply.scores
    buyerScore = scores?.buyer
    buyerFloor = scores?.buyerFloor
    merchantScore = scores?.merchant
    merchantFloor = scores?.merchantFloor
    changes = reply.changes.map { ChangeOutput(text: $0.text, textChinese: $0.textChinese) }
    notes = reply.notes.map {
      NoteOutput(what: "\($0.what)", at: $0.at.iso8601, actor: $0.actor, reason: $0.reason)
    }
    receipt = reply.receipt.isEmpty ? nil : Data(reply.receipt).base64EncodedString()
    openedLogPosition = reply.openedPosition.rawValue
    logPosition = reply.basis.logPosition.rawValue
    policyVersion = reply.basis.policyVersion
    policyHash = reply.basis.policyHash.hex
  }
}

/// A claim as a person reads it: a card of a few lines.
struct ClaimCard {
  let style = Style()

  func lines(_ reply: ClaimReply) -> [String] {
    let claim = reply.claim
    let state =
      reply.isWithdrawn ? "  withdrawn" : ""
    var lines = [
      style.bold("claim \(claim.id.rawValue)") + style.paint(state, .grey),
      "  \(claim.amount.text) of buyer \(claim.buyer.rawValue) against merchant "
        + "\(claim.merchant.rawValue): \(claim.kind), \(claim.allegation)",
      "  " + style.paint(reply.outcome.name, colour(reply.outcome)) + "  "
        + reply.outcome.wording.english,
    ]
    lines += reasons(reply)
    if reply.money.state != .none {
      lines.append("  subsidy \(reply.money.state), counted \(reply.money.counted.text)")
    }
    if reply.appeal.state != .none {
      lines.append(
        "  appeal \(reply.appeal.state) by the \(reply.appeal.by?.name ?? "buyer")"
          + due(reply.answerDueAt))
    } else if reply.appealableUntil != .zero {
      lines.append("  can be appealed until \(reply.appealableUntil.iso8601)")
    }
    for note in reply.notes {
      let why = note.reason.isEmpty ? "" : ": \(note.reason)"
      lines.append("  \(note.what) by \(note.actor) at \(note.at.iso8601)\(why)")
    }
    if !reply.changes.isEmpty {
      lines.append("  the platform would pay, if")
      lines += reply.changes.map { "    · \($0.text)" }
    }
    lines.append(
      style.paint(
        "  opened at log position \(reply.openedPosition.rawValue), policy "
          + "\(reply.basis.policyVersion) (\(reply.basis.policyHash.hex.prefix(8)))", .grey))
    return lines
  }

  private func reasons(_ reply: ClaimReply) -> [String] {
    if reply.receipt.isEmpty { return [] }
    let scores =
      "  buyer's floor \(reply.scores.buyerFloor) of score \(reply.scores.buyer), merchant's "
      + "\(reply.scores.merchantFloor) of \(reply.scores.merchant)"
    return reply.reasons.map { reason in
      let points = reason.points == 0 ? "" : (reason.points > 0 ? "+" : "") + "\(reason.points)"
      return "  \(reason.code.label)  \(points.rightAligned(to: 5))  \(reason.code.text)"
    } + [scores]
  }

  private func due(_ time: UnixSeconds) -> String {
    time == .zero ? "" : ", to be decided by \(time.iso8601)"
  }

  private func colour(_ outcome: Outcome) -> Style.Colour {
    switch outcome {
    case .platformCompensates: .green
    case .returnAndRefund, .merchantDecides: .yellow
    case .manualReview: .yellow
    case .decline: .red
    }
  }
}
