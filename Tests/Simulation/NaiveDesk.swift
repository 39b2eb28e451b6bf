import IntegrityCore
import ProbityEngine

/// Claims and money in the plainest terms: a dictionary that is gone through anew for
/// every sum.
///
/// What a policy decides is taken from the answer; what follows from it is not.
struct NaiveDesk {
  struct Entry {
    var claim: Claim
    var appliedAt: UnixSeconds
    var outcome: Outcome
    var verdict: Verdict?
    var verdictAt = UnixSeconds.zero
    var money = SubsidyState.none
    var reservedAt = UnixSeconds.zero
    var appeal = AppealState.none
    var isByMerchant = false
    var isWithdrawn = false
    /// It is kept for a time behind this.
    var newestAt: UnixSeconds
    /// By a human.
    var isDeclined: Bool { verdict == .rejected || verdict == .abuse }
    // What it has in the evidence now.
    var hasOpening = true
    var hasProof = false
    var hasVerdict = false
    var hasPayment = false
    var complaint: (weight: Double, at: UnixSeconds)?
  }

  struct BudgetKey: Hashable {
    let scope: SubsidyScope
    let key: UInt64
  }

  /// A piece of evidence: plus where it is added, minus where it is taken out.
  struct Piece {
    let counter: NaiveModel.Counter
    let weight: Double
    let at: UnixSeconds
    /// The account is known to have been there then.
    var isHeard = true
  }

  private(set) var claims: [ClaimID: Entry] = [:]
  private var budgets: [BudgetKey: Int64] = [:]
  private var links: Set<Set<AccountKey>> = []
  private var active: Policy
  var now = UnixSeconds.zero
  /// Of the command that was applied last.
  private(set) var pieces: [Piece] = []
  /// What was in a counter before the command, and when its account was last heard of.
  private var history: (NaiveModel.Counter) -> NaiveModel.History = { _ in ([], .zero) }
  /// How the claim of the command came out, as the core has it.
  private var answered = Outcome.manualReview

  init(_ policy: Policy) { active = policy }

  // MARK: Commands

  /// - Parameters:
  ///   - weight: of the claim's complaint behind the command, as the core has it.
  ///   - history: of a counter, before the command.
  mutating func apply(
    _ command: DeskCommand, _ result: Result<DeskAnswer, DeskRefusal>, weight: Float,
    history: @escaping (NaiveModel.Counter) -> NaiveModel.History
  ) throws {
    pieces = []
    self.history = history
    guard case .success(let answer) = result else { return }
    if case .claim(let answer) = answer {
      if answer.isRepeated { return }
      answered = answer.outcome
    }
    // A repeat does not move time, but one that asks how a merchant stands by now does.
    if case .standing(let report) = answer, !report.hasChanged {
      guard case .assess = command.action else { return }
    }
    if case .link(let a, let b) = command.action, identity(of: a).contains(b) { return }
    // With a policy its own days are in force.
    if case .activatePolicy(let hash) = command.action { activate(hash) }
    advance(to: command.at)
    switch (command.action, answer) {
    case (.setBudget(let scope, let key, let cap), _):
      budgets[BudgetKey(scope: scope, key: key)] = cap?.rawValue
    case (.link(let a, let b), _): links.insert([a, b])
    case (.unlink(let a, let b), _): links.remove([a, b])
    case (.openClaim(let claim), .claim(let answer)): try open(claim, answer, Double(weight))
    case (let action, .claim): applyToClaim(action, command.at, Double(weight))
    default: break
    }
  }

  private mutating func activate(_ hash: UInt64) {
    if let document = DeskClient.documents.first(where: { $0.policy.hash == hash }) {
      active = document.policy
    }
  }

  private mutating func advance(to time: UnixSeconds) {
    now = max(now, time)
    let days = UInt32(active.subsidy.reserveDays)
    for (id, one) in claims where one.money == .reserved && !isWithin(days, one.reservedAt) {
      claims[id]?.money = .expired
    }
  }

  private mutating func open(_ claim: Claim, _ answer: ClaimAnswer, _ weight: Double) throws {
    guard let receipt = answer.receipt else {
      throw Violation("a claim was opened without receipt")
    }
    try check(receipt.claimCase)
    var entry = Entry(claim: claim, appliedAt: now, outcome: answer.outcome, newestAt: now)
    if answer.outcome == .platformCompensates {
      entry.money = .reserved
      entry.reservedAt = now
    }
    putOpening(+1, claim)
    putDispute(+1, claim)
    if !claim.proofs.isDisjoint(with: .byCarrier) {
      entry.hasProof = true
      putProof(+1, claim)
    }
    if weight > 0 {
      entry.complaint = (weight, claim.openedAt)
      putComplaint(+1, entry)
    }
    claims[claim.id] = entry
  }

  private mutating func applyToClaim(_ action: DeskAction, _ at: UnixSeconds, _ weight: Double) {
    switch action {
    case .decideClaim(let id, let verdict): change(id) { $0.decide(verdict, at, weight, &$1) }
    case .withdrawClaim(let id):
      change(id) {
        $0.takeOutComplaint(&$1)
        $0.takeOutOpening(&$1)
        $1.isWithdrawn = true
        $1.newestAt = $0.now
        if $1.money == .reserved { $1.money = .released }
      }
    case .settleSubsidy(let id, .commit):
      change(id) {
        $1.money = .committed
        $1.hasPayment = true
        $0.putPayment(+1, $1)
      }
    case .settleSubsidy(let id, .release): change(id) { $1.money = .released }
    case .openAppeal(let id, let party):
      change(id) {
        $1.appeal = .open
        $1.newestAt = $0.now
        $1.isByMerchant = party == .merchant
      }
    case .decideAppeal(let id, let isUpheld):
      change(id) {
        $1.appeal = isUpheld ? .upheld : .rejected
        if isUpheld { $0.undo(&$1) }
      }
    default: break
    }
  }

  private mutating func change(_ id: ClaimID, _ body: (inout NaiveDesk, inout Entry) -> Void) {
    guard var entry = claims[id] else { return }
    body(&self, &entry)
    claims[id] = entry
  }

  private mutating func decide(
    _ verdict: Verdict, _ at: UnixSeconds, _ weight: Double, _ entry: inout Entry
  ) {
    entry.verdict = verdict
    entry.newestAt = now
    entry.verdictAt = at
    entry.hasVerdict = verdict != .rejected
    if verdict != .upheld {
      takeOutComplaint(&entry)
      if entry.hasOpening { putDispute(-1, entry.claim) }
      if entry.money == .reserved { entry.money = .released }
      entry.outcome = .decline
    } else if entry.claim.kind == .quality && entry.complaint == nil && !entry.hasProof
      && weight > 0
    {
      entry.complaint = (weight, at)
      putComplaint(+1, entry)
    }
    putVerdict(+1, entry)
    if verdict == .upheld && entry.outcome == .manualReview { compensate(&entry) }
  }

  private mutating func undo(_ entry: inout Entry) {
    entry.newestAt = now
    takeOutComplaint(&entry)
    takeOutOpening(&entry)
    if entry.hasVerdict { putVerdict(-1, entry) }
    entry.hasVerdict = false
    if !entry.isByMerchant && entry.money.counts { return }
    if entry.hasPayment { putPayment(-1, entry) }
    entry.hasPayment = false
    if entry.money.counts { entry.money = entry.money == .committed ? .reversed : .released }
    if !entry.isByMerchant { return compensate(&entry) }
    if entry.hasProof { putProof(-1, entry.claim) }
    entry.hasProof = false
    entry.outcome = .decline
  }

  private mutating func compensate(_ entry: inout Entry) {
    // The claim itself counts for nothing by now.
    claims[entry.claim.id] = entry
    let claim = entry.claim
    // With its own order among the trade, as when it was opened.
    let sofar = pieces
    if entry.hasOpening {
      putOpening(-1, claim)
      if !entry.isDeclined { putDispute(-1, claim) }
    }
    defer { pieces = sofar }
    let isProven = !claim.proofs.isDisjoint(with: .byCarrier)
    let rooms = SubsidyScope.allCases.compactMap { scope -> Double? in
      if scope == .category && claim.category == 0 { return nil }
      if isProven && [.buyer30Days, .buyer365Days, .pair90Days].contains(scope) { return nil }
      let used = used(scope, for: claim) + claim.amount.rawValue
      return cap(scope, for: claim, at: now) - Double(used)
    }
    let room = rooms.min() ?? 0
    // By so little two ways of adding up may differ.
    let fits = abs(room) < Self.capTolerance ? answered == .platformCompensates : room >= 0
    entry.outcome = fits ? .platformCompensates : .returnAndRefund
    if !fits { return }
    entry.money = .reserved
    entry.reservedAt = now
  }

  // MARK: Sums

  private func check(_ c: ClaimCase) throws {
    for scope in SubsidyScope.allCases {
      let (found, expected) = (c.used[scope].rawValue, used(scope, for: c.claim))
      if found != expected {
        throw Violation("claim \(c.claim.id.rawValue): \(scope.name) \(found), not \(expected)")
      }
      let cap = cap(scope, for: c.claim, at: max(c.claim.openedAt, c.stateAt))
      if abs(Double(c.caps[scope].rawValue) - cap) > Self.capTolerance {
        throw Violation(
          "claim \(c.claim.id.rawValue): a cap of \(c.caps[scope].rawValue) in \(scope.name), not "
            + "\(cap)")
      }
    }
    let identity = identity(of: AccountKey(.buyer, c.claim.buyer))
    let recent = claims.values.filter {
      !$0.isWithdrawn && isWithin(90, $0.appliedAt)
        && identity.contains(AccountKey(.buyer, $0.claim.buyer))
    }
    let pair = recent.filter { $0.claim.merchant == c.claim.merchant }
    if Int(c.history.buyerClaims) != recent.count || Int(c.history.pairClaims) != pair.count {
      throw Violation("claim \(c.claim.id.rawValue): another number of claims before")
    }
    if c.history.isLinked != identity.contains(AccountKey(.merchant, c.claim.merchant)) {
      throw Violation("claim \(c.claim.id.rawValue): buyer and merchant linked or not")
    }
  }

  private func used(_ scope: SubsidyScope, for claim: Claim) -> Int64 {
    let identity = identity(of: AccountKey(.buyer, claim.buyer))
    return claims.values.filter { one in
      // Whether what was reversed has come back from the buyer nobody knows.
      let isOfBuyersAlone = one.money == .reversed
      if !one.money.counts && !isOfBuyersAlone { return false }
      let isOfBuyer = identity.contains(AccountKey(.buyer, one.claim.buyer))
      let isOfMerchant = one.claim.merchant == claim.merchant
      switch scope {
      case .global: return !isOfBuyersAlone && one.reservedAt.day == now.day
      case .category:
        return !isOfBuyersAlone && one.reservedAt.day == now.day && claim.category != 0
          && one.claim.category == claim.category
      case .buyer30Days, .buyer365Days: return isOfBuyer && isWithin(scope.days, one.reservedAt)
      case .merchant30Days:
        return !isOfBuyersAlone && isOfMerchant && isWithin(30, one.reservedAt)
      case .pair90Days: return isOfBuyer && isOfMerchant && isWithin(90, one.reservedAt)
      }
    }.reduce(0) { $0 + $1.claim.amount.rawValue }
  }

  private static let capTolerance = 2.0

  private func cap(_ scope: SubsidyScope, for claim: Claim, at moment: UnixSeconds) -> Double {
    let key: UInt64 =
      switch scope {
      case .global, .pair90Days: 0
      case .category: UInt64(claim.category)
      case .buyer30Days, .buyer365Days: claim.buyer.rawValue
      case .merchant30Days: claim.merchant.rawValue
      }
    if key != 0, let own = budgets[BudgetKey(scope: scope, key: key)] { return Double(own) }
    let amount = budgets[BudgetKey(scope: scope, key: 0)] ?? active.subsidy.caps[scope].rawValue
    return min(Double(amount), borne(scope, claim, at: moment))
  }

  /// What trade bears of what is paid in a scope.
  private func borne(_ scope: SubsidyScope, _ claim: Claim, at moment: UnixSeconds) -> Double {
    let turnover = active.subsidy.turnover
    let (base, share, trade): (Minor, Float, Double)
    switch scope {
    case .buyer365Days:
      let account = AccountKey(.buyer, claim.buyer)
      (base, share) = (turnover.buyerBase, turnover.buyerShare)
      trade =
        counter(account, BuyerCounter.valueOrdered.rawValue, moment)
        - counter(account, BuyerCounter.valueClaimed.rawValue, moment)
    case .merchant30Days:
      let account = AccountKey(.merchant, claim.merchant)
      (base, share) = (turnover.merchantBase, turnover.merchantShare)
      trade =
        counter(account, MerchantCounter.valueSold.rawValue, moment)
        - counter(account, MerchantCounter.valueDisputed.rawValue, moment)
    default: return .infinity
    }
    // What is left behind the window.
    let left = NaiveModel.fading(
      from: .zero, to: UnixSeconds(scope.days * 86_400),
      halfLife: Double(EvidenceSchema.standard.halfLifeSeconds))
    return Double(base.rawValue) + Double(share) * max(0, trade) * (1 - left)
  }

  /// What the command itself has put in or taken out included. As the core reads it: not as of
  /// a moment before the account's newest event.
  private func counter(_ account: AccountKey, _ index: Int, _ moment: UnixSeconds) -> Double {
    let counter = NaiveModel.Counter(account: account, index: index)
    let known = history(counter)
    let own = pieces.filter { $0.counter.account == account }
    let asOf = own.filter(\.isHeard).map(\.at).reduce(max(moment, known.newest), max)
    let entries =
      known.entries + own.filter { $0.counter == counter }.map { (weight: $0.weight, at: $0.at) }
    let halfLife = Double(EvidenceSchema.standard.halfLifeSeconds)
    return max(
      0,
      entries.reduce(0) {
        $0 + $1.weight * NaiveModel.fading(from: $1.at, to: asOf, halfLife: halfLife)
      })
  }

  private func isWithin(_ days: UInt32, _ time: UnixSeconds) -> Bool {
    UInt64(time.rawValue) + UInt64(days) * 86_400 > UInt64(now.rawValue)
  }

  private func identity(of account: AccountKey) -> Set<AccountKey> {
    var members: Set = [account]
    while true {
      let more = links.filter { !$0.isDisjoint(with: members) }.reduce(members) { $0.union($1) }
      if more.count == members.count { return members }
      members = more
    }
  }

  // MARK: Evidence

  private mutating func put(
    _ weight: Double, _ counter: BuyerCounter, _ claim: Claim, _ at: UnixSeconds
  ) {
    let key = AccountKey(.buyer, claim.buyer)
    pieces.append(
      Piece(counter: .init(account: key, index: counter.rawValue), weight: weight, at: at))
  }

  private mutating func put(
    _ weight: Double, _ counter: MerchantCounter, _ claim: Claim, _ at: UnixSeconds
  ) {
    let key = AccountKey(.merchant, claim.merchant)
    pieces.append(
      Piece(counter: .init(account: key, index: counter.rawValue), weight: weight, at: at))
  }

  private mutating func putOpening(_ sign: Double, _ claim: Claim) {
    put(sign, .claimsOpened, claim, claim.openedAt)
    put(sign * Double(claim.amount.rawValue), .valueClaimed, claim, claim.openedAt)
    if [.notReceived, .parcelEmpty].contains(claim.allegation) {
      put(sign, .claimsNotReceived, claim, claim.openedAt)
    }
  }

  /// Its order is no trade of the merchant's; the merchant is not heard of by that.
  private mutating func putDispute(_ sign: Double, _ claim: Claim) {
    let key = AccountKey(.merchant, claim.merchant)
    pieces.append(
      Piece(
        counter: .init(account: key, index: MerchantCounter.valueDisputed.rawValue),
        weight: sign * Double(claim.amount.rawValue), at: claim.openedAt, isHeard: false))
  }

  private mutating func putProof(_ sign: Double, _ claim: Claim) {
    let isEmpty = claim.proofs.contains(.emptyParcel)
    put(sign, isEmpty ? .parcelsEmpty : .shipmentsFalse, claim, claim.openedAt)
  }

  private mutating func putComplaint(_ sign: Double, _ entry: Entry) {
    guard let (weight, at) = entry.complaint else { return }
    put(sign * weight, .qualityClaimsUpheld, entry.claim, at)
    let value = weight * Double(entry.claim.amount.rawValue)
    put(sign * value, .valueRefundedForQuality, entry.claim, at)
  }

  private mutating func putVerdict(_ sign: Double, _ entry: Entry) {
    switch (entry.verdict, entry.claim.kind) {
    case (.upheld, _):
      put(sign, .claimsUpheld, entry.claim, entry.verdictAt)
    case (.abuse, _):
      put(sign, .claimsAbusive, entry.claim, entry.verdictAt)
      put(sign, .claimsAbusedByBuyers, entry.claim, entry.verdictAt)
    default: break
    }
  }

  private mutating func putPayment(_ sign: Double, _ entry: Entry) {
    let amount = Double(entry.claim.amount.rawValue)
    put(sign * amount, .valueCompensated, entry.claim, entry.reservedAt)
  }

  private mutating func takeOutComplaint(_ entry: inout Entry) {
    putComplaint(-1, entry)
    entry.complaint = nil
  }

  private mutating func takeOutOpening(_ entry: inout Entry) {
    if entry.hasOpening {
      putOpening(-1, entry.claim)
      if !entry.isDeclined { putDispute(-1, entry.claim) }
    }
    entry.hasOpening = false
  }
}
