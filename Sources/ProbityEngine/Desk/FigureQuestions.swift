import ClaimStore
import IntegrityCore

/// Pages of the committee's figures: as much as one turn of the sequencer may take.
extension ClaimDesk {
  /// Claims, and entries, of one page: some 100 µs.
  private static let figuresMax: UInt32 = 4_096

  /// Sums over the claims from a number on.
  ///
  /// - Returns: them, and the number to go on from.
  func claimFigures(
    from first: UInt32, below next: UInt32, openedFrom from: UnixSeconds, before to: UnixSeconds
  ) -> (ClaimFigures, next: UInt32) {
    var figures = ClaimFigures()
    var number = Swift.max(first, claims.first)
    let end = Swift.min(next, claims.next)
    let last = Swift.min(end, number + Swift.min(Self.figuresMax, end - Swift.min(number, end)))
    while number < last {
      let record = claims[number]
      if record.openedAt >= from && record.openedAt < to { figures.add(record.facts) }
      number += 1
    }
    return (figures, number >= end ? next : number)
  }

  /// Steps of merchants, newest first below a number.
  func stepFigures(
    from: UnixSeconds, before to: UnixSeconds, below: UInt32
  ) -> (MerchantFigures, next: UInt32?) {
    var figures = MerchantFigures()
    var number = Swift.min(below, orders.next)
    var left = Self.figuresMax
    while number > orders.first && left > 0 {
      number -= 1
      left -= 1
      let entry = orders[number]
      if entry.at < from || entry.at >= to { continue }
      switch entry.kind {
      // What an appeal brings back was no step of its own.
      case .standing where entry.cause != .appealUpheld:
        figures.steps[Int(entry.standing.rawValue)] += 1
      case .standingAppeal where entry.choice == AppealState.upheld.rawValue:
        figures.stepAppealsUpheld += 1
      default: break
      }
    }
    return (figures, number > orders.first ? number : nil)
  }
}

extension ClaimRecord {
  var facts: ClaimFacts {
    ClaimFacts(
      openedAt: openedAt, verdictAt: verdictAt, amount: amount, outcome: outcome,
      firstOutcome: firstOutcome, shadowOutcome: shadowOutcome, verdict: verdict,
      subsidy: subsidy, appeal: appeal, isWithdrawn: flags.contains(.withdrawn))
  }
}
