/// Names of the files of a store. Positions are written with 20 digits, so that
/// names sort as positions do.
package enum FileNames {
  package static let store = "store"
  package static let storeDraft = "store-draft.tmp"
  package static let lock = "lock"
  /// A segment that is being made, by the keeper of the spare and by the
  /// sequencer itself; removed at start.
  package static let segmentDraft = "segment-draft.tmp"
  package static let segmentInline = "segment-inline.tmp"
  /// A segment of zeros that waits for its header; removed at start.
  package static let segmentSpare = "segment-spare.tmp"
  package static let snapshotDraft = "snapshot-draft.tmp"
  package static let drafts = [
    storeDraft, segmentDraft, segmentInline, segmentSpare, snapshotDraft,
  ]

  private static let segmentPrefix = "log-"
  private static let segmentSuffix = ".segment"
  private static let snapshotPrefix = "snapshot-"
  private static let snapshotSuffix = ".snapshot"
  private static let receiptsPrefix = "receipts-"
  private static let receiptsSuffix = ".receipts"
  /// What recovery or repair took out of the way and kept.
  package static let asidePrefix = "aside-"

  package static func segment(firstPosition: UInt64) -> String {
    segmentPrefix + digits(firstPosition) + segmentSuffix
  }

  package static func snapshot(position: UInt64) -> String {
    snapshotPrefix + digits(position) + snapshotSuffix
  }

  /// The first position that a segment's name gives, or nil for another file's
  /// name. No name gives a position that no command can have: sums do not overflow.
  package static func segmentPosition(_ name: String) -> UInt64? {
    position(name, segmentPrefix, segmentSuffix).flatMap { $0 == 0 ? nil : $0 }
  }

  package static func snapshotPosition(_ name: String) -> UInt64? {
    position(name, snapshotPrefix, snapshotSuffix)
  }

  /// Receipts from the one with that number on.
  package static func receipts(from first: UInt32) -> String {
    receiptsPrefix + digits(UInt64(first)) + receiptsSuffix
  }

  /// Number of the first receipt that the file of that name holds, or nil for another file's.
  package static func firstReceipt(of name: String) -> UInt32? {
    position(name, receiptsPrefix, receiptsSuffix).flatMap { UInt32(exactly: $0) }
  }

  /// Whether `name` is one that only a store with contents has.
  static func isContent(_ name: String) -> Bool {
    segmentPosition(name) != nil || snapshotPosition(name) != nil || name == store
      || firstReceipt(of: name) != nil || name.hasPrefix(asidePrefix)
  }

  private static func position(_ name: String, _ prefix: String, _ suffix: String) -> UInt64? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix),
      name.utf8.count == prefix.utf8.count + 20 + suffix.utf8.count
    else { return nil }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    guard digits.allSatisfy({ ("0"..."9").contains($0) }), let position = UInt64(digits) else {
      return nil
    }
    return position < LogFormat.positionEnd ? position : nil
  }

  private static func digits(_ position: UInt64) -> String {
    let text = String(position)
    return String(repeating: "0", count: 20 - text.count) + text
  }
}

extension Disk {
  /// First positions of the segments, ascending.
  package func segmentPositions() throws(DiskError) -> [UInt64] {
    try names().compactMap(FileNames.segmentPosition).sorted()
  }

  /// Positions of the snapshots, ascending.
  package func snapshotPositions() throws(DiskError) -> [UInt64] {
    try names().compactMap(FileNames.snapshotPosition).sorted()
  }

  /// Gives a snapshot that cannot be used a name that is not a snapshot's.
  package func putAside(snapshotAt position: UInt64) throws(DiskError) {
    try rename(
      FileNames.snapshot(position: position), to: try freeAsideName("snapshot-\(position)"))
  }

  /// A name that is free, for something to be kept out of the way.
  func freeAsideName(_ what: String) throws(DiskError) -> String {
    let taken = Set(try names())
    var number = 1
    while taken.contains("\(FileNames.asidePrefix)\(what)-\(number)") { number += 1 }
    return "\(FileNames.asidePrefix)\(what)-\(number)"
  }
}
