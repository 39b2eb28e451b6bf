import IntegrityCore

/// Sizes of a table and where its parts lie in the reserved memory.
///
/// Each shard has three parts, one after the other: the buckets, the overflow buckets
/// and the records. All are reserved for the fullest shard that can be; pages take
/// memory when first written. The shards' headers, a line each, lie side by side before
/// the first shard: each lookup reads one, and as far apart as the shards lie they would
/// share the few places that a cache has for such addresses.
///
/// Buckets and records of any but a small shard lie on huge pages of 2 MiB, so that
/// finding an account does not take two walks through page tables as well. What a
/// small shard needs comes before the first of them, on pages of 4 KiB: a store of
/// few accounts takes no more memory for it.
public struct StoreLayout: Sendable, Equatable {
  /// Most accounts the table takes.
  public let accountsMax: Int
  /// Power of two: shards are chosen by the low bits of the hash.
  public let shardCount: Int

  /// 16 shards: each has a sequence lock of its own, so a writer that changes a
  /// million records a second makes a reader repeat itself once in some 80 lookups of
  /// accounts that come alone, in 300 of those that are prefetched (`store-growth`);
  /// and each ends on two huge pages that are not full, 64 MiB in all.
  public static let shardCountStandard = 16
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
  package static let hugePageBytes = 2 << 20
  /// Buckets before the first huge page: of 32,768 accounts.
  package static let smallIndexBytes = 256 << 10
  /// Records before the first huge page: 16,384.
  package static let smallRecordsBytes = 1 << 20

  /// Records a shard has room for: the mean, and eight standard deviations of
  /// what hashing puts on top; never more than the whole table.
  package let shardCapacity: Int
  /// Overflow buckets of a shard. Every bucket of a chain but the last is full,
  /// so k overflow buckets hang behind more than 12 k accounts.
  package let overflowMax: Int
  /// Offsets within a shard, in bytes. `smallIndexBytes` is where its first huge
  /// page begins, and so is every offset that differs by whole huge pages.
  package let overflowOffset: Int
  package let recordsOffset: Int
  /// A multiple of the huge page's size, so that shards do not share pages.
  package let shardBytes: Int

  package static let bucketsOffset = 0

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
    overflowOffset = Self.hugePageOffset(
      from: Self.bucketsOffset + bucketsMax * Self.lineBytes)
    recordsOffset =
      Self.hugePageOffset(
        from: overflowOffset + overflowMax * Self.lineBytes + Self.smallRecordsBytes)
      - Self.smallRecordsBytes
    let end = recordsOffset + shardCapacity * AccountRecord.sizeBytes
    shardBytes = Self.hugePageOffset(from: end) - Self.smallIndexBytes + Self.hugePageBytes
  }

  package var totalBytes: Int { shardBytes * shardCount }

  package var headerBytes: Int { Self.lineBytes * shardCount }

  /// The first offset at or behind `offset` where a huge page begins.
  private static func hugePageOffset(from offset: Int) -> Int {
    let pages = (Swift.max(offset - smallIndexBytes, 0) + hugePageBytes - 1) / hugePageBytes
    return pages * hugePageBytes + smallIndexBytes
  }

  /// Buckets that lie on huge pages; empty where none do.
  package var hugeIndexOffsets: Range<Int> {
    Self.smallIndexBytes..<Swift.max(overflowOffset, Self.smallIndexBytes)
  }

  /// Records that lie on huge pages; empty where none do.
  package var hugeRecordsOffsets: Range<Int> {
    let start = recordsOffset + Self.smallRecordsBytes
    let end = recordsOffset + shardCapacity * AccountRecord.sizeBytes
    // The last page ends behind the shard's last record, before the next shard.
    let pages = (Swift.max(end - start, 0) + Self.hugePageBytes - 1) / Self.hugePageBytes
    return start..<(start + pages * Self.hugePageBytes)
  }
}
