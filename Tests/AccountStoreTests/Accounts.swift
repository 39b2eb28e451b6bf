import AccountStore
import IntegrityCore

/// Numbers that look random and are the same on every run of a seed.
/// Source: Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Ways in which a marketplace may number its accounts. Each is one-to-one.
enum Numbering: String, CaseIterable {
  /// 1, 2, 3, …, both kinds with the same ids in turn.
  case sharedByKinds
  case sequential
  case random
  /// Equal in the low 8, 24, 40 bits.
  case multiplesOf256, multiplesOf2To24, multiplesOf2To40
  /// Equal in the high 40 bits, all bits set.
  case highBitsSet
  /// Only every 32nd bit differs: i in bits 0–9, 32–41.
  case scattered

  func key(_ index: Int) -> AccountKey {
    let i = UInt64(index + 1)
    let kind: AccountKind = index % 7 == 0 ? .merchant : .buyer
    func key(_ id: UInt64) -> AccountKey { AccountKey(kind, AccountID(id)) }
    switch self {
    case .sharedByKinds:
      return AccountKey(index & 1 == 0 ? .buyer : .merchant, AccountID(UInt64(index / 2 + 1)))
    case .sequential: return key(i)
    case .random: return key((i ^ 0x5bd1_e995) &* 0x9fb2_1c65_1e98_df25)  // Odd: one-to-one.
    case .multiplesOf256: return key(i << 8)
    case .multiplesOf2To24: return key(i << 24)
    case .multiplesOf2To40: return key(i << 40)
    case .highBitsSet: return key(0xffff_ffff_ff00_0000 | i)
    case .scattered: return key(i & 0x3ff | (i >> 10) << 32)
    }
  }
}

extension AccountTable {
  /// Inserts or changes an account the way the engine does.
  @discardableResult
  func put(_ key: AccountKey, _ change: (inout AccountRecord) -> Void = { _ in }) -> AccountRecord {
    var located = locate(key)
    change(&located.record)
    store(located)
    return located.record
  }

  /// A table with accounts 0..<count of `numbering`, each naming its index.
  static func filled(
    _ numbering: Numbering, count: Int, layout: StoreLayout = StoreLayout(), seed: UInt64 = 1
  ) throws -> AccountTable {
    let table = try AccountTable(layout: layout, seed: seed)
    for index in 0..<count {
      table.put(numbering.key(index)) { $0.lastEventAt = UnixSeconds(UInt32(index)) }
    }
    return table
  }
}
