import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import SimulatedDisk

/// Someone at the dispute desk: one command at a time, sent again until it is answered.
struct DeskClient {
  private let number: UInt64
  private let name: String
  private var openedCount: UInt64 = 0
  /// Sent, and not known to be answered.
  private(set) var pending: DeskCommand?
  /// Answered, to be sent once more now and then.
  private var done: DeskCommand?

  init(number: UInt64) {
    self.number = number
    name = "clerk-\(number)"
  }

  /// What it sends now: what is pending, what was answered, or something new.
  mutating func command(_ random: inout SplitMix64, now: UnixSeconds) -> DeskCommand {
    if let pending { return pending }
    if let done, random.chance(perMille: 120) { return done }
    let reason = random.below(4) == 0 ? "seen by two" : ""
    let action = action(&random, now)
    var at = now
    // Standings change over days; others do not mind that time is ahead.
    if case .assess = action { at = UnixSeconds(now.rawValue + 86_400 * UInt32(random.below(20))) }
    let command = DeskCommand(action, at: at, actor: name, reason: reason)
    pending = command
    return command
  }

  mutating func acknowledge(_ command: DeskCommand) {
    if command == pending { pending = nil }
    done = command
  }

  private mutating func action(_ random: inout SplitMix64, _ now: UnixSeconds) -> DeskAction {
    if openedCount == 0 { return open(&random, now) }
    // The newest most often, so that claims come to their ends.
    let back = UInt64(random.below(2) == 0 ? random.below(4) : random.below(Int(openedCount)))
    let id = id(max(1, openedCount - min(back, openedCount - 1)))
    switch random.below(100) {
    case ..<10: return .decideClaim(id, Verdict.allCases[random.below(3)])
    case ..<14: return .withdrawClaim(id)
    case ..<28: return .settleSubsidy(id, random.below(4) == 0 ? .release : .commit)
    case ..<36: return .openAppeal(id, by: random.below(2) == 0 ? .buyer : .merchant)
    case ..<46: return .decideAppeal(id, isUpheld: random.below(3) > 0)
    case ..<56: return order(&random, now)
    case ..<60: return policy(&random)
    case ..<78: return standing(&random, now)
    default: return open(&random, now)
    }
  }

  private func id(_ index: UInt64) -> ClaimID { ClaimID(number << 32 | index) }

  private mutating func open(_ random: inout SplitMix64, _ now: UnixSeconds) -> DeskAction {
    openedCount += 1
    let proofs: [ClaimProofs] = [[], [], [], .buyerEvidence, .trackingInvalid, .emptyParcel]
    let allegations: [Allegation] = [.defective, .notReceived, .notAsDescribed]
    return .openClaim(
      Claim(
        id: id(openedCount), buyer: AccountID(UInt64(1 + random.below(60))),
        // Merchants that no event names: all of their evidence is of claims.
        merchant: Self.merchants[random.below(3) == 0 ? 0 : random.below(6)], order: 1,
        openedAt: UnixSeconds(now.rawValue - UInt32(random.below(200_000))),
        amount: Minor(Int64(1 + random.below(random.below(9) == 0 ? 300_000 : 6_000))),
        category: UInt32(random.below(4)), kind: random.below(5) == 0 ? .nonQuality : .quality,
        allegation: allegations[random.below(3)], proofs: proofs[random.below(proofs.count)]))
  }

  /// Merchants that no event names: all of their evidence is of claims.
  static let merchants = (101...106 as ClosedRange<UInt64>).map { AccountID($0) }

  private func order(_ random: inout SplitMix64, _ now: UnixSeconds) -> DeskAction {
    let buyer = AccountKey(.buyer, AccountID(UInt64(1 + random.below(60))))
    let other = AccountKey(.buyer, AccountID(UInt64(1 + random.below(60))))
    let merchant = AccountKey(.merchant, AccountID(UInt64(101 + random.below(6))))
    let endsAt = random.below(2) == 0 ? .zero : UnixSeconds(now.rawValue + 86_400)
    switch random.below(8) {
    case 0, 1: return budget(&random)
    case 2: return .setOverride(buyer, .outcome(Outcome.allCases[random.below(5)]), endsAt: endsAt)
    case 3: return .setOverride(merchant, .listed, endsAt: endsAt)
    case 4: return .setOverride(buyer, .tier(.a), endsAt: endsAt)
    case 5: return .clearOverride(buyer, OverrideKind.allCases[random.below(3)])
    case 6: return .link(buyer, random.below(5) == 0 ? merchant : other)
    default: return .unlink(buyer, other)
    }
  }

  /// Of two merchants, so that some come to their ends.
  private func standing(_ random: inout SplitMix64, _ now: UnixSeconds) -> DeskAction {
    let merchant = Self.merchants[random.below(4) / 3]
    switch random.below(16) {
    case 0: return .certify(merchant, .factory, endsAt: UnixSeconds(now.rawValue + 86_400))
    case 1: return .revokeCertification(merchant)
    case 2: return .appealStanding(merchant)
    case 3: return .decideStandingAppeal(merchant, isUpheld: random.below(2) == 0)
    case 4, 5, 6: return .decideStanding(merchant, .clearOut)
    case 7: return .decideStanding(merchant, StandingDecision.allCases[random.below(4)])
    default: return .assess(merchant)
    }
  }

  private func budget(_ random: inout SplitMix64) -> DeskAction {
    let cap: Minor? =
      random.below(3) == 0
      ? nil : Minor(Int64(random.below(random.below(2) == 0 ? 9_000 : 900_000)))
    switch random.below(4) {
    case 0: return .setBudget(.global, key: 0, cap: cap)
    case 1: return .setBudget(.category, key: UInt64(random.below(4)), cap: cap)
    case 2: return .setBudget(.buyer30Days, key: UInt64(random.below(60)), cap: cap)
    default: return .setBudget(.merchant30Days, key: UInt64(100 + random.below(7)), cap: cap)
    }
  }

  // MARK: Policies

  private func policy(_ random: inout SplitMix64) -> DeskAction {
    let document = Self.documents[random.below(Self.documents.count)]
    switch random.below(8) {
    case ..<3: return .putPolicy(document.text)
    case ..<6: return .activatePolicy(document.policy.hash)
    case 6: return .shadowPolicy(document.policy.hash)
    default: return .shadowPolicy(nil)
    }
  }

  /// Of all of them: merchants stand worse, and better again, within days.
  private static let hastyGovernance = [
    "maturityDays: 30": "maturityDays: 0", "ordersMin: 20": "ordersMin: 0",
    "buyersMin: 5": "buyersMin: 1", "countMin: 5": "countMin: 1", "countMin: 4": "countMin: 1",
    "stepDays: 7": "stepDays: 1",
    "easeDays: 30": "easeDays: 1", "noticeDays: 30": "noticeDays: 1", "holdDays: 90": "holdDays: 2",
    "shadowDays: 30": "shadowDays: 0",
  ]

  /// The standard policy with caps that are amounts alone, under which most is paid, and others
  /// with other thresholds, lots, and caps by turnover.
  static let documents: [PolicyDocument] = [
    PolicyDocument.unboundText(version: 11),
    variant(
      PolicyDocument.unboundText(version: 12),
      ["reserveDays: 30": "reserveDays: 3", "floorMin: 560": "floorMin: 500"]),
    variant(
      PolicyDocument.standardText(version: 13),
      [
        "amountMax: 5000": "amountMax: 2000", "appealDays: 30": "appealDays: 2",
        "buyerBase: 0": "buyerBase: 500", "buyerShare: 0.033": "buyerShare: 0.5",
        "merchantBase: 0": "merchantBase: 30000",
      ]),
  ].map { text in
    // Without its comments: a group of several fits into the smallest segment.
    let hasty = variant(text, hastyGovernance).split(separator: "\n").filter {
      $0.trimmingPrefix(while: \.isWhitespace).first != "#"
    }.joined(separator: "\n")
    guard let document = try? PolicyDocument.load(yaml: hasty, file: "variant") else {
      preconditionFailure("a variant of the standard policy is refused")
    }
    return document
  }

  private static func variant(_ standard: String, _ changes: [String: String]) -> String {
    var text = standard
    for (old, new) in changes {
      precondition(text.contains(old), "the standard policy has another text")
      text = text.replacing(old, with: new)
    }
    return text
  }
}

extension PolicySetup {
  /// What every state of a simulation begins with.
  static let simulated = PolicySetup(
    name: "standard", text: DeskClient.documents[0].text, compile: PolicyDocument.compile)
}
