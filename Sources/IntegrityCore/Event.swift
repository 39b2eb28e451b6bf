/// Something that happened between a buyer, a merchant and an order.
///
/// Flat: `detail` says what happened and which of the other fields matter; the
/// rest are zero. Docs/EVENTS.md lists them by type.
public struct Event: Hashable, Sendable {
  /// When it happened, not when it was told.
  public var at: UnixSeconds
  public var buyer: AccountID
  public var merchant: AccountID
  /// Order and claim numbers; 0 = not said.
  public var order: UInt64
  public var claim: UInt64
  public var amount: Minor
  public var detail: EventDetail

  public init(
    at: UnixSeconds, buyer: AccountID = .none, merchant: AccountID = .none, order: UInt64 = 0,
    claim: UInt64 = 0, amount: Minor = Minor(0), detail: EventDetail
  ) {
    self.at = at
    self.buyer = buyer
    self.merchant = merchant
    self.order = order
    self.claim = claim
    self.amount = amount
    self.detail = detail
  }
}

/// What happened.
public enum EventDetail: Hashable, Sendable {
  /// The order is paid and kept. `orderedAt` is zero where unknown.
  case settled(orderedAt: UnixSeconds)
  /// The carrier took the parcel over, in time or late.
  case pickedUp(late: Bool)
  case cancelled(by: CancelledBy, cause: CancelCause)
  /// The carrier proves that the merchant's shipment was not what it claimed.
  case carrierProof(CarrierProof)
  case claimOpened(ClaimKind, Allegation)
  /// A human's or the platform's verdict on a claim.
  case claimDecided(ClaimKind, Verdict)
  /// Undoes the opening, which was at `openedAt` with the same allegation and amount.
  case claimWithdrawn(openedAt: UnixSeconds, Allegation)
  case returnInspected(ReturnCondition)
  /// The platform paid the buyer.
  case compensated
}

/// Who cancelled an order.
public enum CancelledBy: UInt8, Sendable, CaseIterable { case buyer = 1, merchant }
/// Why an order was cancelled.
public enum CancelCause: UInt8, Sendable, CaseIterable { case outOfStock = 1, other }
/// What a carrier's records show against a shipment.
public enum CarrierProof: UInt8, Sendable, CaseIterable {
  case trackingInvalid = 1
  case scannedBeforeOrder, wrongDestination, emptyParcel
}
/// Whether a claim says that the goods were bad.
public enum ClaimKind: UInt8, Sendable, CaseIterable { case quality = 1, nonQuality }
/// What a buyer alleges in a claim.
public enum Allegation: UInt8, Sendable, CaseIterable {
  case notReceived = 1
  case parcelEmpty, defective, notAsDescribed, wrongItem, changedMind, other

  /// Claims that nothing (of worth) arrived: the easiest to invent.
  var isNotReceived: Bool { self == .notReceived || self == .parcelEmpty }
}
/// How a claim was decided.
public enum Verdict: UInt8, Sendable, CaseIterable { case upheld = 1, rejected, abuse }
/// In which state returned goods were found.
public enum ReturnCondition: UInt8, Sendable, CaseIterable { case asSold = 1, used, empty, swapped }

/// An event with its place in its source's order: what is logged and applied.
public struct Command: Hashable, Sendable {
  /// Who says so, 1 or more.
  public var source: UInt64
  /// Increases with every command of a source, 1 or more.
  public var sequence: UInt64
  public var event: Event

  public init(source: UInt64, sequence: UInt64, event: Event) {
    self.source = source
    self.sequence = sequence
    self.event = event
  }
}

extension Event {
  /// Whether applying it changes the record of its buyer, and of its merchant.
  public var changesBuyer: Bool {
    switch detail {
    case .settled, .claimOpened, .claimDecided, .claimWithdrawn, .returnInspected, .compensated:
      true
    case .cancelled(let by, _): by == .buyer
    case .pickedUp, .carrierProof: false
    }
  }

  public var changesMerchant: Bool {
    switch detail {
    case .settled, .pickedUp, .carrierProof, .claimDecided, .claimOpened, .claimWithdrawn: true
    case .cancelled(let by, _): by == .merchant
    // The merchant of a return need not be told: then what came back is trade of its own still.
    case .returnInspected: !merchant.isNone && amount.rawValue > 0
    case .compensated: false
    }
  }
}
