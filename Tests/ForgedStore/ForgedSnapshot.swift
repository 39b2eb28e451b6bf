import CommandLog

/// A snapshot's file with right checksums over whatever it says; nil = what
/// would be right.
package struct ForgedSnapshot: Sendable {
  /// A chunk and its row in the table.
  package struct Chunk: Sendable {
    package var body: [UInt8]
    package var itemCount: UInt32 = 1
    package var section: UInt32
    package var group: UInt32
    package var offset: UInt64?
    package var bodyBytes: UInt32?
    package var crc: UInt32?

    package init(_ body: [UInt8], section: UInt32 = 1, group: UInt32 = 0) {
      self.body = body
      self.section = section
      self.group = group
    }
  }

  package var chunks: [Chunk]
  package var position: UInt64
  package var stateHash: UInt64 = 0x5555_6666_7777_8888
  package var rules = ForgedIdentity.rules
  package var version: UInt32 = 1
  package var identifier = ForgedIdentity.identifier
  package var trailerIdentifier: [UInt8]?
  package var schema = ForgedIdentity.schema
  package var tableOffset: UInt64?
  package var chunkCount: UInt64?
  package var saidBytes: UInt64?
  package var tableCRC: UInt32?

  package init(position: UInt64 = 9, _ chunks: [Chunk] = []) {
    self.position = position
    self.chunks = chunks
  }

  /// As `FileNames` names it.
  package var name: String { FileNames.snapshot(position: position) }

  /// The first 64 bytes.
  package var header: [UInt8] {
    var bytes = Array("PRBYSNAP".utf8)
    bytes.append(word: version)
    bytes.append(word: UInt32(0))
    bytes += identifier
    bytes.append(word: schema)
    bytes.fill(to: 60)
    bytes.append(word: referenceCRC32C(bytes))
    return bytes
  }

  /// The file.
  package func forge() -> [UInt8] {
    var bytes = header
    var table: [UInt8] = []
    for chunk in chunks {
      table.append(word: chunk.offset ?? UInt64(bytes.count))
      table.append(word: chunk.bodyBytes ?? UInt32(chunk.body.count))
      table.append(word: chunk.itemCount)
      table.append(word: chunk.section)
      table.append(word: chunk.group)
      table.append(word: chunk.crc ?? referenceCRC32C(chunk.body))
      table.append(word: UInt32(0))
      bytes += chunk.body
    }
    let tableStart = UInt64(bytes.count)
    bytes += table
    return bytes + trailer(tableStart, table, sizeBytes: bytes.count + 96)
  }

  private func trailer(_ tableStart: UInt64, _ table: [UInt8], sizeBytes: Int) -> [UInt8] {
    var bytes = Array("PRBYSEND".utf8)
    bytes.append(word: position)
    bytes.append(word: stateHash)
    bytes.append(word: rules.policyHash)
    bytes.append(word: rules.semantics)
    bytes.append(word: ForgedIdentity.createdAt)
    bytes.append(word: tableOffset ?? tableStart)
    bytes.append(word: chunkCount ?? UInt64(chunks.count))
    bytes.append(word: saidBytes ?? UInt64(sizeBytes))
    bytes += trailerIdentifier ?? identifier
    bytes.append(word: schema)
    bytes.append(word: tableCRC ?? referenceCRC32C(table))
    bytes.append(word: referenceCRC32C(bytes))
    return bytes
  }
}
