/// The form of a snapshot's file. How it lives: Docs/STORAGE.md.
package enum SnapshotFormat {
  static let magic = Array("PRBYSNAP".utf8)
  static let trailerMagic = Array("PRBYSEND".utf8)
  package static let headerBytes = 64
  package static let tableEntryBytes = 32
  package static let trailerBytes = 96
  /// Largest body of a chunk: what a reader allocates for it.
  package static let bodyBytesMax = 1 << 20
}

/// What a snapshot says of itself.
public struct SnapshotSummary: Equatable, Sendable {
  /// Of the last command whose effects it holds.
  public var position: UInt64
  /// Of the whole state at that position.
  public var stateHash: UInt64
  /// The rules that its last commands were applied under.
  public var rules: ReplayRules
  /// UTC seconds.
  public var createdAt: UInt32

  public init(position: UInt64, stateHash: UInt64, rules: ReplayRules, createdAt: UInt32) {
    self.position = position
    self.stateHash = stateHash
    self.rules = rules
    self.createdAt = createdAt
  }
}

/// A piece of a snapshot: items of one section, all of one group.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | offset in the file |
/// | 8 | 4 | bytes of the body |
/// | 12 | 4 | items in it |
/// | 16 | 4 | section |
/// | 20 | 4 | group within the section |
/// | 24 | 4 | CRC32C of the body |
/// | 28 | 4 | zero |
///
/// Sections and groups are opaque here. Chunks of one group are to be read in
/// the order of the file; different groups have nothing to do with each other.
public struct SnapshotChunk: Equatable, Sendable {
  public var offset: UInt64
  public var bodyBytes: UInt32
  public var itemCount: UInt32
  public var section: UInt32
  public var group: UInt32
  public var crc: UInt32

  func encode(into bytes: inout [UInt8], at start: Int) {
    bytes.put(offset, at: start)
    bytes.put(bodyBytes, at: start + 8)
    bytes.put(itemCount, at: start + 12)
    bytes.put(section, at: start + 16)
    bytes.put(group, at: start + 20)
    bytes.put(crc, at: start + 24)
    bytes.put(UInt32(0), at: start + 28)
  }

  static func decode(_ bytes: [UInt8], at start: Int) -> SnapshotChunk {
    SnapshotChunk(
      offset: bytes.word(UInt64.self, at: start), bodyBytes: bytes.word(UInt32.self, at: start + 8),
      itemCount: bytes.word(UInt32.self, at: start + 12),
      section: bytes.word(UInt32.self, at: start + 16),
      group: bytes.word(UInt32.self, at: start + 20), crc: bytes.word(UInt32.self, at: start + 24))
  }
}

/// The end of a snapshot's file: written last, so that a file without it is no
/// snapshot.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | `PRBYSEND` |
/// | 8 | 8 | position |
/// | 16 | 8 | state hash |
/// | 24 | 8 | hash of the policy |
/// | 32 | 4 | semantics |
/// | 36 | 4 | created, UTC seconds |
/// | 40 | 8 | offset of the table of chunks |
/// | 48 | 8 | number of chunks |
/// | 56 | 8 | size of the file |
/// | 64 | 16 | the store's identifier |
/// | 80 | 8 | schema of the store |
/// | 88 | 4 | CRC32C of the table |
/// | 92 | 4 | CRC32C of bytes 0–91 |
package struct SnapshotTrailer: Equatable, Sendable {
  package var summary: SnapshotSummary
  package var tableOffset: UInt64
  package var chunkCount: UInt64
  package var sizeBytes: UInt64
  package var identifier: [UInt8]
  package var schema: UInt64
  package var tableCRC: UInt32

  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: SnapshotFormat.trailerBytes)
    bytes.replaceSubrange(0..<8, with: SnapshotFormat.trailerMagic)
    bytes.put(summary.position, at: 8)
    bytes.put(summary.stateHash, at: 16)
    bytes.put(summary.rules.policyHash, at: 24)
    bytes.put(summary.rules.semantics, at: 32)
    bytes.put(summary.createdAt, at: 36)
    bytes.put(tableOffset, at: 40)
    bytes.put(chunkCount, at: 48)
    bytes.put(sizeBytes, at: 56)
    bytes.replaceSubrange(64..<80, with: identifier)
    bytes.put(schema, at: 80)
    bytes.put(tableCRC, at: 88)
    bytes.put(bytes.checksum(0..<92), at: 92)
    return bytes
  }

  static func decode(_ bytes: [UInt8]) -> SnapshotTrailer? {
    guard bytes.count >= SnapshotFormat.trailerBytes,
      Array(bytes[0..<8]) == SnapshotFormat.trailerMagic,
      bytes.word(UInt32.self, at: 92) == bytes.checksum(0..<92)
    else { return nil }
    let summary = SnapshotSummary(
      position: bytes.word(UInt64.self, at: 8), stateHash: bytes.word(UInt64.self, at: 16),
      rules: ReplayRules(
        semantics: bytes.word(UInt32.self, at: 32), policyHash: bytes.word(UInt64.self, at: 24)),
      createdAt: bytes.word(UInt32.self, at: 36))
    return SnapshotTrailer(
      summary: summary, tableOffset: bytes.word(UInt64.self, at: 40),
      chunkCount: bytes.word(UInt64.self, at: 48), sizeBytes: bytes.word(UInt64.self, at: 56),
      identifier: Array(bytes[64..<80]), schema: bytes.word(UInt64.self, at: 80),
      tableCRC: bytes.word(UInt32.self, at: 88))
  }
}
