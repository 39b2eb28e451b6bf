/// Why an event is refused: the field, and what would be right.
public struct EventFault: Error, Hashable, Sendable {
  /// Name of the field as in Docs/EVENTS.md.
  public let field: String
  public let remedy: String

  public init(field: String, remedy: String) {
    self.field = field
    self.remedy = remedy
  }
}

extension Event {
  /// Oldest time an event may have: 2000-01-01T00:00:00Z.
  public static let earliest = UnixSeconds(946_684_800)

  /// The first thing wrong with the event, or nil.
  ///
  /// - Parameter latest: newest time accepted; the caller's clock plus its
  ///   tolerance for others' clocks.
  public func fault(latest: UnixSeconds) -> EventFault? {
    timeFault(at, field: "at", latest: latest) ?? accountFault ?? amountFault ?? earlierTimeFault
  }

  private func timeFault(_ time: UnixSeconds, field: String, latest: UnixSeconds) -> EventFault? {
    if time < Self.earliest {
      return EventFault(field: field, remedy: "must be a time from 2000-01-01T00:00:00Z on")
    }
    if time > latest {
      return EventFault(field: field, remedy: "lies in the future: must be at most 1 day from now")
    }
    return nil
  }

  private var accountFault: EventFault? {
    if needsBuyer && buyer.isNone {
      return EventFault(field: "buyer", remedy: "is required: a number from 1 to 2^64-1")
    }
    if needsMerchant && merchant.isNone {
      return EventFault(field: "merchant", remedy: "is required: a number from 1 to 2^64-1")
    }
    return nil
  }

  private var amountFault: EventFault? {
    if amount.rawValue < 0 || amount.rawValue > Minor.eventMax.rawValue {
      return EventFault(
        field: "amount", remedy: "must be from 0 to 1000000000000 minor units (cents, fen)")
    }
    return nil
  }

  private var earlierTimeFault: EventFault? {
    switch detail {
    case .settled(let orderedAt) where orderedAt != .zero:
      let remedy = "must not be after `at`: an order is placed before it is settled"
      return timeFault(orderedAt, field: "orderedAt", latest: .init(.max))
        ?? (orderedAt > at ? EventFault(field: "orderedAt", remedy: remedy) : nil)
    case .claimWithdrawn(let openedAt, _):
      let remedy = "must not be after `at`: a claim is opened before it is withdrawn"
      return timeFault(openedAt, field: "openedAt", latest: .init(.max))
        ?? (openedAt > at ? EventFault(field: "openedAt", remedy: remedy) : nil)
    default:
      return nil
    }
  }

  private var needsBuyer: Bool {
    switch detail {
    case .settled, .claimOpened, .claimDecided, .claimWithdrawn, .returnInspected, .compensated:
      true
    case .cancelled(let by, _): by == .buyer
    case .pickedUp, .carrierProof: false
    }
  }

  private var needsMerchant: Bool {
    switch detail {
    case .settled, .pickedUp, .carrierProof, .claimOpened, .claimDecided, .claimWithdrawn: true
    case .cancelled(let by, _): by == .merchant
    case .returnInspected, .compensated: false
    }
  }
}
