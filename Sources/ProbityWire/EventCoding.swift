import CProbityMessages
import IntegrityCore

/// Events between the wire's flat message and the core's type.
extension Codec {
  /// - Throws: INVALID_ARGUMENT with the field that has no valid value.
  func event(_ c: Probity__V1__Command) throws(CallFailure) -> Event {
    guard let at = unsafe try time(c.at, "at") else {
      throw invalid("at", "is required: UTC seconds")
    }
    return unsafe Event(
      at: at, buyer: AccountID(c.buyer), merchant: AccountID(c.merchant), order: c.order,
      claim: c.claim, amount: Minor(c.amount), detail: unsafe try detail(c))
  }

  private func detail(_ c: Probity__V1__Command) throws(CallFailure) -> EventDetail {
    switch unsafe c.type {
    case PROBITY__V1__EVENT_TYPE__SETTLED:
      return unsafe .settled(orderedAt: try time(c.refers_to_at, "refers_to_at") ?? .zero)
    case PROBITY__V1__EVENT_TYPE__PICKED_UP:
      return unsafe .pickedUp(late: c.late != 0)
    case PROBITY__V1__EVENT_TYPE__CANCELLED:
      let by: CancelledBy = unsafe try choice(c.cancelled_by.rawValue, "cancelled_by")
      return unsafe .cancelled(by: by, cause: try choice(c.cancel_cause.rawValue, "cancel_cause"))
    case PROBITY__V1__EVENT_TYPE__TRACKING_INVALID: return .carrierProof(.trackingInvalid)
    case PROBITY__V1__EVENT_TYPE__SCANNED_BEFORE_ORDER: return .carrierProof(.scannedBeforeOrder)
    case PROBITY__V1__EVENT_TYPE__WRONG_DESTINATION: return .carrierProof(.wrongDestination)
    case PROBITY__V1__EVENT_TYPE__EMPTY_PARCEL: return .carrierProof(.emptyParcel)
    case PROBITY__V1__EVENT_TYPE__CLAIM_OPENED:
      let kind: ClaimKind = unsafe try choice(c.claim_kind.rawValue, "claim_kind")
      return unsafe .claimOpened(kind, try choice(c.allegation.rawValue, "allegation"))
    case PROBITY__V1__EVENT_TYPE__CLAIM_DECIDED:
      let kind: ClaimKind = unsafe try choice(c.claim_kind.rawValue, "claim_kind")
      return unsafe .claimDecided(kind, try choice(c.verdict.rawValue, "verdict"))
    case PROBITY__V1__EVENT_TYPE__CLAIM_WITHDRAWN:
      guard let openedAt = unsafe try time(c.refers_to_at, "refers_to_at") else {
        throw invalid("refers_to_at", "is required: when the claim was opened, UTC seconds")
      }
      return unsafe .claimWithdrawn(
        openedAt: openedAt, try choice(c.allegation.rawValue, "allegation"))
    case PROBITY__V1__EVENT_TYPE__RETURN_INSPECTED:
      return unsafe .returnInspected(try choice(c.return_condition.rawValue, "return_condition"))
    case PROBITY__V1__EVENT_TYPE__COMPENSATED: return .compensated
    default: throw invalid("type", "must be one of the event types 1 to 12")
    }
  }

  func choice<Choice: RawRepresentable<UInt8> & CaseIterable>(
    _ raw: UInt32, _ field: String
  ) throws(CallFailure) -> Choice {
    if let raw = UInt8(exactly: raw), let choice = Choice(rawValue: raw) { return choice }
    throw invalid(field, "must be one of 1 to \(Choice.allCases.count)")
  }

  /// The message of a command.
  func message(_ command: Command) -> Probity__V1__Command {
    var m = unsafe Probity__V1__Command()
    unsafe probity__v1__command__init(&m)
    let event = command.event
    unsafe m.sequence = command.sequence
    unsafe m.at = UInt64(event.at.rawValue)
    unsafe m.buyer = event.buyer.rawValue
    unsafe m.merchant = event.merchant.rawValue
    unsafe m.order = event.order
    unsafe m.claim = event.claim
    unsafe m.amount = event.amount.rawValue
    unsafe fill(&m, event.detail)
    return unsafe m
  }

  private func fill(_ m: inout Probity__V1__Command, _ detail: EventDetail) {
    unsafe m.type = Self.type(of: detail)
    switch detail {
    case .settled(let orderedAt): unsafe m.refers_to_at = UInt64(orderedAt.rawValue)
    case .pickedUp(let late): unsafe m.late = late ? 1 : 0
    case .cancelled(let by, let cause):
      unsafe m.cancelled_by = .init(rawValue: UInt32(by.rawValue))
      unsafe m.cancel_cause = .init(rawValue: UInt32(cause.rawValue))
    case .claimOpened(let kind, let allegation):
      unsafe m.claim_kind = .init(rawValue: UInt32(kind.rawValue))
      unsafe m.allegation = .init(rawValue: UInt32(allegation.rawValue))
    case .claimDecided(let kind, let verdict):
      unsafe m.claim_kind = .init(rawValue: UInt32(kind.rawValue))
      unsafe m.verdict = .init(rawValue: UInt32(verdict.rawValue))
    case .claimWithdrawn(let openedAt, let allegation):
      unsafe m.refers_to_at = UInt64(openedAt.rawValue)
      unsafe m.allegation = .init(rawValue: UInt32(allegation.rawValue))
    case .returnInspected(let condition):
      unsafe m.return_condition = .init(rawValue: UInt32(condition.rawValue))
    case .carrierProof, .compensated: break
    }
  }

  private static func type(of detail: EventDetail) -> Probity__V1__EventType {
    switch detail {
    case .settled: PROBITY__V1__EVENT_TYPE__SETTLED
    case .pickedUp: PROBITY__V1__EVENT_TYPE__PICKED_UP
    case .cancelled: PROBITY__V1__EVENT_TYPE__CANCELLED
    case .carrierProof(.trackingInvalid): PROBITY__V1__EVENT_TYPE__TRACKING_INVALID
    case .carrierProof(.scannedBeforeOrder): PROBITY__V1__EVENT_TYPE__SCANNED_BEFORE_ORDER
    case .carrierProof(.wrongDestination): PROBITY__V1__EVENT_TYPE__WRONG_DESTINATION
    case .carrierProof(.emptyParcel): PROBITY__V1__EVENT_TYPE__EMPTY_PARCEL
    case .claimOpened: PROBITY__V1__EVENT_TYPE__CLAIM_OPENED
    case .claimDecided: PROBITY__V1__EVENT_TYPE__CLAIM_DECIDED
    case .claimWithdrawn: PROBITY__V1__EVENT_TYPE__CLAIM_WITHDRAWN
    case .returnInspected: PROBITY__V1__EVENT_TYPE__RETURN_INSPECTED
    case .compensated: PROBITY__V1__EVENT_TYPE__COMPENSATED
    }
  }
}
