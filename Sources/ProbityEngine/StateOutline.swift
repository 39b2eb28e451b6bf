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
/// | | 304 | `DeskOutline`, unless nothing was ever done at the desk |
struct StateOutline: Equatable {
  var position: UInt64
  var seed: UInt64
  var accountCount: UInt64
  var sourceCount: UInt64
  var newestEventAt: UnixSeconds
  var shardCounts: [UInt32]
  /// Nil where nothing was ever done at the desk.
  var desk: DeskOutline?

  static let fixedBytes = 40
  static let bytesMax = fixedBytes + 4 * 256 + DeskOutline.sizeBytes

  /// Of a state whose copy is complete.
  init(_ state: IntegrityState) {
    position = state.position.rawValue
    seed = state.table.seed
    accountCount = UInt64(state.table.count)
    sourceCount = UInt64(state.sources.count)
    newestEventAt = state.newestEventAt
    shardCounts = state.table.copiedShardCounts().map { UInt32($0) }
    desk = DeskOutline(state)
  }

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.fixedBytes + 4 * shardCounts.count)
    for word in [position, seed, accountCount, sourceCount] { bytes.appendLittleEndian(word) }
    bytes.appendLittleEndian(newestEventAt.rawValue)
    bytes.appendLittleEndian(UInt32(shardCounts.count))
    for count in shardCounts { bytes.appendLittleEndian(count) }
    if let desk { for word in desk.words { bytes.appendLittleEndian(word) } }
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
      case let end = Self.fixedBytes + 4 * shardCount,
      bytes.count == end || bytes.count == end + DeskOutline.sizeBytes
    else { return nil }
    shardCounts = (0..<shardCount).map { word(UInt32.self, Self.fixedBytes + 4 * $0) }
    if bytes.count > end {
      desk = DeskOutline(words: (0..<DeskOutline.wordCount).map { word(UInt64.self, end + 8 * $0) })
      if desk == nil { return nil }
    }
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
