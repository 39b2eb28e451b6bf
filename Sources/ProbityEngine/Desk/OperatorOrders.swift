import ClaimStore
import IntegrityCore

/// What operators have set: budgets, overrides, links.
extension ClaimDesk {
  func set(_ entry: DeskEntry, _ context: DeskContext) throws(DeskRefusal) {
    try checkRoom(for: 1)
    context.begin()
    orders.append(entry)
  }

  func checkRoom(for count: Int) throws(DeskRefusal) {
    if orders.count + count <= limits.entriesMax { return }
    throw DeskRefusal(
      .exhausted,
      "no room for another order: \(limits.entriesMax) are remembered, the most allowed")
  }

  // MARK: Budgets

  /// The caps in force for a claim: the budget of its own category, buyer or merchant where
  /// there is one; else that of the scope, or the policy's, as far as the parties' trade bears it.
  func caps(
    for claim: Claim, buyer: AccountRecord, merchant: AccountRecord, at clock: DecayClock,
    _ policy: Policy
  ) -> SubsidyAmounts {
    var subsidy = policy.subsidy
    if orders.count == 0 { return subsidy.caps(buyer: buyer, merchant: merchant, at: clock) }
    for scope in SubsidyScope.allCases {
      if let cap = budget(scope, 0) { subsidy.caps[scope] = cap }
    }
    let bound = subsidy.caps(buyer: buyer, merchant: merchant, at: clock)
    return SubsidyAmounts { scope in
      let key: UInt64 =
        switch scope {
        case .global, .pair90Days: 0
        case .category: UInt64(claim.category)
        case .buyer30Days, .buyer365Days: claim.buyer.rawValue
        case .merchant30Days: claim.merchant.rawValue
        }
      return budget(scope, key) ?? bound[scope]
    }
  }

  /// The budget that was set last, unless it was taken back.
  package func budget(_ scope: SubsidyScope, _ key: UInt64) -> Minor? {
    let subject = DeskEntry.subject(.budget, choice: scope.rawValue, key: key)
    guard let number = orders.newest(subject), !orders[number].isOver else { return nil }
    return Minor(Int64(bitPattern: orders[number].value))
  }

  // MARK: Overrides

  /// The override of a sort that is in force; its entry says by whom and why.
  package func override(
    _ kind: OverrideKind, of account: AccountKey, at now: UnixSeconds
  ) -> DeskEntry? {
    if orders.count == 0 { return nil }
    let subject = DeskEntry.subject(
      .override, choice: kind.rawValue, key: account.id.rawValue, keyKind: account.kind.rawValue)
    guard let number = orders.newest(subject) else { return nil }
    let entry = orders[number]
    let hasEnded = entry.endsAt != .zero && entry.endsAt <= now
    return entry.isOver || hasEnded ? nil : entry
  }

  /// What is set for the parties of a claim. Where both have an outcome, the buyer's is in force.
  func standingOrders(
    _ buyer: AccountKey, _ merchant: AccountKey, at now: UnixSeconds
  ) -> StandingOrders {
    if orders.count == 0 { return StandingOrders() }
    let outcome =
      override(.outcome, of: buyer, at: now) ?? override(.outcome, of: merchant, at: now)
    let isListed =
      override(.listed, of: buyer, at: now) != nil
      || override(.listed, of: merchant, at: now) != nil
    return StandingOrders(
      outcome: outcome.flatMap { Outcome(rawValue: UInt8(truncatingIfNeeded: $0.value)) },
      isListed: isListed)
  }

  func clearOverride(
    _ kind: OverrideKind, of account: AccountKey, _ context: DeskContext
  ) throws(DeskRefusal) {
    let subject = DeskEntry.subject(
      .override, choice: kind.rawValue, key: account.id.rawValue, keyKind: account.kind.rawValue)
    guard override(kind, of: account, at: context.now) != nil, let number = orders.newest(subject)
    else {
      throw DeskRefusal(
        .notFound, field: "account",
        "\(account.kind.name) \(account.id.rawValue) has no override of the kind \(kind) in force")
    }
    context.begin()
    orders.end(number)
  }

  // MARK: Links

  /// All accounts of the identity that `account` belongs to, itself first: at most
  /// `identityMax`, the nearest ones.
  package func identity(of account: AccountKey) -> [AccountKey] {
    var members = [account]
    if orders.count == 0 { return members }
    var looked = 0
    while looked < members.count && members.count < Self.identityMax {
      forEachLink(of: members[looked]) { _, other in
        if members.count < Self.identityMax && !members.contains(other) { members.append(other) }
      }
      looked += 1
    }
    return members
  }

  private func forEachLink(of account: AccountKey, _ body: (UInt32, AccountKey) -> Void) {
    let subject = DeskEntry.subject(
      .link, key: account.id.rawValue, keyKind: account.kind.rawValue)
    orders.forEach(subject) { number, entry in
      if !entry.isOver, let kind = AccountKind(rawValue: entry.otherKind) {
        body(number, AccountKey(kind, AccountID(entry.otherKey)))
      }
      return true
    }
  }

  /// Both directions, so that each finds the other.
  func link(
    _ a: AccountKey, _ b: AccountKey, _ context: DeskContext,
    _ entry: (AccountKey, AccountKey) -> DeskEntry
  ) throws(DeskRefusal) {
    let (ours, theirs) = (identity(of: a), identity(of: b))
    // Said before: nothing changes.
    if ours.contains(b) { return }
    if ours.count + theirs.count > Self.identityMax {
      throw DeskRefusal(
        .precondition, field: "other",
        "the identity would have \(ours.count + theirs.count) accounts: "
          + "at most \(Self.identityMax) can be one")
    }
    // Both or none.
    try checkRoom(for: 2)
    try set(entry(a, b), context)
    try set(entry(b, a), context)
  }

  func unlink(
    _ a: AccountKey, _ b: AccountKey, _ context: DeskContext
  ) throws(DeskRefusal) {
    var ended: [UInt32] = []
    forEachLink(of: a) { number, other in if other == b { ended.append(number) } }
    forEachLink(of: b) { number, other in if other == a { ended.append(number) } }
    if ended.isEmpty {
      throw DeskRefusal(
        .notFound, field: "other",
        "\(a.kind.name) \(a.id.rawValue) and \(b.kind.name) \(b.id.rawValue) were not linked "
          + "with each other")
    }
    context.begin()
    for number in ended { orders.end(number) }
  }
}
