import IntegrityCore
import PolicyFitting
import Testing

/// Which order went wrong, and when that was known.
@Suite struct OrderOutcomeTests {
  static let day: UInt32 = 86_400
  static let start: UInt32 = 1_767_225_600  // 2026-01-01T00:00:00Z

  static func event(
    _ detail: EventDetail, day: UInt32, order: UInt64 = 1, buyer: UInt64 = 7, merchant: UInt64 = 9
  ) -> Event {
    Event(
      at: UnixSeconds(start + day * Self.day), buyer: AccountID(buyer),
      merchant: AccountID(merchant), order: order, amount: Minor(100), detail: detail)
  }

  static func settled(day: UInt32, placed: UInt32? = nil, order: UInt64 = 1) -> Event {
    let orderedAt = placed.map { UnixSeconds(start + $0 * Self.day) } ?? .zero
    return event(.settled(orderedAt: orderedAt), day: day, order: order)
  }

  /// The one order of a history: on which day it was asked about and known, and how it went.
  private func told(
    _ events: [Event], _ fault: OrderFault, within days: UInt32 = 60
  ) -> (asked: UInt32, known: UInt32, wentWrong: Bool)? {
    let orders = OrderOutcomes(events, fault, within: days * Self.day).orders
    #expect(orders.count <= 1)
    #expect(orders.allSatisfy { $0.account.kind == fault.kind })
    return orders.first.map {
      (
        ($0.askedAt.rawValue - Self.start) / Self.day,
        ($0.knownAt.rawValue - Self.start) / Self.day, $0.wentWrong
      )
    }
  }

  @Test func aLatePickupIsKnownWhenTheCarrierHasTheParcel() throws {
    for late in [false, true] {
      let picked = Self.event(.pickedUp(late: late), day: 5)
      #expect(try #require(told([picked], .latePickup)) == (5, 5, late))
      let all = [picked, Self.settled(day: 9, placed: 2)]
      #expect(try #require(told(all, .latePickup)) == (2, 5, late))
    }
    #expect(told([Self.settled(day: 9, placed: 2)], .latePickup) == nil, "nobody picked it up")
  }

  /// Claims of one day before the window's end, on it, and one second behind.
  @Test func aClaimCountsWithinItsDays() throws {
    let claim = EventDetail.claimOpened(.quality, .defective)
    for (day, wentWrong) in [(61, true), (62, true)] as [(UInt32, Bool)] {
      let events = [Self.settled(day: 3, placed: 2), Self.event(claim, day: day)]
      #expect(try #require(told(events, .claim)) == (2, 62, wentWrong))
    }
    var late = Self.event(claim, day: 62)
    late.at = UnixSeconds(late.at.rawValue + 1)
    #expect(try #require(told([Self.settled(day: 3, placed: 2), late], .claim)) == (2, 62, false))
    let others = [Self.settled(day: 3, placed: 2), Self.event(claim, day: 9, order: 0)]
    #expect(try #require(told(others, .claim)).wentWrong == false)
    #expect(OrderOutcomes(others, .claim, within: 60).withoutOrder == 1)
  }

  @Test func onlyWhatTheFaultIsAboutCounts() throws {
    let events = [
      Self.settled(day: 3, placed: 2), Self.event(.claimOpened(.quality, .defective), day: 4),
      Self.event(.claimDecided(.quality, .rejected), day: 5),
      Self.event(.claimDecided(.nonQuality, .upheld), day: 6),
    ]
    #expect(try #require(told(events, .claim)).wentWrong)
    #expect(try #require(told(events, .qualityRefund)).wentWrong == false)
    #expect(try #require(told(events, .abuse)).wentWrong == false)
    let upheld = Self.event(.claimDecided(.quality, .upheld), day: 7)
    #expect(try #require(told(events + [upheld], .qualityRefund)).wentWrong)
    let abuse = Self.event(.claimDecided(.quality, .abuse), day: 7)
    #expect(try #require(told(events + [abuse], .abuse)).wentWrong)
  }

  @Test func stockIsWantingOrTheOrderSettles() throws {
    let noStock = Self.event(.cancelled(by: .merchant, cause: .outOfStock), day: 4)
    #expect(try #require(told([noStock], .noStock)) == (4, 4, true))
    #expect(try #require(told([Self.settled(day: 8, placed: 1)], .noStock)) == (1, 8, false))
    #expect(told([Self.event(.cancelled(by: .buyer, cause: .other), day: 4)], .noStock) == nil)
  }

  @Test func ordersAreInOrderOfTimeWhateverTheirNumbers() {
    let events = [(1, 30), (2, 10), (3, 20)].map {
      Self.settled(day: $0.1, order: UInt64($0.0))
    }
    let orders = OrderOutcomes(events.sorted { $0.at < $1.at }, .claim, within: 60).orders
    #expect(orders.map(\.order) == [2, 3, 1])
  }
}
