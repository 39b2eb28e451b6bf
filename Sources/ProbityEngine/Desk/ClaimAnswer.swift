import ClaimStore
import IntegrityCore

extension ClaimDesk {
  /// Most notes of a claim: a verdict, payment, withdrawal, and the appeal's two.
  private static let notesMax = 8

  /// - Parameter made: its receipt, where it was just made.
  func answer(_ number: UInt32, isRepeated: Bool, made: Receipt? = nil) -> ClaimAnswer {
    let record = claims[number]
    let appealedBy: AccountKind =
      record.flags.contains(.appealedByMerchant) ? .merchant : .buyer
    return ClaimAnswer(
      claim: record.claim, outcome: record.outcome, firstOutcome: record.firstOutcome,
      verdict: record.verdict,
      money: SubsidyStanding(
        state: record.subsidy, counted: record.subsidy.counts ? record.amount : Minor(0),
        reservedAt: record.reservedAt),
      appeal: AppealStanding(
        state: record.appeal, by: record.appeal == .none ? nil : appealedBy,
        openedAt: record.appealedAt),
      isWithdrawn: record.flags.contains(.withdrawn), position: LogPosition(record.position),
      decidedAt: record.decidedAt, notes: notes(of: number), isRepeated: isRepeated,
      receipt: made ?? receipt(number))
  }

  /// The receipt of a claim, if it is kept and whole. May read from disk.
  func receipt(_ number: UInt32) -> Receipt? {
    receipts?.read(number).flatMap { try? Receipt($0) }
  }

  private func notes(of number: UInt32) -> [ClaimNote] {
    if notes.count == 0 { return [] }
    var found: [ClaimNote] = []
    notes.forEach(DeskEntry.subject(.note, key: UInt64(number))) { _, entry in
      if let what = ClaimNote.What(rawValue: entry.choice) {
        found.append(
          ClaimNote(
            what: what, at: entry.at, actor: entry.who.text, reason: entry.why.text,
            position: LogPosition(entry.position)))
      }
      return found.count < Self.notesMax
    }
    return found
  }
}
