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
  /// - Throws: also where what is there cannot be read: it might be written over.
  func write(_ slots: ArraySlice<UInt8>, at offset: Int) throws(DiskError) {
    var found: [UInt8] = []
    let foundCount =
      offset < foundBytes ? try file.read(slots.count, at: offset, into: &found) : 0
    func isThere(_ start: Int) -> Bool {
      let at = start - slots.startIndex
      return at + Self.slotBytes <= foundCount
        && found[at..<at + Self.slotBytes].elementsEqual(slots[start..<start + Self.slotBytes])
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
}
