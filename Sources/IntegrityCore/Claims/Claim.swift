/// Name of a claim: chosen by whoever opens it, any number but zero.
public struct ClaimID: Hashable, Sendable {
  public let rawValue: UInt64

  @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// What speaks for and against a claim when it is opened.
public struct ClaimProofs: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8

  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The carrier's records: the tracking number does not exist.
  public static let trackingInvalid = ClaimProofs(rawValue: 1 << 0)
  /// The carrier's records: scanned before the order was placed.
  public static let scannedBeforeOrder = ClaimProofs(rawValue: 1 << 1)
  /// The carrier's records: delivered somewhere else.
  public static let wrongDestination = ClaimProofs(rawValue: 1 << 2)
  /// The carrier's scales: nothing was in the parcel.
  public static let emptyParcel = ClaimProofs(rawValue: 1 << 3)
  /// The buyer has shown pictures or the like.
  public static let buyerEvidence = ClaimProofs(rawValue: 1 << 4)
  /// The merchant has shown evidence to the contrary.
  public static let merchantEvidence = ClaimProofs(rawValue: 1 << 5)

  /// What the carrier proves was recorded as an event before: it decides, and counts against
  /// the merchant already.
  public static let recorded = ClaimProofs(rawValue: 1 << 6)

  /// Those that the carrier proves.
  public static let byCarrier: ClaimProofs = [
    .trackingInvalid, .scannedBeforeOrder, .wrongDestination, .emptyParcel,
  ]
  public static let all: ClaimProofs = byCarrier.union([
    .buyerEvidence, .merchantEvidence, .recorded,
  ])
}

/// A buyer's dispute about one order: what `OpenClaim` is given, and never changes.
public struct Claim: Hashable, Sendable {
  public var id: ClaimID
  public var buyer: AccountID
  public var merchant: AccountID
  /// 0 = not said.
  public var order: UInt64
  /// Zero where unknown.
  public var orderedAt: UnixSeconds
  /// When the buyer opened it.
  public var openedAt: UnixSeconds
  /// What is asked back: 1 or more minor units.
  public var amount: Minor
  /// Of the goods, in the marketplace's own numbers, up to `categoryMax`; 0 = none.
  public var category: UInt32
  public var kind: ClaimKind
  public var allegation: Allegation
  public var proofs: ClaimProofs

  /// Bounds what is counted in a day.
  public static let categoryMax: UInt32 = 65_535

  public init(
    id: ClaimID, buyer: AccountID, merchant: AccountID, order: UInt64 = 0,
    orderedAt: UnixSeconds = .zero, openedAt: UnixSeconds, amount: Minor, category: UInt32 = 0,
    kind: ClaimKind, allegation: Allegation, proofs: ClaimProofs = []
  ) {
    self.id = id
    self.buyer = buyer
    self.merchant = merchant
    self.order = order
    self.orderedAt = orderedAt
    self.openedAt = openedAt
    self.amount = amount
    self.category = category
    self.kind = kind
    self.allegation = allegation
    self.proofs = proofs
  }
}

extension Claim {
  /// The first thing wrong with the claim, or nil.
  ///
  /// Orders and accounts that are not known are not faults: they are cold starts.
  ///
  /// - Parameter latest: newest time accepted; the caller's clock plus its
  ///   tolerance for others' clocks.
  public func fault(latest: UnixSeconds) -> EventFault? {
    nameFault ?? timeFault(latest) ?? amountFault ?? contradiction
  }

  private var nameFault: EventFault? {
    let names = [
      (id.rawValue, "claim"), (buyer.rawValue, "buyer"), (merchant.rawValue, "merchant"),
    ]
    guard let (_, field) = names.first(where: { $0.0 == 0 }) else { return nil }
    return EventFault(field: field, remedy: "is required: a number from 1 to 2^64-1")
  }

  private func timeFault(_ latest: UnixSeconds) -> EventFault? {
    if openedAt < Event.earliest {
      return EventFault(field: "openedAt", remedy: "must be a time from 2000-01-01T00:00:00Z on")
    }
    if openedAt > latest {
      return EventFault(
        field: "openedAt", remedy: "lies in the future: must be at most 1 day from now")
    }
    if orderedAt == .zero { return nil }
    if orderedAt < Event.earliest {
      return EventFault(field: "orderedAt", remedy: "must be a time from 2000-01-01T00:00:00Z on")
    }
    if orderedAt > openedAt {
      return EventFault(
        field: "orderedAt",
        remedy: "must not be after `openedAt`: an order is placed before it is disputed")
    }
    return nil
  }

  private var amountFault: EventFault? {
    if amount.rawValue >= 1 && amount.rawValue <= Minor.eventMax.rawValue { return nil }
    return EventFault(
      field: "amount", remedy: "must be from 1 to 1000000000000 minor units (cents, fen)")
  }

  private var contradiction: EventFault? {
    if category > Self.categoryMax {
      return EventFault(field: "category", remedy: "must be from 0 to \(Self.categoryMax)")
    }
    if !proofs.isSubset(of: .all) {
      return EventFault(field: "proofs", remedy: "must be some of the bits 0 to 6")
    }
    if proofs.contains(.recorded) && proofs.isDisjoint(with: .byCarrier) {
      return EventFault(
        field: "proofs", remedy: "says `recorded` of nothing: name what the carrier has proven")
    }
    if kind == .quality && allegation == .changedMind {
      return EventFault(
        field: "allegation",
        remedy: "`changedMind` is no matter of quality: open it with kind `nonQuality`")
    }
    return nil
  }
}
