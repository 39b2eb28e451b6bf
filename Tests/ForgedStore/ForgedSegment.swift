import CommandLog

/// A body that tells its position and has no zeros.
package func payload(_ position: UInt64, bytes: Int = 40) -> [UInt8] {
  (0..<bytes).map {
    UInt8(truncatingIfNeeded: ($0 &+ Int(truncatingIfNeeded: position) &* 31) & 127 + 1)
  }
}

/// A group as it shall stand in a segment; nil = what would be right.
package struct ForgedGroup: Sendable {
  package var body: [UInt8]
  package var count: UInt32
  package var magic = Array("PGRP".utf8)
  package var bodyBytes: UInt32?
  package var firstPosition: UInt64?
  package var durablePosition: UInt64?
  package var bodyCRC: UInt32?
  package var chain: UInt32?

  package init(_ body: [UInt8], count: UInt32 = 1, durable: UInt64? = nil) {
    self.body = body
    self.count = count
    durablePosition = durable
  }
}

/// A segment's file with right checksums over whatever it says.
package struct ForgedSegment: Sendable {
  package var firstPosition: UInt64
  /// Of the file; its header says the same unless `saidBytes` is given.
  package var sizeBytes: Int
  package var saidBytes: UInt32?
  /// What the header says is its position, if not `firstPosition`.
  package var saidPosition: UInt64?
  package var version: UInt32 = 1
  package var identifier = ForgedIdentity.identifier
  package var schema = ForgedIdentity.schema
  package var rules = ForgedIdentity.rules
  package var chain: UInt32
  package var createdAt: UInt32 = ForgedIdentity.createdAt
  package var groups: [ForgedGroup]

  package init(
    firstPosition: UInt64 = 1, sizeBytes: Int = 32 << 10, chain: UInt32 = 0,
    groups: [ForgedGroup] = []
  ) {
    self.firstPosition = firstPosition
    self.sizeBytes = sizeBytes
    self.chain = chain
    self.groups = groups
  }

  /// As `FileNames` names it.
  package var name: String { FileNames.segment(firstPosition: firstPosition) }

  /// The first 76 bytes.
  package var header: [UInt8] {
    var bytes = Array("PRBYLOG1".utf8)
    bytes.append(word: version)
    bytes.append(word: saidBytes ?? UInt32(sizeBytes))
    bytes += identifier
    bytes.append(word: saidPosition ?? firstPosition)
    bytes.append(word: schema)
    bytes.append(word: rules.policyHash)
    bytes.append(word: rules.semantics)
    bytes.append(word: chain)
    bytes.append(word: createdAt)
    bytes.append(word: UInt32(0))
    bytes.append(word: referenceCRC32C(bytes))
    return bytes
  }

  /// The file, and the checksum that a segment behind it has to name.
  package func forge() -> (bytes: [UInt8], chain: UInt32) {
    var bytes = header
    var chain = bytes.suffix(4).enumerated().reduce(UInt32(0)) { $0 | UInt32($1.1) << (8 * $1.0) }
    bytes.fill(to: 4096)
    var next = firstPosition
    for group in groups {
      let (written, crc) = forge(group, next, chain)
      bytes += written
      bytes.fill(to: (bytes.count + 4095) / 4096 * 4096)
      chain = crc
      next = (group.firstPosition ?? next) &+ UInt64(group.count)
    }
    bytes.fill(to: sizeBytes)
    bytes.removeLast(bytes.count - sizeBytes)
    return (bytes, chain)
  }

  private func forge(
    _ group: ForgedGroup, _ next: UInt64, _ chain: UInt32
  ) -> (bytes: [UInt8], chain: UInt32) {
    var bytes = group.magic
    bytes.append(word: group.bodyBytes ?? UInt32(group.body.count))
    bytes.append(word: group.firstPosition ?? next)
    bytes.append(word: group.durablePosition ?? next &- 1)
    bytes.append(word: group.count)
    bytes.append(word: group.bodyCRC ?? referenceCRC32C(group.body))
    bytes.append(word: group.chain ?? chain)
    bytes.append(word: UInt64(0))
    let crc = referenceCRC32C(bytes, seed: referenceCRC32C(identifier))
    bytes.append(word: crc)
    return (bytes + group.body, crc)
  }
}
