import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// Files byte for byte: what is on a disk now must be readable for ever.
@Suite struct FormatTests {
  static func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.filter { !$0.isWhitespace }
    return stride(from: 0, to: digits.count, by: 2).compactMap { index in
      let start = digits.index(digits.startIndex, offsetBy: index)
      return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
    }
  }

  @Test func theReferenceChecksumIsCRC32C() {
    #expect(referenceCRC32C("123456789".utf8) == 0xe306_9283)
    let whole = referenceCRC32C("123456789".utf8)
    #expect(referenceCRC32C("6789".utf8, seed: referenceCRC32C("12345".utf8)) == whole)
  }

  @Test func theIdentityOfAStore() throws {
    let literal = Self.bytes(
      """
      50524259 53544f52 01000000 00214365 a0a1a2a3 a4a5a6a7 a8a9aaab acadaeaf
      08070605 04030201 70a18db6
      """)
    #expect(ForgedIdentity.file() == literal)
    let disk = SimulatedDisk()
    disk.plant(literal, as: "store")
    #expect(try StoreIdentity.read(disk) == ForgedIdentity.identity)
    // What is written is of the same form: only the identifier differs.
    let fresh = SimulatedDisk()
    let (identity, isNew) = try StoreOpening(
      fresh, schema: ForgedIdentity.schema, rules: ForgedIdentity.rules, segmentBytes: 16 << 10,
      mayCreate: true, now: ForgedIdentity.createdAt
    ).identity()
    #expect(isNew)
    var expected = Array(literal.prefix(40))
    expected.replaceSubrange(16..<32, with: identity.identifier)
    expected.append(word: referenceCRC32C(expected))
    #expect(fresh.contents(of: "store") == expected)
    var segment = ForgedSegment(sizeBytes: 16 << 10)
    segment.identifier = identity.identifier
    #expect(fresh.contents(of: segment.name) == segment.forge().bytes)
  }

  /// A segment with one group, as `SegmentedLog` writes it.
  @Test func aSegmentAndAGroup() throws {
    let disk = SimulatedDisk()
    let log = try LogSettings().open(disk).log
    _ = try log.append(Array("abc".utf8), count: 2)
    let file = try #require(disk.contents(of: "log-00000000000000000001.segment"))
    #expect(file.count == 16 << 10)
    #expect(
      Array(file[0..<76])
        == Self.bytes(
          """
          50524259 4c4f4731 01000000 00400000 a0a1a2a3 a4a5a6a7 a8a9aaab acadaeaf
          01000000 00000000 08070605 04030201 88776655 44332211 07000000 00000000
          00214365 00000000 5188856a
          """))
    #expect(
      Array(file[4096..<4147])
        == Self.bytes(
          """
          50475250 03000000 01000000 00000000 00000000 00000000 02000000 b73f4b36
          5188856a 00000000 00000000 275930b9 616263
          """))
    #expect(file[76..<4096].allSatisfy { $0 == 0 } && file[4147...].allSatisfy { $0 == 0 })
    let forged = ForgedSegment(
      sizeBytes: 16 << 10, groups: [ForgedGroup(Array("abc".utf8), count: 2)])
    #expect(file == forged.forge().bytes)
  }

  /// Chains and positions go on from group to group and from segment to segment.
  @Test func aRowOfSegments() throws {
    let disk = SimulatedDisk()
    let log = try LogSettings().open(disk).log
    for position in 1...4 as ClosedRange<UInt64> { try log.append(position) }
    let forged = SimulatedDisk()
    forged.plant([
      ForgedSegment(
        sizeBytes: 16 << 10, groups: (1...3).map { ForgedGroup(payload($0)) }),
      ForgedSegment(firstPosition: 4, sizeBytes: 16 << 10, groups: [ForgedGroup(payload(4))]),
    ])
    #expect(disk.fileNames == forged.fileNames)
    for name in forged.fileNames { #expect(disk.contents(of: name) == forged.contents(of: name)) }
  }

  @Test func aSnapshot() throws {
    let disk = SimulatedDisk()
    let writer = try SnapshotWriter(disk, identity: ForgedIdentity.identity)
    try writer.append(section: 1, group: 2, itemCount: 3, Array("abc".utf8))
    let size = try writer.finish(
      SnapshotSummary(
        position: 9, stateHash: 0x5555_6666_7777_8888, rules: ForgedIdentity.rules,
        createdAt: ForgedIdentity.createdAt))
    let file = try #require(disk.contents(of: "snapshot-00000000000000000009.snapshot"))
    #expect(size == file.count)
    #expect(
      file
        == Self.bytes(
          """
          50524259 534e4150 01000000 00000000 a0a1a2a3 a4a5a6a7 a8a9aaab acadaeaf
          08070605 04030201 00000000 00000000 00000000 00000000 00000000 6dab5d06
          616263
          40000000 00000000 03000000 03000000 01000000 02000000 b73f4b36 00000000
          50524259 53454e44 09000000 00000000 88887777 66665555 88776655 44332211
          07000000 00214365 43000000 00000000 01000000 00000000 c3000000 00000000
          a0a1a2a3 a4a5a6a7 a8a9aaab acadaeaf 08070605 04030201 c189613c 6a66a381
          """))
    var chunk = ForgedSnapshot.Chunk(Array("abc".utf8), section: 1, group: 2)
    chunk.itemCount = 3
    #expect(file == ForgedSnapshot([chunk]).forge())
  }

  @Test func names() {
    #expect(FileNames.segment(firstPosition: 1) == "log-00000000000000000001.segment")
    #expect(FileNames.snapshot(position: 0) == "snapshot-00000000000000000000.snapshot")
    #expect(FileNames.segmentPosition("log-00000000000000000042.segment") == 42)
    #expect(FileNames.snapshotPosition("snapshot-00000000000000000042.snapshot") == 42)
    for name in [
      "log-42.segment", "log-0000000000000000004x.segment", "log-00000000000000000042.segment.tmp",
      "log-99999999999999999999.segment", "log--0000000000000000042.segment",
      "snapshot-00000000000000000042.segment", "log-00000000000000000042", "",
    ] { #expect(FileNames.segmentPosition(name) == nil) }
  }
}
