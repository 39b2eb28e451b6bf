/// One thing an account is judged by: a rate of events against an exposure.
///
/// The raw value is the lane in the scorecard's vectors; lane 6 is the age of the
/// account, lane 7 the length of its history. Names are the keys of the policy document.
public protocol ScorecardDimension: CaseIterable, Sendable, RawRepresentable<Int> {
  /// Key in the policy document and in `Explain`.
  var name: String { get }
  /// The reason given when this dimension costs points.
  var reason: ReasonCode { get }
}

/// What a buyer is judged by.
public enum BuyerDimension: Int, ScorecardDimension {
  /// Claims opened, less a credit for those upheld, per settled order.
  case claims = 0
  /// "Never arrived" and "parcel was empty" claims, per settled order.
  case notReceived = 1
  /// Returns used, empty or swapped, per inspected return.
  case returnMismatch = 2
  /// Claims that a human rejected as abuse, per settled order.
  case abuse = 3
  /// Share of the ordered value that was claimed.
  case claimedValue = 4

  public var name: String {
    switch self {
    case .claims: "claims"
    case .notReceived: "notReceived"
    case .returnMismatch: "returnMismatch"
    case .abuse: "abuse"
    case .claimedValue: "claimedValue"
    }
  }

  public var reason: ReasonCode {
    switch self {
    case .claims, .claimedValue: .b03ClaimRateHigh
    case .notReceived: .b04NotReceivedRateHigh
    case .returnMismatch: .b05ReturnMismatch
    case .abuse: .b07ConfirmedAbuse
    }
  }
}

/// What a merchant is judged by.
public enum MerchantDimension: Int, ScorecardDimension {
  /// Quality claims upheld, weighted by the claimant's credibility, per settled order.
  case qualityRefunds = 0
  /// Parcels handed over later than promised, per settled order.
  case latePickup = 1
  /// Shipments the carrier proved false, per settled order.
  case falseShipment = 2
  /// Orders cancelled for lack of stock, per settled or so cancelled order.
  case noStock = 3
  /// Parcels the carrier proved empty, per settled order.
  case emptyParcel = 4
  /// Share of the sold value that was refunded for quality.
  case refundedValue = 5

  public var name: String {
    switch self {
    case .qualityRefunds: "qualityRefunds"
    case .latePickup: "latePickup"
    case .falseShipment: "falseShipment"
    case .noStock: "noStock"
    case .emptyParcel: "emptyParcel"
    case .refundedValue: "refundedValue"
    }
  }

  public var reason: ReasonCode {
    switch self {
    case .qualityRefunds, .refundedValue: .m01QualityRefundsHigh
    case .latePickup: .m02LatePickup
    case .falseShipment, .emptyParcel: .m03FalseShipment
    case .noStock: .m04NoStock
    }
  }
}

/// What the policy says about one dimension.
public struct DimensionRules: Sendable, Equatable {
  /// Rate of an account of which nothing is known: 0 < mean < 1.
  public var priorMean: Float
  /// How many orders of evidence the prior weighs: 0.1 … 10,000.
  public var priorStrength: Float
  /// Points lost when the odds of an incident double: 0 … 1,000.
  public var pointsPerDoubling: Float
  /// Most points this dimension takes, and adds: 0 … 1,000.
  public var lossMax: Float
  public var gainMax: Float

  public init(
    priorMean: Float, priorStrength: Float, pointsPerDoubling: Float, lossMax: Float, gainMax: Float
  ) {
    self.priorMean = priorMean
    self.priorStrength = priorStrength
    self.pointsPerDoubling = pointsPerDoubling
    self.lossMax = lossMax
    self.gainMax = gainMax
  }

  /// Says nothing: what unused lanes hold.
  static let silent = DimensionRules(
    priorMean: 0.5, priorStrength: 2, pointsPerDoubling: 0, lossMax: 0, gainMax: 0)
}

/// What the policy says about the length of an account's history.
public struct HistoryRules: Sendable, Equatable {
  /// Points for each doubling of 1 + orders / `ordersScale`.
  public var pointsPerDoubling: Float
  /// Effective settled orders that count as the first doubling: 0.1 … 10,000.
  public var ordersScale: Float
  /// Most points for history: 0 … 1,000.
  public var gainMax: Float
  /// Below this many effective orders the history is called thin.
  public var thinOrders: Float

  public init(pointsPerDoubling: Float, ordersScale: Float, gainMax: Float, thinOrders: Float) {
    self.pointsPerDoubling = pointsPerDoubling
    self.ordersScale = ordersScale
    self.gainMax = gainMax
    self.thinOrders = thinOrders
  }
}

/// What the policy says about how long ago an account was first heard of.
///
/// Age cannot be bought: who starts anew is new again.
public struct TenureRules: Sendable, Equatable {
  /// Points for each doubling of 1 + days / `daysScale`: 0 … 1,000.
  public var pointsPerDoubling: Float
  /// Days since the account's oldest event that count as the first doubling: 0.1 … 10,000.
  public var daysScale: Float
  /// Most points for age: 0 … 1,000.
  public var gainMax: Float

  public init(pointsPerDoubling: Float, daysScale: Float, gainMax: Float) {
    self.pointsPerDoubling = pointsPerDoubling
    self.daysScale = daysScale
    self.gainMax = gainMax
  }
}
