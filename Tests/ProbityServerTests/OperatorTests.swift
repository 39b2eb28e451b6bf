import IntegrityCore
import IntegrityPolicy
import ProbityClient
import ProbityServer
import ProbityWire
import Testing

/// Orders of operators and policies over a real connection.
@Suite(.serialized, .timeLimit(.minutes(1))) struct OperatorTests {
  // MARK: Operators

  @Test func aTierThatAnOperatorSetIsSeenEverywhere() async throws {
    try await DeskTests.withClient { client, _ in
      let account = AccountKey(.buyer, AccountID(42))
      _ = try await client.record((1...5).map { ServerTests.settled($0) })
      let before = try await client.score(account)
      try await client.setOverride(account, .tier(.e), actor: "li", reason: "ring")
      let score = try await client.score(account)
      #expect(score.tier == .e && before.tier != .e)
      #expect(score.reasons.first == Reason(code: .o01Override, points: 0))
      #expect(Array(score.reasons.dropFirst()) == before.reasons)
      #expect(score.score == before.score && score.isKnown)
      let explained = try await client.explain(account)
      #expect(explained.verdict.tier == .e && explained.tierByScore == before.tier)
      #expect(explained.verdict.reasons.first?.code == .o01Override)
      let ids = [AccountID(41), AccountID(42), AccountID(43)]
      let batch = try await client.scoreBatch(ids, kind: .buyer).verdicts
      #expect(batch.map(\.isOverridden) == [false, true, false])
      #expect(batch[1].tier == .e && batch[1].score == before.score && batch[1].isKnown)
      let merchants = try await client.scoreBatch(ids, kind: .merchant).verdicts
      #expect(merchants.allSatisfy { !$0.isOverridden })
      let other = try await client.score(AccountKey(.buyer, AccountID(41)))
      #expect(other.reasons.allSatisfy { $0.code != .o01Override })
      let standing = try await client.overrides(of: account).overrides
      #expect(standing.map(\.setting) == [.tier(.e)] && standing.first?.reason == "ring")
      try await client.clearOverride(account, .tier, actor: "li")
      #expect(try await client.score(account).reasons == before.reasons)
      #expect(try await client.scoreBatch(ids, kind: .buyer).verdicts[1].rawValue >> 24 == 0)
    }
  }

  @Test func anOverrideEnds() async throws {
    try await DeskTests.withClient { client, _ in
      let account = AccountKey(.merchant, AccountID(7))
      let now = DeskTests.now
      let end = UnixSeconds(now.rawValue + 3_600)
      try await client.setOverride(account, .tier(.a), endsAt: end, actor: "li", at: now)
      #expect(try await client.score(account).tier == .a)
      #expect(try await client.score(account, asOf: end).tier != .a)
      await DeskTests.failure(.notFound, field: "account", notExecuted: false) {
        try await client.clearOverride(account, .outcome, actor: "li")
      }
    }
  }

  @Test func linkedAccountsAreOneIdentity() async throws {
    try await DeskTests.withClient { client, _ in
      let (a, b) = (AccountKey(.buyer, AccountID(42)), AccountKey(.merchant, AccountID(7)))
      try await client.link(a, b, actor: "li")
      #expect(try await client.overrides(of: a).linked == [b])
      let claim = DeskTests.claim(1, allegation: .defective, proofs: [])
      let reply = try await client.openClaim(claim)
      #expect(reply.outcome == .manualReview)
      #expect(reply.reasons.contains { $0.code == .b06LinkedAccounts })
      try await client.unlink(a, b, actor: "li")
      #expect(try await client.overrides(of: a).linked.isEmpty)
    }
  }

  // MARK: Policies

  static let stricter = PolicyDocument.unboundText(version: 12)
    .replacing("\nname: standard\n", with: "\nname: stricter\n")
    .replacing("  manualAmount: 200000\n", with: "  manualAmount: 1000\n")

  @Test func aPolicyThatIsActivatedIsInForce() async throws {
    try await DeskTests.withClient { client, _ in
      let account = AccountKey(.buyer, AccountID(42))
      let before = try await client.score(account).basis
      let put = try await client.putPolicy(Self.stricter, actor: "li")
      #expect(put.version == 12 && !put.isActive && put.hash != before.policyHash)
      #expect(try await client.score(account).basis.policyHash == before.policyHash)
      #expect(try await client.status().policyName == "standard")
      let active = try await client.activatePolicy(put.hash, actor: "li")
      #expect(active.isActive && active.hash == put.hash)
      let after = try await client.score(account).basis
      #expect((after.policyHash, after.policyVersion) == (put.hash, 12))
      let status = try await client.status()
      #expect((status.policyName, status.policyHash) == ("stricter", put.hash))
      let report = try await client.policies().report
      #expect(report.entries.map(\.name) == ["standard", "stricter"])
      #expect(report.entries.map(\.text) == [PolicyDocument.unbound.text, Self.stricter])
      #expect(report.activeHash == put.hash && report.shadowHash == nil)
      #expect(try await client.policies(put.hash).report.entries.map(\.hash) == [put.hash])
    }
  }

  @Test func aBrokenPolicyIsRefusedWithItsLine() async throws {
    try await DeskTests.withClient { client, _ in
      let failure = await DeskTests.failure(.invalidArgument, field: "document", notExecuted: false)
      {
        _ = try await client.putPolicy("version: 3\nnonsense: 1\n", actor: "li")
      }
      #expect(failure?.message.contains("nonsense") == true)
      let same = Self.stricter.replacing(
        "\nversion: 12\n", with: "\nversion: \(PolicyDocument.unbound.policy.version)\n")
      await DeskTests.failure(.failedPrecondition, field: "version", notExecuted: false) {
        _ = try await client.putPolicy(same, actor: "li")
      }
    }
  }

  @Test func aPolicyInShadowSaysWhatItWouldHaveDone() async throws {
    try await DeskTests.withClient { client, _ in
      let put = try await client.putPolicy(Self.stricter, actor: "li")
      _ = try await client.shadowPolicy(put.hash, actor: "li")
      for id in 1...2 as ClosedRange<UInt64> {
        let claim = DeskTests.claim(id, amount: 1_500, allegation: .defective, proofs: [])
        _ = try await client.openClaim(claim)
      }
      _ = try await client.openClaim(DeskTests.claim(3))
      let page = try await client.shadow(countMax: 1).report
      #expect(page.tally.claimCount == 3 && page.tally.differingCount == 2)
      #expect(page.differences.map(\.claim.id.rawValue) == [2])
      #expect(page.differences.allSatisfy { $0.other == .manualReview })
      let rest = try await client.shadow(below: try #require(page.next)).report
      #expect(rest.differences.map(\.claim.id.rawValue) == [1] && rest.next == nil)
      #expect(try await client.policies().report.shadow == page.tally)
      _ = try await client.shadowPolicy(nil, actor: "li")
      #expect(try await client.policies().report.shadowHash == nil)
    }
  }
}
