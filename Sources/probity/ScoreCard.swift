import IntegrityCore
import ProbityWire

/// A score as a person reads it: a card of a few lines.
struct ScoreCard {
  let style = Style()

  func lines(_ account: AccountArgument, _ reply: ScoreReply) -> [String] {
    let name = account.text.map { "\"\($0)\"" } ?? String(account.key.id.rawValue)
    let stranger = reply.isKnown ? "" : style.paint("  never heard of: a newcomer's score", .grey)
    let tier = "tier " + reply.tier.name
    var lines = [
      "\(style.bold("\(account.key.kind.name) \(name)"))\(stranger)",
      "  score " + bar(reply.score, colour(reply.tier)) + number(reply.score) + "   " + tier,
      "  floor " + bar(reply.scoreFloor, .grey) + number(reply.scoreFloor)
        + "   confidence \(decimal(Double(reply.confidence))) orders",
    ]
    lines += reasons(reply.reasons)
    let basis = reply.basis
    lines.append(
      style.paint(
        "  as of \(basis.asOf.iso8601), log position \(basis.logPosition.rawValue), "
          + "policy \(basis.policyVersion) (\(basis.policyHash.hex.prefix(8)))", .grey))
    return lines
  }

  /// One line a reason, its points as a bar to the left (taken) or right (added).
  private func reasons(_ reasons: [Reason]) -> [String] {
    let most = max(reasons.map { abs($0.points) }.max() ?? 1, 100)
    return reasons.map { reason in
      let half = 10
      let length = min(half, (abs(reason.points) * half + most - 1) / most)
      let blocks = String(repeating: "█", count: length)
      let left = reason.points < 0 ? blocks.rightAligned(to: half) : "".padded(to: half)
      let right = reason.points > 0 ? blocks.padded(to: half) : "".padded(to: half)
      let sign = reason.points > 0 ? "+" : ""
      return "  \(reason.code.label)   " + style.paint(left, .red) + "│"
        + style.paint(right, .green)
        + " " + "\(sign)\(reason.points)".rightAligned(to: 5) + "   \(reason.code.text)"
    }
  }

  /// 0…1000 as thirty blocks, the last of them in eighths.
  private func bar(_ score: Int, _ colour: Style.Colour) -> String {
    let width = 30
    let eighths = score * width * 8 / 1_000
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    let filled = String(repeating: "█", count: eighths / 8) + partial
    return style.paint(filled, colour)
      + style.paint(
        String(repeating: "·", count: width - filled.count), .grey)
  }

  private func number(_ score: Int) -> String { " " + String(score).rightAligned(to: 4) }

  private func colour(_ tier: Tier) -> Style.Colour {
    switch tier {
    case .a, .b: .green
    case .c: .yellow
    case .d, .e: .red
    }
  }

  /// One decimal below 100, none above.
  func decimal(_ value: Double) -> String {
    value >= 100 ? "\(Int(value.rounded()))" : "\((value * 10).rounded() / 10)"
  }
}
