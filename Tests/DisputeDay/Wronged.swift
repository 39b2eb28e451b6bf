import IntegrityCore
import ProbityClient
import ProbityWire

/// An honest buyer whom a human takes for a cheat, and who has it undone.
struct Wronged {
  private let client: ProbityClient
  private let market: Market
  private static let buyer = AccountID(910_000_000)
  private static let at = Market.dayEnd

  init(_ client: ProbityClient, _ market: Market) {
    self.client = client
    self.market = market
  }

  func story() async throws {
    let merchants = market.first(4, of: .honestMerchant)
    try await buyForAYear(merchants)
    let key = AccountKey(.buyer, Self.buyer)
    let before = try await client.score(key, asOf: Self.at)
    print("buyer \(Self.buyer.rawValue), honest: score \(before.score), floor \(before.scoreFloor)")

    let first = try await client.openClaim(
      claim(1, merchants[0], amount: 250_000, at: Self.at), at: Self.at)
    tell("a claim over 2,500.00", first)
    let verdict = try await client.decideClaim(
      first.claim.id, .abuse, actor: "bert", reason: "pictures look old", at: later(hours: 1))
    tell("bert finds it abusive", verdict)
    let blamed = try await client.score(key, asOf: later(hours: 1))
    print("  the buyer's score falls to \(blamed.score), floor \(blamed.scoreFloor)")

    let second = try await client.openClaim(
      claim(2, merchants[1], amount: 9_000, at: later(hours: 2)), explain: true,
      at: later(hours: 2))
    tell("the next claim, over 90.00", second)
    for change in second.changes { print("    · \(change.text)  \(change.textChinese)") }

    _ = try await client.openAppeal(
      first.claim.id, by: .buyer, reason: "the pictures are dated", at: later(hours: 3))
    let appeal = try await client.decideAppeal(
      first.claim.id, isUpheld: true, actor: "carla", reason: "dated indeed", at: later(hours: 4))
    tell("the appeal is upheld by carla", appeal)
    let restored = try await client.score(key, asOf: later(hours: 4))
    print(
      "  the buyer's score is \(restored.score), floor \(restored.scoreFloor), with the second claim counted"
    )
    let affected = try await client.affectedDecisions(by: first.claim.id).report
    for decision in affected.decisions {
      print(
        "  claim \(decision.claim.rawValue) would have been \(decision.other.name), "
          + "was \(decision.outcome.name)")
    }
    print("  \(affected.decisions.count) of \(affected.lookedAt) later decisions would differ")
  }

  private func buyForAYear(_ merchants: [AccountID]) async throws {
    var events: [Event] = []
    for index in 0..<60 {
      events.append(
        Event(
          at: UnixSeconds(Self.at.rawValue - UInt32(60 - index) * 4 * 86_400),
          buyer: Self.buyer, merchant: merchants[index % merchants.count],
          order: 910_000_000 + UInt64(index), amount: Minor(12_000),
          detail: .settled(orderedAt: .zero)))
    }
    try await market.record(events, client)
  }

  private func claim(
    _ number: UInt64, _ merchant: AccountID, amount: Int64, at: UnixSeconds
  ) -> Claim {
    Claim(
      id: ClaimID(910_000_000 + number), buyer: Self.buyer, merchant: merchant,
      order: 910_000_000 + number, openedAt: at, amount: Minor(amount), kind: .quality,
      allegation: .defective, proofs: .buyerEvidence)
  }

  private func later(hours: UInt32) -> UnixSeconds {
    UnixSeconds(Self.at.rawValue + hours * 3_600)
  }

  private func tell(_ what: String, _ reply: ClaimReply) {
    let reasons = reply.reasons.prefix(4).map { "\($0.code.label) \($0.code.text)" }
    print(
      "\(what): \(reply.outcome.name) (\(reasons.joined(separator: ", "))), money "
        + "\(reply.money.state)")
  }
}
