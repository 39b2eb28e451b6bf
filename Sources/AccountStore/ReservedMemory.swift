import CProbityShims

/// Address space that takes memory only as it is written, owned once.
///
/// Reads of what was never written give zeros. Nothing is ever given back
/// before `deinit`, so a reader that follows a stale index reads stale bytes
/// but never faults: what the sequence locks need.
@safe final class ReservedMemory: @unchecked Sendable {
  // Safe: the pointer is set once; what lies behind it is accessed by atomic
  // words only, under the rules of `Shard`.
  let base: UnsafeMutableRawPointer
  /// Where a few more bytes lie, on pages of their own before `base`.
  let front: UnsafeMutableRawPointer
  private let reserved: UnsafeMutableRawPointer
  private let reservedBytes: Int

  /// - Parameters:
  ///   - frontBytes: behind `front`; at most a huge page less `hugePageOffset`.
  ///   - hugePageOffset: bytes from `base` to where a huge page begins, less than one.
  /// - Throws: `StoreError.outOfAddressSpace`.
  init(frontBytes: Int, sizeBytes: Int, hugePageOffset: Int) throws(StoreError) {
    let page = StoreLayout.hugePageBytes
    let smallPage = StoreLayout.pageBytes
    let frontPagesBytes = (frontBytes + smallPage - 1) / smallPage * smallPage
    precondition(frontPagesBytes <= page - hugePageOffset)
    reservedBytes = sizeBytes + 2 * page
    guard let reserved = unsafe probity_reserve(reservedBytes) else {
      throw .outOfAddressSpace(sizeBytes: reservedBytes)
    }
    unsafe self.reserved = reserved
    let firstPage = (UInt(bitPattern: reserved) + UInt(page) - 1) / UInt(page) * UInt(page)
    let skipped = Int(firstPage - UInt(bitPattern: reserved))
    // Safe: at most two huge pages are left out, which were reserved for it.
    unsafe base = unsafe reserved + skipped + page - hugePageOffset
    unsafe front = unsafe base - frontPagesBytes
  }

  deinit { unsafe probity_release(reserved, reservedBytes) }
}

/// Why a store could not be made.
public enum StoreError: Error, Equatable {
  /// The system refused to reserve address space: a limit such as `ulimit -v`.
  case outOfAddressSpace(sizeBytes: Int)
}
