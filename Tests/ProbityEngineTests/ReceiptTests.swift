import Foundation
import GoldenReplay
import IntegrityCore
import IntegrityPolicy
import Testing

@Suite struct ReceiptTests {
  private static let policy = PolicyDocument.standard.policy
  private static let position = LogPosition(77)

  /// A receipt of every case in the golden table.
  private static func receipts() throws -> [(name: String, receipt: Receipt)] {
    let file = GoldenTests.folder.appending(path: "claims.txt")
    return try GoldenClaims.cases(String(contentsOf: file, encoding: .utf8)).map { name, row in
      var c = row
      // A receipt has the lot of its position.
      c.lot = ClaimCase.lot(c.claim.id, at: position)
      let decision = policy.decide(c, schema: .standard)
      return (
        name,
        Receipt(
          halfLifeSeconds: EvidenceSchema.standard.halfLifeSeconds, position: position,
          policyHash: policy.hash, policyVersion: policy.version, claimCase: c, decision: decision)
      )
    }
  }

  @Test func everyDecisionComesOutTheSame() throws {
    for (name, receipt) in try Self.receipts() {
      let bytes = receipt.encoded
      #expect(bytes.count == Receipt.sizeBytes)
      let read = try Receipt(bytes)
      #expect(read == receipt, "\(name)")
      try read.verify(under: Self.policy)
    }
  }

  @Test func noByteCanBeChanged() throws {
    let bytes = try #require(try Self.receipts().first).receipt.encoded
    for index in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[index] ^= 1 << UInt8(bit)
        #expect(throws: ReceiptFault.self, "byte \(index), bit \(bit)") { try Receipt(changed) }
      }
    }
    for count in [0, 1, 447] {
      #expect(throws: ReceiptFault.self) { try Receipt(Array(bytes.prefix(count))) }
    }
    #expect(throws: ReceiptFault.self) { try Receipt(bytes + [0]) }
  }

  /// Whoever computes the hash anew still cannot change what was decided, nor what decided.
  @Test func aForgedHashDoesNotHideAChange() throws {
    let found = try Self.receipts().first { $0.name == "a long, clean history" }
    let paid = try #require(found?.receipt)
    typealias Change = (String, (inout Receipt) -> Void)
    let changes: [Change] = [
      ("semantics", { $0.semantics += 1 }),
      ("policy's hash", { $0.policyHash ^= 1 }),
      ("policy's version", { $0.policyVersion += 1 }),
      ("half-life out of range", { $0.halfLifeSeconds = 1 }),
      ("outcome", { $0.decision.outcome = .returnAndRefund }),
      ("subsidy", { $0.decision.subsidy = Minor(7_999) }),
      ("buyer's score", { $0.decision.buyerScore += 1 }),
      ("buyer's floor", { $0.decision.buyerFloor += 1 }),
      ("merchant's score", { $0.decision.merchantScore += 1 }),
      ("merchant's floor", { $0.decision.merchantFloor += 1 }),
      ("reasons", { $0.decision.reasons.append(.o02Listed) }),
      ("amount", { $0.claimCase.claim.amount = Minor(8_001) }),
      ("kind", { $0.claimCase.claim.kind = .nonQuality }),
      ("proofs", { $0.claimCase.claim.proofs = .emptyParcel }),
      ("time of the claim", { $0.claimCase.claim.openedAt = UnixSeconds(1_900_000_000) }),
      ("position, and with it the lot", { $0.position = Self.lowestLot($0.claimCase.claim.id) }),
      ("time of the state", { $0.claimCase.stateAt = UnixSeconds(1_600_000_000) }),
      ("buyer's evidence", { $0.claimCase.buyer.counters[0] *= 1.1 }),
      ("merchant's evidence", { $0.claimCase.merchant.counters[0] *= 1.1 }),
      (
        "claims of the pair", { $0.claimCase.history = ClaimHistory(buyerClaims: 2, pairClaims: 2) }
      ),
      ("link", { $0.claimCase.history.isLinked = true }),
      ("list", { $0.claimCase.orders.isListed = true }),
      ("order", { $0.claimCase.orders.outcome = .decline }),
      ("used", { $0.claimCase.used[.global] = Minor(100_000_000) }),
      ("caps", { $0.claimCase.caps[.buyer30Days] = Minor(1) }),
    ]
    for (name, change) in changes {
      var forged = paid
      change(&forged)
      #expect(throws: ReceiptFault.self, "\(name)") {
        try Receipt(forged.encoded).verify(under: Self.policy)
      }
    }
  }

  /// A position at which the claim is drawn.
  private static func lowestLot(_ claim: ClaimID) -> LogPosition {
    var position = LogPosition(1)
    while ClaimCase.lot(claim, at: position) > 1 << 28 {
      position = LogPosition(position.rawValue + 1)
    }
    return position
  }

  @Test func whatWouldChangeTheOutcomeIsTheLeastThatDoes() throws {
    var told: [String: Int] = [:]
    for (name, receipt) in try Self.receipts() {
      let c = receipt.claimCase
      let changes = Self.policy.changes(of: c, schema: .standard)
      if receipt.decision.outcome == .platformCompensates { #expect(changes.isEmpty, "\(name)") }
      for change in changes {
        told["\(change)".prefix { $0 != "(" }.description, default: 0] += 1
        try Self.check(change, c, name)
        #expect(!change.wording.english.isEmpty && !change.wording.chinese.isEmpty)
      }
    }
    #expect(
      Set(told.keys)
        == ["cleanOrders", "evidence", "amountAtMost", "nextDay", "carrierProof", "verdict"],
      "kinds of change in the table: \(told)")
  }

  private static func check(_ change: OutcomeChange, _ c: ClaimCase, _ name: String) throws {
    func isPaid(_ change: (inout ClaimCase) -> Void) -> Bool {
      var changed = c
      change(&changed)
      return policy.decide(changed, schema: .standard).outcome == .platformCompensates
    }
    switch change {
    case .cleanOrders(let count, _, _):
      func orders(_ count: Int) -> (inout ClaimCase) -> Void {
        {
          let at = max($0.claim.openedAt, $0.buyer.lastEventAt)
          $0.buyer.add(
            Double(count), to: BuyerCounter.ordersSettled.rawValue, at: at, schema: .standard)
        }
      }
      // The table's buyers have orders without a value, so their mean is zero.
      #expect(isPaid(orders(count)) && !isPaid(orders(count - 1)), "\(name): \(change)")
    case .amountAtMost(let amount):
      #expect(isPaid { $0.claim.amount = amount }, "\(name): \(change)")
      #expect(!isPaid { $0.claim.amount = Minor(amount.rawValue + 1) }, "\(name): \(change)")
    case .evidence: #expect(isPaid { $0.claim.proofs.insert(.buyerEvidence) }, "\(name)")
    case .carrierProof: #expect(isPaid { $0.claim.proofs.insert(.wrongDestination) }, "\(name)")
    case .nextDay:
      #expect(
        isPaid {
          $0.used[.global] = Minor(0)
          $0.used[.category] = Minor(0)
        }, "\(name)")
    case .verdict:
      #expect(policy.decide(c, schema: .standard).outcome == .manualReview && c.capsHaveRoom)
    }
  }
}
