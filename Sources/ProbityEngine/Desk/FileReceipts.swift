import CommandLog
import IntegrityCore
import Synchronization

/// Keeps receipts in files of 65,536 each, side by side in the order of their numbers.
///
/// Each has a sector of its own, with zeros behind it: a write that tears cannot damage the
/// receipt before, which may belong to a snapshot and would never be written again.
///
/// A snapshot is published only after `sync`: what it holds claims of has its receipts on
/// disk. What came after it is put again when the log is replayed, and written only where
/// the disk has it otherwise: a replay from an older snapshot, with a newer one damaged or
/// out of reach for a while, comes by receipts that the newer one relies on.
package final class FileReceipts<Storage: Disk>: ReceiptArchive {
  private struct Writing {
    /// Number of the first receipt in `pending`.
    var first: UInt32 = 0
    var pending: [UInt8] = []
    var open: ReceiptFile<Storage.File>?
    /// First numbers of files that were written since they were synced.
    var unsynced: Set<UInt32> = []
    /// Or files whose names a process before may have left unsynced.
    var hasNewFiles = true
    /// A sync has failed: nothing is known of what was written.
    var isBroken = false
  }

  private static var receiptsPerFile: UInt32 { 1 << 16 }
  /// Bytes of a sector: what a disk writes as one.
  package static var slotBytes: Int { ReceiptFile<Storage.File>.slotBytes }
  private let disk: Storage
  private let writing = Mutex(Writing())

  package init(_ disk: Storage) { self.disk = disk }

  package var pendingBytes: Int { writing.withLock { $0.pending.count } }

  package func put(_ number: UInt32, _ receipt: [UInt8]) {
    precondition(receipt.count == Receipt.sizeBytes, "a receipt has another size")
    writing.withLock { writing in
      if writing.pending.isEmpty { writing.first = number }
      precondition(
        number == writing.first + UInt32(writing.pending.count / Self.slotBytes),
        "receipts come in the order of their numbers")
      writing.pending += receipt
      writing.pending += repeatElement(0, count: Self.slotBytes - receipt.count)
    }
  }

  package func flush() throws(DiskError) {
    try writing.withLock { (writing) throws(DiskError) in
      while !writing.pending.isEmpty { try writeSome(&writing) }
    }
  }

  /// As far as one file goes.
  private func writeSome(_ writing: inout Writing) throws(DiskError) {
    let fileFirst = writing.first / Self.receiptsPerFile * Self.receiptsPerFile
    let room = Int(fileFirst + Self.receiptsPerFile - writing.first)
    let count = min(room, writing.pending.count / Self.slotBytes)
    let file = try file(fileFirst, &writing)
    let bytes = count * Self.slotBytes
    writing.unsynced.insert(fileFirst)
    try file.write(
      writing.pending[..<bytes], at: Int(writing.first - fileFirst) * Self.slotBytes)
    writing.pending.removeFirst(bytes)
    writing.first += UInt32(count)
  }

  private func file(
    _ first: UInt32, _ writing: inout Writing
  ) throws(DiskError) -> ReceiptFile<Storage.File> {
    if let open = writing.open, open.first == first { return open }
    let name = FileNames.receipts(from: first)
    let file: ReceiptFile<Storage.File>
    if try disk.names().contains(name) {
      file = try ReceiptFile(found: disk.open(name, for: .writing), first: first)
    } else {
      file = ReceiptFile(new: try disk.create(name), first: first)
      writing.hasNewFiles = true
    }
    writing.open = file
    return file
  }

  /// A cache miss of the page cache is a read from disk. Any thread: nobody waits for it.
  package func read(_ number: UInt32) -> [UInt8]? {
    let waiting: [UInt8]? = writing.withLock { writing in
      let count = writing.pending.count / Self.slotBytes
      guard number >= writing.first && number < writing.first + UInt32(count) else { return nil }
      let start = Int(number - writing.first) * Self.slotBytes
      return Array(writing.pending[start..<start + Receipt.sizeBytes])
    }
    if let waiting { return waiting }
    let fileFirst = number / Self.receiptsPerFile * Self.receiptsPerFile
    var bytes: [UInt8] = []
    guard let file = try? disk.open(FileNames.receipts(from: fileFirst), for: .reading),
      let count = try? file.read(
        Receipt.sizeBytes, at: Int(number - fileFirst) * Self.slotBytes, into: &bytes),
      count == Receipt.sizeBytes
    else { return nil }
    return Array(bytes[..<count])
  }

  /// Makes what was flushed durable. Any thread; the sequencer does not wait for it.
  ///
  /// After a failure it fails for ever: the system may have dropped what it could not write.
  package func sync() throws(DiskError) {
    let (firsts, hasNewFiles, isBroken) = writing.withLock { writing in
      defer {
        writing.unsynced = []
        writing.hasNewFiles = false
      }
      return (writing.unsynced, writing.hasNewFiles, writing.isBroken)
    }
    if isBroken {
      throw DiskError(
        .sync, file: disk.path(of: "receipts"), kind: .storage,
        reason: "a sync of receipts failed before; start again")
    }
    do throws(DiskError) {
      for first in firsts.sorted() {
        try disk.open(FileNames.receipts(from: first), for: .writing).sync()
      }
      if hasNewFiles { try disk.syncDirectory() }
    } catch {
      writing.withLock { $0.isBroken = true }
      throw error
    }
  }

  /// Removes files whose receipts all belong to claims that were forgotten long ago.
  package func prune(before first: UInt32) throws(DiskError) {
    for name in try disk.names() {
      guard let fileFirst = FileNames.firstReceipt(of: name),
        UInt64(fileFirst) + 2 * UInt64(Self.receiptsPerFile) <= UInt64(first)
      else { continue }
      try disk.remove(name)
    }
  }
}
