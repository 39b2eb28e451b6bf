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
  let sizeBytes: Int

  /// - Throws: `StoreError.outOfAddressSpace`.
  init(sizeBytes: Int) throws(StoreError) {
    guard let base = unsafe probity_reserve(sizeBytes) else {
      throw .outOfAddressSpace(sizeBytes: sizeBytes)
    }
    unsafe self.base = base
    self.sizeBytes = sizeBytes
  }

  deinit { unsafe probity_release(base, sizeBytes) }
}

/// Why a store could not be made.
public enum StoreError: Error, Equatable {
  /// The system refused to reserve address space: a limit such as `ulimit -v`.
  case outOfAddressSpace(sizeBytes: Int)
}
