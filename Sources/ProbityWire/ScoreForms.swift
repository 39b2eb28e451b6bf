import IntegrityCore

/// A ScoreRequest as encoders write it: fields in the order of their numbers, each
/// once, as short as it can be.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 09 | tag of `account` |
/// | 1 | 8 | account, little-endian |
/// | 9 | 10 | tag of `kind` |
/// | 10 | 01 or 02 | kind |
/// | 11 | 19 | tag of `as_of`; left out with its value where that is 0 |
/// | 12 | 8 | UTC seconds, little-endian |
///
/// Everything else that protobuf allows is left to the C codec, and so is saying
/// what is wrong. Tests hold this to the C codec, request for request.
@usableFromInline
enum ScoreRequestForm {
  @usableFromInline static let shortBytes = 11
  @usableFromInline static let longBytes = 20
  @usableFromInline static let asOfTag: UInt8 = 3 << 3 | 1

  /// The request, or nil where the bytes are not of this form. About 2 ns.
  @inlinable @inline(__always)
  static func read(_ bytes: UnsafeRawBufferPointer) -> AccountRequest? {
    guard bytes.count == shortBytes || bytes.count == longBytes,
      unsafe bytes[0] == ScoreHint.accountTag, unsafe bytes[9] == ScoreHint.kindTag,
      let kind = unsafe AccountKind(rawValue: bytes[10])
    else { return nil }
    // Safe: there are eleven bytes, or twenty where those of `as_of` are read.
    let id = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
    if id == 0 { return nil }
    let account = AccountKey(kind, AccountID(id))
    if bytes.count == shortBytes { return AccountRequest(account: account, asOf: nil) }
    guard unsafe bytes[11] == asOfTag else { return nil }
    let seconds = unsafe UInt64(
      littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt64.self))
    guard let value = UInt32(exactly: seconds) else { return nil }
    return AccountRequest(account: account, asOf: value == 0 ? nil : UnixSeconds(value))
  }
}

/// A ScoreReply, as protobuf-c packs it: fields in the order of their numbers, those
/// that are zero left out.
@usableFromInline
enum ScoreReplyForm {
  /// Of the thirteen fields each at its longest: 2 + 3 + 3 + 2 + 5 for the verdict,
  /// 2 + 4 · 3 and 2 + 4 · 5 for four reasons, 9 + 9 + 6 + 9 + 2 for the basis.
  @usableFromInline static let sizeBytesMax = 86

  /// - Parameter space: at least `sizeBytesMax` bytes.
  /// - Returns: the bytes written.
  @inlinable @inline(__always)
  static func write(
    _ judgement: Judgement, isKnown: Bool, _ basis: JudgementBasis,
    to space: UnsafeMutableRawBufferPointer
  ) -> Int {
    precondition(space.count >= sizeBytesMax)
    var fields = unsafe FieldWriter(space)
    fields.varint(1, isKnown ? 1 : 0)
    fields.varint(2, UInt32(truncatingIfNeeded: judgement.score))
    fields.varint(3, UInt32(truncatingIfNeeded: judgement.scoreFloor))
    fields.varint(4, UInt32(judgement.tier.rawValue))
    if judgement.confidence != 0 { fields.fixed32(5, judgement.confidence.bitPattern) }
    write(judgement.reasons, to: &fields)
    fields.fixed64(8, UInt64(basis.asOf.rawValue))
    fields.fixed64(9, basis.logPosition.rawValue)
    fields.varint(10, basis.policyVersion)
    fields.fixed64(11, basis.policyHash)
    fields.varint(12, basis.isDegraded ? 1 : 0)
    return fields.count
  }

  @inlinable @inline(__always)
  static func write(_ reasons: TopReasons, to fields: inout FieldWriter) {
    let count = reasons.count
    if count == 0 { return }
    fields.packed(6) { fields in
      for index in 0..<count { fields.varint(UInt32(reasons[index].code.rawValue)) }
    }
    fields.packed(7) { fields in
      for index in 0..<count {
        let points = Int32(truncatingIfNeeded: reasons[index].points)
        fields.varint(UInt32(bitPattern: points << 1 ^ points >> 31))
      }
    }
  }
}

/// Writes protobuf fields one after the other, without asking whether there is room.
///
/// Source: protobuf.dev, Encoding.
@usableFromInline @safe
struct FieldWriter {
  // Safe: who makes a writer gives it room for the longest message; a tag is one
  // byte, as field numbers here are at most 15.
  @usableFromInline let start: UnsafeMutableRawPointer
  @usableFromInline var count = 0

  @inlinable @inline(__always)
  init(_ space: UnsafeMutableRawBufferPointer) {
    unsafe start = unsafe space.baseAddress.unsafelyUnwrapped
  }

  @inlinable @inline(__always)
  mutating func byte(_ value: UInt8) {
    unsafe start.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  @inlinable @inline(__always)
  mutating func varint(_ value: UInt32) {
    var rest = value
    while rest >= 0x80 {
      byte(UInt8(truncatingIfNeeded: rest | 0x80))
      rest >>= 7
    }
    byte(UInt8(truncatingIfNeeded: rest))
  }

  /// A field that is left out where it is zero.
  @inlinable @inline(__always)
  mutating func varint(_ number: UInt8, _ value: UInt32) {
    if value == 0 { return }
    byte(number << 3)
    varint(value)
  }

  /// A field that is left out where it is zero.
  @inlinable @inline(__always)
  mutating func fixed64(_ number: UInt8, _ value: UInt64) {
    if value == 0 { return }
    byte(number << 3 | 1)
    unsafe start.storeBytes(of: value.littleEndian, toByteOffset: count, as: UInt64.self)
    count += 8
  }

  @inlinable @inline(__always)
  mutating func fixed32(_ number: UInt8, _ value: UInt32) {
    byte(number << 3 | 5)
    unsafe start.storeBytes(of: value.littleEndian, toByteOffset: count, as: UInt32.self)
    count += 4
  }

  /// Elements of at most 127 bytes in all, behind their length.
  @inlinable @inline(__always)
  mutating func packed(_ number: UInt8, _ elements: (inout FieldWriter) -> Void) {
    byte(number << 3 | 2)
    let lengthAt = count
    count += 1
    elements(&self)
    unsafe start.storeBytes(
      of: UInt8(truncatingIfNeeded: count - lengthAt - 1), toByteOffset: lengthAt, as: UInt8.self)
  }
}
