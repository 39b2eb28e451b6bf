import IntegrityCore
import IntegrityPolicy

/// Accounts of all sorts, the same at each run.
enum Populations {
  static let now = UnixSeconds(1_767_225_600)
  static let active = PolicyDocument.standard.policy

  /// Another policy: quality weighs more, and a buyer begins lower.
  static let stricter: Policy = {
    let text = PolicyDocument.standardText(version: 30)
      .replacing("  base: 600\n", with: "  base: 570\n", maxReplacements: 1)
      .replacing("pointsPerDoubling: 120\n", with: "pointsPerDoubling: 180\n")
    do { return try PolicyDocument.load(yaml: text, file: "stricter").policy } catch {
      preconditionFailure("\(error)")
    }
  }()

  static func records(_ count: Int) -> [AccountRecord] {
    var random = SplitMix(state: 42)
    return (0..<count).map { index in
      let kind: AccountKind = index % 4 == 0 ? .merchant : .buyer
      var record = AccountRecord(AccountKey(kind, AccountID(UInt64(index + 1))))
      record.touch(at: now, schema: .standard)
      let orders = Double(random.below(200))
      record.add(orders, to: 0, at: now, schema: .standard)
      record.add(orders * 5_000, to: 1, at: now, schema: .standard)
      for counter in 2..<9 where random.below(3) == 0 {
        record.add(Double(random.below(12)), to: counter, at: now, schema: .standard)
      }
      record.tierCode = UInt8(1 + random.below(5))
      record.tierHeldDay = now.day - UInt16(random.below(30))
      return record
    }
  }

  struct SplitMix {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
      return Int((z ^ z >> 31) % UInt64(bound))
    }
  }
}
