/// 64-bit hashing of state and policies: the same on every machine.
///
/// Not cryptographic. It proves agreement between honest replicas and finds
/// rot; it does not keep out someone who can choose the contents.
public enum StateHash {
  /// Folds the 128-bit product of two whitened words.
  /// Source: the "mum" step of wyhash (Wang Yi, public domain).
  @inlinable
  public static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = (a ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: b ^ 0xe703_7ed1_a0b4_28db)
    return product.high ^ product.low
  }

  /// Hash of a sequence of words, dependent on their order and number.
  public static func of(_ words: some Sequence<UInt64>) -> UInt64 {
    var hash: UInt64 = 0x8ebc_6af0_9c88_c6e3
    var count: UInt64 = 0
    for word in words {
      hash = mix(hash, word &+ 0x5896_36fc_46f6_3a9b)
      count += 1
    }
    return mix(hash, count)
  }
}
