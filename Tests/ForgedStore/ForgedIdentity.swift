// Files of a store as Docs/STORAGE.md describes them, put together by hand: right
// ones to compare with, and wrong ones that a checksum alone does not tell.

import CommandLog

/// What all forged files of one store share.
package enum ForgedIdentity {
  package static let identifier: [UInt8] = (0..<16).map { 0xa0 + $0 }
  package static let schema: UInt64 = 0x0102_0304_0506_0708
  package static let createdAt: UInt32 = 0x6543_2100
  package static let rules = ReplayRules(semantics: 7, policyHash: 0x1122_3344_5566_7788)

  package static let identity = StoreIdentity(
    identifier: identifier, schema: schema, createdAt: createdAt)

  /// The file `store`.
  package static func file(version: UInt32 = 1) -> [UInt8] {
    var bytes = Array("PRBYSTOR".utf8)
    bytes.append(word: version)
    bytes.append(word: createdAt)
    bytes += identifier
    bytes.append(word: schema)
    bytes.append(word: referenceCRC32C(bytes))
    return bytes
  }
}
