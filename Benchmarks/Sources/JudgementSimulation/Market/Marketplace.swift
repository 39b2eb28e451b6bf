import AccountStore
import IntegrityCore
import ProbityEngine

/// How an account stands at the end of a day.
struct Standing: Sendable, Equatable {
  var score: Int
  var tier: Tier
}

/// Who does something on every day that comes.
protocol Attacker: AnyObject {
  func act(in market: Marketplace)
}

/// A marketplace in which honest trade takes its course, claims go through the real desk, and
/// somebody may attack.
final class Marketplace {
  let state: IntegrityState
  let script: TradeScript
  let variant: Variant
  let luck: Luck
  /// The policy without its rules against abuse.
  private(set) lazy var unsuspecting = variant.policy.with { $0.takeAwayAbuseRules() }
  private(set) var day = 0
  private var second = 0
  var books = Books()
  /// What is to be done, by day.
  var agenda: [[Errand]]
  var purchases: [Purchase] = []
  /// What became of the script's disputes, in its order.
  var histories: [DisputeHistory] = []
  /// Claims of attackers that humans looked at, and how likely these see through the first.
  var attackReviews = 0
  var seenThroughShare = 0.0
  /// Attackers that a human has seen through.
  var caught: Set<AccountID> = []
  /// Minor units that attackers paid for anything but purchases and accounts.
  private(set) var otherCosts: Int64 = 0
  private(set) var accountsRegistered = 0
  private(set) var shopsRegistered = 0
  /// Of the shape's merchants, by day.
  private(set) var standings: [[Standing]] = []
  private var sequence: UInt64 = 0

  private static let attackerSource: UInt64 = 2
  static let firstAttacker: UInt64 = 1_000_000
  static let firstShop: UInt64 = 900_000

  init(_ script: TradeScript, _ variant: Variant, luck: Luck) {
    self.script = script
    self.variant = variant
    self.luck = luck
    do {
      let accountsMax = script.shape.buyerCount + script.shape.merchants.count + 8_192
      state = IntegrityState(
        table: try AccountTable(
          layout: StoreLayout(accountsMax: accountsMax, shardCount: 1), seed: 1),
        rules: EvidenceRules(
          schema: EvidenceSchema(halfLifeSeconds: variant.halfLifeDays * 86_400),
          policy: variant.policy), sourcesMax: 4)
    } catch { preconditionFailure("no memory for a table of accounts: \(error)") }
    // Errands end at most a week after the last day.
    agenda = [[Errand]](repeating: [], count: MarketShape.days + 8)
    histories.reserveCapacity(script.disputeCount)
  }

  // MARK: Days

  /// Plays all days.
  func run(_ attacker: (any Attacker)? = nil, isWatched: Bool = true) {
    for day in 0..<MarketShape.days {
      self.day = day
      let trade = script.days[day]
      _ = state.apply(trade.commands)
      note(trade)
      second = TradeScript.Hours.desk
      for errand in agenda[day] { run(errand) }
      for dispute in trade.disputes { open(dispute) }
      second = TradeScript.Hours.attack
      attacker?.act(in: self)
      second = TradeScript.Hours.night
      if isWatched { watch() }
    }
    // What is under way when the window ends comes to its end.
    for day in MarketShape.days..<agenda.count {
      self.day = day
      second = TradeScript.Hours.desk
      for errand in agenda[day] { run(errand) }
    }
    settleGoods()
  }

  private func note(_ trade: TradeDay) {
    books.pay(.buyers, .merchants, trade.sold)
    books.pay(.merchants, .platform, trade.commission)
    books.pay(.merchants, .suppliers, trade.goods)
    books.pay(.buyers, .carriers, trade.parcels)
  }

  private func watch() {
    standings.append(script.shape.merchants.map { standing(AccountKey(.merchant, $0.id)) })
  }

  /// As of now.
  func standing(_ account: AccountKey) -> Standing {
    let policy = variant.policy
    let clock = DecayClock(state.rules.schema, now: now)
    let judgement = policy.judge(
      state.table.record(of: account) ?? AccountRecord(account), at: clock)
    return Standing(score: judgement.score, tier: judgement.tier)
  }

  // MARK: Time

  var now: UnixSeconds { TradeScript.time(day, second) }
  var isAttackTime: Bool { day >= MarketShape.warmUpDays }
  /// Days since the attack may begin.
  var attackDay: Int { day - MarketShape.warmUpDays }

  /// The next second: what is done later has a later time.
  func tick() -> UnixSeconds {
    second += 1
    return now
  }

  func later(_ days: Int, _ errand: Errand) { agenda[day + days].append(errand) }

  // MARK: The engine

  /// Commands that cannot be refused; traps if one is.
  @discardableResult
  func desk(_ action: DeskAction, by actor: String = "") -> DeskAnswer {
    switch state.apply(DeskCommand(action, at: tick(), actor: actor)) {
    case .success(let answer): return answer
    case .failure(let refusal): preconditionFailure("refused: \(refusal.message)")
    }
  }

  func claimAnswer(_ action: DeskAction, by actor: String = "") -> ClaimAnswer {
    guard case .claim(let answer) = desk(action, by: actor) else {
      preconditionFailure("no claim was answered")
    }
    return answer
  }

  /// Records something that attackers do, or bring about.
  func record(
    _ detail: EventDetail, buyer: AccountID = .none, merchant: AccountID = .none,
    amount: Int64 = 0
  ) {
    sequence += 1
    let event = Event(
      at: tick(), buyer: buyer, merchant: merchant, order: sequence, amount: Minor(amount),
      detail: detail)
    _ = state.apply([Command(source: Self.attackerSource, sequence: sequence, event: event)])
  }

  // MARK: Registering

  func registerBuyer() -> AccountID {
    books.pay(.attacker, .registrars, Assumptions.account.value)
    accountsRegistered += 1
    return AccountID(Self.firstAttacker + UInt64(accountsRegistered))
  }

  func registerShop() -> AccountID {
    books.pay(.attacker, .registrars, Assumptions.shop.value)
    shopsRegistered += 1
    return AccountID(Self.firstShop + UInt64(shopsRegistered))
  }

  /// An attacker pays for something that leaves nothing behind.
  func spend(_ amount: Int64, to purse: Purse) {
    books.pay(.attacker, purse, amount)
    otherCosts += amount
  }

  func openAtDesk(_ claim: Claim) -> ClaimAnswer { claimAnswer(.openClaim(claim)) }
}
