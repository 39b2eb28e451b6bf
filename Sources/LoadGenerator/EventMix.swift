import BenchmarkMachine
import Glibc
import IntegrityCore

/// Events in the proportions of `probity simulate`'s marketplace: an order is
/// picked up and settled; few are cancelled or disputed.
struct EventMix: Sendable {
  private var random: SeededGenerator
  private let now = EventMix.nowSeconds
  private let lostPerMille: UInt64

  /// Of a thousand events.
  private static let shares: [(count: UInt64, make: @Sendable (UnixSeconds) -> EventDetail)] = [
    (459, { .settled(orderedAt: earlier($0, days: 7)) }),
    (437, { _ in .pickedUp(late: false) }),
    (22, { _ in .pickedUp(late: true) }),
    (22, { _ in .claimOpened(.quality, .defective) }),
    (15, { _ in .claimDecided(.quality, .upheld) }),
    (6, { _ in .claimDecided(.nonQuality, .rejected) }),
    (13, { _ in .cancelled(by: .buyer, cause: .other) }),
    (6, { _ in .cancelled(by: .merchant, cause: .outOfStock) }),
    (11, { _ in .compensated }),
    (5, { _ in .returnInspected(.asSold) }),
    (3, { _ in .carrierProof(.trackingInvalid) }),
    (1, { .claimWithdrawn(openedAt: earlier($0, days: 2), .defective) }),
  ]

  /// The machine's clock.
  static var nowSeconds: UInt32 {
    // Safe: nothing is written through the null pointer.
    UInt32(time(nil))
  }

  /// - Parameter lostPerMille: of a thousand events those that are claims, beyond the usual
  ///   ones, that nothing arrived: they change tiers.
  init(seed: UInt64, lostPerMille: UInt64 = 0) {
    random = SeededGenerator(seed: seed)
    self.lostPerMille = lostPerMille
  }

  /// An event of the last day, of buyer, merchant and order 1.
  mutating func next() -> Event {
    let at = UnixSeconds(now - UInt32(random.next() % 86_400))
    var event = Event(
      at: at, buyer: AccountID(1), merchant: AccountID(1), order: 1, detail: .compensated)
    if lostPerMille > 0 && random.next() % 1_000 < lostPerMille {
      event.detail = .claimOpened(.quality, .notReceived)
      event.amount = Minor(1_000)
      return event
    }
    var place = random.next() % 1_000
    for share in Self.shares {
      if place < share.count {
        event.detail = share.make(at)
        break
      }
      place -= share.count
    }
    switch event.detail {
    case .pickedUp, .cancelled, .carrierProof, .returnInspected: break
    default: event.amount = Minor(Int64(100 + random.next() % 50_000))
    }
    return event
  }

  private static func earlier(_ at: UnixSeconds, days: UInt32) -> UnixSeconds {
    UnixSeconds(at.rawValue - days * 86_400)
  }
}
