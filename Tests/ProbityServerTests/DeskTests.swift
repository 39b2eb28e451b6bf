import Glibc
import IntegrityCore
import NIOCore
import ProbityClient
import ProbityServer
import ProbityTransport
import ProbityWire
import Testing

/// The dispute desk over a real connection.
@Suite(.serialized, .timeLimit(.minutes(1))) struct DeskTests {
  static var now: UnixSeconds { UnixSeconds(UInt32(clamping: time(nil))) }

  /// What the standard policy has the platform pay: the carrier has proven it.
  static func claim(
    _ id: UInt64, buyer: UInt64 = 42, amount: Int64 = 2_000, kind: ClaimKind = .quality,
    allegation: Allegation = .notReceived, proofs: ClaimProofs = .trackingInvalid,
    at: UnixSeconds = now
  ) -> Claim {
    Claim(
      id: ClaimID(id), buyer: AccountID(buyer), merchant: AccountID(7), order: 1_001,
      openedAt: at, amount: Minor(amount), category: 3, kind: kind, allegation: allegation,
      proofs: proofs)
  }

  static func withClient(
    limits: @escaping (inout ServerLimits) -> Void = { _ in },
    _ body: @escaping @Sendable (ProbityClient, Daemon) async throws -> Void
  ) async throws {
    try await Daemon.run(limits: limits) { daemon in
      try await daemon.withClient { try await body($0, daemon) }
    }
  }

  /// Expects `body` to fail so, and returns how it did.
  @discardableResult
  static func failure(
    _ status: StatusCode, field: String, notExecuted: Bool,
    _ location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
  ) async -> CallFailure? {
    do {
      try await body()
      Issue.record("it succeeded", sourceLocation: location)
    } catch {
      let failure = error as? CallFailure
      #expect(failure?.status == status, "\(error)", sourceLocation: location)
      #expect(failure?.field == field, "\(error)", sourceLocation: location)
      #expect(failure?.notExecuted == notExecuted, "\(error)", sourceLocation: location)
      return failure
    }
    return nil
  }

  // MARK: Outcomes

  @Test func thePlatformCompensatesWhatTheCarrierProves() async throws {
    try await Self.withClient { client, daemon in
      let claim = Self.claim(1)
      let reply = try await client.openClaim(claim, explain: true)
      #expect(reply.claim == claim)
      #expect((reply.outcome, reply.firstOutcome) == (.platformCompensates, .platformCompensates))
      #expect(reply.reasons.first?.code == .c04CarrierProof)
      #expect(reply.money.state == .reserved && reply.money.counted == Minor(2_000))
      #expect(reply.changes.isEmpty, "nothing is left to change")
      #expect(reply.basis.logPosition == LogPosition(1) && reply.openedPosition == LogPosition(1))
      #expect(reply.basis.policyHash == daemon.engine.policy.hash)
      #expect(!reply.isRepeated && reply.verdict == nil)
      let receipt = try Receipt(reply.receipt)
      #expect(receipt.claimCase.claim == claim)
      try receipt.verify(under: daemon.engine.policy)
      #expect(reply.scores.buyer == Int(receipt.decision.buyerScore))
      let days = UInt32(daemon.engine.policy.claims.appealDays)
      #expect(reply.appealableUntil.rawValue == reply.decidedAt.rawValue + days * 86_400)
      #expect(reply.answerDueAt == .zero)
    }
  }

  @Test func aNewBuyerWithoutProofReturnsTheGoods() async throws {
    try await Self.withClient { client, _ in
      let claim = Self.claim(1, amount: 40_000, allegation: .defective, proofs: [])
      let quiet = try await client.openClaim(claim)
      #expect(quiet.outcome == .returnAndRefund && quiet.changes.isEmpty, "not asked for")
      #expect(quiet.money.state == .none)
      let told = try await client.claim(ClaimID(1))
      #expect(told.changes.contains { $0.kind == .carrierProof })
      #expect(told.changes.contains { $0.kind == .amountAtMost && $0.number > 0 })
      #expect(told.changes.allSatisfy { !$0.text.isEmpty && !$0.textChinese.isEmpty })
      let asked = try await client.openClaim(claim, explain: true)
      #expect(asked.changes == told.changes && asked.isRepeated)
    }
  }

  @Test func whatIsNoMatterOfQualityIsTheMerchants() async throws {
    try await Self.withClient { client, _ in
      let claim = Self.claim(1, kind: .nonQuality, allegation: .changedMind, proofs: [])
      let reply = try await client.openClaim(claim)
      #expect(reply.outcome == .merchantDecides)
      #expect(reply.reasons.first?.code == .c01NonQuality)
    }
  }

  @Test func aHumanDecidesAndCanDecline() async throws {
    try await Self.withClient { client, _ in
      let claim = Self.claim(1, amount: 500_000, allegation: .defective, proofs: [])
      let opened = try await client.openClaim(claim, explain: true)
      #expect(opened.outcome == .manualReview)
      #expect(opened.reasons.first?.code == .c03OverManualLimit)
      // It is more than a pair's cap: found right, the goods go back.
      #expect(!opened.changes.contains { $0.kind == .verdict })
      let decided = try await client.decideClaim(
        ClaimID(1), .rejected, actor: "li", reason: "照片是旧的")
      #expect(decided.outcome == .decline && decided.firstOutcome == .manualReview)
      #expect(decided.verdict == .rejected)
      #expect(decided.notes.map(\.what) == [.decided])
      #expect(decided.notes.first?.actor == "li" && decided.notes.first?.reason == "照片是旧的")
      let told = try await client.claim(ClaimID(1))
      #expect(told.outcome == .decline && told.receipt == opened.receipt)
    }
  }

  // MARK: Once

  @Test func theSameClaimAgainHasTheSameReceipt() async throws {
    try await Self.withClient { client, daemon in
      let claim = Self.claim(1)
      let first = try await client.openClaim(claim)
      #expect(first.receipt.count == Receipt.sizeBytes)
      _ = try await client.openClaim(Self.claim(2))
      let again = try await client.openClaim(claim)
      #expect(again.isRepeated && !first.isRepeated)
      #expect(again.receipt == first.receipt)
      #expect(try await client.claim(ClaimID(1)).receipt == first.receipt)
      var other = claim
      other.amount = Minor(2_001)
      await Self.failure(.invalidArgument, field: "claim.id", notExecuted: false) {
        _ = try await client.openClaim(other)
      }
      #expect(daemon.engine.applied.claimCount == 2)
      #expect(try await client.status().claims == 2)
    }
  }

  @Test func whatWasDecidedStays() async throws {
    try await Self.withClient { client, _ in
      _ = try await client.openClaim(Self.claim(1))
      let at = Self.now
      let decided = try await client.decideClaim(ClaimID(1), .upheld, actor: "li", at: at)
      let again = try await client.decideClaim(ClaimID(1), .upheld, actor: "li", at: at)
      #expect(again.isRepeated && !decided.isRepeated)
      #expect(again.notes == decided.notes)
      await Self.failure(.failedPrecondition, field: "claim", notExecuted: false) {
        _ = try await client.decideClaim(ClaimID(1), .abuse, actor: "li", at: at)
      }
      await Self.failure(.failedPrecondition, field: "claim", notExecuted: false) {
        _ = try await client.withdrawClaim(ClaimID(1))
      }
    }
  }

  @Test func anUnknownClaimIsNotFound() async throws {
    try await Self.withClient { client, _ in
      await Self.failure(.notFound, field: "claim", notExecuted: false) {
        _ = try await client.claim(ClaimID(9))
      }
      await Self.failure(.notFound, field: "claim", notExecuted: false) {
        _ = try await client.decideClaim(ClaimID(9), .upheld, actor: "li")
      }
      await Self.failure(.notFound, field: "claim", notExecuted: false) {
        _ = try await client.affectedDecisions(by: ClaimID(9))
      }
      await Self.failure(.notFound, field: "policy", notExecuted: false) {
        _ = try await client.activatePolicy(77, actor: "li")
      }
      await Self.failure(.notFound, field: "policy", notExecuted: false) {
        _ = try await client.policies(77)
      }
    }
  }

  @Test func whatCannotBeIsRefusedBeforeItIsLogged() async throws {
    try await Self.withClient { client, daemon in
      await Self.failure(.invalidArgument, field: "claim.amount", notExecuted: true) {
        _ = try await client.openClaim(Self.claim(1, amount: -1))
      }
      let future = UnixSeconds(4_000_000_000)
      await Self.failure(.invalidArgument, field: "claim.opened_at", notExecuted: true) {
        _ = try await client.openClaim(Self.claim(1, at: future))
      }
      await Self.failure(.invalidArgument, field: "at", notExecuted: true) {
        _ = try await client.withdrawClaim(ClaimID(1), at: future)
      }
      await Self.failure(.invalidArgument, field: "actor", notExecuted: true) {
        _ = try await client.decideClaim(ClaimID(1), .upheld, actor: "")
      }
      await Self.failure(.invalidArgument, field: "claim", notExecuted: true) {
        _ = try await client.claim(ClaimID(0))
      }
      let account = AccountKey(.buyer, AccountID(42))
      await Self.failure(.invalidArgument, field: "ends_at", notExecuted: true) {
        try await client.setOverride(account, .listed, endsAt: UnixSeconds(1), actor: "li")
      }
      await Self.failure(.invalidArgument, field: "document", notExecuted: true) {
        _ = try await client.putPolicy(String(repeating: "#", count: 65_537), actor: "li")
      }
      await Self.failure(.invalidArgument, field: "count", notExecuted: true) {
        _ = try await client.shadow(countMax: 1_001)
      }
      #expect(daemon.engine.position == .zero)
    }
  }

  // MARK: Money and appeals

  @Test func anExhaustedBudgetSendsTheGoodsBack() async throws {
    try await Self.withClient { client, _ in
      try await client.setBudget(.global, cap: Minor(3_000), actor: "li", reason: "month's end")
      #expect(try await client.openClaim(Self.claim(1)).outcome == .platformCompensates)
      let second = try await client.openClaim(Self.claim(2), explain: true)
      #expect(second.outcome == .returnAndRefund)
      #expect(second.reasons.contains { $0.code == .g01GlobalBudget })
      #expect(second.changes.contains { $0.kind == .nextDay })
      let global = try await client.budgets().budgets.first { $0.scope == .global }
      #expect(global?.cap == Minor(3_000) && global?.used == Minor(2_000))
      #expect(global?.isSet == true && global?.actor == "li" && global?.reason == "month's end")
      try await client.setBudget(.global, cap: nil, actor: "li")
      let cleared = try await client.budgets().budgets.first { $0.scope == .global }
      #expect(cleared?.isSet == false && cleared?.used == Minor(2_000))
    }
  }

  @Test func anAppealUndoesADecision() async throws {
    try await Self.withClient { client, daemon in
      _ = try await client.openClaim(Self.claim(1))
      let paid = try await client.settleSubsidy(ClaimID(1), .commit)
      #expect(paid.money.state == .committed)
      await Self.failure(.failedPrecondition, field: "claim", notExecuted: false) {
        _ = try await client.affectedDecisions(by: ClaimID(1))
      }
      let appealed = try await client.openAppeal(ClaimID(1), by: .merchant, reason: "it arrived")
      #expect(appealed.appeal.state == .open && appealed.appeal.by == .merchant)
      let days = UInt32(daemon.engine.policy.claims.answerDays)
      #expect(
        appealed.answerDueAt.rawValue == appealed.appeal.openedAt.rawValue + days * 86_400)
      #expect(appealed.appealableUntil == .zero)
      let upheld = try await client.decideAppeal(ClaimID(1), isUpheld: true, actor: "wang")
      #expect(upheld.appeal.state == .upheld && upheld.money.state == .reversed)
      #expect(upheld.outcome == .decline && upheld.answerDueAt == .zero)
      #expect(upheld.notes.map(\.what) == [.appealDecided, .appealOpened, .paid])
      #expect(upheld.affected == AffectedReport(decisions: [], lookedAt: 0, unreadable: 0))
      let affected = try await client.affectedDecisions(by: ClaimID(1))
      #expect(affected.report == upheld.affected)
      #expect(try await client.claim(ClaimID(1)).affected == nil)
    }
  }

  /// More later claims than a page looks at: those behind it are had from its cursor on.
  @Test func anUpheldAppealListsWhatItChanges() async throws {
    try await Self.withClient { client, _ in
      let small = { (id: UInt64) in
        Self.claim(id, buyer: 100 + id, amount: 1_000, allegation: .defective, proofs: [])
      }
      let at = UnixSeconds(Self.claim(1).openedAt.rawValue + 10)
      _ = try await client.setBudget(.merchant30Days, key: 7, cap: Minor(1_000), actor: "li")
      #expect(try await client.openClaim(small(1)).outcome == .platformCompensates)
      for id in UInt64(2)...71 {
        let later = try await client.openClaim(small(id))
        #expect(later.outcome == .returnAndRefund)
      }
      let appealed = try await client.openAppeal(ClaimID(1), by: .merchant, at: at)
      #expect(appealed.affected == nil)
      var replies: [ClaimReply] = []
      for _ in 1...2 {
        replies.append(
          try await client.decideAppeal(ClaimID(1), isUpheld: true, actor: "wang", at: at))
      }
      #expect(replies.map(\.isRepeated) == [false, true])
      let page = try #require(replies[0].affected)
      #expect(replies[1].affected == page)
      #expect(page.lookedAt == 64 && page.unreadable == 0)
      #expect(page.decisions.map(\.claim.rawValue) == Array((8...71).reversed()))
      #expect(page.decisions.allSatisfy { $0.other == .platformCompensates })
      let rest = try await client.affectedDecisions(
        by: ClaimID(1), below: try #require(page.next)
      ).report
      #expect(rest.decisions.map(\.claim.rawValue) == Array((2...7).reversed()))
      #expect(rest.next == nil)
    }
  }

  @Test func whatIsWithdrawnIsFreeAgain() async throws {
    try await Self.withClient { client, _ in
      _ = try await client.openClaim(Self.claim(1))
      let withdrawn = try await client.withdrawClaim(ClaimID(1))
      #expect(withdrawn.isWithdrawn && withdrawn.money.state == .released)
      #expect(withdrawn.money.counted == Minor(0) && withdrawn.appealableUntil == .zero)
    }
  }

  // MARK: Deadlines, cancellation, bounds

  /// Runs `body` with a greeted socket to a daemon whose log is held by the claim on stream 1.
  private static func withHeldClaim(
    limits: (inout ServerLimits) -> Void = { _ in },
    _ body: @escaping @Sendable (inout RawConnection, HeldLog) async throws -> Void
  ) async throws {
    let log = HeldLog()
    try await Daemon.run(log: log, limits: limits) { daemon in
      defer { log.letGo() }
      try await daemon.withSocket { socket in
        try await socket.hello()
        #expect(try await socket.next()?.0.type == .hello)
        try await socket.send(Self.opening(1, on: socket, stream: 1))
        await log.held()
        try await body(&socket, log)
      }
    }
  }

  private static func opening(
    _ id: UInt64, on socket: RawConnection, stream: UInt32, timeoutMicroseconds: UInt32 = 0
  ) -> ByteBuffer {
    var buffer = ByteBuffer()
    let command = DeskCommand(.openClaim(claim(id)), at: .zero)
    socket.codec.encodeDeskRequest(
      .command(command), .init(stream: stream, timeoutMicroseconds: timeoutMicroseconds),
      to: &buffer)
    return buffer
  }

  /// Statuses of the responses that come, by stream.
  private static func statuses(
    _ count: Int, _ socket: inout RawConnection
  ) async throws -> [UInt32: (StatusCode?, notExecuted: Bool)] {
    var found: [UInt32: (StatusCode?, notExecuted: Bool)] = [:]
    while found.count < count, let (header, _) = try await socket.next() {
      if header.type != .response { continue }
      found[header.stream] = (
        StatusCode(rawValue: header.code), header.flags.contains(.notExecuted)
      )
    }
    return found
  }

  @Test func aDeskCallThatIsCancelledOrLateIsNotBegun() async throws {
    try await Self.withHeldClaim { socket, log in
      try await socket.send(Self.opening(2, on: socket, stream: 2))
      try await socket.send(Self.opening(3, on: socket, stream: 3, timeoutMicroseconds: 50_000))
      var buffer = ByteBuffer()
      socket.codec.encodeDeskRequest(.claim(ClaimID(2)), .init(stream: 4), to: &buffer)
      FrameHeader(type: .cancel, stream: 2).write(to: &buffer)
      // Answered on the loop: what came before it has been taken.
      socket.codec.encodeStatusRequest(.init(stream: 5), to: &buffer)
      try await socket.send(buffer)
      #expect(try await Self.statuses(1, &socket)[5]?.0 == .ok)
      // The deadline passes while the daemon answers others.
      let late = ContinuousClock().now + .milliseconds(60)
      var stream: UInt32 = 6
      while ContinuousClock().now < late {
        buffer.clear()
        socket.codec.encodeStatusRequest(.init(stream: stream), to: &buffer)
        try await socket.send(buffer)
        #expect(try await Self.statuses(1, &socket)[stream]?.0 == .ok)
        stream += 1
      }
      log.letGo()
      let found = try await Self.statuses(4, &socket)
      #expect(found[1]?.0 == .ok)
      #expect(found[2]?.0 == .cancelled && found[2]?.notExecuted == true)
      #expect(found[3]?.0 == .deadlineExceeded && found[3]?.notExecuted == true)
      #expect(found[4]?.0 == .notFound, "the claim was never opened")
    }
  }

  @Test func moreDeskCallsThanAllowedComeBackLater() async throws {
    try await Self.withHeldClaim(limits: { $0.deskCallsInFlightMax = 2 }) { socket, log in
      for stream in 2...3 as ClosedRange<UInt32> {
        try await socket.send(Self.opening(UInt64(stream), on: socket, stream: stream))
      }
      let refused = try await Self.statuses(1, &socket)[3]
      #expect(refused?.0 == .unavailable && refused?.notExecuted == true)
      log.letGo()
      let found = try await Self.statuses(2, &socket)
      #expect(found[1]?.0 == .ok && found[2]?.0 == .ok)
    }
  }

  @Test func whereNoTimeIsGivenTheServersClockCounts() async throws {
    try await Daemon.run { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        #expect(try await socket.next()?.0.type == .hello)
        try await socket.send(Self.opening(1, on: socket, stream: 1))
        let reply = try #require(try await socket.claim())
        #expect(abs(Int64(reply.decidedAt.rawValue) - Int64(time(nil))) < 60)
      }
    }
  }
}
