// The wire: frames, and the messages in them. Protos/PROTOCOL.md is normative.
//
// For: bytes to values and back. Not for: sockets (ProbityServer,
// ProbityClient) or what a request does. The only importer of the C codec; no
// C type leaves this module.

/// What a frame is for.
public enum FrameType: UInt8, Sendable, CaseIterable {
  case hello = 1
  case request = 2
  case response = 3
  case data = 4
  case cancel = 5
  case window = 6
  case ping = 7
  case pong = 8
  case goAway = 9
}

/// Bits of a frame header's flags byte.
public struct FrameFlags: OptionSet, Sendable {
  public let rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The sender sends nothing more on this stream.
  public static let end = FrameFlags(rawValue: 1)
  /// The payload is an `ErrorDetail`.
  public static let details = FrameFlags(rawValue: 2)
  /// The call had no effect and may be sent again.
  public static let notExecuted = FrameFlags(rawValue: 4)
}

/// The fixed 20 bytes before every payload, but for their checksum.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | payload length in bytes |
/// | 4 | 4 | stream; 0 = the connection |
/// | 8 | 1 | type |
/// | 9 | 1 | flags |
/// | 10 | 2 | method (REQUEST) or status (RESPONSE) |
/// | 12 | 4 | timeout in µs (REQUEST), retry-after in ms (RESPONSE) or bytes granted (WINDOW) |
/// | 16 | 4 | CRC32C of bytes 0–15 and the payload |
public struct FrameHeader: Sendable, Equatable {
  public static let sizeBytes = 20

  public var payloadBytes: UInt32
  public var stream: UInt32
  public var type: FrameType
  public var flags: FrameFlags
  /// Method of a request, status of a response, else 0.
  public var code: UInt16
  /// Timeout in µs of a request, retry-after in ms of a response, bytes that a WINDOW grants,
  /// else 0.
  public var time: UInt32

  @inlinable
  public init(
    type: FrameType, flags: FrameFlags = [], stream: UInt32 = 0, code: UInt16 = 0, time: UInt32 = 0,
    payloadBytes: UInt32 = 0
  ) {
    self.payloadBytes = payloadBytes
    self.stream = stream
    self.type = type
    self.flags = flags
    self.code = code
    self.time = time
  }
}

/// Why a peer's bytes cannot be a frame. The connection ends.
public enum FrameFault: Error, Equatable, Sendable {
  /// Longer than allowed: never read, never skipped.
  case oversized(payloadBytes: UInt32, max: UInt32)
  case checksum
  case unknownType(UInt8)

  public var message: String {
    switch self {
    case .oversized(let bytes, let max): "payload of \(bytes) bytes is over the limit of \(max)"
    case .checksum: "CRC32C of the frame does not match its contents"
    case .unknownType(let type): "frame type \(type) does not exist"
    }
  }
}

/// What the bytes at hand begin with.
public enum FrameScan: Equatable, Sendable {
  /// Not yet a whole frame: this many bytes are needed in all.
  case incomplete(needBytes: Int)
  /// A whole, intact frame: its payload follows the header.
  case frame(FrameHeader)
  case fault(FrameFault)
}

extension FrameHeader {
  /// Looks for a frame at the start of `bytes`. No allocation; about 10 ns and
  /// 0.12 ns per byte of payload.
  ///
  /// - Parameter payloadBytesMax: the limit in force: 4 KiB before HELLO.
  @inlinable
  public static func scan(_ bytes: UnsafeRawBufferPointer, payloadBytesMax: UInt32) -> FrameScan {
    if bytes.count < 4 { return .incomplete(needBytes: sizeBytes) }
    let payloadBytes = unsafe little(bytes, 0, as: UInt32.self)
    if payloadBytes > payloadBytesMax {
      return .fault(.oversized(payloadBytes: payloadBytes, max: payloadBytesMax))
    }
    let frameBytes = sizeBytes + Int(payloadBytes)
    if bytes.count < frameBytes { return .incomplete(needBytes: frameBytes) }
    let header = unsafe UnsafeRawBufferPointer(rebasing: bytes[0..<16])
    let payload = unsafe UnsafeRawBufferPointer(rebasing: bytes[sizeBytes..<frameBytes])
    let crc = unsafe CRC32C.update(CRC32C.update(0, header), payload)
    if unsafe crc != little(bytes, 16, as: UInt32.self) { return .fault(.checksum) }
    guard let type = unsafe FrameType(rawValue: bytes[8]) else {
      return unsafe .fault(.unknownType(bytes[8]))
    }
    return unsafe .frame(
      FrameHeader(
        type: type, flags: FrameFlags(rawValue: bytes[9]),
        stream: little(bytes, 4, as: UInt32.self),
        code: little(bytes, 10, as: UInt16.self), time: little(bytes, 12, as: UInt32.self),
        payloadBytes: payloadBytes))
  }

  /// Writes header and checksum in front of a payload that is already there.
  ///
  /// - Parameter frame: exactly `sizeBytes + payloadBytes` bytes.
  @inlinable
  public func seal(_ frame: UnsafeMutableRawBufferPointer) {
    unsafe frame.storeBytes(of: payloadBytes.littleEndian, toByteOffset: 0, as: UInt32.self)
    unsafe frame.storeBytes(of: stream.littleEndian, toByteOffset: 4, as: UInt32.self)
    unsafe frame.storeBytes(of: type.rawValue, toByteOffset: 8, as: UInt8.self)
    unsafe frame.storeBytes(of: flags.rawValue, toByteOffset: 9, as: UInt8.self)
    unsafe frame.storeBytes(of: code.littleEndian, toByteOffset: 10, as: UInt16.self)
    unsafe frame.storeBytes(of: time.littleEndian, toByteOffset: 12, as: UInt32.self)
    let bytes = UnsafeRawBufferPointer(frame)
    let header = unsafe UnsafeRawBufferPointer(rebasing: bytes[0..<16])
    let payload = unsafe UnsafeRawBufferPointer(rebasing: bytes[Self.sizeBytes...])
    let crc = unsafe CRC32C.update(CRC32C.update(0, header), payload)
    unsafe frame.storeBytes(of: crc.littleEndian, toByteOffset: 16, as: UInt32.self)
  }

  @inlinable
  static func little<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ offset: Int, as type: T.Type
  ) -> T {
    // Safe: `scan` has checked that offset + size lies within the header.
    unsafe T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }
}

/// Where encoded frames go: a growing buffer of bytes.
public protocol FrameSink {
  /// Appends `count` bytes, which `fill` writes all of.
  mutating func append(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void)

  /// Appends the first bytes of `countMax`, as many as `fill` says it has written.
  mutating func append(countMax: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int)
}

extension FrameSink {
  /// By way of memory on the stack: for sinks that cannot give bytes back.
  @inlinable
  public mutating func append(countMax: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
    unsafe withUnsafeTemporaryAllocation(byteCount: countMax, alignment: 16) { space in
      let count = unsafe fill(space)
      unsafe append(count: count) {
        // Safe: `fill` wrote no more than the space has.
        unsafe $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: space[..<count]))
      }
    }
  }
}

extension FrameHeader {
  /// Appends a frame whose payload of `payloadBytes` bytes `fill` writes.
  @inlinable
  public func write<Sink: FrameSink>(
    to sink: inout Sink, _ fill: (UnsafeMutableRawBufferPointer) -> Void
  ) {
    unsafe sink.append(count: Self.sizeBytes + Int(payloadBytes)) { frame in
      unsafe fill(UnsafeMutableRawBufferPointer(rebasing: frame[Self.sizeBytes...]))
      unsafe seal(frame)
    }
  }

  /// Appends a frame whose payload `fill` writes: it gets `payloadBytesMax` bytes
  /// and returns how many it has used.
  @inlinable @inline(__always)
  public func write<Sink: FrameSink>(
    payloadBytesMax: Int, to sink: inout Sink, _ fill: (UnsafeMutableRawBufferPointer) -> Int
  ) {
    unsafe sink.append(countMax: Self.sizeBytes + payloadBytesMax) { space in
      let count = unsafe fill(UnsafeMutableRawBufferPointer(rebasing: space[Self.sizeBytes...]))
      var header = self
      header.payloadBytes = UInt32(truncatingIfNeeded: count)
      unsafe header.seal(
        UnsafeMutableRawBufferPointer(rebasing: space[..<(Self.sizeBytes + count)]))
      return Self.sizeBytes + count
    }
  }

  /// Appends a frame without payload.
  @inlinable
  public func write<Sink: FrameSink>(to sink: inout Sink) {
    unsafe write(to: &sink) { _ in }
  }
}
