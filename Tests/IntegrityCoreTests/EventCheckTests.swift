import IntegrityCore
import Testing

struct EventCheckTests {
  private static let latest = UnixSeconds.today
  private static let first = UnixSeconds(946_684_800)

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let event: Event
    /// The field at fault, or nil.
    let fault: String?

    init(
      _ name: String, _ detail: EventDetail, at: UnixSeconds = .today, buyer: UInt64 = 7,
      merchant: UInt64 = 9, amount: Int64 = 100, _ fault: String?
    ) {
      self.name = name
      self.fault = fault
      event = Event(
        at: at, buyer: AccountID(buyer), merchant: AccountID(merchant), amount: Minor(amount),
        detail: detail)
    }

    var testDescription: String { name }
  }

  private static func before(_ time: UnixSeconds) -> UnixSeconds { UnixSeconds(time.rawValue - 1) }
  private static func after(_ time: UnixSeconds) -> UnixSeconds { UnixSeconds(time.rawValue + 1) }
  private static func ordered(_ time: UnixSeconds) -> EventDetail { .settled(orderedAt: time) }
  private static func withdrawn(_ time: UnixSeconds) -> EventDetail {
    .claimWithdrawn(openedAt: time, .defective)
  }

  static let boundaries: [Case] = [
    Case("at: a second before 2000", .settled, at: before(first), "at"),
    Case("at: 2000", .settled, at: first, nil),
    Case("at: a second into 2000", .settled, at: after(first), nil),
    Case("at: zero", .settled, at: .zero, "at"),
    Case("at: a second before the latest", .settled, at: before(latest), nil),
    Case("at: the latest", .settled, at: latest, nil),
    Case("at: a second after the latest", .settled, at: after(latest), "at"),
    Case("amount: −1", .settled, amount: -1, "amount"),
    Case("amount: smallest there is", .settled, amount: .min, "amount"),
    Case("amount: 0", .settled, amount: 0, nil),
    Case("amount: 1", .settled, amount: 1, nil),
    Case("amount: largest less one", .settled, amount: 999_999_999_999, nil),
    Case("amount: largest", .settled, amount: 1_000_000_000_000, nil),
    Case("amount: largest and one", .settled, amount: 1_000_000_000_001, "amount"),
    Case("orderedAt: unknown", ordered(.zero), nil),
    Case("orderedAt: one second of 1970", ordered(UnixSeconds(1)), "orderedAt"),
    Case("orderedAt: a second before 2000", ordered(before(first)), "orderedAt"),
    Case("orderedAt: 2000", ordered(first), nil),
    Case("orderedAt: a second before at", ordered(before(.today)), nil),
    Case("orderedAt: at", ordered(.today), nil),
    Case("orderedAt: a second after at", ordered(after(.today)), "orderedAt"),
    Case("openedAt: unknown", withdrawn(.zero), "openedAt"),
    Case("openedAt: a second before 2000", withdrawn(before(first)), "openedAt"),
    Case("openedAt: 2000", withdrawn(first), nil),
    Case("openedAt: at", withdrawn(.today), nil),
    Case("openedAt: a second after at", withdrawn(after(.today)), "openedAt"),
    Case("the first fault is named: time", .settled, at: .zero, buyer: 0, amount: -1, "at"),
    Case("the first fault is named: account", .settled, buyer: 0, amount: -1, "buyer"),
    Case("largest account numbers", .settled, buyer: .max, merchant: .max, nil),
  ]

  @Test(arguments: boundaries)
  func boundary(_ row: Case) {
    let fault = row.event.fault(latest: Self.latest)
    #expect(fault?.field == row.fault)
    #expect(fault.map { !$0.remedy.isEmpty } ?? true)
  }

  /// Which accounts each type of event must name.
  static let accounts: [(EventDetail, buyer: Bool, merchant: Bool)] = [
    (.settled, true, true),
    (.pickedUp(late: true), false, true),
    (.cancelled(by: .buyer, cause: .other), true, false),
    (.cancelled(by: .merchant, cause: .outOfStock), false, true),
    (.carrierProof(.emptyParcel), false, true),
    (.claimOpened(.quality, .defective), true, true),
    (.claimDecided(.quality, .upheld), true, true),
    (.claimWithdrawn(openedAt: .today, .other), true, true),
    (.returnInspected(.asSold), true, false),
    (.compensated, true, false),
  ]

  @Test(arguments: accounts)
  func accountsThatAreRequired(detail: EventDetail, buyer: Bool, merchant: Bool) {
    let anonymous = Event(at: .today, detail: detail)
    #expect(anonymous.fault(latest: Self.latest)?.field == (buyer ? "buyer" : "merchant"))

    var named = anonymous
    if buyer { named.buyer = AccountID(1) }
    if buyer && merchant { #expect(named.fault(latest: Self.latest)?.field == "merchant") }
    if merchant { named.merchant = AccountID(1) }
    #expect(named.fault(latest: Self.latest) == nil)
  }

  /// An event that changes an account must name it.
  @Test(arguments: accounts)
  func changedAccountsAreRequired(detail: EventDetail, buyer: Bool, merchant: Bool) {
    let event = Event(at: .today, detail: detail)
    #expect(!event.changesBuyer || buyer)
    #expect(!event.changesMerchant || merchant)
  }
}
