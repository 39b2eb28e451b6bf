import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// A short log damaged in every place: refused, or read up to where the damage
/// could not be told from a write that was never finished.
@Suite struct DamageTests {
  static let settings = LogSettings()
  static let name = FileNames.segment(firstPosition: 1)
  static let bodyBytes = 40
  static let groupBytes = 48 + bodyBytes

  /// A header, three groups of two commands and one block of zeros.
  static func disk() -> SimulatedDisk {
    let disk = SimulatedDisk(seed: 1)
    disk.plant([
      ForgedSegment(
        sizeBytes: 5 * 4096,
        groups: [1, 3, 5].map { ForgedGroup(payload($0, bytes: bodyBytes), count: 2) })
    ])
    return disk
  }

  /// Bits of everything that means something, and a sample of the filling.
  static var bits: [Int] {
    var bytes = Array(0..<76)
    for block in 1...3 { bytes += (block * 4096)..<(block * 4096 + groupBytes) }
    let filling = stride(from: 76, to: 5 * 4096, by: 149)
      .filter { $0 < 4096 || $0 >= 4 * 4096 || $0 % 4096 >= groupBytes }
    return (bytes + filling).flatMap { byte in (0..<8).map { byte * 8 + $0 } }
  }

  @Test func everyFlippedBit() throws {
    let base = Self.disk()
    for bit in Self.bits {
      let disk = base.forked(seed: 1)
      disk.flipBit(bit, of: Self.name)
      let block = bit / 8 / 4096
      let inBlock = bit / 8 % 4096
      let fault = Self.settings.fault(disk.forked(seed: 1))
      if block == 0 && inBlock < 76 {
        #expect(fault?.kind == .dataLoss)
        #expect(fault?.intactPosition == 0)
      } else if (1...2).contains(block) && inBlock < Self.groupBytes {
        #expect(fault?.kind == .dataLoss, "bit \(bit)")
        #expect(fault?.file == disk.path(of: Self.name))
        #expect(fault?.offset == block * 4096)
        #expect(fault?.intactPosition == UInt64(block) * 2 - 2)
        #expect(fault?.what.contains("positions \(block * 2 - 1) to 6") == true)
      } else {
        // The last group cannot be told from one that was being written; the
        // filling means nothing.
        let isLast = block == 3 && inBlock < Self.groupBytes
        let opened = try Self.settings.open(disk)
        #expect(opened.entries.map(\.first) == (isLast ? [1, 3] : [1, 3, 5]), "bit \(bit)")
        #expect((opened.tornTail != nil) == (isLast || block == 4))
      }
    }
  }

  /// A file that is shorter than it was made has lost something.
  @Test func everyTruncation() {
    let base = Self.disk()
    let edges = (0...5).flatMap { block in
      [-1, 0, 1, 47, 48, 49, 76, Self.groupBytes].map { block * 4096 + $0 }
    }
    let sizes = Set(edges + stride(from: 0, to: 5 * 4096, by: 512)).filter { 0..<(5 * 4096) ~= $0 }
    for size in sizes {
      let disk = base.forked(seed: 1)
      disk.truncate(Self.name, to: size)
      let fault = Self.settings.fault(disk)
      #expect(fault?.kind == .dataLoss, "\(size) bytes")
      #expect(fault?.intactPosition == 0)
    }
  }

  /// A log whose writes came to the disk up to some byte, and no further: the
  /// groups before are read, the one that is cut is kept aside.
  @Test func everyEndOfWriting() throws {
    let base = Self.disk()
    for end in 4096..<(4 * 4096) {
      let inBlock = end % 4096
      // Within the filling nothing changes from byte to byte.
      if inBlock > Self.groupBytes + 1 && inBlock % 512 != 0 { continue }
      let disk = base.forked(seed: 1)
      disk.zero(end..<(4 * 4096), of: Self.name)
      let whole = end / 4096 - 1 + (inBlock >= Self.groupBytes ? 1 : 0)
      let opened = try Self.settings.open(disk)
      #expect(opened.entries.map(\.first) == Array([1, 3, 5].prefix(whole)), "\(end) bytes")
      #expect((opened.tornTail != nil) == (inBlock > 0 && inBlock < Self.groupBytes))
    }
  }

  /// Any sector of an acknowledged group zeroed, or replaced by another's.
  @Test func everyLostSector() throws {
    let base = SimulatedDisk(seed: 1)
    base.plant([
      ForgedSegment(
        sizeBytes: 5 * 4096, groups: [1, 2, 3].map { ForgedGroup(payload($0, bytes: 4000)) })
    ])
    let file = try #require(base.contents(of: Self.name))
    for sector in 0..<8 {
      for block in 1...3 {
        for other in [nil, 1, 2, 3] where other != block {
          let disk = base.forked(seed: 1)
          let start = block * 4096 + sector * 512
          let from = other.map { $0 * 4096 + sector * 512 }
          disk.overwrite(
            start, of: Self.name,
            with: from.map { Array(file[$0..<$0 + 512]) } ?? [UInt8](repeating: 0, count: 512))
          let fault = Self.settings.fault(disk)
          if block < 3 {
            #expect(fault?.kind == .dataLoss)
            #expect(fault?.offset == block * 4096)
          } else {
            #expect(fault == nil)
            #expect(disk.asideNames.count == 1)
          }
        }
      }
    }
  }

  /// Groups with right checksums that no writer writes.
  @Test(
    arguments: [
      { $0.count = 0 }, { $0.bodyBytes = UInt32(LogFormat.bodyBytesMax) + 1 },
      { $0.bodyBytes = .max }, { $0.firstPosition = 0 }, { $0.firstPosition = 1 << 62 },
      { $0.firstPosition = .max }, { $0.durablePosition = 3 }, { $0.durablePosition = .max },
      { $0.bodyBytes = 13 << 10 }, { $0.magic = Array("PGRQ".utf8) },
    ] as [@Sendable (inout ForgedGroup) -> Void])
  func aGroupThatNoWriterWrites(_ change: @Sendable (inout ForgedGroup) -> Void) throws {
    var group = ForgedGroup(payload(3))
    change(&group)
    let disk = SimulatedDisk()
    disk.plant([
      ForgedSegment(
        sizeBytes: 4 * 4096, groups: [ForgedGroup(payload(1)), ForgedGroup(payload(2)), group])
    ])
    let opened = try Self.settings.open(disk)
    #expect(opened.entries.map(\.first) == [1, 2])
    #expect(opened.tornTail != nil)
  }
}
