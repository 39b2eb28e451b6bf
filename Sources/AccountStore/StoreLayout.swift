import IntegrityCore

/// Sizes of a table and where its parts lie in the reserved memory.
///
/// Each shard has four parts, one after the other: a header line, the buckets,
/// the overflow buckets and the records. All are reserved for the fullest
/// shard that can be; pages take memory when first written.
public struct StoreLayout: Sendable, Equatable {
  /// Most accounts the table takes.
  public let accountsMax: Int
  /// Power of two: shards are chosen by the low bits of the hash.
  public let shardCount: Int

  /// 256 shards: each has a sequence lock of its own, so a writer that changes
  /// a million records a second makes a reader repeat itself about once in
  /// 10,000 lookups, and a shard of a table of 100 M accounts is copied in ~10 ms.
  public static let shardCountStandard = 256
  /// 268 M accounts: 20 GiB of address space, of memory only what is used.
  public static let accountsMaxStandard = 1 << 28

  static let lineBytes = 64
  /// Entries in a bucket of one cache line.
  static let bucketEntries = 12
  /// A bucket is split when there are more accounts than this per bucket:
  /// two thirds full, 8 bytes of index an account (measured in `Benchmarks`).
  static let accountsPerBucket = 8
  static let bucketsInitial = 8

  public init(
    accountsMax: Int = accountsMaxStandard, shardCount: Int = shardCountStandard
  ) {
    precondition(shardCount > 0 && shardCount & (shardCount - 1) == 0 && shardCount <= 256)
    precondition(accountsMax > 0 && accountsMax / shardCount < Int(UInt32.max) / 2)
    self.accountsMax = accountsMax
    self.shardCount = shardCount
  }

  /// Records a shard has room for: the mean, and eight standard deviations of
  /// what hashing puts on top.
  var shardCapacity: Int {
    let mean = accountsMax / shardCount + 1
    let deviation = Int(Double(mean).squareRoot()) + 1
    return mean + 8 * deviation + 64
  }

  var bucketsMax: Int { shardCapacity / Self.accountsPerBucket + Self.bucketsInitial + 1 }
  /// All but the last bucket of a chain are full.
  var overflowMax: Int { shardCapacity / Self.bucketEntries + 2 }

  var bucketsOffset: Int { Self.lineBytes }
  var overflowOffset: Int { bucketsOffset + bucketsMax * Self.lineBytes }
  var recordsOffset: Int { overflowOffset + overflowMax * Self.lineBytes }

  /// A multiple of the page size, so that shards do not share pages.
  var shardBytes: Int {
    let bytes = recordsOffset + shardCapacity * AccountRecord.sizeBytes
    return (bytes + 4095) / 4096 * 4096
  }

  var totalBytes: Int { shardBytes * shardCount }
}
