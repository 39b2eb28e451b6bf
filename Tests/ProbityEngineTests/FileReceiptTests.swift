import CommandLog
import IntegrityCore
import ProbityEngine
import SimulatedDisk
import Testing

/// Receipts on a disk that tears, loses and fails what was not synced.
@Suite struct FileReceiptTests {
  private static func receipt(_ number: UInt32, _ salt: UInt8 = 0) -> [UInt8] {
    (0..<Receipt.sizeBytes).map { UInt8(truncatingIfNeeded: Int(number) * 31 + $0) ^ salt }
  }

  /// What a process has written of `numbers`.
  private static func write(
    _ numbers: Range<UInt32>, to disk: SimulatedDisk, salt: UInt8 = 0
  ) throws -> FileReceipts<SimulatedDisk> {
    let receipts = FileReceipts(disk.process())
    for number in numbers { receipts.put(number, receipt(number, salt)) }
    try receipts.flush()
    return receipts
  }

  /// Receipts that are durable, and put once more by the next process; not flushed yet.
  private static func put(
    again numbers: Range<UInt32>
  ) throws -> (SimulatedDisk, FileReceipts<SimulatedDisk>) {
    let disk = SimulatedDisk()
    try write(numbers, to: disk).sync()
    disk.crash()
    let receipts = FileReceipts(disk.process())
    for number in numbers { receipts.put(number, receipt(number)) }
    return (disk, receipts)
  }

  private static func expect(
    _ numbers: Range<UInt32>, on disk: SimulatedDisk, salt: UInt8 = 0, _ context: String = ""
  ) {
    let receipts = FileReceipts(disk.process())
    for number in numbers {
      #expect(receipts.read(number) == receipt(number, salt), "\(context) receipt \(number)")
    }
  }

  /// A replay from an older snapshot comes by receipts that a newer one relies on.
  @Test func whatIsDurableOutlivesAPowerCutInAReplay() throws {
    for seed in 0..<100 as Range<UInt64> {
      let disk = SimulatedDisk(seed: seed)
      try Self.write(3..<9, to: disk).sync()
      disk.crash()
      let writes = disk.callCount(of: .write)
      _ = try Self.write(0..<12, to: disk)
      #expect(disk.callCount(of: .write) == writes + 2)
      disk.powerCut()
      Self.expect(3..<9, on: disk, "seed \(seed):")
    }
  }

  @Test func otherReceiptsAreWrittenOver() throws {
    let disk = SimulatedDisk()
    try Self.write(0..<9, to: disk).sync()
    disk.crash()
    try Self.write(4..<6, to: disk, salt: 1).sync()
    disk.powerCut(.losesAll)
    Self.expect(0..<4, on: disk)
    Self.expect(4..<6, on: disk, salt: 1)
    Self.expect(6..<9, on: disk)
  }

  /// What the system could not write reads as if it were there.
  @Test func whatOnlyMemoryHasIsWrittenAgain() throws {
    let disk = SimulatedDisk()
    try Self.write(0..<2, to: disk).sync()
    let receipts = try Self.write(2..<40, to: disk)
    disk.failAll(.sync, with: .storage)
    #expect(throws: DiskError.self) { try receipts.sync() }
    disk.clearFaults()
    Self.expect(2..<40, on: disk)
    disk.crash()
    try Self.write(0..<40, to: disk).sync()
    disk.powerCut(.losesAll)
    Self.expect(0..<40, on: disk)
  }

  /// A killed process leaves them to be written by the system, or by the next sync.
  @Test func whatWasNotSyncedIsSyncedThoughItIsThere() throws {
    let disk = SimulatedDisk()
    _ = try Self.write(0..<5, to: disk)
    disk.crash()
    try Self.write(0..<5, to: disk).sync()
    disk.powerCut(.losesAll)
    Self.expect(0..<5, on: disk)
  }

  /// A read that fails once is asked for again; nothing is written over for it.
  @Test func whatCanBeReadTheSecondTimeIsLeftAlone() throws {
    let (disk, receipts) = try Self.put(again: 0..<5)
    let writes = disk.callCount(of: .write)
    // The first asks for the size.
    disk.fail(call: 2, of: .read, with: .storage)
    try receipts.flush()
    #expect(disk.callCount(of: .write) == writes)
    Self.expect(0..<5, on: disk)
  }

  /// Its sector is written again, as the log has it.
  @Test func whatCannotBeReadIsWritten() throws {
    let (disk, receipts) = try Self.put(again: 0..<5)
    let writes = disk.callCount(of: .write)
    for call in [2, 5] { disk.fail(call: call, of: .read, with: .storage) }
    try receipts.flush()
    #expect(disk.callCount(of: .write) == writes + 1, "the third slot alone")
    try receipts.sync()
    disk.powerCut(.losesAll)
    Self.expect(0..<5, on: disk)
  }

  @Test func receiptsGoOnInTheNextFile() throws {
    let disk = SimulatedDisk()
    let edge: UInt32 = 1 << 16
    try Self.write(edge - 2..<edge + 2, to: disk).sync()
    disk.crash()
    let writes = disk.callCount(of: .write)
    try Self.write(edge - 3..<edge + 3, to: disk).sync()
    #expect(disk.callCount(of: .write) == writes + 2)
    disk.powerCut(.losesAll)
    Self.expect(edge - 3..<edge + 3, on: disk)
    #expect(disk.fileNames.count == 2)
  }
}
