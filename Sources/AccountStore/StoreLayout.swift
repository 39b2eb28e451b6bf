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

  package static let lineBytes = 64
  /// Entries in a bucket of one cache line.
  package static let bucketEntries = 12
  /// A bucket is split when there are more accounts than this per bucket:
  /// two thirds full, 8 bytes of index an account (measured in `Benchmarks`).
  package static let accountsPerBucket = 8
  package static let bucketsInitial = 8
  package static let pageBytes = 4096

  /// Records a shard has room for: the mean, and eight standard deviations of
  /// what hashing puts on top; never more than the whole table.
  package let shardCapacity: Int
  /// Overflow buckets of a shard. Every bucket of a chain but the last is full,
  /// so k overflow buckets hang behind more than 12 k accounts.
  package let overflowMax: Int
  /// Offsets within a shard, in bytes.
  package let overflowOffset: Int
  package let recordsOffset: Int
  /// A multiple of the page size, so that shards do not share pages.
  package let shardBytes: Int

  package static let bucketsOffset = lineBytes

  /// Every size and offset is computed here, once: lookups only load them.
  ///
  /// - Precondition: `shardCount` is a power of two, 1…256, and `accountsMax`
  ///   is at least 1 and less than 2^31 a shard.
  public init(
    accountsMax: Int = accountsMaxStandard, shardCount: Int = shardCountStandard
  ) {
    precondition(shardCount > 0 && shardCount & (shardCount - 1) == 0 && shardCount <= 256)
    precondition(accountsMax > 0 && accountsMax / shardCount < Int(UInt32.max) / 2)
    self.accountsMax = accountsMax
    self.shardCount = shardCount
    let mean = accountsMax / shardCount + 1
    let deviation = Int(Double(mean).squareRoot()) + 1
    shardCapacity = Swift.min(accountsMax, mean + 8 * deviation + 64)
    let bucketsMax = shardCapacity / Self.accountsPerBucket + Self.bucketsInitial + 1
    overflowMax = shardCapacity / Self.bucketEntries + 1
    overflowOffset = Self.bucketsOffset + bucketsMax * Self.lineBytes
    recordsOffset = overflowOffset + overflowMax * Self.lineBytes
    let bytes = recordsOffset + shardCapacity * AccountRecord.sizeBytes
    shardBytes = (bytes + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes
  }

  package var totalBytes: Int { shardBytes * shardCount }
}
