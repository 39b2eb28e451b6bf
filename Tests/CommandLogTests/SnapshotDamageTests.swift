import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// Damaged and malicious snapshots are refused, wherever the damage is.
@Suite struct SnapshotDamageTests {
  static let forged = ForgedSnapshot([
    .init(payload(1, bytes: 50), section: 1, group: 0), .init([], section: 1, group: 1),
    .init(payload(2, bytes: 30), section: 2, group: 0),
  ])

  /// What opening and reading everything ends with; nil = all is well.
  static func fault(_ disk: SimulatedDisk, position: UInt64 = 9) -> StoreFault? {
    do throws(StoreFault) {
      try SnapshotReader(disk, ForgedIdentity.identity, position: position).verify()
      return nil
    } catch { return error }
  }

  static func fault(_ change: (inout ForgedSnapshot) -> Void) -> StoreFault? {
    var snapshot = forged
    change(&snapshot)
    return fault(of: snapshot.forge())
  }

  static func fault(of bytes: [UInt8]) -> StoreFault? {
    let disk = SimulatedDisk()
    disk.plant(bytes, as: FileNames.snapshot(position: 9))
    return fault(disk)
  }

  @Test func theUndamagedOneIsWell() { #expect(Self.fault { _ in } == nil) }

  @Test func everyFlippedBit() {
    let bytes = Self.forged.forge()
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      let fault = Self.fault(of: damaged)
      #expect(fault?.kind == .damage, "bit \(bit): \(String(describing: fault))")
      #expect(fault?.offset != nil)
    }
  }

  @Test func everyTruncationAndAnythingBehind() {
    let bytes = Self.forged.forge()
    for count in 0..<bytes.count {
      #expect(Self.fault(of: Array(bytes.prefix(count)))?.kind == .damage, "\(count) bytes")
    }
    for count in [1, 32, 96] {
      #expect(Self.fault(of: bytes + [UInt8](repeating: 0, count: count))?.kind == .damage)
    }
    // A whole file behind another.
    #expect(Self.fault(of: bytes + bytes)?.kind == .damage)
  }

  @Test(
    arguments: [
      { $0.tableOffset = 0 }, { $0.tableOffset = 63 }, { $0.tableOffset = .max },
      { $0.tableOffset = 64 }, { $0.tableOffset = 1 << 40 }, { $0.tableOffset = 144 + 32 },
      { $0.tableOffset = 145 }, { $0.chunkCount = 0 }, { $0.chunkCount = 2 }, { $0.chunkCount = 4 },
      { $0.chunkCount = .max }, { $0.chunkCount = 1 << 59 }, { $0.saidBytes = 0 },
      { $0.saidBytes = .max }, { $0.saidBytes = 1 << 63 }, { $0.tableCRC = 0 },
      { $0.chunks[0].offset = 0 }, { $0.chunks[0].offset = 65 }, { $0.chunks[1].offset = .max },
      { $0.chunks[2].offset = 64 }, { $0.chunks[0].bodyBytes = 51 },
      { $0.chunks[2].bodyBytes = 29 },
      { $0.chunks[2].bodyBytes = .max }, { $0.chunks[0].bodyBytes = (1 << 20) + 1 },
      { $0.chunks[2].crc = 5 }, { $0.chunks[0].body = payload(1, bytes: (1 << 20) + 1) },
      {
        $0.chunks[2].bodyBytes = 29
        $0.chunks[2].crc = referenceCRC32C(payload(2, bytes: 29))
      },
    ] as [@Sendable (inout ForgedSnapshot) -> Void])
  func aTableThatLies(_ change: @Sendable (inout ForgedSnapshot) -> Void) {
    let fault = Self.fault(change)
    #expect(fault?.kind == .damage)
    #expect(fault?.offset != nil)
  }

  /// Nothing larger than the file is ever asked for, whatever the file says.
  @Test func aLieAboutSizesAllocatesNothing() throws {
    let disk = SimulatedDisk()
    var snapshot = Self.forged
    snapshot.chunkCount = 1 << 58
    disk.plant(snapshot.forge(), as: snapshot.name)
    let calls = disk.callCount(of: .read)
    #expect(Self.fault(disk)?.what.contains("contradicts the file's size") == true)
    // Size, header, trailer: the table is not read.
    #expect(disk.callCount(of: .read) == calls + 3)
  }

  /// Two chunks that change places, with a table that agrees.
  @Test func chunksInAnotherPlaceAreOtherChunks() {
    let fault = Self.fault {
      $0.chunks[0].crc = referenceCRC32C($0.chunks[2].body)
    }
    #expect(fault?.offset == 64)
    #expect(fault?.what == "a chunk does not match its checksum")
  }

  @Test func strangers() {
    #expect(Self.fault { $0.identifier[0] = 1 }?.kind == .otherStore)
    #expect(
      Self.fault { $0.trailerIdentifier = [UInt8](repeating: 1, count: 16) }?.kind == .otherStore)
    #expect(Self.fault { $0.schema = 1 }?.kind == .otherStore)
    let version = Self.fault { $0.version = 2 }
    #expect(version?.kind == .version)
    #expect(version?.what.contains("format version 2;") == true)
    #expect(Self.fault { $0.position = 8 }?.what.contains("says position 8, the name 9") == true)
    let disk = SimulatedDisk()
    #expect(Self.fault(disk)?.kind == .access)
  }

  @Test func aReadThatFailsIsNoDamage() {
    let disk = SimulatedDisk()
    disk.plant(Self.forged.forge(), as: Self.forged.name)
    for number in 1...20 {
      let copy = disk.forked(seed: 1)
      copy.fail(call: number, with: .storage)
      guard let fault = Self.fault(copy) else {
        #expect(number == copy.callCount + 1)
        break
      }
      #expect(fault.kind == .disk)
    }
  }
}
