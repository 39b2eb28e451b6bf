import IntegrityCore

/// A command as 80 bytes in a log group: ten little-endian words.
///
/// | word | field |
/// |---|---|
/// | 0 | source |
/// | 1 | sequence |
/// | 2 | buyer |
/// | 3 | merchant |
/// | 4 | order |
/// | 5 | claim |
/// | 6 | amount |
/// | 7 | at in the low half; order or claim it refers to: at, in the high half |
/// | 8 | what happened 1…9, its first choice, its second choice: a byte each |
/// | 9 | zero |
public enum CommandCoding {
  public static let sizeBytes = 80
  static let wordCount = 10

  /// About 10 ns, if `bytes` has the capacity.
  public static func append(_ command: Command, to bytes: inout [UInt8]) {
    let event = command.event
    let parts = Parts(event.detail)
    let times = UInt64(event.at.rawValue) | UInt64(parts.earlier.rawValue) << 32
    let choices = UInt64(parts.what) | UInt64(parts.first) << 8 | UInt64(parts.second) << 16
    let words: InlineArray<10, UInt64> = [
      command.source.littleEndian, command.sequence.littleEndian,
      event.buyer.rawValue.littleEndian, event.merchant.rawValue.littleEndian,
      event.order.littleEndian, event.claim.littleEndian,
      UInt64(bitPattern: event.amount.rawValue).littleEndian, times.littleEndian,
      choices.littleEndian, 0,
    ]
    // Safe: ten whole words, read within the closure.
    unsafe words.span.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }

  /// The command at `offset`, or nil where the bytes are no command.
  public static func decode(_ bytes: [UInt8], at offset: Int) -> Command? {
    guard offset >= 0, bytes.count - offset >= sizeBytes else { return nil }
    let span = bytes.span
    func word(_ index: Int) -> UInt64 {
      // Safe: index < wordCount, and the guard found so many bytes.
      let raw = unsafe span.bytes.unsafeLoadUnaligned(
        fromByteOffset: offset + index * 8, as: UInt64.self)
      return UInt64(littleEndian: raw)
    }
    let choices = word(8)
    let parts = Parts(
      what: UInt8(truncatingIfNeeded: choices), first: UInt8(truncatingIfNeeded: choices >> 8),
      second: UInt8(truncatingIfNeeded: choices >> 16),
      earlier: UnixSeconds(UInt32(truncatingIfNeeded: word(7) >> 32)))
    guard let detail = parts.detail, choices >> 24 == 0, word(9) == 0 else { return nil }
    let event = Event(
      at: UnixSeconds(UInt32(truncatingIfNeeded: word(7))), buyer: AccountID(word(2)),
      merchant: AccountID(word(3)), order: word(4), claim: word(5),
      amount: Minor(Int64(bitPattern: word(6))), detail: detail)
    return Command(source: word(0), sequence: word(1), event: event)
  }

  /// What happened, as three bytes and a time.
  private struct Parts {
    var what: UInt8
    var first: UInt8 = 0
    var second: UInt8 = 0
    var earlier = UnixSeconds.zero

    init(what: UInt8, first: UInt8 = 0, second: UInt8 = 0, earlier: UnixSeconds = .zero) {
      self.what = what
      self.first = first
      self.second = second
      self.earlier = earlier
    }

    init(_ detail: EventDetail) {
      switch detail {
      case .settled(let orderedAt): self.init(what: 1, earlier: orderedAt)
      case .pickedUp(let late): self.init(what: 2, first: late ? 1 : 0)
      case .cancelled(let by, let cause):
        self.init(what: 3, first: by.rawValue, second: cause.rawValue)
      case .carrierProof(let proof): self.init(what: 4, first: proof.rawValue)
      case .claimOpened(let kind, let allegation):
        self.init(what: 5, first: kind.rawValue, second: allegation.rawValue)
      case .claimDecided(let kind, let verdict):
        self.init(what: 6, first: kind.rawValue, second: verdict.rawValue)
      case .claimWithdrawn(let openedAt, let allegation):
        self.init(what: 7, first: allegation.rawValue, earlier: openedAt)
      case .returnInspected(let condition): self.init(what: 8, first: condition.rawValue)
      case .compensated: self.init(what: 9)
      }
    }

    var detail: EventDetail? {
      switch what {
      case 1: .settled(orderedAt: earlier)
      case 2: first <= 1 ? .pickedUp(late: first == 1) : nil
      case 3: both(CancelledBy.init, CancelCause.init) { .cancelled(by: $0, cause: $1) }
      case 4: CarrierProof(rawValue: first).map { .carrierProof($0) }
      case 5: both(ClaimKind.init, Allegation.init) { .claimOpened($0, $1) }
      case 6: both(ClaimKind.init, Verdict.init) { .claimDecided($0, $1) }
      case 7: Allegation(rawValue: first).map { .claimWithdrawn(openedAt: earlier, $0) }
      case 8: ReturnCondition(rawValue: first).map { .returnInspected($0) }
      case 9: .compensated
      default: nil
      }
    }

    private func both<A, B>(
      _ a: (UInt8) -> A?, _ b: (UInt8) -> B?, _ make: (A, B) -> EventDetail
    ) -> EventDetail? {
      guard let a = a(first), let b = b(second) else { return nil }
      return make(a, b)
    }
  }
}
