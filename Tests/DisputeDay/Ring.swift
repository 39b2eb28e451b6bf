import IntegrityCore
import ProbityClient
import ProbityWire

/// Throwaway accounts that buy one cheap thing each and claim that it was broken.
struct Ring {
  private let client: ProbityClient
  private let market: Market
  private static let accountCount = 40
  private static let firstID: UInt64 = 900_000_000
  private static let at = Market.dayEnd

  init(_ client: ProbityClient, _ market: Market) {
    self.client = client
    self.market = market
  }

  /// - Returns: what the platform pays for it.
  func attack() async throws -> Minor {
    let victim = market.middlingHonestMerchant()
    let key = AccountKey(.merchant, victim)
    let before = try await client.score(key, asOf: Self.at)
    let complaintsBefore = try await complaints(key)
    var events: [Event] = []
    for index in 0..<Self.accountCount {
      events.append(
        Event(
          at: UnixSeconds(Self.at.rawValue - 3_600), buyer: id(index), merchant: victim,
          order: Self.firstID + UInt64(index), amount: Minor(4_000),
          detail: .settled(orderedAt: .zero)))
    }
    try await market.record(events, client)
    var (paid, spent) = (0, Int64(0))
    var outcomes: [String: Int] = [:]
    for index in 0..<Self.accountCount {
      let claim = Claim(
        id: ClaimID(Self.firstID + UInt64(index)), buyer: id(index), merchant: victim,
        order: Self.firstID + UInt64(index), openedAt: Self.at, amount: Minor(4_000),
        kind: .quality, allegation: .defective, proofs: .buyerEvidence)
      let reply = try await client.openClaim(claim, at: Self.at)
      outcomes[reply.outcome.name, default: 0] += 1
      if reply.money.state.counts {
        paid += 1
        spent += claim.amount.rawValue
      }
    }
    let after = try await client.score(key, asOf: Self.at)
    let weighed = try await complaints(key) - complaintsBefore
    print(
      "merchant \(victim.rawValue), honest: score \(before.score), floor \(before.scoreFloor), "
        + "tier \(before.tier.name)")
    print(
      "\(Self.accountCount) new accounts claim 40.00 each: "
        + outcomes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        .joined(separator: ", "))
    print(
      "the platform pays \(Minor(spent).text) for \(paid); together the claims weigh "
        + "\((weighed * 10).rounded() / 10) complaints, not \(Self.accountCount)")
    print(
      "afterwards: score \(after.score), floor \(after.scoreFloor), tier \(after.tier.name)")
    return Minor(spent)
  }

  private func complaints(_ merchant: AccountKey) async throws -> Double {
    let explanation = try await client.explain(merchant, asOf: Self.at)
    return explanation.evidence.first { $0.name == "qualityClaimsUpheld" }?.value ?? 0
  }

  private func id(_ index: Int) -> AccountID { AccountID(Self.firstID + UInt64(index)) }
}
