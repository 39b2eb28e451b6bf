import IntegrityCore

/// What becomes of a merchant's orders, in cases of a thousand.
///
/// Chosen by the thresholds that marketplaces publish (late shipment 4 %,
/// cancellation 2.5 %): the honest stay well below, each bad role is well above
/// its own and unremarkable in the others.
struct MerchantHabits {
  let noStockPerMille: UInt64
  let latePerMille: UInt64
  let carrierProofPerMille: UInt64
  /// Claims of honest buyers on top of their own rate: the goods disappoint.
  let extraClaimsPerMille: UInt64

  init(_ role: MarketplaceRole) {
    let (noStock, late, proof, extra): (UInt64, UInt64, UInt64, UInt64) =
      switch role {
      case .lateMerchant: (6, 420, 1, 10)
      case .noStockMerchant: (240, 40, 1, 5)
      case .falseShippingMerchant: (10, 40, 180, 40)
      case .colludingMerchant: (6, 25, 1, 10)
      default: (6, 20, 0, 0)
      }
    noStockPerMille = noStock
    latePerMille = late
    carrierProofPerMille = proof
    extraClaimsPerMille = extra
  }
}

/// How a buyer claims, and what comes of it.
struct BuyerHabits {
  let claimsPerMille: UInt64
  let withdrawnPerMille: UInt64
  let allegations: [(weight: UInt64, choice: Allegation)]
  let verdicts: [(weight: UInt64, choice: Verdict)]
  let conditions: [(weight: UInt64, choice: ReturnCondition)]
  /// Of 1,000 upheld quality claims about goods that came, those that the
  /// platform pays; the rest are returned.
  let compensatedPerMille: UInt64

  /// Claims with reason: 2 % of the orders.
  static let honest = BuyerHabits(
    claimsPerMille: 20, withdrawnPerMille: 60,
    allegations: [
      (18, .notReceived), (2, .parcelEmpty), (30, .defective), (25, .notAsDescribed),
      (10, .wrongItem), (12, .changedMind), (3, .other),
    ],
    verdicts: [(850, .upheld), (146, .rejected), (4, .abuse)],
    conditions: [(930, .asSold), (60, .used), (5, .empty), (5, .swapped)],
    compensatedPerMille: 600)

  static let serialRefunder = BuyerHabits(
    claimsPerMille: 350, withdrawnPerMille: 20,
    allegations: [
      (5, .notReceived), (35, .defective), (30, .notAsDescribed), (10, .wrongItem),
      (18, .changedMind), (2, .other),
    ],
    verdicts: [(550, .upheld), (280, .rejected), (170, .abuse)],
    conditions: [(250, .asSold), (420, .used), (80, .empty), (250, .swapped)],
    compensatedPerMille: 300)

  static let emptyBoxClaimant = BuyerHabits(
    claimsPerMille: 300, withdrawnPerMille: 20,
    allegations: [(60, .notReceived), (35, .parcelEmpty), (5, .notAsDescribed)],
    verdicts: [(450, .upheld), (300, .rejected), (250, .abuse)],
    conditions: [(500, .asSold), (300, .used), (200, .empty)],
    compensatedPerMille: 500)

  /// A colluding buyer at its partner.
  static let ring = BuyerHabits(
    claimsPerMille: 400, withdrawnPerMille: 0,
    allegations: [(60, .defective), (40, .notAsDescribed)],
    verdicts: [(980, .upheld), (20, .rejected)],
    conditions: [(1, .asSold)],
    compensatedPerMille: 1000)

  /// Those of an order: a colluding buyer is honest to all but its partner.
  static func of(_ role: MarketplaceRole, isRing: Bool) -> BuyerHabits {
    if isRing { return ring }
    switch role {
    case .serialRefunder: return serialRefunder
    case .emptyBoxClaimant: return emptyBoxClaimant
    default: return honest
    }
  }
}
