import AccountStore
import IntegrityCore
import ProbityEngine

/// How long an account suffers from a wrong verdict, once it is taken back and if it never is.
struct WrongedAccounts {
  private let variant: Variant
  /// Days that are looked ahead.
  private static let daysMax = 1_500

  init(_ variant: Variant) { self.variant = variant }

  var table: Table {
    var table = Table(
      "A wrong verdict, and its undoing",
      [
        "who", "score before", "after", "undone", "as if it had not been", "tier before", "after",
        "undone", "days to the tier, undone", "… by fading, idle", "… by fading, trading",
        "days to the score, trading",
      ])
    for (name, orders) in [
      ("a newcomer, 5 orders", 5), ("a buyer, 40 orders", 40), ("a buyer, 120 orders", 120),
    ] {
      table.add(buyer(name, orders: orders))
    }
    for count in [5, 20] {
      table.add(merchant("a merchant of 600 orders, \(count) complaints", complaints: count))
    }
    table.notes = [
      "buyers: one founded claim that a human calls abuse; merchants: made-up complaints, by buyers "
        + "of long standing, that a human believes. Undone: the appeals are upheld.",
      "as if it had not been: a twin without the claims, at the same second. Idle: no orders any "
        + "more. Trading: as many a month as before. “\(Self.daysMax)+”: not in so many days.",
    ]
    return table
  }

  // MARK: Stories

  private func buyer(_ name: String, orders: Int) -> [Cell] {
    func story(isWronged: Bool, isUndone: Bool) -> Chronicle {
      let chronicle = Chronicle(variant, .buyer)
      for index in 0..<orders {
        chronicle.order(day: 300 - orders + index, buyer: 1, merchant: UInt64(10 + index % 7))
      }
      chronicle.day = 301
      if !isWronged { return chronicle }
      chronicle.open(1, buyer: 1, merchant: 10, amount: 250_000)
      chronicle.act(.decideClaim(ClaimID(1), .abuse))
      if isUndone { chronicle.undo(1, by: .buyer) }
      return chronicle
    }
    return row(name, ordersPerDay: Double(min(orders, 30)) / 30, story)
  }

  private func merchant(_ name: String, complaints: Int) -> [Cell] {
    func story(isWronged: Bool, isUndone: Bool) -> Chronicle {
      let chronicle = Chronicle(variant, .merchant)
      for index in 0..<600 {
        chronicle.order(day: index / 2, buyer: UInt64(1 + index % 60), merchant: 1)
      }
      for buyer in 1...UInt64(complaints) {
        for index in 0..<30 {
          chronicle.order(day: 200 + index, buyer: 100 + buyer, merchant: 2)
        }
      }
      chronicle.day = 301
      if !isWronged { return chronicle }
      for id in 1...UInt64(complaints) {
        chronicle.open(id, buyer: 100 + id, merchant: 1, amount: 6_000)
        chronicle.act(.decideClaim(ClaimID(id), .upheld))
      }
      if isUndone { for id in 1...UInt64(complaints) { chronicle.undo(id, by: .merchant) } }
      return chronicle
    }
    return row(name, ordersPerDay: 2, story)
  }

  private func row(
    _ name: String, ordersPerDay: Double, _ story: (Bool, Bool) -> Chronicle
  ) -> [Cell] {
    let before = story(false, false)
    let wronged = story(true, false)
    let undone = story(true, true)
    let start = before.standing()
    // The same second, without what was undone.
    before.catchUp(with: undone)
    let goal = start
    func days(_ chronicle: Chronicle, ordersPerDay: Double, _ isReached: (Standing) -> Bool)
      -> Cell
    {
      let days = chronicle.days(until: isReached, ordersPerDay: ordersPerDay, max: Self.daysMax)
      return .text(days.map { "\($0)" } ?? "\(Self.daysMax)+")
    }
    let (after, again) = (wronged.standing(), undone.standing())
    return [
      .text(name), .count(start.score), .count(after.score), .count(again.score),
      .count(before.standing().score), .text(start.tier.name), .text(after.tier.name),
      .text(again.tier.name),
      days(undone, ordersPerDay: 0) { $0.tier <= goal.tier },
      days(story(true, false), ordersPerDay: 0) { $0.tier <= goal.tier },
      days(story(true, false), ordersPerDay: ordersPerDay) { $0.tier <= goal.tier },
      days(story(true, false), ordersPerDay: ordersPerDay) { $0.score >= goal.score },
    ]
  }
}

/// A small state and a story told to it.
private final class Chronicle {
  private let state: IntegrityState
  private let policy: Policy
  private let kind: AccountKind
  private var sequence: UInt64 = 0
  private var second = 0
  /// Since the first.
  var day = 0

  init(_ variant: Variant, _ kind: AccountKind) {
    self.kind = kind
    policy = variant.policy
    do {
      state = IntegrityState(
        table: try AccountTable(layout: StoreLayout(accountsMax: 4_096, shardCount: 1), seed: 1),
        rules: EvidenceRules(
          schema: EvidenceSchema(halfLifeSeconds: variant.halfLifeDays * 86_400),
          policy: variant.policy), sourcesMax: 4)
    } catch { preconditionFailure("no memory for a table of accounts: \(error)") }
  }

  private var now: UnixSeconds { TradeScript.time(day, second) }

  func order(day: Int, buyer: UInt64, merchant: UInt64) {
    sequence += 1
    let event = Event(
      at: TradeScript.time(day, 0), buyer: AccountID(buyer), merchant: AccountID(merchant),
      order: sequence, amount: Minor(6_000), detail: .settled(orderedAt: .zero))
    _ = state.apply([Command(source: 1, sequence: sequence, event: event)])
  }

  func open(_ id: UInt64, buyer: UInt64, merchant: UInt64, amount: Int64) {
    second += 1
    act(
      .openClaim(
        Claim(
          id: ClaimID(id), buyer: AccountID(buyer), merchant: AccountID(merchant), openedAt: now,
          amount: Minor(amount), kind: .quality, allegation: .defective, proofs: .buyerEvidence)))
  }

  func act(_ action: DeskAction) {
    second += 1
    if case .failure(let refusal) = state.apply(DeskCommand(action, at: now, actor: "clerk")) {
      preconditionFailure("refused: \(refusal.message)")
    }
  }

  func undo(_ id: UInt64, by party: AccountKind) {
    act(.openAppeal(ClaimID(id), by: party))
    act(.decideAppeal(ClaimID(id), isUpheld: true))
  }

  func catchUp(with other: Chronicle) { (day, second) = (other.day, other.second) }

  /// Of the account that the story is about.
  func standing() -> Standing {
    let key = AccountKey(kind, AccountID(1))
    let clock = DecayClock(state.rules.schema, now: now)
    let judgement = policy.judge(state.table.record(of: key) ?? AccountRecord(key), at: clock)
    return Standing(score: judgement.score, tier: judgement.tier)
  }

  /// Days until something holds.
  func days(
    until isReached: (Standing) -> Bool, ordersPerDay: Double, max daysMax: Int
  ) -> Int? {
    let first = day
    second = 0
    day += 1
    var due = 0.0
    if isReached(standing()) { return 0 }
    while day - first <= daysMax {
      due += ordersPerDay
      while due >= 1 {
        due -= 1
        order(
          day: day, buyer: kind == .buyer ? 1 : UInt64(1 + sequence % 60),
          merchant: kind == .buyer ? 10 + sequence % 7 : 1)
      }
      if isReached(standing()) { return day - first }
      day += 1
    }
    return nil
  }
}
