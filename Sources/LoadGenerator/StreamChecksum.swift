import ProbityWire

/// Checksums of frames that differ in nothing but their stream: four lookups in
/// tables, whatever the size of the payload.
///
/// A CRC is an affine map of its input's bits, so what the stream adds to the
/// checksum of a frame with stream 0 depends on the stream and on the number of
/// bytes behind it, and adds up from its bytes.
/// Source: Peterson, Brown: Cyclic Codes for Error Detection, 1961.
@safe package struct StreamChecksum: @unchecked Sendable {
  // Safe: four tables of 256, written in `init` alone; live as long as the process.
  private let tables: UnsafePointer<UInt32>

  private static let streamOffset = 4
  private static let checksumOffset = 16

  /// - Parameter payloadBytes: of all the frames.
  package init(payloadBytes: Int) {
    var message = [UInt8](repeating: 0, count: Self.checksumOffset + payloadBytes)
    func checksum() -> UInt32 { unsafe message.withUnsafeBytes { unsafe CRC32C.update(0, $0) } }
    let zero = checksum()
    let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 4 * 256)
    for index in 0..<4 {
      for byte in 0..<256 {
        message[Self.streamOffset + index] = UInt8(byte)
        unsafe tables[index * 256 + byte] = checksum() ^ zero
      }
      message[Self.streamOffset + index] = 0
    }
    unsafe self.tables = UnsafePointer(tables)
  }

  /// What the stream changes of the checksum.
  @inline(__always)
  private func change(_ stream: UInt32) -> UInt32 {
    // Safe: each index is that of its table plus a byte.
    unsafe tables[Int(stream & 0xff)] ^ tables[256 &+ Int(stream >> 8 & 0xff)]
      ^ tables[512 &+ Int(stream >> 16 & 0xff)] ^ tables[768 &+ Int(stream >> 24)]
  }

  /// Gives a stream to a frame that was sealed with stream 0.
  @inline(__always)
  package func put(_ stream: UInt32, into frame: UnsafeMutableRawPointer) {
    // Safe: a frame has at least its header of 20 bytes.
    unsafe frame.storeBytes(
      of: stream.littleEndian, toByteOffset: Self.streamOffset, as: UInt32.self)
    let checksum = unsafe UInt32(
      littleEndian: frame.loadUnaligned(fromByteOffset: Self.checksumOffset, as: UInt32.self))
    unsafe frame.storeBytes(
      of: (checksum ^ change(stream)).littleEndian, toByteOffset: Self.checksumOffset,
      as: UInt32.self)
  }
}
