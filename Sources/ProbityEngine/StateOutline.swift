import AccountStore
import CommandLog
import IntegrityCore

/// All of the state that is not accounts and sources, and how many of these
/// there are: the last chunk of a snapshot.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | position |
/// | 8 | 8 | seed of the table |
/// | 16 | 8 | accounts |
/// | 24 | 8 | sources |
/// | 32 | 4 | newest event applied, UTC seconds |
/// | 36 | 4 | shards |
/// | 40 | 4 × shards | accounts in each shard |
struct StateOutline: Equatable {
  var position: UInt64
  var seed: UInt64
  var accountCount: UInt64
  var sourceCount: UInt64
  var newestEventAt: UnixSeconds
  var shardCounts: [UInt32]

  static let fixedBytes = 40
  static let bytesMax = fixedBytes + 4 * 256

  /// Of a state whose copy is complete.
  init(_ state: IntegrityState) {
    position = state.position.rawValue
    seed = state.table.seed
    accountCount = UInt64(state.table.count)
    sourceCount = UInt64(state.sources.count)
    newestEventAt = state.newestEventAt
    shardCounts = state.table.copiedShardCounts().map { UInt32($0) }
  }

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.fixedBytes + 4 * shardCounts.count)
    for word in [position, seed, accountCount, sourceCount] { bytes.appendLittleEndian(word) }
    bytes.appendLittleEndian(newestEventAt.rawValue)
    bytes.appendLittleEndian(UInt32(shardCounts.count))
    for count in shardCounts { bytes.appendLittleEndian(count) }
    return bytes
  }

  /// - Returns: nil where the bytes are no outline: counts that do not add up,
  ///   or a number of shards that no table has.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count >= Self.fixedBytes else { return nil }
    func word<Word: FixedWidthInteger>(_: Word.Type, _ offset: Int) -> Word {
      let start = bytes.startIndex + offset
      return bytes[start..<start + Word.bitWidth / 8].reversed().reduce(0) { $0 << 8 | Word($1) }
    }
    position = word(UInt64.self, 0)
    seed = word(UInt64.self, 8)
    accountCount = word(UInt64.self, 16)
    sourceCount = word(UInt64.self, 24)
    newestEventAt = UnixSeconds(word(UInt32.self, 32))
    let shardCount = Int(word(UInt32.self, 36))
    guard (1...256).contains(shardCount), shardCount & (shardCount - 1) == 0,
      bytes.count == Self.fixedBytes + 4 * shardCount
    else { return nil }
    shardCounts = (0..<shardCount).map { word(UInt32.self, Self.fixedBytes + 4 * $0) }
    guard shardCounts.reduce(0, { $0 + UInt64($1) }) == accountCount else { return nil }
  }
}

extension [UInt8] {
  mutating func appendLittleEndian(_ value: some FixedWidthInteger & UnsignedInteger) {
    for index in 0..<(value.bitWidth / 8) {
      append(UInt8(truncatingIfNeeded: value >> (8 * index)))
    }
  }
}
