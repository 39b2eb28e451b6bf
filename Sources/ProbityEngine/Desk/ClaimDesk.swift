import AccountStore
import ClaimStore
import IntegrityCore

/// The state of claims, money, appeals, and what operators have set: a fold over the log,
/// as the accounts are. The sequencer's alone.
public final class ClaimDesk {
  package struct Limits: Sendable, Equatable {
    /// Claims remembered: more are refused until old ones may be forgotten.
    package var claimsMax = 1 << 24
    /// Entries of operators remembered.
    package var entriesMax = 1 << 20
  }

  package var claims: ClaimTable
  package var ledger = SubsidyLedger()
  /// What humans did about claims.
  package var notes: EntryTable
  /// Budgets, overrides, links, merchants' standings and certifications.
  package var orders: EntryTable
  package var shadow = ShadowTally()
  /// What has changed about accounts of late.
  public let changes = ChangeHistory()
  /// Where receipts go; nil = nowhere.
  package var receipts: (any ReceiptArchive)?
  package let limits: Limits

  /// Days after which a claim that is at its end is forgotten: longer than every window of
  /// money and appeals.
  package static let retentionDays: UInt32 = 400
  /// Claims of one buyer that are looked at, newest first: those linked to it likewise.
  static let buyerClaimsMax = 256
  /// Most accounts of one identity.
  static let identityMax = 16
  /// Claims forgotten at each command.
  private static let forgottenMax = 4

  /// - Parameter seed: scatters what is indexed, so that nobody can choose ids that collide.
  package init(limits: Limits = Limits(), seed: UInt64) {
    self.limits = limits
    claims = ClaimTable(seed: seed)
    notes = EntryTable(seed: seed)
    orders = EntryTable(seed: seed)
  }

  /// Hash of all of it; 0 as long as nothing was ever done.
  package var hash: UInt64 {
    let changes = changes.hash
    // A command that came to nothing else has moved the day on.
    let isUntouched =
      claims.next == 0 && orders.next == 0 && notes.next == 0 && changes == 0 && ledger.day == 0
    if isUntouched { return 0 }
    return StateHash.of([
      changes,
      claims.hashSum, UInt64(claims.first), UInt64(claims.next), ledger.hash, notes.hashSum,
      UInt64(notes.first), UInt64(notes.next), orders.hashSum, UInt64(orders.next), shadow.hash,
    ])
  }

  /// Moves to `now`: budgets of a new day, reservations that are over.
  func advance(to now: UnixSeconds, _ policy: Policy) {
    ledger.advance(to: now, reserveDays: policy.subsidy.reserveDays, claims: &claims)
  }

  /// Forgets claims that are long at their end, a few at a time. Never while a command is at
  /// work, which may have found one of them.
  func forgetSome(at now: UnixSeconds) {
    for _ in 0..<Self.forgottenMax {
      guard claims.count > 0, isForgettable(claims[claims.first], at: now) else { return }
      forgetNotes(of: claims.first)
      claims.forgetOldest()
    }
  }

  /// Whether no claim that was opened at `time` or later is forgotten.
  func keepsClaims(since time: UnixSeconds, now: UnixSeconds) -> Bool {
    claims.first == 0
      || UInt64(time.rawValue) + UInt64(Self.retentionDays) * 86_400 >= UInt64(now.rawValue)
  }

  static func forgottenClaims(_ field: String, _ remedy: String) -> DeskRefusal {
    DeskRefusal(
      .invalid, field: field,
      "reaches back to claims that are forgotten, as all are \(retentionDays) days after their "
        + "end: give \(remedy)")
  }

  /// Whether nothing of a claim matters any more.
  private func isForgettable(_ record: ClaimRecord, at now: UnixSeconds) -> Bool {
    let last = Swift.max(record.decidedAt, record.appliedAt, record.appealedAt, record.reservedAt)
    return UInt64(last.rawValue) + UInt64(Self.retentionDays) * 86_400 <= UInt64(now.rawValue)
      && record.subsidy != .reserved && !record.flags.contains(.inMerchantWindow)
  }

  private func forgetNotes(of claim: UInt32) {
    while notes.count > 0 && notes[notes.first].key <= UInt64(claim) { notes.forgetOldest() }
  }

  /// Traps unless everything agrees: for tests and simulations.
  package func checkInvariants() { ledger.checkInvariants(claims) }
}
