import CommandLog
import IntegrityCore
import ProbityEngine
import Testing

/// Which later decisions an undone claim has changed.
@Suite struct AffectedDecisionTests {
  private let fixture: DeskFixture
  private let log = KeepingLog()
  private let outcomes = Outcomes()

  init() throws { fixture = try DeskFixture() }

  private func affected(by id: UInt64) async throws -> AffectedReport {
    log.contents.withLock { $0.position = fixture.state.position.rawValue }
    let sequencer = Sequencer(
      state: fixture.state, log: log, queue: JobQueue(commandsMax: 100), clock: StillClock(),
      limits: Engine.Limits())
    sequencer.turn([
      EngineJob(
        .ask(.affected(ClaimID(id), below: .max)), deadlineNanoseconds: .max,
        ticket: EngineJob.Ticket(connection: 1, stream: 1), replyTo: outcomes)
    ])
    guard case .told(.affected(let report), _) = await outcomes.wait(for: 1)[1] else {
      throw DeskRefusal(.invalid, "nothing was told")
    }
    return report
  }

  /// An abuse that was none made a human look at the buyer's next claim, and at no other.
  @Test func onlyWhatTheUndoneVerdictHasChanged() async throws {
    fixture.orders(60, of: 1)
    fixture.orders(60, of: 2)
    #expect(try fixture.open(1, buyer: 1).outcome == .platformCompensates)
    fixture.pass(seconds: 10)
    // Before the verdict: decided without it.
    #expect(try fixture.open(2, buyer: 1, merchant: 20, amount: 10).outcome == .platformCompensates)
    fixture.pass(seconds: 10)
    try fixture.claimAnswer(.decideClaim(ClaimID(1), .abuse))
    fixture.pass(seconds: 10)
    let suspected = try fixture.open(3, buyer: 1, merchant: 21, amount: 10)
    #expect(suspected.outcome == .manualReview)
    // Another buyer of the same merchant.
    #expect(try fixture.open(4, buyer: 2, amount: 10).outcome == .platformCompensates)
    fixture.pass(days: 1)
    try fixture.claimAnswer(.openAppeal(ClaimID(1), by: .buyer))
    try fixture.claimAnswer(.decideAppeal(ClaimID(1), isUpheld: true))
    // Behind the appeal: decided without the verdict.
    #expect(try fixture.open(5, buyer: 1, merchant: 22, amount: 10).outcome == .platformCompensates)
    let report = try await affected(by: 1)
    #expect(report.decisions.map(\.claim) == [ClaimID(3)])
    #expect(report.decisions.first?.outcome == .manualReview)
    #expect(report.decisions.first?.other == .platformCompensates)
    #expect(report.unreadable == 0 && report.next == nil && report.lookedAt == 4)
  }

  /// A budget that an undone claim had used up, for claims before and behind the appeal.
  @Test func whatWasDecidedBehindTheAppealIsNotAffected() async throws {
    fixture.apply(.setBudget(.merchant30Days, key: 9, cap: Minor(1_000)))
    try fixture.open(1, buyer: 1)
    fixture.pass(seconds: 10)
    #expect(try fixture.open(2, buyer: 2).outcome == .returnAndRefund)
    try fixture.claimAnswer(.openAppeal(ClaimID(1), by: .merchant))
    try fixture.claimAnswer(.decideAppeal(ClaimID(1), isUpheld: true))
    fixture.pass(seconds: 10)
    #expect(try fixture.open(3, buyer: 3).outcome == .platformCompensates)
    fixture.pass(seconds: 10)
    // The sum that is full now is not that of the undone claim.
    #expect(try fixture.open(4, buyer: 4).outcome == .returnAndRefund)
    let report = try await affected(by: 1)
    #expect(report.decisions.map(\.claim) == [ClaimID(2)])
  }
  /// A proof made a merchant look weak; without it two strong ones contradict each other.
  @Test func aContestedProofIsTakenOutOfLaterDecisions() async throws {
    for buyer in UInt64(1)...2 { fixture.orders(120, of: buyer, from: 9) }
    try fixture.open(1, buyer: 40, proofs: .wrongDestination)
    fixture.pass(seconds: 10)
    let both: ClaimProofs = [.buyerEvidence, .merchantEvidence]
    #expect(try fixture.open(2, buyer: 1, proofs: both).outcome == .platformCompensates)
    try fixture.claimAnswer(.openAppeal(ClaimID(1), by: .merchant))
    try fixture.claimAnswer(.decideAppeal(ClaimID(1), isUpheld: true))
    fixture.pass(seconds: 10)
    #expect(try fixture.open(3, buyer: 2, proofs: both).outcome == .manualReview)
    let report = try await affected(by: 1)
    #expect(report.decisions.map(\.claim) == [ClaimID(2)])
    #expect(report.decisions.first?.other == .manualReview)
  }
}
