import IntegrityCore

/// What an account of the simulated marketplace is up to: the truth that a
/// scoring service is to find out.
public enum MarketplaceRole: UInt8, Sendable, CaseIterable {
  /// Claims rarely, with reason, and returns what came.
  case honestBuyer = 1
  /// Claims a third of its orders and returns them used or swapped.
  case serialRefunder
  /// Says of a third of its orders that nothing arrived.
  case emptyBoxClaimant
  /// Buys mostly from one colluding merchant, to be compensated by the platform.
  case colludingBuyer

  /// Ships in time what it has.
  case honestMerchant
  /// Hands parcels to the carrier too late.
  case lateMerchant
  /// Sells what it does not have and cancels.
  case noStockMerchant
  /// Hands in false tracking numbers and empty parcels.
  case falseShippingMerchant
  /// Sells to its ring of colluding buyers, whose claims are always upheld.
  case colludingMerchant

  /// The kind of account that has the role.
  public var kind: AccountKind {
    switch self {
    case .honestBuyer, .serialRefunder, .emptyBoxClaimant, .colludingBuyer: .buyer
    case .honestMerchant, .lateMerchant, .noStockMerchant, .falseShippingMerchant,
      .colludingMerchant:
      .merchant
    }
  }

  /// Whether the account means no harm and does none.
  public var isHonest: Bool { self == .honestBuyer || self == .honestMerchant }

  /// How many of a thousand accounts of the kind have the role, on average:
  /// every account's role is drawn by itself.
  public var sharePerMille: UInt64 {
    switch self {
    case .honestBuyer: 930
    case .serialRefunder: 30
    case .emptyBoxClaimant: 20
    case .colludingBuyer: 20
    case .honestMerchant: 780
    case .lateMerchant: 80
    case .noStockMerchant: 60
    case .falseShippingMerchant: 40
    case .colludingMerchant: 40
    }
  }
}
