import IntegrityCore
import IntegrityPolicy
import MarketplaceSimulator
import ProbityClient
import ProbityWire

/// The day's claims at the desk, and what became of them.
final class Desk {
  private struct Case {
    var claim: Claim
    var isFounded: Bool
    var role: MarketplaceRole
    var reply: ClaimReply
  }

  private let client: ProbityClient
  private let market: Market
  private var cases: [UInt64: Case] = [:]
  private var order: [UInt64] = []

  /// Claims of categories 1 to 8, by order; this one's budget is small.
  private static let poorCategory: UInt32 = 3
  private static let poorBudget = Minor(60_000)

  init(_ client: ProbityClient, _ market: Market) {
    self.client = client
    self.market = market
  }

  func setBudgets() async throws {
    _ = try await client.setBudget(
      .category, key: UInt64(Self.poorCategory), cap: Self.poorBudget, actor: "finance",
      reason: "small budget for a day", at: Market.dayStart)
    print(
      "finance gives category \(Self.poorCategory) \(Self.poorBudget.text) for the day; all else "
        + "is as the policy has it")
  }

  func openTheDaysClaims() async throws {
    var others: [Event] = []
    for event in market.day {
      switch event.detail {
      case .claimOpened(let kind, let allegation):
        try await market.record(others, client)
        others.removeAll()
        try await open(event, kind, allegation)
      case .claimWithdrawn where cases[event.claim] != nil:
        let reply = try await client.withdrawClaim(ClaimID(event.claim), at: event.at)
        cases[event.claim]?.reply = reply
      case .claimDecided where cases[event.claim] != nil,
        .compensated where cases[event.claim] != nil:
        // The desk decides for itself, below.
        break
      default: others.append(event)
      }
    }
    try await market.record(others, client)
  }

  private func open(_ event: Event, _ kind: ClaimKind, _ allegation: Allegation) async throws {
    var claim = Claim(
      id: ClaimID(event.claim), buyer: event.buyer, merchant: event.merchant, order: event.order,
      openedAt: event.at, amount: event.amount, category: UInt32(1 + event.order % 8), kind: kind,
      allegation: allegation)
    let isFounded = market.isFounded(claim)
    // Who tells the truth has pictures more often than who does not.
    if event.order % 10 < (isFounded ? 9 : 5) { claim.proofs.insert(.buyerEvidence) }
    switch market.proofs[event.order] {
    case .trackingInvalid: claim.proofs.insert(.trackingInvalid)
    case .scannedBeforeOrder: claim.proofs.insert(.scannedBeforeOrder)
    case .wrongDestination: claim.proofs.insert(.wrongDestination)
    case .emptyParcel: claim.proofs.insert(.emptyParcel)
    case nil: break
    }
    // The history has it, and it counts there.
    if market.proofs[event.order] != nil { claim.proofs.insert(.recorded) }
    let reply = try await client.openClaim(claim, at: claim.openedAt)
    cases[event.claim] = Case(
      claim: claim, isFounded: isFounded,
      role: market.role(.buyer, claim.buyer) ?? .honestBuyer, reply: reply)
    order.append(event.claim)
  }

  // MARK: Telling

  func printOutcomes() {
    print("\(cases.count) claims; one of each outcome and first reason:")
    var told: Set<String> = []
    for id in order {
      guard let one = cases[id], let reason = one.reply.reasons.first else { continue }
      let key = "\(one.reply.firstOutcome.name) \(reason.code.label)"
      if !told.insert(key).inserted { continue }
      let reasons = one.reply.reasons.map { reason in
        reason.code.label
          + (reason.points == 0 ? "" : (reason.points > 0 ? "+" : "") + "\(reason.points)")
      }
      print(
        "  \(one.reply.firstOutcome.name.padded(22)) \(one.claim.amount.text.padded(10)) "
          + "\(reason.code.text) (\(reasons.joined(separator: " "))); truly "
          + (one.isFounded ? "founded" : "made up by a \(one.role)"))
    }
  }

  func printExhausted() {
    let poor = order.compactMap { cases[$0] }.filter { $0.claim.category == Self.poorCategory }
    let degraded = poor.filter { one in
      one.reply.reasons.contains { $0.code == .g04CategoryCap }
    }
    let paid = poor.filter { $0.reply.firstOutcome == .platformCompensates }
    print(
      "category \(Self.poorCategory): \(paid.count) claims compensated for "
        + "\(sum(paid).text) of \(Self.poorBudget.text); then \(degraded.count) got "
        + "RETURN_AND_REFUND with G04 instead")
  }

  // MARK: Humans

  func decideReviews() async throws {
    var (upheld, abuse, compensated) = (0, 0, 0)
    for id in order {
      guard let one = cases[id], one.reply.outcome == .manualReview, !one.reply.isWithdrawn else {
        continue
      }
      // A human finds the truth out; a buyer who cheats as a habit is told so.
      let reply = try await client.decideClaim(
        one.claim.id, one.isFounded ? .upheld : .abuse, actor: "desk", at: Market.dayEnd)
      if one.isFounded { upheld += 1 } else { abuse += 1 }
      if reply.outcome == .platformCompensates { compensated += 1 }
      cases[id]?.reply = reply
    }
    print(
      "\(upheld + abuse) claims: \(upheld) upheld, of which \(compensated) are compensated now; "
        + "\(abuse) found abusive and declined")
    var settled = 0
    for id in order {
      guard let one = cases[id], one.reply.money.state == .reserved else { continue }
      cases[id]?.reply = try await client.settleSubsidy(one.claim.id, .commit, at: Market.dayEnd)
      settled += 1
    }
    print("\(settled) subsidies are paid")
  }

  func verifyReceipts() async throws {
    var same = 0
    for id in order {
      let reply = try await client.claim(ClaimID(id))
      let receipt = try Receipt(reply.receipt)
      try receipt.verify(under: PolicyDocument.standard.policy)
      same += 1
    }
    print("\(same) of \(order.count) decisions come out the same, bit for bit, from their receipts")
  }

  // MARK: Figures

  private func sum(_ cases: [Case]) -> Minor {
    Minor(cases.reduce(0) { $0 + $1.claim.amount.rawValue })
  }

  func printFigures(leakedToRing: Minor) {
    let all = order.compactMap { cases[$0] }.filter { !$0.reply.isWithdrawn }
    print("claims: \(all.count), asking \(sum(all).text)")
    for outcome in Outcome.allCases {
      let those = all.filter { $0.reply.outcome == outcome }
      if those.isEmpty { continue }
      let cheats = those.filter { !$0.isFounded }
      print(
        "  \(outcome.name.padded(22)) \("\(those.count)".padded(6)) \(sum(those).text.padded(14)) "
          + "of which made up: \(cheats.count), \(sum(cheats).text)")
    }
    let paid = all.filter { $0.reply.money.state.counts }
    print("the platform pays \(sum(paid).text) for \(paid.count) claims, by buyers' truth:")
    for role in MarketplaceRole.allCases where role.kind == .buyer {
      let those = paid.filter { $0.role == role }
      if !those.isEmpty {
        print("  \("\(role)".padded(22)) \("\(those.count)".padded(6)) \(sum(those).text)")
      }
    }
    let leaked = paid.filter { !$0.isFounded }
    let refused = all.filter { $0.reply.outcome == .decline && $0.isFounded }
    let automatic = all.filter { $0.reply.verdict == nil }
    print(
      "wrong: \(leaked.count) made-up claims paid (\(sum(leaked).text), "
        + "\(percent(sum(leaked), sum(paid))) of the money), \(refused.count) founded claims declined"
    )
    print("to the ring of throwaway accounts, besides: \(leakedToRing.text)")
    print(
      "decided without a human: \(automatic.count) of \(all.count) "
        + "(\(automatic.count * 1_000 / Swift.max(all.count, 1) / 10) %)")
    let merchants = all.filter {
      $0.reply.outcome == .platformCompensates && $0.claim.kind == .quality
    }
    print("kept off merchants: \(sum(merchants).text)")
  }

  private func percent(_ part: Minor, _ whole: Minor) -> String {
    let tenths = whole.rawValue == 0 ? 0 : part.rawValue * 1_000 / whole.rawValue
    return "\(tenths / 10).\(tenths % 10) %"
  }
}

extension String {
  func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
}
