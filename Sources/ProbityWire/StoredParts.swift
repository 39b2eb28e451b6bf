import IntegrityCore
import Rescoring

/// Parts of a rescore as bytes to be kept: frames, with their checksums.
extension Codec {
  public func stored(_ part: RescorePart) -> [UInt8] {
    var sink = ArraySink()
    encodePart(.rescore(part), stream: 1, to: &sink)
    return sink.bytes
  }

  /// The part that `bytes` begin with, and its size; nil where there is no whole one.
  public func storedPart(in bytes: ArraySlice<UInt8>) -> (part: RescorePart, byteCount: Int)? {
    // Safe: the bytes live as long as the closure, and `scan` finds whole frames only.
    unsafe bytes.withUnsafeBytes { bytes in
      guard
        case .frame(let header) = unsafe FrameHeader.scan(
          bytes, payloadBytesMax: ProtocolLimits.payloadBytesMax)
      else { return nil }
      let end = FrameHeader.sizeBytes + Int(header.payloadBytes)
      let payload = unsafe UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.sizeBytes..<end])
      guard case .rescore(let part)? = try? unsafe decodePart(.rescore, payload) else {
        return nil
      }
      return (part, end)
    }
  }
}

private struct ArraySink: FrameSink {
  var bytes: [UInt8] = []

  mutating func append(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let start = bytes.count
    bytes += repeatElement(0, count: count)
    // Safe: `count` bytes were just added.
    unsafe bytes.withUnsafeMutableBytes { space in
      unsafe fill(UnsafeMutableRawBufferPointer(rebasing: space[start...]))
    }
  }
}
