// A marketplace that does not exist: events of millions of orders with the
// truth about every account, to test scoring against and to make load with.
//
// For: streams of events in the order of time that are the same on every
// machine for the same seed, in memory bounded by the orders under way.
// Not for: forecasting a real marketplace. The rates are chosen, not fitted;
// what they are stands in `MarketplaceRole`, `Habits` and `RankedAccounts`.

import IntegrityCore

/// A deterministic synthetic marketplace: a sequence of its events.
///
/// About one account in twenty is a merchant. Accounts are numbered 1… within
/// their kind, orders 1… in the order in which they are placed. Orders come
/// evenly over the days; what follows of them ends up to `followUpDaysMax`
/// days later. Iterating again gives the same events.
///
/// About 2 million events/s; memory: a byte per merchant, and 16 bytes per order
/// under way.
public struct MarketplaceSimulator: Sequence, Sendable {
  /// Longest time from an order to the last event about it.
  public static let followUpDaysMax = OrderStory.daysMax

  /// Buyers, numbered from 1.
  public let buyerCount: Int
  /// Merchants, numbered from 1: a twentieth of the accounts, at least 2.
  public let merchantCount: Int
  /// Orders placed; each has one event or more.
  public let orderCount: Int
  let seed: UInt64
  let start: UnixSeconds
  let days: Int
  let population: Population

  /// Draws the merchants' roles: about 30 ns per merchant.
  ///
  /// - Parameters:
  ///   - accounts: buyers and merchants together, 3 to 2^32.
  ///   - orders: orders placed, 0 to 2^40.
  ///   - seed: equal seeds give equal marketplaces.
  ///   - start: when the first order may be placed, from `Event.earliest` on.
  ///   - days: time in which the orders are placed, 1 or more; all events lie
  ///     before `start` + `days` + `followUpDaysMax`, which must lie before 2106.
  public init(accounts: Int, orders: Int, seed: UInt64, start: UnixSeconds, days: Int) {
    precondition((3...1 << 32).contains(accounts), "accounts must be from 3 to 2^32")
    precondition((0...1 << 40).contains(orders), "orders must be from 0 to 2^40")
    precondition(start >= Event.earliest, "start must be from 2000-01-01T00:00:00Z on")
    let daysLeft = Int((UInt32.max - start.rawValue) / 86_400) - Self.followUpDaysMax
    precondition(days >= 1 && days <= daysLeft, "days must be 1 or more, and end before 2106")
    merchantCount = Swift.max(2, accounts / 20)
    buyerCount = accounts - merchantCount
    orderCount = orders
    self.seed = seed
    self.start = start
    self.days = days
    population = Population(buyerCount: buyerCount, merchantCount: merchantCount, seed: seed)
  }

  /// What the account is up to; nil where the marketplace has no such account.
  public func role(of account: AccountKey) -> MarketplaceRole? {
    let count = account.kind == .buyer ? buyerCount : merchantCount
    if account.id.isNone || account.id.rawValue > UInt64(count) { return nil }
    switch account.kind {
    case .buyer: return population.role(ofBuyer: account.id)
    case .merchant: return population.role(ofMerchant: account.id)
    }
  }

  /// Every account with its role: buyers by number, then merchants.
  public var truth: some Sequence<(account: AccountKey, role: MarketplaceRole)> {
    let (population, buyerCount) = (population, buyerCount)
    return (0..<buyerCount + merchantCount).lazy.map { index in
      let isBuyer = index < buyerCount
      let id = AccountID(UInt64(isBuyer ? index + 1 : index - buyerCount + 1))
      let role = isBuyer ? population.role(ofBuyer: id) : population.role(ofMerchant: id)
      return (AccountKey(role.kind, id), role)
    }
  }

  /// A stream of the events from the first on.
  public func makeIterator() -> EventStream { EventStream(self) }
}
