import ProbityWire
import Testing

/// A sink that shows, as 0xAA, what an encoder left unwritten.
struct ByteSink: FrameSink {
  var bytes: [UInt8] = []

  mutating func append(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0xaa, count: count))
    unsafe bytes.withUnsafeMutableBytes {
      // Safe: `count` bytes from `start` on have just been appended.
      unsafe fill(UnsafeMutableRawBufferPointer(rebasing: $0[start...]))
    }
  }
}

extension FrameHeader {
  /// The frame of this header and `payload`, as `write` makes it.
  func frame(_ payload: [UInt8] = []) -> [UInt8] {
    var header = self
    header.payloadBytes = UInt32(payload.count)
    var sink = ByteSink()
    unsafe header.write(to: &sink) { unsafe $0.copyBytes(from: payload) }
    return sink.bytes
  }
}

extension Codec {
  /// The frames that `body` appends.
  func frames(_ body: (Codec, inout ByteSink) -> Void) -> [UInt8] {
    var sink = ByteSink()
    body(self, &sink)
    return sink.bytes
  }
}

/// The payload of the one whole frame that `frame` must be.
func payload(of frame: [UInt8]) throws -> [UInt8] {
  let header = try #require(frameHeader(of: frame))
  try #require(frame.count == FrameHeader.sizeBytes + Int(header.payloadBytes))
  return Array(frame[FrameHeader.sizeBytes...])
}

/// Looks for a frame at the start of `bytes`, as a connection does.
func scan(
  _ bytes: [UInt8], payloadBytesMax: UInt32 = ProtocolLimits.payloadBytesMax
) -> FrameScan {
  unsafe bytes.withUnsafeBytes {
    unsafe FrameHeader.scan($0, payloadBytesMax: payloadBytesMax)
  }
}

/// The header of the frame that `bytes` begin with, or nil.
func frameHeader(of bytes: [UInt8]) -> FrameHeader? {
  if case .frame(let header) = scan(bytes) { header } else { nil }
}

func crc32c(_ bytes: some Sequence<UInt8>) -> UInt32 {
  unsafe Array(bytes).withUnsafeBytes { unsafe CRC32C.update(0, $0) }
}

func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

/// A frame laid out by hand, with a right checksum: also such as no encoder makes.
func rawFrame(
  type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, code: UInt16 = 0, time: UInt32 = 0,
  payload: [UInt8] = []
) -> [UInt8] {
  let head =
    littleEndian(UInt32(payload.count)) + littleEndian(stream) + [type, flags]
    + littleEndian(code) + littleEndian(time)
  return head + littleEndian(crc32c(head + payload)) + payload
}
