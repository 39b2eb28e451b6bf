import CommandLog

/// One file of receipts, opened for writing.
struct ReceiptFile<File: DiskFile> {
  /// Bytes of a sector: what a disk writes as one.
  static var slotBytes: Int { 512 }

  /// Number of the claim whose receipt it begins with.
  let first: UInt32
  private let file: File
  /// How far it may hold receipts that a process before wrote.
  private let foundBytes: Int

  init(new file: File, first: UInt32) {
    self.first = first
    self.file = file
    foundBytes = 0
  }

  /// A file that was there. It is compared with what is on disk or still on its way there,
  /// which the next sync waits for: a page whose writing failed before is no proof.
  init(found file: File, first: UInt32) throws(DiskError) {
    self.first = first
    self.file = file
    file.dropCache()
    foundBytes = try file.sizeBytes
  }

  /// Writes whole slots, but not those that are there already: a slot that is durable may
  /// belong to a snapshot, and a power cut could spoil it while it is written again.
  ///
  /// One that cannot be read when it is asked for once more is lost, and written.
  func write(_ slots: ArraySlice<UInt8>, at offset: Int) throws(DiskError) {
    let found = found(slots.count, at: offset)
    func isThere(_ start: Int) -> Bool {
      let slot = (start - slots.startIndex) / Self.slotBytes
      return slot < found.count
        && found[slot].elementsEqual(slots[start..<start + Self.slotBytes])
    }
    var start = slots.startIndex
    while start < slots.endIndex {
      let isKept = isThere(start)
      var end = start
      repeat { end += Self.slotBytes } while end < slots.endIndex && isThere(end) == isKept
      if !isKept { try file.write(slots[start..<end].span, at: offset + start - slots.startIndex) }
      start = end
    }
  }

  /// Whole slots that are there; those that cannot be read are empty.
  private func found(_ count: Int, at offset: Int) -> [ArraySlice<UInt8>] {
    if offset >= foundBytes { return [] }
    var bytes: [UInt8] = []
    if let read = try? file.read(count, at: offset, into: &bytes) {
      return stride(from: 0, to: read / Self.slotBytes * Self.slotBytes, by: Self.slotBytes).map {
        bytes[$0..<$0 + Self.slotBytes]
      }
    }
    return stride(from: 0, to: count, by: Self.slotBytes).map { start in
      var bytes: [UInt8] = []
      let read = try? file.read(Self.slotBytes, at: offset + start, into: &bytes)
      return read == Self.slotBytes ? bytes[..<Self.slotBytes] : []
    }
  }
}
