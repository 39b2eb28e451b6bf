import IntegrityCore
import MarketplaceSimulator
import ProbityClient

/// The simulated marketplace: its history, its day, and the truth.
final class Market {
  static let start = UnixSeconds(1_735_689_600)  // 2025-01-01T00:00:00Z
  static let historyDays = 300
  static let dayStart = UnixSeconds(start.rawValue + UInt32(historyDays) * 86_400)
  static let dayEnd = UnixSeconds(dayStart.rawValue + 86_400)

  private let simulator: MarketplaceSimulator
  private var sequence: UInt64 = 0
  /// What the carrier has proven, by order.
  private(set) var proofs: [UInt64: CarrierProof] = [:]
  /// Events of the day, in order.
  private(set) var day: [Event] = []

  init(accounts: Int, orders: Int, seed: UInt64) {
    simulator = MarketplaceSimulator(
      accounts: accounts, orders: orders, seed: seed, start: Self.start,
      days: Self.historyDays + 1)
  }

  /// - Returns: how many events were recorded.
  func recordHistory(_ client: ProbityClient) async throws -> Int {
    var batch: [Event] = []
    var count = 0
    for event in simulator {
      if event.at >= Self.dayEnd { break }
      if case .carrierProof(let proof) = event.detail { proofs[event.order] = proof }
      if event.at >= Self.dayStart {
        day.append(event)
        continue
      }
      batch.append(event)
      count += 1
      if batch.count == 10_000 {
        try await record(batch, client)
        batch.removeAll(keepingCapacity: true)
      }
    }
    try await record(batch, client)
    return count
  }

  func record(_ events: [Event], _ client: ProbityClient) async throws {
    if events.isEmpty { return }
    let commands = events.map { event in
      sequence += 1
      return Command(source: 1, sequence: sequence, event: event)
    }
    _ = try await client.record(commands)
  }

  func role(_ kind: AccountKind, _ id: AccountID) -> MarketplaceRole? {
    simulator.role(of: AccountKey(kind, id))
  }

  /// Whether a claim is founded: the carrier has proven it, or its buyer does not cheat.
  func isFounded(_ claim: Claim) -> Bool {
    if proofs[claim.order] != nil { return true }
    return role(.buyer, claim.buyer).map { $0.isHonest } ?? false
  }

  /// Accounts of a role, the first of them.
  func first(_ count: Int, of role: MarketplaceRole) -> [AccountID] {
    var found: [AccountID] = []
    for (account, itsRole) in simulator.truth where itsRole == role {
      found.append(account.id)
      if found.count == count { break }
    }
    return found
  }

  /// An honest merchant of middling size: one that settled four orders on the day.
  func middlingHonestMerchant() -> AccountID {
    var sold: [AccountID: Int] = [:]
    for event in day {
      if case .settled = event.detail, role(.merchant, event.merchant) == .honestMerchant {
        sold[event.merchant, default: 0] += 1
      }
    }
    return sold.filter { $0.value == 4 }.keys.min { $0.rawValue < $1.rawValue } ?? AccountID(1)
  }
}
