import IntegrityCore

/// Seeded numbers for generated cases. Source: Steele, Lea, Flood: SplitMix64, OOPSLA 2014.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Events of every type, with the ends of every range more often than chance has it.
struct GeneratedEvents {
  static let latest = UnixSeconds(2_000_000_000)
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// Any event, about half of them with a fault.
  mutating func nextAny() -> Event {
    let at = time()
    return Event(
      at: at, buyer: AccountID(key()), merchant: AccountID(key()), order: key(), claim: key(),
      amount: Minor(amount()), detail: detail(at: at))
  }

  /// An event without fault.
  mutating func next() -> Event {
    while true {
      let event = nextAny()
      if event.fault(latest: Self.latest) == nil { return event }
    }
  }

  private mutating func pick<T>(_ choices: [T]) -> T {
    choices[Int.random(in: choices.indices, using: &generator)]
  }

  private mutating func key() -> UInt64 {
    pick([0, 1, 9, 10, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, 1 << 63, .max, generator.next()])
  }

  private mutating func time() -> UnixSeconds {
    let usual = UInt32.random(in: 946_684_800...2_000_000_000, using: &generator)
    return UnixSeconds(
      pick([0, 946_684_799, 946_684_800, 2_000_000_000, 2_000_000_001, .max, usual, usual, usual]))
  }

  private mutating func amount() -> Int64 {
    pick([.min, -1, 0, 1, 12_345, 1_000_000_000_000, 1_000_000_000_001, .max, 0, 1, 99])
  }

  private mutating func detail(at: UnixSeconds) -> EventDetail {
    let earlier = pick([time(), at, UnixSeconds(at.rawValue / 2 + 473_342_400)])
    switch Int.random(in: 0..<9, using: &generator) {
    case 0: return .settled(orderedAt: earlier)
    case 1: return .pickedUp(late: pick([true, false]))
    case 2: return .cancelled(by: pick(CancelledBy.allCases), cause: pick(CancelCause.allCases))
    case 3: return .carrierProof(pick(CarrierProof.allCases))
    case 4: return .claimOpened(pick(ClaimKind.allCases), pick(Allegation.allCases))
    case 5: return .claimDecided(pick(ClaimKind.allCases), pick(Verdict.allCases))
    case 6: return .claimWithdrawn(openedAt: earlier, pick(Allegation.allCases))
    case 7: return .returnInspected(pick(ReturnCondition.allCases))
    default: return .compensated
    }
  }
}
