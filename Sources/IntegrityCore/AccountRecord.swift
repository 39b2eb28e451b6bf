/// All that is kept about one account: 64 bytes, one cache line.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 32 | counters 0–7, Float32 each |
/// | 32 | 8 | counters 8–9 |
/// | 40 | 8 | account id |
/// | 48 | 4 | newest event, UTC seconds |
/// | 52 | 4 | sketch of distinct counterparties |
/// | 56 | 2 | day of the oldest event |
/// | 58 | 2 | day on which the stored tier was last deserved |
/// | 60 | 1 | kind in bits 0–1, decay epoch in bits 2–7 |
/// | 61 | 1 | stored tier, 1…5 |
/// | 62 | 1 | merchants: standing in bits 0–2, certification in bits 3–5 |
/// | 63 | 1 | best tier that was lost and not regained, 1…5; 0 = none |
///
/// Little-endian where it leaves the process. Counters are in the units of
/// `EvidenceSchema`: multiply by `DecayClock.factor(for:)` to read them.
public struct AccountRecord: Sendable, Equatable {
  public var counters: SIMD8<Float>
  public var countersTail: SIMD2<Float>
  public var id: AccountID
  public var lastEventAt: UnixSeconds
  public var sketch: CounterpartySketch
  public var firstEventDay: UInt16
  public var tierHeldDay: UInt16
  public var kindAndEpoch: UInt8
  public var tierCode: UInt8
  public var standing: UInt8
  public var fallenFrom: UInt8

  public static let sizeBytes = 64

  /// An account of which nothing is known; tier not yet set.
  public init(_ key: AccountKey) {
    counters = .zero
    countersTail = .zero
    id = key.id
    lastEventAt = .zero
    sketch = CounterpartySketch()
    firstEventDay = .max
    tierHeldDay = 0
    kindAndEpoch = key.kind.rawValue
    tierCode = 0
    standing = 0
    fallenFrom = 0
  }

  /// - Precondition: the record was made from a key, or read from a verified file.
  @inlinable
  public var kind: AccountKind { kindAndEpoch & 3 == 1 ? .buyer : .merchant }

  @inlinable
  public var key: AccountKey { AccountKey(kind, id) }

  @inlinable
  public var epoch: Int { Int(kindAndEpoch >> 2) }

  @inlinable
  public subscript(stored index: Int) -> Float {
    get { index < 8 ? counters[index] : countersTail[index - 8] }
    set {
      if index < 8 { counters[index] = newValue } else { countersTail[index - 8] = newValue }
    }
  }

  /// Whether the record can be the work of `EvidenceRules`, as far as it tells
  /// by itself: to be asked of bytes that were read from somewhere. About 2 ns.
  ///
  /// A well-formed record has an id and one of the two kinds; finite counters;
  /// no tier worse than E, and none lost that is not better than the stored one; a standing and a
  /// certification that there are, and none of a buyer's; and no day after that of its newest event.
  @inlinable
  public var isWellFormed: Bool {
    // A finite number times zero is zero; of infinity and not-a-number nothing else is.
    let zero = (counters * 0).sum() + (countersTail * 0).sum()
    let kindBits = kindAndEpoch & 3
    let day = lastEventAt.day
    return zero == 0 && !id.isNone && (kindBits == 1 || kindBits == 2) && tierCode <= 5
      && (standing == 0 || kindBits == 2 && standing & 7 <= 4 && standing >> 3 <= 4)
      && (fallenFrom == 0 || fallenFrom < tierCode)
      && (firstEventDay <= day || firstEventDay == .max) && tierHeldDay <= day
  }

  /// Hash of the 64 bytes, for the state hash. About 3 ns.
  @inlinable
  public var hash: UInt64 {
    let w = unsafe unsafeBitCast(self, to: SIMD8<UInt64>.self)  // Safe: 64 bytes without padding.
    let a = StateHash.mix(w[0] ^ 0x2d35_8dcc_aa6c_78a5, w[1])
    let b = StateHash.mix(w[2] ^ 0x8bb8_4b93_962e_acc9, w[3])
    let c = StateHash.mix(w[4] ^ 0x4b33_a62e_d433_d4a3, w[5])
    let d = StateHash.mix(w[6] ^ 0x4d5a_2da5_1de1_aa47, w[7])
    return StateHash.mix(StateHash.mix(a, b), StateHash.mix(c ^ 1, d))
  }

  /// Traps unless the layout is the one in the table above. Called at start-up.
  public static func checkLayout() {
    precondition(MemoryLayout<Self>.size == sizeBytes && MemoryLayout<Self>.stride == sizeBytes)
    precondition(MemoryLayout<Self>.offset(of: \.countersTail) == 32)
    precondition(MemoryLayout<Self>.offset(of: \.id) == 40)
    precondition(MemoryLayout<Self>.offset(of: \.lastEventAt) == 48)
    precondition(MemoryLayout<Self>.offset(of: \.sketch) == 52)
    precondition(MemoryLayout<Self>.offset(of: \.firstEventDay) == 56)
    precondition(MemoryLayout<Self>.offset(of: \.kindAndEpoch) == 60)
    precondition(MemoryLayout<Self>.offset(of: \.fallenFrom) == 63)
  }
}
