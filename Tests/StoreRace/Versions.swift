import AccountStore
import IntegrityCore

/// Records whose every word follows from the account's id and one version.
enum Versions {
  /// Versions stay below 2^24: Float32 holds them exactly.
  static let max: UInt32 = 1 << 24

  static func write(_ version: UInt32, to record: inout AccountRecord) {
    for counter in 0..<10 { record[stored: counter] = Float(version) + Float(counter) }
    record.lastEventAt = UnixSeconds(version)
    let id = UInt32(truncatingIfNeeded: record.id.rawValue)
    record.sketch = CounterpartySketch(bits: version ^ id)
    record.firstEventDay = UInt16(truncatingIfNeeded: version)
    record.tierHeldDay = UInt16(truncatingIfNeeded: version >> 4)
    record.tierCode = UInt8(truncatingIfNeeded: version)
    record.standing = UInt8(truncatingIfNeeded: version >> 8)
  }

  /// The version of a record, or nil if it is not wholly of one.
  static func version(of record: AccountRecord) -> UInt32? {
    var expected = AccountRecord(record.key)
    write(record.lastEventAt.rawValue, to: &expected)
    return expected == record ? record.lastEventAt.rawValue : nil
  }
}
