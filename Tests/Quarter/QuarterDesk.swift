import IntegrityCore
import ProbityClient
import ProbityWire

/// The marketplace's own part: records what happens, opens claims, and has its clerks decide
/// what comes to them, by the simulator's verdicts.
final class QuarterDesk {
  private let client: ProbityClient
  private var batch: [Command] = []
  private var sequence: UInt64 = 0
  /// What the carrier has proven, by order.
  private var proofs: [UInt64: ClaimProofs] = [:]
  /// Outcomes of claims that are not at their end, by order.
  private var open: [UInt64: Outcome] = [:]
  private(set) var openedCount = 0
  /// Settled orders by merchant.
  private(set) var settled: [AccountID: Int] = [:]

  init(_ client: ProbityClient) { self.client = client }

  func take(_ event: Event) async throws {
    switch event.detail {
    case .claimOpened(let kind, let allegation): try await openClaim(event, kind, allegation)
    case .claimDecided(_, let verdict): try await decide(event, verdict)
    case .claimWithdrawn:
      if open[event.order] == .manualReview { return }
      open[event.order] = nil
      try await flush()
      _ = try await client.withdrawClaim(ClaimID(event.order), at: event.at)
    case .compensated: break
    case .carrierProof(let proof):
      proofs[event.order, default: []].formUnion(ClaimProofs(proof))
      record(event)
    case .settled:
      settled[event.merchant, default: 0] += 1
      record(event)
    default: record(event)
    }
    if batch.count == 10_000 { try await flush() }
  }

  private func record(_ event: Event) {
    sequence += 1
    batch.append(Command(source: 1, sequence: sequence, event: event))
  }

  /// Records what was held back: a claim sees all that came before it.
  func flush() async throws {
    if batch.isEmpty { return }
    _ = try await client.record(batch)
    batch.removeAll(keepingCapacity: true)
  }

  private func openClaim(
    _ event: Event, _ kind: ClaimKind, _ allegation: Allegation
  ) async throws {
    try await flush()
    var proofs = proofs[event.order] ?? []
    if !proofs.isEmpty { proofs.insert(.recorded) }
    let claim = Claim(
      id: ClaimID(event.order), buyer: event.buyer, merchant: event.merchant, order: event.order,
      openedAt: event.at, amount: event.amount, category: UInt32(event.order % 20), kind: kind,
      allegation: allegation, proofs: proofs)
    open[event.order] = try await client.openClaim(claim, at: event.at).outcome
    openedCount += 1
  }

  /// What was left to humans is decided as the simulator has it; money is paid meanwhile.
  private func decide(_ event: Event, _ verdict: Verdict) async throws {
    guard let outcome = open.removeValue(forKey: event.order) else { return }
    try await flush()
    let claim = ClaimID(event.order)
    switch outcome {
    case .manualReview:
      let decided = try await client.decideClaim(claim, verdict, actor: "clerk", at: event.at)
      if decided.money.state == .reserved {
        _ = try await client.settleSubsidy(claim, .commit, at: event.at)
      }
    case .platformCompensates: _ = try await client.settleSubsidy(claim, .commit, at: event.at)
    default: break
    }
  }
}

extension ClaimProofs {
  init(_ proof: CarrierProof) {
    switch proof {
    case .trackingInvalid: self = .trackingInvalid
    case .scannedBeforeOrder: self = .scannedBeforeOrder
    case .wrongDestination: self = .wrongDestination
    case .emptyParcel: self = .emptyParcel
    }
  }
}
