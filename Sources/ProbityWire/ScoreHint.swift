import IntegrityCore

/// Guesses which accounts the bytes of a read ask for, so that their memory can
/// be on its way before the first call is answered.
///
/// Nothing is checked: neither checksums, nor that a payload is a message. What
/// is found may be wrong and must have no effect but on time.
public enum ScoreHint {
  /// The shortest payload that is looked at: `account` and `kind`, in that order.
  @usableFromInline static let payloadBytesMin = 11

  /// Looks at the frame that begins at `offset`. About 3 ns.
  ///
  /// - Returns: the bytes of the frame, and the account where it is a Score; nil
  ///   where no whole frame is.
  @inlinable @inline(__always)
  public static func frame(
    in bytes: UnsafeRawBufferPointer, at offset: Int
  ) -> (sizeBytes: Int, account: AccountKey?)? {
    if bytes.count - offset < FrameHeader.sizeBytes { return nil }
    let frame = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
    let payloadBytes = unsafe Int(FrameHeader.little(frame, 0, as: UInt32.self))
    if payloadBytes > frame.count - FrameHeader.sizeBytes { return nil }
    return unsafe (
      FrameHeader.sizeBytes + payloadBytes, account(ofFrame: frame, payloadBytes: payloadBytes)
    )
  }

  /// The account that a whole frame seems to ask for, or nil.
  @inlinable @inline(__always)
  static func account(
    ofFrame frame: UnsafeRawBufferPointer, payloadBytes: Int
  ) -> AccountKey? {
    let payload = FrameHeader.sizeBytes
    guard payloadBytes >= payloadBytesMin,
      unsafe frame[8] == FrameType.request.rawValue,
      unsafe FrameHeader.little(frame, 10, as: UInt16.self) == Method.score.rawValue,
      unsafe frame[payload] == accountTag, unsafe frame[payload + 9] == kindTag,
      let kind = unsafe AccountKind(rawValue: frame[payload + 10])
    else { return nil }
    // Safe: the payload has at least eleven bytes.
    let id = unsafe frame.loadUnaligned(fromByteOffset: payload + 1, as: UInt64.self)
    return AccountKey(kind, AccountID(UInt64(littleEndian: id)))
  }

  /// Field 1 as a fixed64, field 2 as a varint. Source: ScoreRequest in
  /// Protos/probity/v1/integrity.proto.
  @usableFromInline static let accountTag: UInt8 = 1 << 3 | 1
  @usableFromInline static let kindTag: UInt8 = 2 << 3 | 0
}
