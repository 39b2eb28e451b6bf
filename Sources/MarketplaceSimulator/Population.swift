import IntegrityCore

/// The accounts of a marketplace: who is what, and how active.
///
/// Buyers take no memory: their roles are computed. Merchants take a byte each,
/// colluding ones eight more.
struct Population: Sendable {
  let buyers: RankedAccounts
  let merchants: RankedAccounts
  private let seed: UInt64
  private let merchantRoles: [MarketplaceRole]
  private let colludingMerchants: [AccountID]

  private enum Stream {
    static let buyerRole: UInt64 = 1
    static let merchantRole: UInt64 = 2
    static let partner: UInt64 = 3
    static let ranks: UInt64 = 4
  }

  /// Of 1,000 orders of a colluding buyer, those that go to its partner.
  static let ringOrdersPerMille: UInt64 = 700

  init(buyerCount: Int, merchantCount: Int, seed: UInt64) {
    self.seed = seed
    var ranks = SplitMix64(seed: seed, stream: Stream.ranks, index: 0)
    buyers = RankedAccounts(
      count: buyerCount, skew: .buyers, offset: ranks.next(), multiplier: ranks.next())
    merchants = RankedAccounts(
      count: merchantCount, skew: .merchants, offset: ranks.next(), multiplier: ranks.next())
    merchantRoles = (1...merchantCount).map { id in
      var generator = SplitMix64(seed: seed, stream: Stream.merchantRole, index: UInt64(id))
      return Self.role(of: .merchant, &generator)
    }
    colludingMerchants = merchantRoles.indices
      .filter { [merchantRoles] in merchantRoles[$0] == .colludingMerchant }
      .map { AccountID(UInt64($0 + 1)) }
  }

  /// - Precondition: the buyer exists.
  func role(ofBuyer buyer: AccountID) -> MarketplaceRole {
    var generator = SplitMix64(seed: seed, stream: Stream.buyerRole, index: buyer.rawValue)
    return Self.role(of: .buyer, &generator)
  }

  /// - Precondition: the merchant exists.
  func role(ofMerchant merchant: AccountID) -> MarketplaceRole {
    merchantRoles[Int(merchant.rawValue) - 1]
  }

  /// The merchant in whose ring a colluding buyer is; nil where nobody colludes.
  func partner(ofBuyer buyer: AccountID) -> AccountID? {
    if colludingMerchants.isEmpty { return nil }
    var generator = SplitMix64(seed: seed, stream: Stream.partner, index: buyer.rawValue)
    return colludingMerchants[Int(generator.below(UInt64(colludingMerchants.count)))]
  }

  private static func role(
    of kind: AccountKind, _ generator: inout SplitMix64
  ) -> MarketplaceRole {
    var rest = generator.below(1000)
    let roles = kind == .buyer ? buyerRoles : sellerRoles
    for (role, sharePerMille) in roles {
      if rest < sharePerMille { return role }
      rest -= sharePerMille
    }
    preconditionFailure("shares of \(kind.name)s do not sum to 1000")
  }

  private static let buyerRoles = shares(of: .buyer)
  private static let sellerRoles = shares(of: .merchant)

  private static func shares(of kind: AccountKind) -> [(MarketplaceRole, UInt64)] {
    MarketplaceRole.allCases.filter { $0.kind == kind }.map { ($0, $0.sharePerMille) }
  }
}

/// Accounts of one kind by activity, few of them with most of the orders.
///
/// A bounded Pareto law by rank. With u uniform in 0…1, the account of an order
/// stands at the part (u^k + c·u) / (1 + c) of the ranking: the first x of the
/// accounts have about x^(1/k) of the orders, and nobody more than 1 + 1/c times
/// the mean.
struct RankedAccounts: Sendable {
  /// The k and c of the law.
  struct Skew: Sendable {
    let squarings: Int
    let floor: Double

    /// k = 2: the first 1 % have 10 % of the orders, nobody above 101 × the mean.
    static let buyers = Skew(squarings: 1, floor: 0.01)
    /// k = 4: the first 1 % have 31 % of the orders, nobody above 1,001 × the mean.
    static let merchants = Skew(squarings: 2, floor: 0.001)
  }

  let count: Int
  private let skew: Skew
  private let offset: UInt64
  private let multiplier: UInt64

  /// - Parameters:
  ///   - count: 1 to 2^32.
  ///   - offset: any number; with `multiplier`, decides who has which rank.
  ///   - multiplier: any number.
  init(count: Int, skew: Skew, offset: UInt64, multiplier: UInt64) {
    self.count = count
    self.skew = skew
    let bound = UInt64(count)
    self.offset = offset % bound
    // Ranks go to ids by rank × m + offset mod count, which meets every id once
    // if m has no divisor in common with the count.
    var candidate = multiplier % bound
    while Self.greatestCommonDivisor(candidate, bound) != 1 { candidate = (candidate + 1) % bound }
    self.multiplier = candidate
  }

  /// The account of the next order.
  func draw(_ generator: inout SplitMix64) -> AccountID {
    let u = generator.unit()
    var power = u
    for _ in 0..<skew.squarings { power *= power }
    let part = (power + skew.floor * u) / (1 + skew.floor)
    let rank = UInt64(min(part * Double(count), Double(count - 1)))
    return AccountID((rank * multiplier + offset) % UInt64(count) + 1)
  }

  private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}
