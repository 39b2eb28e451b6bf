import CommandLog
import Synchronization

/// Where receipts are kept, by the number of their claim.
///
/// They are not part of the state: each follows from the log, and is written again when
/// the log is replayed. `put` and `flush` are the sequencer's; any thread may `read`.
package protocol ReceiptArchive: AnyObject, Sendable {
  /// Keeps a receipt, in the order of numbers; in memory until `flush`.
  func put(_ number: UInt32, _ receipt: [UInt8])
  /// Nil where it is not there or cannot be read.
  func read(_ number: UInt32) -> [UInt8]?
  /// Writes what was put since the last time.
  func flush() throws(DiskError)
  /// Bytes that wait for `flush`.
  var pendingBytes: Int { get }
}

/// Keeps receipts in memory: where nothing is kept on disk.
package final class MemoryReceipts: ReceiptArchive {
  private let receipts = Mutex<[UInt32: [UInt8]]>([:])

  package init() {}
  package func put(_ number: UInt32, _ receipt: [UInt8]) {
    receipts.withLock { $0[number] = receipt }
  }
  package func read(_ number: UInt32) -> [UInt8]? { receipts.withLock { $0[number] } }
  package func flush() throws(DiskError) {}
  package var pendingBytes: Int { 0 }
}
