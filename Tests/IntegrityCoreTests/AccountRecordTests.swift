import IntegrityCore
import Testing

struct AccountRecordTests {
  /// The layout of the doc comment, field by field.
  @Test func fieldsLieWhereDocumented() {
    AccountRecord.checkLayout()
    #expect(MemoryLayout<AccountRecord>.size == 64)
    #expect(MemoryLayout<AccountRecord>.stride == 64)
    let offsets: [(PartialKeyPath<AccountRecord>, Int)] = [
      (\.counters, 0), (\.countersTail, 32), (\.id, 40), (\.lastEventAt, 48), (\.sketch, 52),
      (\.firstEventDay, 56), (\.tierHeldDay, 58), (\.kindAndEpoch, 60), (\.tierCode, 61),
      (\.standing, 62), (\.fallenFrom, 63),
    ]
    for (field, offset) in offsets {
      #expect(MemoryLayout<AccountRecord>.offset(of: field) == offset, "\(field)")
    }
  }

  /// A byte literal of a known record: what snapshots hold.
  @Test func knownRecordHasTheseBytes() {
    var record = AccountRecord(AccountKey(.merchant, AccountID(0x1122_3344_5566_7788)))
    record.counters = [1, 2, 3, 4, 5, 6, 7, 8]
    record.countersTail = [9, -0.5]
    record.lastEventAt = UnixSeconds(0x6955_b900)
    record.sketch = CounterpartySketch(bits: 0x8000_0001)
    record.firstEventDay = 0x4fe5
    record.tierHeldDay = 0x4fe6
    record.kindAndEpoch = 2 | 5 << 2
    record.tierCode = 3
    record.standing = 1
    let bytes: [UInt8] = [
      0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x40, 0x40, 0x00, 0x00, 0x80,
      0x40, 0x00, 0x00, 0xa0, 0x40, 0x00, 0x00, 0xc0, 0x40, 0x00, 0x00, 0xe0, 0x40, 0x00, 0x00,
      0x00, 0x41,  // counters 0–7
      0x00, 0x00, 0x10, 0x41, 0x00, 0x00, 0x00, 0xbf,  // counters 8–9
      0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,  // account id
      0x00, 0xb9, 0x55, 0x69,  // newest event
      0x01, 0x00, 0x00, 0x80,  // sketch
      0xe5, 0x4f, 0xe6, 0x4f,  // day of the oldest event, day the tier was last deserved
      0x16, 0x03, 0x01, 0x00,  // kind and epoch, tier, standing, tier lost
    ]
    // Safe: the bytes are read while the record lives.
    let actual = unsafe withUnsafeBytes(of: record) { unsafe Array($0) }
    #expect(actual == bytes)
    #expect(record.kind == .merchant)
    #expect(record.epoch == 5)
  }

  @Test func newRecordKnowsNothing() {
    for kind in AccountKind.allCases {
      let record = AccountRecord(AccountKey(kind, AccountID(1)))
      #expect(record.key == AccountKey(kind, AccountID(1)))
      #expect(record.epoch == 0)
      #expect(record.firstEventDay == .max)
      #expect((0..<10).allSatisfy { record[stored: $0] == 0 })
    }
  }

  /// Part of the state hash of every store: must never change.
  @Test func hashOfAKnownRecordIsKnown() {
    let record = AccountRecord(AccountKey(.buyer, AccountID(42)))
    #expect(record.hash == 0x5c28_b133_c154_28d1)
  }

  @Test func hashDependsOnEveryBit() {
    let record = AccountRecord(AccountKey(.buyer, AccountID(42)))
    var hashes: Set<UInt64> = [record.hash]
    for bit in 0..<512 {
      var changed = record
      // Safe: all 64 bytes are plain data, any bits are valid.
      unsafe withUnsafeMutableBytes(of: &changed) { bytes in
        unsafe bytes[bit / 8] ^= 1 << (bit % 8)
      }
      #expect(hashes.insert(changed.hash).inserted, "bit \(bit)")
    }
  }

  @Test func whatNoRuleCanHaveWrittenIsNotWellFormed() {
    var sound = AccountRecord(AccountKey(.merchant, AccountID(9)))
    #expect(sound.isWellFormed)
    sound.touch(at: .today, schema: .standard)
    sound.tierCode = 5
    sound.tierHeldDay = UnixSeconds.today.day
    sound.standing = 0x24
    sound.sketch = CounterpartySketch(bits: .max)
    sound[stored: 3] = -Float.greatestFiniteMagnitude
    sound[stored: 9] = Float.leastNonzeroMagnitude
    #expect(sound.isWellFormed)
    func isWellFormed(_ damage: (inout AccountRecord) -> Void) -> Bool {
      var record = sound
      damage(&record)
      return record.isWellFormed
    }
    for counter in 0..<10 {
      for value in [Float.nan, .infinity, -.infinity, .signalingNaN] {
        #expect(!isWellFormed { $0[stored: counter] = value })
      }
    }
    #expect(!isWellFormed { $0.id = .none })
    #expect(!isWellFormed { $0.kindAndEpoch = 4 })
    #expect(!isWellFormed { $0.kindAndEpoch = 7 })
    #expect(!isWellFormed { $0.kindAndEpoch = 5 }, "a buyer has no standing")
    #expect(!isWellFormed { $0.tierCode = 6 })
    #expect(isWellFormed { ($0.tierCode, $0.fallenFrom) = (3, 2) })
    for lost in UInt8(3)...5 {
      #expect(!isWellFormed { ($0.tierCode, $0.fallenFrom) = (3, lost) }, "\(lost)")
    }
    #expect(!isWellFormed { $0.firstEventDay += 1 })
    #expect(!isWellFormed { $0.tierHeldDay += 1 })
    #expect(!isWellFormed { $0.lastEventAt = .zero })
  }
}
