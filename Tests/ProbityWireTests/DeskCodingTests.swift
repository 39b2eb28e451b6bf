import IntegrityCore
import ProbityWire
import Testing

@Suite("Messages of the dispute desk")
struct DeskCodingTests {
  let codec = Codec()

  private func payload(of request: DeskRequest) throws -> [UInt8] {
    let frame = codec.frames { $0.encodeDeskRequest(request, .init(stream: 1), to: &$1) }
    #expect(frameHeader(of: frame)?.code == request.method.rawValue)
    return try ProbityWireTests.payload(of: frame)
  }

  private func payload(of reply: DeskReply) throws -> [UInt8] {
    let frame = codec.frames { $0.encodeDesk(reply, stream: 1, to: &$1) }
    #expect(frameHeader(of: frame)?.code == StatusCode.ok.rawValue)
    return try ProbityWireTests.payload(of: frame)
  }

  // MARK: Both ways

  @Test("requests come back as they went, and there is one of each method")
  func requests() throws {
    for request in SampleDesk.everyRequest {
      let bytes = try payload(of: request)
      #expect(try codec.decodeDesk(request.method, bytes) == request)
      #expect(bytes.count <= ProtocolLimits.policyBytesMax + 200, "\(request.method.name)")
      if case .command(let command, _) = request, case .putPolicy = command.action { continue }
      // Fifteen fields at most: what is fixed has nine bytes, the texts 144 together.
      #expect(bytes.count <= 300, "\(request.method.name)")
    }
    #expect(
      Set(SampleDesk.everyRequest.map(\.method)) == Set(Method.allCases.filter(\.isOfDesk)))
  }

  @Test("claim replies")
  func claimReplies() throws {
    for reply in [SampleDesk.claimReply, SampleDesk.claimReplyOfZeros] {
      #expect(try codec.decodeClaimReply(payload(of: .claim(reply))) == reply)
    }
    for outcome in Outcome.allCases {
      for state in SubsidyState.allCases {
        var reply = SampleDesk.claimReplyOfZeros
        (reply.outcome, reply.money.state) = (outcome, state)
        #expect(try codec.decodeClaimReply(payload(of: .claim(reply))) == reply)
      }
    }
    for state in AppealState.allCases {
      var reply = SampleDesk.claimReply
      reply.appeal = AppealStanding(state: state, by: .buyer, openedAt: .zero)
      #expect(try codec.decodeClaimReply(payload(of: .claim(reply))) == reply)
    }
  }

  @Test("replies to operators")
  func otherReplies() throws {
    let position = LogPosition(.max)
    #expect(try codec.decodeDoneReply(payload(of: .done(position))) == position)
    let policy = SampleDesk.policy
    #expect(try codec.decodePolicyReply(payload(of: .policy(policy))) == policy)
    let budgets = SampleDesk.budgets
    #expect(try codec.decodeBudgetsReply(payload(of: .budgets(budgets))) == budgets)
    let overrides = SampleDesk.overrides
    #expect(try codec.decodeOverridesReply(payload(of: .overrides(overrides))) == overrides)
    let policies = SampleDesk.policies
    #expect(try codec.decodePoliciesReply(payload(of: .policies(policies))) == policies)
    var shadow = SampleDesk.shadow
    #expect(try codec.decodeShadowReply(payload(of: .shadow(shadow))) == shadow)
    shadow.report.next = nil
    #expect(try codec.decodeShadowReply(payload(of: .shadow(shadow))) == shadow)
    var affected = SampleDesk.affected
    #expect(
      try codec.decodeAffectedDecisionsReply(payload(of: .affected(affected))) == affected)
    affected.report.next = nil
    #expect(
      try codec.decodeAffectedDecisionsReply(payload(of: .affected(affected))) == affected)
  }

  @Test("standings")
  func standings() throws {
    let samples = [SampleDesk.standing, SampleDesk.standingOfNobody]
    for reply in samples {
      #expect(try codec.decodeStandingReply(payload(of: .standing(reply))) == reply)
    }
    for next in [nil, UInt32(0), .max] {
      let page = StandingsReply(standings: samples, next: next, logPosition: LogPosition(.max))
      #expect(try codec.decodeStandingsReply(payload(of: .standings(page))) == page)
    }
  }

  @Test("the largest replies fit into a payload")
  func largestReplies() throws {
    let most = Int(ProtocolLimits.payloadBytesMax)
    var standing = SampleDesk.standing
    standing.report.steps = Array(
      repeating: standing.report.steps[0], count: StandingReport.stepsMax)
    let page = StandingsReply(
      standings: Array(repeating: standing, count: StandingsPage.countMax), next: 1,
      logPosition: LogPosition(1))
    #expect(try payload(of: .standings(page)).count < most)
    #expect(try codec.decodeStandingsReply(payload(of: .standings(page))) == page)
    var shadow = SampleDesk.shadow
    shadow.report.differences = Array(
      repeating: shadow.report.differences[4], count: Int(ProtocolLimits.shadowCountMax))
    #expect(try payload(of: .shadow(shadow)).count < most)
    #expect(try codec.decodeShadowReply(payload(of: .shadow(shadow))) == shadow)
    var budgets = SampleDesk.budgets
    var widest = budgets.budgets[0]
    widest.actor = String(repeating: "a", count: DeskCommand.actorBytesMax)
    widest.reason = String(repeating: "a", count: DeskCommand.reasonBytesMax)
    budgets.budgets = Array(repeating: widest, count: 1_006)
    #expect(try payload(of: .budgets(budgets)).count < most)
    var policies = SampleDesk.policies
    var entry = policies.report.entries[1]
    let count = ProtocolLimits.policyTextsBytesMax / ProtocolLimits.policyBytesMax
    policies.report.entries = Array(repeating: entry, count: count)
    entry.text = ""
    policies.report.entries += Array(repeating: entry, count: 64 - count)
    #expect(try payload(of: .policies(policies)).count < most)
    #expect(try codec.decodePoliciesReply(payload(of: .policies(policies))) == policies)
  }

  // MARK: Faults

  /// How a request of the desk, laid out by hand, is refused, or nil.
  private func field(
    _ method: Method, _ body: (inout ProtobufWriter) -> Void
  ) -> String? {
    let failure = DecodeFaultTests.failure(
      of: ProtobufWriter.message(body), method, codec)
    #expect(failure == nil || failure?.status == .invalidArgument)
    return failure?.field
  }

  private static func claim(_ change: (inout [Int: UInt64]) -> Void) -> [UInt8] {
    var varints: [Int: UInt64] = [7: 100, 9: 1, 10: 1]
    change(&varints)
    return ProtobufWriter.message { writer in
      for field in [1, 2, 3, 6] { writer.fixed64(field, varints[field] ?? 1) }
      for field in [7, 8, 9, 10, 11] { writer.varint(field, varints[field] ?? 0) }
      if let orderedAt = varints[5] { writer.fixed64(5, orderedAt) }
    }
  }

  @Test(
    "what a claim cannot say is refused by its field",
    arguments: [
      (9, 0, "claim.claim_kind"), (9, 3, "claim.claim_kind"), (9, 257, "claim.claim_kind"),
      (10, 0, "claim.allegation"), (10, 8, "claim.allegation"), (11, 256, "claim.proofs"),
      (5, 1 << 32, "claim.ordered_at"), (6, 1 << 32, "claim.opened_at"),
    ] as [(Int, UInt64, String)])
  func claimFaults(number: Int, value: UInt64, field: String) {
    #expect(self.field(.openClaim) { $0.bytes(1, Self.claim { _ in }) } == nil)
    let found = self.field(.openClaim) { $0.bytes(1, Self.claim { $0[number] = value }) }
    #expect(found == field)
  }

  @Test("a claim is required, and so are ids")
  func required() {
    #expect(field(.openClaim) { _ in } == "claim")
    for method in [
      Method.decideClaim, .withdrawClaim, .getClaim, .settleSubsidy, .openAppeal, .decideAppeal,
      .affectedDecisions,
    ] {
      #expect(field(method) { $0.varint(2, 1) } == "claim")
    }
    for method in [
      Method.setOverride, .clearOverride, .getOverrides, .linkAccounts, .unlinkAccounts,
    ] {
      #expect(field(method) { $0.varint(2, 1) } == "account")
    }
    for method in [
      Method.assess, .decideStanding, .appealStanding, .decideStandingAppeal, .certify,
      .revokeCertification, .getStanding,
    ] {
      #expect(field(method) { $0.varint(2, 1) } == "merchant")
    }
    #expect(field(.activatePolicy) { _ in } == "policy")
    #expect(field(.shadowPolicy) { _ in } == nil, "0 is none")
  }

  @Test(
    "values that are not of an enum are refused by their field", arguments: [0, 9, 256 + 1])
  func enums(value: UInt64) {
    func claimed(_ method: Method) -> String? {
      field(method) {
        $0.fixed64(1, 1)
        $0.varint(2, value)
      }
    }
    #expect(claimed(.decideClaim) == "verdict")
    #expect(claimed(.settleSubsidy) == "settlement")
    #expect(claimed(.openAppeal) == "by")
    #expect(claimed(.decideStanding) == "decision")
    #expect(claimed(.certify) == "certification")
    #expect(claimed(.getOverrides) == "kind")
    #expect(claimed(.linkAccounts) == "kind")
    #expect(field(.setBudget) { $0.varint(1, value) } == "scope")
    func overridden(_ method: Method, _ fields: [Int: UInt64]) -> String? {
      field(method) {
        $0.fixed64(1, 1)
        $0.varint(2, 1)
        for (field, value) in fields { $0.varint(field, value) }
      }
    }
    #expect(overridden(.setOverride, [3: value]) == "setting")
    #expect(overridden(.setOverride, [3: 1, 4: value]) == "tier")
    #expect(overridden(.setOverride, [3: 2, 5: value]) == "outcome")
    #expect(overridden(.setOverride, [3: 3]) == nil, "neither tier nor outcome is needed")
    #expect(overridden(.clearOverride, [3: value]) == "setting")
    let other = field(.unlinkAccounts) {
      $0.fixed64(1, 1)
      $0.varint(2, 1)
      $0.fixed64(3, 1)
      $0.varint(4, value)
    }
    #expect(other == "other_kind")
  }

  @Test("times and counts out of range are refused by their field")
  func ranges() {
    let late = field(.withdrawClaim) {
      $0.fixed64(1, 1)
      $0.fixed64(13, 1 << 32)
    }
    #expect(late == "at")
    #expect(field(.getShadow) { $0.varint(2, 1_001) } == "count")
    #expect(field(.getShadow) { $0.varint(2, 1_000) } == nil)
  }

  @Test("enum values of a later version are read as those that promise least")
  func laterEnums() throws {
    let reply = try codec.decodeClaimReply(
      ProtobufWriter.message {
        $0.bytes(1, [])
        for field in [2, 3, 4, 11, 14, 15] { $0.varint(field, 257) }
        $0.message(22) { $0.varint(1, 99) }
        $0.message(23) { $0.varint(1, 99) }
      })
    #expect(reply.outcome == .manualReview && reply.firstOutcome == .manualReview)
    #expect(reply.verdict == nil && reply.money.state == .none && reply.appeal.state == .none)
    #expect(reply.appeal.by == nil && reply.notes.isEmpty)
    #expect(reply.changes.map(\.kind) == [.other])
    #expect(throws: CallFailure.self) { try codec.decodeClaimReply([UInt8]()) }
  }

  @Test("a tier that an operator set is bit 24 of a packed verdict")
  func overriddenVerdict() {
    let verdict = PackedVerdict(score: 871, scoreFloor: 803, tier: .b, isKnown: true)
    #expect(!verdict.isOverridden)
    for tier in Tier.allCases {
      let set = verdict.overridden(by: tier)
      #expect(set.isOverridden && set.tier == tier && set.rawValue >> 24 == 1)
      #expect(set.score == 871 && set.scoreFloor == 803 && set.isKnown)
    }
  }
}
