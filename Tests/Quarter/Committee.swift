import IntegrityCore
import MarketplaceSimulator
import ProbityClient
import ProbityWire

/// Sweeps every week, certifies at the begin, and decides what waits for a human: appeals by
/// what a human finds out, which is the truth; notices to the certified, and clear-outs, by the
/// evidence and the notice alone.
final class Committee {
  private let client: ProbityClient
  private let simulator: MarketplaceSimulator
  /// Where each merchant stands that was ever moved.
  private(set) var standings: [AccountID: Standing] = [:]
  /// The worst that each ever stood at.
  private(set) var worst: [AccountID: Standing] = [:]

  init(_ client: ProbityClient, _ simulator: MarketplaceSimulator) {
    self.client = client
    self.simulator = simulator
  }

  private func role(_ merchant: AccountID) -> MarketplaceRole? {
    simulator.role(of: AccountKey(.merchant, merchant))
  }

  /// Ten honest merchants, and ten late ones that know how to look like factories.
  func certify(at time: UnixSeconds) async throws {
    for role in [MarketplaceRole.honestMerchant, .lateMerchant] {
      let chosen = simulator.truth.lazy.filter { $0.role == role }.prefix(10)
      for (account, _) in chosen {
        _ = try await client.certify(
          account.id, .srdiFactory, endsAt: MarketQuarter.day(365), actor: "committee", at: time)
      }
    }
  }

  func meet(at time: UnixSeconds) async throws {
    let call = try await client.sweep(actor: "weekly sweep", at: time)
    var appealing: [AccountID] = []
    while case .sweep(let part)? = try await call.next() {
      for step in part.steps where step.after != step.before {
        note(step.merchant, step.after)
        // The honest contest what is taken from them, and one cheat of ten does.
        let isHonest = role(step.merchant)?.isHonest ?? false
        if step.after >= .restricted && (isHonest || step.merchant.rawValue % 10 == 0) {
          appealing.append(step.merchant)
        }
      }
    }
    for merchant in appealing {
      _ = try await client.appealStanding(merchant, actor: "merchant", at: time)
    }
    try await decide(at: time)
  }

  private func decide(at time: UnixSeconds) async throws {
    var below: UInt32 = 0
    var waiting: [StandingReport] = []
    while true {
      let page = try await client.standings(StandingFilter(isWaiting: true), below: below)
      waiting += page.standings.map(\.report)
      guard let next = page.next else { break }
      below = next
    }
    for report in waiting {
      let merchant = report.merchant
      let reply: StandingReply
      if report.answerDueAt != .zero {
        reply = try await client.decideStandingAppeal(
          merchant, isUpheld: role(merchant)?.isHonest ?? false, actor: "committee", at: time)
      } else {
        let (decision, reason): (StandingDecision, String) =
          report.isHeldBySupport
          ? (.giveNotice, "certified, and cheats") : (.clearOut, "notice not met")
        reply = try await client.decideStanding(
          merchant, decision, actor: "committee", reason: reason, at: time)
      }
      note(merchant, reply.report.standing)
    }
  }

  private func note(_ merchant: AccountID, _ standing: Standing) {
    standings[merchant] = standing
    worst[merchant] = max(worst[merchant] ?? .normal, standing)
  }
}
