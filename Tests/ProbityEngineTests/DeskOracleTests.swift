import AccountStore
import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import SimulatedDisk
import Testing

/// Commands of the desk at random, beside a list of claims that is gone through anew for
/// every sum.
@Suite struct DeskOracleTests {
  private struct Known {
    var claim: Claim
    var appliedAt: UnixSeconds
    var reservedAt = UnixSeconds.zero
    var money = SubsidyState.none
    var isWithdrawn = false

    var counts: Bool { money.counts }
  }

  private struct Model {
    var known: [UInt64: Known] = [:]
    var now = UnixSeconds.zero
    let reserveDays = UInt32(Make.document.policy.subsidy.reserveDays)

    /// What is not paid in time is free again.
    mutating func advance(to time: UnixSeconds) {
      now = max(now, time)
      for (id, one) in known where one.money == .reserved && !isWithin(reserveDays, one.reservedAt)
      {
        known[id]?.money = .expired
      }
    }

    func isWithin(_ days: UInt32, _ time: UnixSeconds) -> Bool {
      UInt64(time.rawValue) + UInt64(days) * 86_400 > UInt64(now.rawValue)
    }

    func used(_ scope: SubsidyScope, for claim: Claim) -> Int64 {
      known.values.filter { one in
        // What was reversed counts on for the buyer.
        let isReversed = one.money == .reversed
        if !one.counts && !isReversed { return false }
        switch scope {
        case .global: return !isReversed && one.reservedAt.day == now.day
        case .category:
          return !isReversed && one.reservedAt.day == now.day && claim.category != 0
            && one.claim.category == claim.category
        case .buyer30Days, .buyer365Days:
          return one.claim.buyer == claim.buyer && isWithin(scope.days, one.reservedAt)
        case .merchant30Days:
          return !isReversed && one.claim.merchant == claim.merchant
            && isWithin(30, one.reservedAt)
        case .pair90Days:
          return one.claim.buyer == claim.buyer && one.claim.merchant == claim.merchant
            && isWithin(90, one.reservedAt)
        }
      }.reduce(0) { $0 + $1.claim.amount.rawValue }
    }

    func claimCount(of claim: Claim, isPair: Bool) -> Int {
      known.values.count {
        !$0.isWithdrawn && $0.claim.buyer == claim.buyer && isWithin(90, $0.appliedAt)
          && (!isPair || $0.claim.merchant == claim.merchant)
      }
    }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6])
  func sumsAndStatesAreThoseOfTheList(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let state = try Make.deskState()
    var model = Model()
    var now = UnixSeconds(1_767_225_600)
    var refusedCount = 0
    for step in 0..<3_000 {
      now = UnixSeconds(
        now.rawValue + UInt32(random.below(random.below(40) == 0 ? 900_000 : 4_000)))
      let command = Self.command(&random, step, now, model.known.keys.sorted())
      model.advance(to: now)
      let result = state.apply(command)
      state.desk.checkInvariants()
      guard case .success(.claim(let answer)) = result else {
        refusedCount += 1
        continue
      }
      let id = answer.claim.id.rawValue
      if case .openClaim(let claim) = command.action, !answer.isRepeated {
        try Self.check(answer, claim, model)
        model.known[id] = Known(claim: claim, appliedAt: now)
      }
      model.known[id]?.money = answer.money.state
      model.known[id]?.reservedAt = answer.money.reservedAt
      model.known[id]?.isWithdrawn = answer.isWithdrawn
    }
    #expect(model.known.count > 500 && refusedCount > 100)
    #expect(Set(model.known.values.map(\.money)).count >= 5, "money in few states: \(seed)")
  }

  private static func check(_ answer: ClaimAnswer, _ claim: Claim, _ model: Model) throws {
    let receipt = try #require(answer.receipt)
    for scope in SubsidyScope.allCases {
      #expect(receipt.claimCase.used[scope].rawValue == model.used(scope, for: claim), "\(scope)")
    }
    let history = receipt.claimCase.history
    #expect(Int(history.buyerClaims) == model.claimCount(of: claim, isPair: false))
    #expect(Int(history.pairClaims) == model.claimCount(of: claim, isPair: true))
    try receipt.verify(under: Make.document.policy)
    #expect(try Receipt(receipt.encoded) == receipt)
  }

  private static func command(
    _ random: inout SplitMix64, _ step: Int, _ now: UnixSeconds, _ known: [UInt64]
  ) -> DeskCommand {
    let id = ClaimID(known.isEmpty ? 1 : known[random.below(known.count)])
    let action: DeskAction =
      switch random.below(12) {
      case 0: .decideClaim(id, Verdict.allCases[random.below(3)])
      case 1: .withdrawClaim(id)
      case 2, 3: .settleSubsidy(id, random.below(4) == 0 ? .release : .commit)
      case 4: .openAppeal(id, by: random.below(2) == 0 ? .buyer : .merchant)
      case 5: .decideAppeal(id, isUpheld: random.below(3) > 0)
      default: .openClaim(claim(&random, step, now))
      }
    return DeskCommand(action, at: now, actor: "anna")
  }

  private static func claim(_ random: inout SplitMix64, _ step: Int, _ now: UnixSeconds) -> Claim {
    let proofs: [ClaimProofs] = [[], [], [], .buyerEvidence, .trackingInvalid, .emptyParcel]
    return Claim(
      id: ClaimID(UInt64(step + 1)), buyer: AccountID(UInt64(1 + random.below(40))),
      merchant: AccountID(UInt64(1 + random.below(6))), order: 1, openedAt: now,
      amount: Minor(Int64(1 + random.below(random.below(9) == 0 ? 300_000 : 6_000))),
      category: UInt32(random.below(4)), kind: random.below(5) == 0 ? .nonQuality : .quality,
      allegation: .defective, proofs: proofs[random.below(proofs.count)])
  }
}
