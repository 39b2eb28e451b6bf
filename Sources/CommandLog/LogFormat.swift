/// Sizes of the log's parts. How it lives: Docs/STORAGE.md.
package enum LogFormat {
  /// Groups begin at multiples of this, so that a write never touches a block
  /// with acknowledged bytes: a write that tears cannot damage them.
  package static let blockBytes = 4096
  package static let segmentHeaderBytes = 76
  package static let groupHeaderBytes = 48
  /// All positions are less.
  package static let positionEnd: UInt64 = 1 << 62
  /// Largest body of a group: what a reader allocates for it.
  package static let bodyBytesMax = 8 << 20
  /// In a weaker mode, most bytes written before a sync: with one group more,
  /// how far a tail can reach that a power cut tore.
  package static let unsyncedBytesMax = 8 << 20
  package static let tornBytesMax = unsyncedBytesMax + bodyBytesMax + 2 * blockBytes

  /// A block, to fill others from.
  static let zeros = [UInt8](repeating: 0, count: blockBytes)

  static func roundedUp(_ bytes: Int) -> Int {
    (bytes + blockBytes - 1) / blockBytes * blockBytes
  }
}

/// The first block of a segment.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | `PRBYLOG1` |
/// | 8 | 4 | format version |
/// | 12 | 4 | size of the file in bytes |
/// | 16 | 16 | the store's identifier |
/// | 32 | 8 | position of the first command in it |
/// | 40 | 8 | schema of the store |
/// | 48 | 8 | hash of the policy that its commands are applied under |
/// | 56 | 4 | semantics of the core that its commands are applied under |
/// | 60 | 4 | chain: checksum of the last group before it; 0 in the first segment |
/// | 64 | 4 | created, UTC seconds |
/// | 68 | 4 | zero |
/// | 72 | 4 | CRC32C of bytes 0–71: the chain of its first group |
package struct SegmentHeader: Equatable, Sendable {
  package var sizeBytes: UInt32
  package var identifier: [UInt8]
  package var firstPosition: UInt64
  package var schema: UInt64
  package var rules: ReplayRules
  package var chain: UInt32
  package var createdAt: UInt32

  static let magic = Array("PRBYLOG1".utf8)

  /// A whole block.
  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: LogFormat.blockBytes)
    bytes.replaceSubrange(0..<8, with: Self.magic)
    bytes.put(StoreIdentity.formatVersion, at: 8)
    bytes.put(sizeBytes, at: 12)
    bytes.replaceSubrange(16..<32, with: identifier)
    bytes.put(firstPosition, at: 32)
    bytes.put(schema, at: 40)
    bytes.put(rules.policyHash, at: 48)
    bytes.put(rules.semantics, at: 56)
    bytes.put(chain, at: 60)
    bytes.put(createdAt, at: 64)
    bytes.put(bytes.checksum(0..<72), at: 72)
    return bytes
  }

  /// - Parameter bytes: `segmentHeaderBytes` or more.
  /// - Returns: the header and its checksum, or nil where the bytes are none or
  ///   name a position that no command can have.
  static func decode(_ bytes: [UInt8]) -> (header: SegmentHeader, version: UInt32, crc: UInt32)? {
    guard bytes.count >= LogFormat.segmentHeaderBytes, Array(bytes[0..<8]) == magic else {
      return nil
    }
    let crc = bytes.word(UInt32.self, at: 72)
    if crc != bytes.checksum(0..<72) { return nil }
    let header = SegmentHeader(
      sizeBytes: bytes.word(UInt32.self, at: 12), identifier: Array(bytes[16..<32]),
      firstPosition: bytes.word(UInt64.self, at: 32), schema: bytes.word(UInt64.self, at: 40),
      rules: ReplayRules(
        semantics: bytes.word(UInt32.self, at: 56), policyHash: bytes.word(UInt64.self, at: 48)),
      chain: bytes.word(UInt32.self, at: 60), createdAt: bytes.word(UInt32.self, at: 64))
    guard header.firstPosition >= 1, header.firstPosition < LogFormat.positionEnd else {
      return nil
    }
    return (header, bytes.word(UInt32.self, at: 8), crc)
  }
}

/// What precedes a group's body.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | `PGRP` |
/// | 4 | 4 | bytes of the body |
/// | 8 | 8 | position of the first command |
/// | 16 | 8 | highest position known to be durable when this was written |
/// | 24 | 4 | number of commands |
/// | 28 | 4 | CRC32C of the body |
/// | 32 | 4 | chain: checksum of the header before, the segment's for the first |
/// | 36 | 8 | zero |
/// | 44 | 4 | CRC32C of bytes 0–43, begun with that of the store's identifier |
package struct GroupHeader: Equatable, Sendable {
  package var bodyBytes: UInt32
  package var firstPosition: UInt64
  package var durablePosition: UInt64
  package var count: UInt32
  package var bodyCRC: UInt32
  package var chain: UInt32

  static let magic = Array("PGRP".utf8)

  /// Position of the last command.
  package var lastPosition: UInt64 { firstPosition + UInt64(count) - 1 }

  /// Bytes in the file: header, body and what fills the last block.
  package var extentBytes: Int {
    LogFormat.roundedUp(LogFormat.groupHeaderBytes + Int(bodyBytes))
  }

  /// Writes the header to the beginning of `bytes` and returns its checksum.
  func encode(into bytes: inout [UInt8], seed: UInt32) -> UInt32 {
    bytes.replaceSubrange(0..<4, with: Self.magic)
    bytes.put(bodyBytes, at: 4)
    bytes.put(firstPosition, at: 8)
    bytes.put(durablePosition, at: 16)
    bytes.put(count, at: 24)
    bytes.put(bodyCRC, at: 28)
    bytes.put(chain, at: 32)
    bytes.put(UInt64(0), at: 36)
    let crc = bytes.checksum(0..<44, seed: seed)
    bytes.put(crc, at: 44)
    return crc
  }

  /// - Parameter bytes: `groupHeaderBytes` or more from `offset`.
  /// - Returns: the header and its checksum, or nil where the bytes are none or
  ///   say what no writer writes.
  static func decode(
    _ bytes: [UInt8], at offset: Int = 0, seed: UInt32
  ) -> (header: GroupHeader, crc: UInt32)? {
    guard bytes.count - offset >= LogFormat.groupHeaderBytes,
      Array(bytes[offset..<offset + 4]) == magic
    else { return nil }
    let crc = bytes.word(UInt32.self, at: offset + 44)
    if crc != bytes.checksum(offset..<offset + 44, seed: seed) { return nil }
    let header = GroupHeader(
      bodyBytes: bytes.word(UInt32.self, at: offset + 4),
      firstPosition: bytes.word(UInt64.self, at: offset + 8),
      durablePosition: bytes.word(UInt64.self, at: offset + 16),
      count: bytes.word(UInt32.self, at: offset + 24),
      bodyCRC: bytes.word(UInt32.self, at: offset + 28),
      chain: bytes.word(UInt32.self, at: offset + 32))
    guard header.count >= 1, header.bodyBytes <= LogFormat.bodyBytesMax,
      header.firstPosition >= 1, header.firstPosition < LogFormat.positionEnd,
      header.durablePosition < header.firstPosition
    else { return nil }
    return (header, crc)
  }
}
